//! MessagePack to values.

use mlua::{Lua, Table, Value};

use crate::libs::STACK_SLOTS_MAX;
use crate::libs::failure::Failure;
use crate::libs::pace::Pace;
use crate::libs::results::{RESULTS_MAX, Results};
use crate::libs::shelf::Shelf;

const TOO_MANY: &str =
    "stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)";
const TOO_DEEP: &str = "stack overflow (in function mp_decode_to_lua_array)";
const NO_ROOM: &str = "stack overflow (in function mp_unpack_full)";

/// Values to read.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// Those that there are.
    All,
    /// At most so many; a result is added to them.
    Count(u64),
}

/// What values are read from.
pub(super) struct Input<'a> {
    pub text: &'a [u8],
    /// Where they begin.
    pub offset: usize,
}

/// Reads values, and returns where the next begins. `slots` of the stack are in use before.
pub(super) fn unpack(
    lua: &Lua,
    pace: &Pace,
    Input { text, offset: at }: Input,
    slots: usize,
    limit: Limit,
) -> Result<(Results, usize), Failure> {
    let mut reader = Reader { lua, pace, text, at, slots, levels: Vec::new(), shelf: Shelf::default() };
    let mut values = Results::default();
    let is_wanted = |done: usize| match limit {
        Limit::All => true,
        Limit::Count(count) => (done as u64) < count,
    };
    while reader.at < text.len() && is_wanted(values.len()) {
        if values.len() >= RESULTS_MAX {
            return Err(Failure::text(TOO_MANY));
        }
        let value = reader.value()?;
        values.push(lua, value)?;
        reader.slots += 1;
    }
    if matches!(limit, Limit::Count(_)) && reader.slots >= STACK_SLOTS_MAX {
        return Err(Failure::text(NO_ROOM));
    }
    Ok((values, reader.at))
}

struct Reader<'a> {
    lua: &'a Lua,
    pace: &'a Pace,
    text: &'a [u8],
    at: usize,
    /// Slots of the stack that the C library would use here.
    slots: usize,
    /// Tables that are open, outermost first.
    levels: Vec<Level>,
    /// Those tables.
    shelf: Shelf,
}

struct Level {
    /// Values of this table still to be read.
    left: u64,
    place: Place,
}

/// Where the next value of a table belongs.
enum Place {
    /// Elements read so far.
    Element(u64),
    Key,
    Under(Value),
}

/// What a value begins with.
enum Begun {
    Whole(Value),
    Array(u64),
    Map(u64),
}

impl<'a> Reader<'a> {
    /// One value with all in it.
    fn value(&mut self) -> Result<Value, Failure> {
        let mut done = self.begin()?;
        loop {
            // Puts what is complete where it belongs, until something is not.
            while let Some(value) = done.take() {
                let Some(level) = self.levels.last_mut() else { return Ok(value) };
                level.left -= 1;
                let table = self.shelf.get(self.levels.len() - 1)?;
                done = self.place(&table, value)?;
            }
            done = self.begin()?;
        }
    }

    /// Reads the head of a value; `None` if it is a table with something in it, which is open then.
    fn begin(&mut self) -> Result<Option<Value>, Failure> {
        if self.slots >= STACK_SLOTS_MAX {
            return Err(Failure::text(TOO_MANY));
        }
        self.pace.element(self.lua, 0, 0)?;
        let (left, place) = match self.head()? {
            Begun::Whole(value) => return Ok(Some(value)),
            Begun::Array(_) if self.slots + 2 > STACK_SLOTS_MAX => return Err(Failure::text(TOO_DEEP)),
            Begun::Array(len) => (len, Place::Element(0)),
            Begun::Map(len) => (len * 2, Place::Key),
        };
        let table = self.lua.create_table()?;
        if left == 0 {
            return Ok(Some(Value::Table(table)));
        }
        // The table, and in an array the index of the element.
        self.slots += if matches!(place, Place::Key) { 1 } else { 2 };
        self.shelf.push(self.lua, table)?;
        self.levels.push(Level { left, place });
        Ok(None)
    }

    /// Takes a complete value into the innermost table; returns that if it is complete with it.
    fn place(&mut self, table: &Table, value: Value) -> Result<Option<Value>, Failure> {
        let Some(level) = self.levels.last_mut() else { return Ok(Some(value)) };
        match std::mem::replace(&mut level.place, Place::Key) {
            Place::Element(index) => {
                table.raw_set(index + 1, value)?;
                level.place = Place::Element(index + 1);
            }
            Place::Key => {
                level.place = Place::Under(value);
                self.slots += 1;
            }
            Place::Under(key) => {
                set(table, key, value)?;
                self.slots -= 1;
            }
        }
        if level.left > 0 {
            return Ok(None);
        }
        self.slots -= if matches!(level.place, Place::Key) { 1 } else { 2 };
        let last = self.levels.len() - 1;
        self.levels.pop();
        let table = self.shelf.get(last)?;
        self.shelf.truncate(last);
        Ok(Some(Value::Table(table)))
    }

    fn head(&mut self) -> Result<Begun, Failure> {
        let tag = self.take(1)?[0];
        Ok(match tag {
            0..0x80 => number(f64::from(tag)),
            0x80..0x90 => Begun::Map(u64::from(tag & 15)),
            0x90..0xa0 => Begun::Array(u64::from(tag & 15)),
            0xa0..0xc0 => self.string(usize::from(tag & 31))?,
            0xc0 => Begun::Whole(Value::Nil),
            0xc2 | 0xc3 => Begun::Whole(Value::Boolean(tag == 0xc3)),
            0xca => number(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xcb => number(f64::from_bits(self.unsigned(8)?)),
            0xcc..0xcf => number(self.unsigned(1 << (tag - 0xcc))? as f64),
            // Signed here too, as in the C library.
            0xcf | 0xd3 => number(self.unsigned(8)? as i64 as f64),
            0xd0 => number(f64::from(self.unsigned(1)? as i8)),
            0xd1 => number(f64::from(self.unsigned(2)? as i16)),
            0xd2 => number(f64::from(self.unsigned(4)? as i32)),
            0xd9..0xdc => {
                let len = self.unsigned(1 << (tag - 0xd9))?;
                self.string(len as usize)?
            }
            0xdc | 0xdd => Begun::Array(self.unsigned(2 << (tag - 0xdc))?),
            0xde | 0xdf => Begun::Map(self.unsigned(2 << (tag - 0xde))?),
            0xe0.. => number(f64::from(tag as i8)),
            0xc1 | 0xc4..0xca | 0xd4..0xd9 => return Err(Failure::text("Bad data format in input.")),
        })
    }

    fn string(&mut self, len: usize) -> Result<Begun, Failure> {
        let text = self.take(len)?;
        Ok(Begun::Whole(Value::String(self.lua.create_string(text)?)))
    }

    fn unsigned(&mut self, len: usize) -> Result<u64, Failure> {
        Ok(self.take(len)?.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Failure> {
        let text = self.text;
        let rest = &text[self.at..];
        let taken = rest.get(..len).ok_or_else(|| Failure::text("Missing bytes in input."))?;
        self.at += len;
        Ok(taken)
    }
}

fn number(n: f64) -> Begun {
    Begun::Whole(Value::Number(n))
}

/// The interpreter's own errors for keys that no table can have carry no place.
fn set(table: &Table, key: Value, value: Value) -> Result<(), Failure> {
    let fault = match &key {
        Value::Nil => "table index is nil",
        Value::Number(n) if n.is_nan() => "table index is NaN",
        _ => return Ok(table.raw_set(key, value)?),
    };
    Err(Failure::Lua(mlua::Error::RuntimeError(fault.into())))
}
