//! Looks of the host, and at the memory, while one function works on many elements.

use mlua::{Error, Lua, Result};
use std::cell::Cell;
use std::rc::Rc;

use super::failure::NO_MEMORY;

/// Elements, or KiB of text, from one look to the next.
const LOOK_UNITS: usize = 1024;

/// Bytes of text that count as one more element.
const UNIT_BYTES: usize = 1024;

/// Counts what the functions of an interpreter's libraries work on.
#[derive(Clone, Default)]
pub struct Pace(Rc<Inner>);

#[derive(Default)]
struct Inner {
    /// Units until the next look.
    left: Cell<usize>,
    watch: Option<Watch>,
}

type Look = dyn Fn(&Lua) -> Result<()>;

struct Watch {
    memory_max: usize,
    look: Box<Look>,
}

impl Pace {
    /// `look` is called now and then, and ends the function if it fails. Results and what the interpreter holds may be `memory_max`
    /// bytes together. The default neither looks nor limits.
    pub fn new(memory_max: usize, look: impl Fn(&Lua) -> Result<()> + 'static) -> Pace {
        let watch = Some(Watch { memory_max, look: Box::new(look) });
        Pace(Rc::new(Inner { left: Cell::new(LOOK_UNITS), watch }))
    }

    /// Before each element: `bytes` are those of its text, `held` those that the function holds beside the interpreter.
    pub(super) fn element(&self, lua: &Lua, bytes: usize, held: usize) -> Result<()> {
        let units = 1 + bytes / UNIT_BYTES;
        match self.0.left.get().checked_sub(units) {
            Some(left) => {
                self.0.left.set(left);
                Ok(())
            }
            None => self.look(lua, bytes + held),
        }
    }

    #[cold]
    fn look(&self, lua: &Lua, held: usize) -> Result<()> {
        self.0.left.set(LOOK_UNITS);
        let Some(watch) = &self.0.watch else { return Ok(()) };
        (watch.look)(lua)?;
        match lua.used_memory().saturating_add(held) > watch.memory_max {
            true => Err(Error::MemoryError(NO_MEMORY.into())),
            false => Ok(()),
        }
    }
}
