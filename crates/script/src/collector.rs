//! How soon garbage is collected.

use mlua::Lua;
use std::cell::Cell;

/// Memory in use, bytes, up to which garbage may pile up to three times what is alive: a cycle walks through all that is.
const SMALL_BYTES: usize = 16 << 20;

/// When a cycle begins, in percent of what was alive after the one before.
const PAUSE_SMALL: i32 = 400;
/// Lua's own.
const PAUSE_LARGE: i32 = 200;

/// The pace of an interpreter's collector.
#[derive(Default)]
pub(crate) struct Collector {
    is_patient: Cell<bool>,
}

impl Collector {
    /// Takes note of the memory in use. What grew too large is collected from now on, not at the time that was set when it was small.
    pub fn adapt(&self, lua: &Lua) {
        let is_small = lua.used_memory() <= SMALL_BYTES;
        if self.is_patient.replace(is_small) == is_small {
            return;
        }
        lua.gc_set_pause(if is_small { PAUSE_SMALL } else { PAUSE_LARGE });
        if !is_small {
            lua.gc_restart();
        }
    }
}
