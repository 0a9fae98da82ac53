//! Arguments of `redis.call`, copied out of Lua into what commands take.

use super::number::{push_double, push_integer};
use mlua::{FromLua, Lua, Value};
use resp::{Args, Span};

/// Bytes of all arguments of one call. More could not be named by offsets of 32 bits.
const REQUEST_BYTES_MAX: usize = 1 << 30;

/// Bytes that a buffer keeps from call to call.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// An argument of a function, or the lack of it, which is not the same as nil.
pub(crate) enum Argument {
    Absent,
    Given(Value),
}

impl FromLua for Argument {
    fn from_lua(value: Value, _: &Lua) -> mlua::Result<Argument> {
        Ok(Argument::Given(value))
    }

    /// What is asked in the place of an argument that is not there. Those that are come from the stack.
    fn from_lua_arg(_: Value, _: usize, _: Option<&str>, _: &Lua) -> mlua::Result<Argument> {
        Ok(Argument::Absent)
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

    /// Begins anew with these arguments.
    pub fn fill<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        self.clear();
        values.for_each(|value| self.push(value));
    }

    /// Adds an argument.
    #[inline]
    pub fn push(&mut self, value: &Value) {
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

    /// What is wrong if there are no parts.
    pub fn complaint(&self) -> &'static str {
        if self.is_bad {
            "Lua redis lib command arguments must be strings or integers"
        } else {
            "Please specify at least one argument for this redis lib call"
        }
    }
}
