//! Values to MessagePack.

use mlua::{Error, Lua, Table, Value};

use crate::libs::failure::Failure;
use crate::libs::pace::Pace;

/// Tables in tables; what lies deeper is written as nil.
const DEPTH_MAX: usize = 16;

/// Bytes of the longest text: that of the longest value that a command takes by default.
const BYTES_MAX: usize = 512 << 20;

/// Integers are those numbers that fit 64 bits.
const INTEGERS: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;

/// Writes values, one behind the other.
pub(super) struct Packer<'a> {
    pub lua: &'a Lua,
    pub pace: &'a Pace,
    pub out: Vec<u8>,
}

impl Packer<'_> {
    /// Appends one value.
    pub fn pack(&mut self, value: &Value) -> Result<(), Failure> {
        self.value(value, 0)
    }

    /// Recurses at most `DEPTH_MAX` deep.
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Failure> {
        let out = &mut self.out;
        let bytes = if let Value::String(text) = value { text.as_bytes().len() } else { 0 };
        self.pace.element(self.lua, bytes, out.len())?;
        match value {
            Value::Boolean(b) => out.push(0xc2 + u8::from(*b)),
            Value::Integer(n) => integer(*n, out),
            Value::Number(n) if n.trunc() == *n && INTEGERS.contains(n) => integer(*n as i64, out),
            Value::Number(n) => double(*n, out),
            Value::String(text) => string(&text.as_bytes(), out),
            Value::Table(table) if depth < DEPTH_MAX => self.table(table, depth + 1)?,
            _ => out.push(0xc0),
        }
        if self.out.len() > BYTES_MAX {
            return Err(Failure::memory());
        }
        Ok(())
    }

    fn table(&mut self, table: &Table, depth: usize) -> Result<(), Failure> {
        let (len, is_array) = self.measure(table)?;
        if is_array {
            header(len, 0x90, 0xdc, &mut self.out);
            // In the order of the keys, which need not be that of the walk.
            return (1..=len).try_for_each(|index| self.value(&table.raw_get(index)?, depth));
        }
        header(len, 0x80, 0xde, &mut self.out);
        let mut failure = None;
        let walked = table.for_each(|key: Value, value: Value| {
            let done = self.value(&key, depth).and_then(|()| self.value(&value, depth));
            done.map_err(|why| {
                failure = Some(why);
                Error::StackError
            })
        });
        match failure {
            Some(why) => Err(why),
            None => Ok(walked?),
        }
    }

    /// The number of pairs, and whether their keys are 1, 2, 3 … without holes.
    fn measure(&self, table: &Table) -> Result<(u32, bool), Failure> {
        let (mut count, mut max, mut is_array) = (0u32, 0i64, true);
        table.for_each(|key: Value, _: Value| {
            self.pace.element(self.lua, 0, self.out.len())?;
            count += 1;
            match key {
                Value::Integer(n) if n > 0 => max = max.max(n),
                _ => is_array = false,
            }
            Ok(())
        })?;
        Ok((count, is_array && max == i64::from(count)))
    }
}

fn integer(n: i64, out: &mut Vec<u8>) {
    match n {
        0..0x80 => out.push(n as u8),
        0x80..0x100 => out.extend_from_slice(&[0xcc, n as u8]),
        0x100..0x1_0000 => tagged(0xcd, &(n as u16).to_be_bytes(), out),
        0x1_0000..0x1_0000_0000 => tagged(0xce, &(n as u32).to_be_bytes(), out),
        0x1_0000_0000.. => tagged(0xcf, &n.to_be_bytes(), out),
        -0x20..0 => out.push(n as u8),
        -0x80..-0x20 => out.extend_from_slice(&[0xd0, n as u8]),
        -0x8000..-0x80 => tagged(0xd1, &(n as i16).to_be_bytes(), out),
        -0x8000_0000..-0x8000 => tagged(0xd2, &(n as i32).to_be_bytes(), out),
        i64::MIN..-0x8000_0000 => tagged(0xd3, &n.to_be_bytes(), out),
    }
}

/// In four bytes if none of it is lost.
fn double(n: f64, out: &mut Vec<u8>) {
    if f64::from(n as f32) == n {
        tagged(0xca, &(n as f32).to_be_bytes(), out);
    } else {
        tagged(0xcb, &n.to_be_bytes(), out);
    }
}

fn string(text: &[u8], out: &mut Vec<u8>) {
    match text.len() {
        len @ 0..32 => out.push(0xa0 | len as u8),
        len @ 32..0x100 => out.extend_from_slice(&[0xd9, len as u8]),
        len @ 0x100..0x1_0000 => tagged(0xda, &(len as u16).to_be_bytes(), out),
        len => tagged(0xdb, &(len as u32).to_be_bytes(), out),
    }
    out.extend_from_slice(text);
}

fn tagged(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn header(len: u32, short: u8, long: u8, out: &mut Vec<u8>) {
    match len {
        0..16 => out.push(short | len as u8),
        16..0x1_0000 => tagged(long, &(len as u16).to_be_bytes(), out),
        _ => tagged(long + 1, &len.to_be_bytes(), out),
    }
}
