//! What a script returns, as a reply to its client.

use super::number::truncated;
use crate::keys::Keys;
use mlua::{Error, Function, Table, Value};
use resp::{Mark, Proto, Reply};

/// Nesting of a reply.
const DEPTH_MAX: usize = 4000;

/// The format of a verbatim text, whatever its bytes.
const FORMAT_BYTES: usize = 3;

/// Elements from one look of the host to the next.
const LOOK_ELEMENTS: usize = 1024;

/// Elements of a list that is written in one pass.
const SHORT_LIST_ELEMENTS: i64 = 64;

/// What stands in the place of a table nested deeper.
const TOO_DEEP: &str = "reached lua stack limit";

/// What becomes of a reply that outgrows its limit.
const TOO_LONG: &str = "script reply is too large";

/// Writes replies. Protocol 3 may be the client's without being the script's: truth values follow the script.
pub(crate) struct Writer<'w> {
    pub keys: &'w Keys,
    /// Makes a list of the pairs of a table, or of its keys alone.
    pub flatten: &'w Function,
    pub client: Proto,
    pub script: Proto,
    pub reply_max: usize,
    /// Lets the host look.
    pub look: &'w dyn Fn() -> mlua::Result<()>,
}

/// A table that is being written.
struct Frame {
    table: Table,
    next: usize,
    mark: Mark,
    shape: Shape,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Array,
    Map,
    Set,
}

impl Writer<'_> {
    /// Appends the reply. True if it is an error, which was counted if the second says so.
    pub fn write(&self, value: &Value, out: &mut Vec<u8>) -> mlua::Result<(bool, bool)> {
        let start = out.len();
        let mut frames = Vec::new();
        let failed = self.single(value, out, &mut frames)?;
        let mut elements = 0_usize;
        while let Some(frame) = frames.last_mut() {
            let element: Value = frame.table.raw_get(frame.next)?;
            if element.is_nil() {
                if let Some(frame) = frames.pop() {
                    self.close(frame, out);
                }
                continue;
            }
            frame.next += 1;
            elements += 1;
            if elements.is_multiple_of(LOOK_ELEMENTS) {
                (self.look)()?;
            }
            self.single(&element, out, &mut frames)?;
            if out.len() - start > self.reply_max {
                out.truncate(start);
                Reply::new(out, self.client).error(TOO_LONG);
                return Ok((true, false));
            }
        }
        Ok(failed)
    }

    fn close(&self, frame: Frame, out: &mut Vec<u8>) {
        let mut reply = Reply::new(out, self.client);
        let len = frame.next - 1;
        match frame.shape {
            Shape::Array => reply.set_array_len(frame.mark, len),
            Shape::Map => reply.set_map_len(frame.mark, len / 2),
            Shape::Set => reply.set_set_len(frame.mark, len),
        }
    }

    /// Writes a value, or opens a frame for it.
    fn single(
        &self,
        value: &Value,
        out: &mut Vec<u8>,
        frames: &mut Vec<Frame>,
    ) -> mlua::Result<(bool, bool)> {
        if let Value::Table(table) = value {
            return self.table(table, out, frames);
        }
        self.scalar(value, out);
        Ok((false, false))
    }

    fn scalar(&self, value: &Value, out: &mut Vec<u8>) {
        let mut reply = Reply::new(out, self.client);
        match value {
            Value::String(text) => reply.bulk(&text.as_bytes()),
            Value::Integer(number) => reply.int(*number),
            Value::Number(number) => reply.int(truncated(*number)),
            Value::Boolean(truth) if self.script == Proto::Resp3 => reply.bool(*truth),
            Value::Boolean(true) => reply.int(1),
            _ => reply.null(),
        }
    }

    /// Writes a table that has nothing but a few elements, none of them a table. False, and nothing written, if it is another.
    fn short_list(&self, table: &Table, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let mark = Reply::new(out, self.client).array_later();
        let mut len = 0;
        let walked = table.for_each(|key: Value, value: Value| {
            len += 1;
            if len > SHORT_LIST_ELEMENTS
                || value.is_table()
                || !matches!(key, Value::Integer(at) if at == len)
            {
                return Err(Error::StackError);
            }
            self.scalar(&value, out);
            // At once: few elements may each be as long as memory is.
            if out.len() - start > self.reply_max { Err(Error::StackError) } else { Ok(()) }
        });
        match walked.is_ok() {
            true => Reply::new(out, self.client).set_array_len(mark, len as usize),
            false => out.truncate(start),
        }
        walked.is_ok()
    }

    fn table(&self, table: &Table, out: &mut Vec<u8>, frames: &mut Vec<Frame>) -> mlua::Result<(bool, bool)> {
        let fine = Ok((false, false));
        if frames.len() >= DEPTH_MAX {
            Reply::new(out, self.client).error(TOO_DEEP);
            return Ok((true, false));
        }
        if self.short_list(table, out) {
            return fine;
        }
        let field = |key: &mlua::String| table.raw_get::<Value>(key);
        if let Value::String(text) = field(&self.keys.err)? {
            line(out, b'-', told(&text.as_bytes()));
            return Ok((true, matches!(field(&self.keys.ignore)?, Value::Boolean(true))));
        }
        if let Value::String(text) = field(&self.keys.ok)? {
            line(out, b'+', &text.as_bytes());
            return fine;
        }
        let number = match field(&self.keys.double)? {
            Value::Integer(number) => Some(number as f64),
            Value::Number(number) => Some(number),
            _ => None,
        };
        if let Some(number) = number {
            Reply::new(out, self.client).double(number);
            return fine;
        }
        let mut open = |table: Table, shape: Shape, out: &mut Vec<u8>| {
            frames.push(Frame { table, next: 1, mark: Reply::new(out, self.client).array_later(), shape });
            Ok((false, false))
        };
        if let Value::Table(map) = field(&self.keys.map)? {
            return open(self.flatten.call((map, true))?, Shape::Map, out);
        }
        if let Value::Table(set) = field(&self.keys.set)? {
            return open(self.flatten.call((set, false))?, Shape::Set, out);
        }
        if self.big_number(table, out)? || self.verbatim(table, out)? {
            return fine;
        }
        open(table.clone(), Shape::Array, out)
    }

    fn big_number(&self, table: &Table, out: &mut Vec<u8>) -> mlua::Result<bool> {
        let Value::String(digits) = table.raw_get(&self.keys.big_number)? else { return Ok(false) };
        let digits: Vec<u8> = until_zero(&digits.as_bytes()).iter().map(|byte| blank(*byte)).collect();
        match self.client {
            Proto::Resp2 => Reply::new(out, self.client).bulk(&digits),
            Proto::Resp3 => line(out, b'(', &digits),
        }
        Ok(true)
    }

    fn verbatim(&self, table: &Table, out: &mut Vec<u8>) -> mlua::Result<bool> {
        let Value::Table(verbatim) = table.raw_get(&self.keys.verbatim)? else { return Ok(false) };
        let (Value::String(format), Value::String(text)) =
            (verbatim.raw_get(&self.keys.format)?, verbatim.raw_get(&self.keys.string)?)
        else {
            return Ok(false);
        };
        let text = text.as_bytes();
        match self.client {
            Proto::Resp2 => Reply::new(out, self.client).bulk(&text),
            Proto::Resp3 => {
                out.extend_from_slice(format!("={}\r\n", text.len() + FORMAT_BYTES + 1).as_bytes());
                out.extend(until_zero(&format.as_bytes()).iter().chain(b"   ").take(FORMAT_BYTES));
                out.push(b':');
                out.extend_from_slice(&text);
                out.extend_from_slice(b"\r\n");
            }
        }
        Ok(true)
    }
}

/// An error's text without the ends of lines behind it.
fn told(text: &[u8]) -> &[u8] {
    let text = until_zero(text);
    let ends = text.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &text[..text.len() - ends]
}

/// As much of a text as C sees.
pub(crate) fn until_zero(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(text)
}

/// Line ends would end the reply.
fn blank(byte: u8) -> u8 {
    if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }
}

fn line(out: &mut Vec<u8>, kind: u8, text: &[u8]) {
    out.push(kind);
    // Up to the first NUL byte, as in C.
    out.extend(until_zero(text).iter().map(|byte| blank(*byte)));
    out.extend_from_slice(b"\r\n");
}
