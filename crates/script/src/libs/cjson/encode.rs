//! Values to JSON.
//!
//! A table is walked once; its scalars are written at once, and its tables are put on a shelf, to be written into the gaps
//! afterwards. So nothing recurses, whatever the depth.

use mlua::{Error, Lua, Table, Value};

use super::options::{Invalid, Settings, Sparse};
use crate::libs::STACK_SLOTS_MAX;
use crate::libs::arguments::type_name;
use crate::libs::failure::Failure;
use crate::libs::number::{format_general, to_int};
use crate::libs::pace::Pace;
use crate::libs::shelf::Shelf;

/// Bytes of the longest text: that of the longest value that a command takes by default.
const BYTES_MAX: usize = 512 << 20;

/// Slots that the C library asks for at each table, and those that an element of an array or an object takes.
const TABLE_SLOTS: usize = 3;
const ARRAY_SLOTS: usize = 1;
const OBJECT_SLOTS: usize = 2;

const HEX: &[u8; 16] = b"0123456789abcdef";

type Outcome = Result<(), Failure>;

/// JSON text of `value`.
pub(super) fn encode(lua: &Lua, pace: &Pace, value: &Value, settings: &Settings) -> Result<Vec<u8>, Failure> {
    let mut encoder =
        Encoder { lua, pace, settings, out: Vec::new(), gaps: Vec::new(), shelf: Shelf::default(), held: 0 };
    match value {
        Value::Table(table) => encoder.tables(table)?,
        scalar => write_scalar(&mut encoder.out, scalar, settings)?,
    }
    Ok(encoder.out)
}

struct Encoder<'a> {
    lua: &'a Lua,
    pace: &'a Pace,
    settings: &'a Settings,
    out: Vec<u8>,
    /// Tables that hold tables still to be written, outermost first.
    gaps: Vec<Gaps>,
    /// Those tables.
    shelf: Shelf,
    /// Bytes of text behind gaps.
    held: usize,
}

/// The rest of a table's text, and the places in it where tables belong.
struct Gaps {
    text: Vec<u8>,
    places: Vec<usize>,
    /// The next of `places`.
    next: usize,
    /// Bytes of `text` that are out.
    written: usize,
    /// Where this table's tables begin on the shelf.
    shelf_start: usize,
    /// Slots in use when its tables are written.
    slots: usize,
    /// What comes behind the last gap instead of the end of the table.
    failure: Option<Failure>,
}

/// How a table is written.
enum Shape {
    /// With these places; walked in order if `is_whole`.
    Array {
        len: usize,
        is_whole: bool,
    },
    Object,
}

impl Encoder<'_> {
    fn tables(&mut self, root: &Table) -> Outcome {
        self.table(root, 1)?;
        while let Some(gaps) = self.gaps.last_mut() {
            let Some(place) = gaps.places.get(gaps.next) else {
                self.close()?;
                continue;
            };
            self.out.extend_from_slice(&gaps.text[gaps.written..*place]);
            gaps.written = *place;
            let index = gaps.shelf_start + gaps.next;
            let slots = gaps.slots;
            gaps.next += 1;
            let table = self.shelf.get(index)?;
            self.table(&table, slots)?;
        }
        Ok(())
    }

    /// Writes behind the last gap.
    fn close(&mut self) -> Outcome {
        let Some(gaps) = self.gaps.pop() else { return Ok(()) };
        if let Some(failure) = gaps.failure {
            return Err(failure);
        }
        self.out.extend_from_slice(&gaps.text[gaps.written..]);
        self.held -= gaps.text.len();
        self.shelf.truncate(gaps.shelf_start);
        Ok(())
    }

    fn shape(&self, table: &Table) -> Result<Shape, Failure> {
        let held = self.out.len() + self.held;
        shape(table, &self.settings.sparse, || self.pace.element(self.lua, 0, held))
    }

    /// Writes a table up to its first gap.
    fn table(&mut self, table: &Table, slots: usize) -> Outcome {
        let depth = self.gaps.len() + 1;
        if depth > self.settings.encode_depth_max as usize || slots + TABLE_SLOTS > STACK_SLOTS_MAX {
            return Err(Failure::text(format!("Cannot serialise, excessive nesting ({depth})")));
        }
        let shape = self.shape(table)?;
        let element_slots = if matches!(shape, Shape::Object) { OBJECT_SLOTS } else { ARRAY_SLOTS };
        let mut gaps = Gaps {
            text: Vec::new(),
            places: Vec::new(),
            next: 0,
            written: 0,
            shelf_start: self.shelf.len(),
            slots: slots + element_slots,
            failure: None,
        };
        let done = self.elements(table, &shape, &mut gaps);
        if gaps.places.is_empty() {
            return done;
        }
        match done {
            Err(failure @ Failure::Text(_)) => gaps.failure = Some(failure),
            other => other?,
        }
        self.held += gaps.text.len();
        self.gaps.push(gaps);
        Ok(())
    }

    fn elements(&mut self, table: &Table, shape: &Shape, gaps: &mut Gaps) -> Outcome {
        match *shape {
            Shape::Array { len, is_whole: true } => {
                self.out.push(b'[');
                let mut left = len;
                walk(table, |_, value| {
                    self.value(value, gaps)?;
                    left -= 1;
                    self.separate(gaps, if left > 0 { b"," } else { b"]" })
                })
            }
            Shape::Array { len, is_whole: false } => {
                self.out.push(b'[');
                for index in 1..=len {
                    self.value(table.raw_get(index)?, gaps)?;
                    self.separate(gaps, if index < len { b"," } else { b"]" })?;
                }
                Ok(())
            }
            Shape::Object => {
                self.out.push(b'{');
                let mut is_first = true;
                walk(table, |key, value| {
                    self.separate(gaps, if is_first { b"" } else { b"," })?;
                    is_first = false;
                    let settings = self.settings;
                    write_key(self.text(gaps), &key, settings)?;
                    self.value(value, gaps)
                })?;
                self.separate(gaps, b"}")
            }
        }
    }

    /// Where the text goes on: behind the first gap it is held back.
    fn text<'t>(&'t mut self, gaps: &'t mut Gaps) -> &'t mut Vec<u8> {
        if gaps.places.is_empty() { &mut self.out } else { &mut gaps.text }
    }

    fn separate(&mut self, gaps: &mut Gaps, mark: &[u8]) -> Outcome {
        self.text(gaps).extend_from_slice(mark);
        if self.out.len() + self.held + gaps.text.len() > BYTES_MAX {
            return Err(Failure::memory());
        }
        Ok(())
    }

    fn value(&mut self, value: Value, gaps: &mut Gaps) -> Outcome {
        let bytes = if let Value::String(text) = &value { text.as_bytes().len() } else { 0 };
        self.pace.element(self.lua, bytes, self.out.len() + self.held + gaps.text.len())?;
        if let Value::Table(table) = value {
            gaps.places.push(gaps.text.len());
            return Ok(self.shelf.push(self.lua, table)?);
        }
        let settings = self.settings;
        write_scalar(self.text(gaps), &value, settings)
    }
}

/// Calls `each` with every pair, until it fails.
fn walk(table: &Table, mut each: impl FnMut(Value, Value) -> Outcome) -> Outcome {
    let mut failure = None;
    let walked = table.for_each(|key: Value, value: Value| {
        each(key, value).map_err(|why| {
            failure = Some(why);
            Error::StackError
        })
    });
    match failure {
        Some(why) => Err(why),
        None => Ok(walked?),
    }
}

/// An array has no keys but positive integers, and few enough holes. Calls `each` before every key.
fn shape(table: &Table, sparse: &Sparse, each: impl Fn() -> mlua::Result<()>) -> Result<Shape, Failure> {
    // The C library counts in `int`, with all that follows for great keys.
    let (mut max, mut count, mut is_whole) = (0i32, 0i32, true);
    let mut is_array = true;
    let walked = table.for_each(|key: Value, _: Value| {
        each()?;
        let key = match key {
            Value::Integer(n) => n as f64,
            Value::Number(n) => n,
            _ => f64::NAN,
        };
        is_array = key >= 1.0 && key.floor() == key;
        if !is_array {
            return Err(Error::StackError);
        }
        count = count.wrapping_add(1);
        is_whole &= key == f64::from(count);
        if key > f64::from(max) {
            max = to_int(key);
        }
        Ok(())
    });
    if !is_array {
        return Ok(Shape::Object);
    }
    walked?;
    if sparse.ratio > 0 && max > count.wrapping_mul(sparse.ratio) && max > sparse.safe {
        if !sparse.convert {
            return Err(Failure::text("Cannot serialise table: excessively sparse array"));
        }
        return Ok(Shape::Object);
    }
    Ok(if max > 0 { Shape::Array { len: max as usize, is_whole } } else { Shape::Object })
}

fn write_key(out: &mut Vec<u8>, key: &Value, settings: &Settings) -> Outcome {
    match key {
        Value::String(text) => write_text(out, &text.as_bytes()),
        Value::Integer(_) | Value::Number(_) => {
            out.push(b'"');
            write_scalar(out, key, settings)?;
            out.push(b'"');
        }
        other => return Err(unserialisable(other, "table key must be a number or string")),
    }
    out.push(b':');
    Ok(())
}

fn write_scalar(out: &mut Vec<u8>, value: &Value, settings: &Settings) -> Outcome {
    match value {
        Value::Nil => out.extend_from_slice(b"null"),
        Value::LightUserData(pointer) if pointer.0.is_null() => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Integer(n) => format_general(out, *n as f64, settings.precision as usize),
        Value::Number(n) if n.is_finite() => format_general(out, *n, settings.precision as usize),
        Value::Number(n) => match settings.encode_invalid {
            Invalid::Refused => return Err(unserialisable(value, "must not be NaN or Inf")),
            Invalid::Named => format_general(out, *n, settings.precision as usize),
            Invalid::Null => out.extend_from_slice(b"null"),
        },
        Value::String(text) => write_text(out, &text.as_bytes()),
        other => return Err(unserialisable(other, "type not supported")),
    }
    Ok(())
}

fn unserialisable(value: &Value, why: &str) -> Failure {
    Failure::text(format!("Cannot serialise {}: {why}", type_name(value)))
}

/// In quotes. Bytes from 128 on pass as they are, whether UTF-8 or not.
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, 0..0x20 | b'"' | b'\\' | b'/' | 0x7f)) {
        out.extend_from_slice(&rest[..at]);
        let b = rest[at];
        let short = match b {
            8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            12 => b'f',
            b'\r' => b'r',
            b'"' | b'\\' | b'/' => b,
            _ => 0,
        };
        if short == 0 {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
        } else {
            out.extend_from_slice(&[b'\\', short]);
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
