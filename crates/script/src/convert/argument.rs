//! Arguments of `redis.call`, copied out of Lua into what commands take.

use super::number::{push_double, push_integer};
use mlua::{FromLua, Lua, Value};
use resp::{Args, Span};
use std::cell::RefCell;

/// Bytes of all arguments of one call. More could not be named by offsets of 32 bits.
const REQUEST_BYTES_MAX: usize = 1 << 30;

/// Bytes that a buffer keeps from call to call.
const KEPT_BYTES_MAX: usize = 1 << 20;

thread_local! {
    /// What the arguments of a call on this thread go into as they are taken from Lua's stack: held as values, each would be copied
    /// several times, and take one of the places that the interpreter has for such. `None` while they are with the call.
    static TAKEN: RefCell<Option<Box<Request>>> = const { RefCell::new(None) };
}

fn with_taken<R>(then: impl FnOnce(&mut Request) -> R) -> R {
    TAKEN.with_borrow_mut(|taken| then(taken.get_or_insert_default()))
}

/// An argument of `redis.call`, or the lack of it, which is not the same as nil. It goes behind those that were taken before. They
/// must be in other hands before code of Lua runs again: that may pause, and other interpreters of the thread run meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Absent,
    Given,
}

impl FromLua for Taken {
    #[inline]
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Taken> {
        with_taken(|taken| taken.push(&value));
        Ok(Taken::Given)
    }

    /// What is asked in the place of an argument that is not there. Those that are come from the stack.
    #[inline]
    fn from_lua_arg(_: Value, _: usize, _: Option<&str>, _: &Lua) -> mlua::Result<Taken> {
        Ok(Taken::Absent)
    }
}

/// The first argument: what was taken before is forgotten.
pub(crate) struct First;

impl FromLua for First {
    #[inline]
    fn from_lua(value: Value, lua: &Lua) -> mlua::Result<First> {
        with_taken(Request::clear);
        Taken::from_lua(value, lua).map(|_| First)
    }

    #[inline]
    fn from_lua_arg(_: Value, _: usize, _: Option<&str>, _: &Lua) -> mlua::Result<First> {
        with_taken(Request::clear);
        Ok(First)
    }
}

/// The arguments and the reply of one call, in buffers that the next call uses again.
#[derive(Default)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    reply: Vec<u8>,
    /// Something was neither string nor number, or it was too much.
    is_bad: bool,
}

impl Request {
    /// Empties the buffers, and drops those that are large.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        self.reply.clear();
        self.is_bad = false;
        if self.bytes.capacity() > KEPT_BYTES_MAX {
            self.bytes = Vec::new();
        }
        if self.reply.capacity() > KEPT_BYTES_MAX {
            self.reply = Vec::new();
        }
    }

    /// The arguments that were taken last: a call that comes before they are put back begins with none.
    pub fn taken() -> Box<Request> {
        TAKEN.take().unwrap_or_default()
    }

    /// Gives the buffers back.
    pub fn put_back(mut self: Box<Request>) {
        self.clear();
        TAKEN.replace(Some(self));
    }

    /// Adds the arguments that were taken last, to what there is or to nothing.
    pub fn add_taken(&mut self, is_first: bool) {
        if is_first {
            self.clear();
        }
        with_taken(|taken| {
            let start = self.bytes.len();
            self.is_bad |= taken.is_bad || start + taken.bytes.len() > REQUEST_BYTES_MAX;
            if !self.is_bad {
                self.bytes.extend_from_slice(&taken.bytes);
                let moved = |span: &Span| Span { start: span.start + start as u32, len: span.len };
                self.spans.extend(taken.spans.iter().map(moved));
            }
        });
    }

    /// Adds an argument.
    #[inline]
    fn push(&mut self, value: &Value) {
        let start = self.bytes.len();
        match value {
            Value::String(text) => {
                let text = text.as_bytes();
                if start + text.len() > REQUEST_BYTES_MAX {
                    self.is_bad = true;
                    return;
                }
                self.bytes.extend_from_slice(&text);
            }
            Value::Integer(number) => push_integer(&mut self.bytes, *number),
            Value::Number(number) => push_double(&mut self.bytes, *number),
            _ => self.is_bad = true,
        }
        self.spans.push(Span { start: start as u32, len: (self.bytes.len() - start) as u32 });
    }

    /// The arguments and where the reply goes; `None` if there is a complaint.
    pub fn parts(&mut self) -> Option<(Args<'_>, &mut Vec<u8>)> {
        if self.is_bad || self.spans.is_empty() {
            return None;
        }
        Some((Args::new(&self.bytes, &self.spans), &mut self.reply))
    }

    /// The reply.
    pub fn reply(&self) -> &[u8] {
        &self.reply
    }

    /// What is wrong if there are no parts.
    pub fn complaint(&self) -> &'static str {
        if self.is_bad {
            "Lua redis lib command arguments must be strings or integers"
        } else {
            "Please specify at least one argument for this redis lib call"
        }
    }
}
