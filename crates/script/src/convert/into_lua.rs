//! Replies of commands as values of Lua.

use crate::failure::NO_MEMORY;
use crate::keys::Keys;
use mlua::{Error, Lua, Table, Value};

/// Nesting of a reply.
const DEPTH_MAX: usize = 32;

/// Elements between two looks at the memory used.
const MEMORY_CHECK_ELEMENTS: usize = 1024;

/// Reads one reply. RESP2's nulls become `false`, RESP3's `nil`; status and error replies become tables with `ok` and `err`.
pub(crate) fn into_lua(lua: &Lua, keys: &Keys, reply: &[u8], memory_max: usize) -> mlua::Result<Value> {
    Reader { lua, keys, rest: reply, memory_max, elements: 0 }.value(0)
}

/// The text of a reply that is one.
#[inline]
pub(crate) fn bulk(reply: &[u8]) -> Option<&[u8]> {
    let (len, body) = line(reply.strip_prefix(b"$")?)?;
    body.get(..unsigned(len)?)
}

struct Reader<'r> {
    lua: &'r Lua,
    keys: &'r Keys,
    rest: &'r [u8],
    memory_max: usize,
    elements: usize,
}

impl<'r> Reader<'r> {
    fn value(&mut self, depth: usize) -> mlua::Result<Value> {
        self.elements += 1;
        if self.elements.is_multiple_of(MEMORY_CHECK_ELEMENTS) && self.lua.used_memory() > self.memory_max {
            return Err(Error::MemoryError(NO_MEMORY.into()));
        }
        let [kind, rest @ ..] = self.rest else { return Ok(Value::Nil) };
        let Some((head, rest)) = line(rest) else { return Ok(Value::Nil) };
        self.rest = rest;
        match kind {
            b':' => Ok(integer(head).map_or(Value::Nil, Value::Integer)),
            b'$' | b'*' if head.first() == Some(&b'-') => Ok(Value::Boolean(false)),
            b'$' => self.bulk(head).and_then(|text| self.text(text)),
            b'+' => self.tagged(&self.keys.ok, self.text(head)?),
            b'-' => self.error(head),
            b'*' | b'>' => self.array(unsigned(head).unwrap_or(0), depth).map(Value::Table),
            b'%' => self.map(unsigned(head).unwrap_or(0), depth),
            b'~' => self.set(unsigned(head).unwrap_or(0), depth),
            b'#' => Ok(Value::Boolean(head == b"t")),
            b',' => self.tagged(&self.keys.double, Value::Number(double(head))),
            b'(' => self.tagged(&self.keys.big_number, self.text(head)?),
            b'=' => self.verbatim(head),
            b'|' => self.past_attribute(unsigned(head).unwrap_or(0), depth),
            _ => Ok(Value::Nil),
        }
    }

    fn text(&self, text: &[u8]) -> mlua::Result<Value> {
        self.lua.create_string(text).map(Value::String)
    }

    fn tagged(&self, key: &mlua::String, value: Value) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, 1)?;
        table.raw_set(key, value)?;
        Ok(Value::Table(table))
    }

    fn bulk(&mut self, head: &[u8]) -> mlua::Result<&'r [u8]> {
        let len = unsigned(head).unwrap_or(0);
        let Some(text) = self.rest.get(..len) else { return Ok(&[]) };
        self.rest = self.rest.get(len + 2..).unwrap_or_default();
        Ok(text)
    }

    fn error(&self, text: &[u8]) -> mlua::Result<Value> {
        let table = error_table(self.lua, self.keys, text)?;
        table.raw_set(&self.keys.ignore, true)?;
        Ok(Value::Table(table))
    }

    fn nested(&mut self, depth: usize) -> mlua::Result<Value> {
        if depth >= DEPTH_MAX {
            return Err(Error::RuntimeError("reply nested too deep".into()));
        }
        self.value(depth + 1)
    }

    fn array(&mut self, len: usize, depth: usize) -> mlua::Result<Table> {
        let table = self.lua.create_table_with_capacity(len.min(self.rest.len()), 0)?;
        for i in 1..=len {
            let value = self.nested(depth)?;
            table.raw_seti(i, value)?;
        }
        Ok(table)
    }

    fn map(&mut self, len: usize, depth: usize) -> mlua::Result<Value> {
        let map = self.lua.create_table_with_capacity(0, len.min(self.rest.len()))?;
        for _ in 0..len {
            let (key, value) = (self.nested(depth)?, self.nested(depth)?);
            if !key.is_nil() {
                map.raw_set(key, value)?;
            }
        }
        self.tagged(&self.keys.map, Value::Table(map))
    }

    fn set(&mut self, len: usize, depth: usize) -> mlua::Result<Value> {
        let set = self.lua.create_table_with_capacity(0, len.min(self.rest.len()))?;
        for _ in 0..len {
            let member = self.nested(depth)?;
            if !member.is_nil() {
                set.raw_set(member, true)?;
            }
        }
        self.tagged(&self.keys.set, Value::Table(set))
    }

    fn verbatim(&mut self, head: &[u8]) -> mlua::Result<Value> {
        let text = self.bulk(head)?;
        let (format, text) = (text.get(..3).unwrap_or_default(), text.get(4..).unwrap_or_default());
        let table = self.lua.create_table_with_capacity(0, 2)?;
        table.raw_set(&self.keys.format, self.text(format)?)?;
        table.raw_set(&self.keys.string, self.text(text)?)?;
        self.tagged(&self.keys.verbatim, Value::Table(table))
    }

    fn past_attribute(&mut self, len: usize, depth: usize) -> mlua::Result<Value> {
        for _ in 0..2 * len {
            self.nested(depth)?;
        }
        self.nested(depth)
    }
}

/// `{err = ...}` of an error reply's text, with or without its `-`: a text of one word gets the code `ERR`.
pub(crate) fn error_table(lua: &Lua, keys: &Keys, text: &[u8]) -> mlua::Result<Table> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let table = lua.create_table_with_capacity(0, 4)?;
    let text = if text.contains(&b' ') {
        lua.create_string(text)
    } else {
        lua.create_string([b"ERR ", text].concat())
    };
    table.raw_set(&keys.err, text?)?;
    Ok(table)
}

/// What stands before the line's end, and what follows it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    Some((&bytes[..end], bytes.get(end + 2..)?))
}

fn unsigned(digits: &[u8]) -> Option<usize> {
    let mut number = 0_usize;
    for digit in digits {
        number =
            number.checked_mul(10)?.checked_add(usize::from(digit.checked_sub(b'0').filter(|d| *d < 10)?))?;
    }
    Some(number)
}

fn integer(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn double(text: &[u8]) -> f64 {
    base::num::parse_f64(text).unwrap_or(f64::NAN)
}
