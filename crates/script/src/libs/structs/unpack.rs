//! Bytes to values.

use mlua::{Lua, Result, Value, Variadic};

use super::format::{Formatter, Item, Kind};
use super::{invalid_option, padding};
use crate::libs::STACK_SLOTS_MAX;
use crate::libs::arguments::{Arguments, Few};
use crate::libs::failure::Failure;
use crate::libs::number::to_unsigned;
use crate::libs::pace::Pace;
use crate::libs::results::{RESULTS_MAX, Results, Returned};

/// The values of the second argument from the offset in the third on, and where it goes on behind them.
pub(super) fn unpack(lua: &Lua, pace: &Pace, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let format = args.string(lua, 1)?;
    let data = args.string(lua, 2)?;
    let start = args.integer_or(lua, 3, 1)?;
    if start == 0 {
        return Err(args.refuse(lua, 3, "offset must be 1 or greater"));
    }
    let (format, data) = (format.as_bytes(), data.as_bytes());
    let mut formatter = Formatter::new(&format);
    // Negative offsets become great ones, as in C.
    let mut unpacking = Unpacking {
        lua,
        args: &args,
        data: &data,
        at: start.wrapping_sub(1) as usize,
        values: Results::default(),
    };
    while let Some(item) = formatter.next().map_err(|why| args.raise(lua, why))? {
        pace.element(lua, 0, 0)?;
        let count = unpacking.values.len();
        if count >= RESULTS_MAX || args.len() + count + 2 > STACK_SLOTS_MAX {
            return Err(args.raise(lua, Failure::text("stack overflow (too many results)")));
        }
        unpacking.item(item)?;
        if item.kind == Kind::Control {
            formatter.control(item).map_err(|why| args.raise(lua, why))?;
        }
    }
    let next = (unpacking.at as i64).wrapping_add(1);
    let mut values = unpacking.values;
    values.push(lua, Value::Number(next as f64))?;
    Ok(values.finish())
}

struct Unpacking<'a> {
    lua: &'a Lua,
    args: &'a Arguments,
    data: &'a [u8],
    at: usize,
    values: Results,
}

impl Unpacking<'_> {
    fn item(&mut self, item: Item) -> Result<()> {
        // No place follows the greatest, nor is there one.
        self.at = self.at.saturating_add(padding(self.at, item.align));
        let bytes = self.bytes(item.size)?;
        let (mut taken, lua) = (item.size, self.lua);
        let value = match item.kind {
            Kind::Signed | Kind::Unsigned => Value::Number(integer(bytes, item)),
            Kind::Float => Value::Number(f64::from(f32::from_bits(unsigned(bytes, item.is_big) as u32))),
            Kind::Double => Value::Number(f64::from_bits(unsigned(bytes, item.is_big))),
            Kind::Chars if item.size > 0 => Value::String(lua.create_string(bytes)?),
            Kind::Chars => {
                taken = self.previous_size()?;
                Value::String(lua.create_string(self.bytes(taken)?)?)
            }
            Kind::Text => {
                let rest = &self.data[self.at..];
                let Some(len) = rest.iter().position(|b| *b == 0) else {
                    return Err(self.fail("unfinished string in data"));
                };
                taken = len + 1;
                Value::String(lua.create_string(&rest[..len])?)
            }
            Kind::Padding | Kind::Control => {
                self.at += taken;
                return Ok(());
            }
            Kind::Unknown => return Err(invalid_option(lua, self.args, item.option)),
        };
        self.at += taken;
        self.values.push(lua, value)
    }

    fn fail(&self, text: &str) -> mlua::Error {
        self.args.raise(self.lua, Failure::text(text))
    }

    fn bytes(&self, len: usize) -> Result<&[u8]> {
        let rest = self.data.get(self.at..).and_then(|rest| rest.get(..len));
        rest.ok_or_else(|| self.args.refuse(self.lua, 2, "data string too short"))
    }

    /// The last value, which is a size and no result.
    fn previous_size(&mut self) -> Result<usize> {
        let number = match self.values.pop(self.lua)? {
            Some(previous) => self.lua.coerce_number(previous)?,
            None => None,
        };
        let Some(size) = number else {
            return Err(self.fail("format 'c0' needs a previous size"));
        };
        Ok(to_unsigned(size) as usize)
    }
}

/// The lowest 64 bits.
fn unsigned(bytes: &[u8], is_big: bool) -> u64 {
    let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
    if is_big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

fn integer(bytes: &[u8], item: Item) -> f64 {
    let n = unsigned(bytes, item.is_big);
    if item.kind == Kind::Unsigned {
        return n as f64;
    }
    // The sign bit of longer integers is looked for where a shift of 64 bits, which wraps, finds it.
    let signs = u64::MAX.wrapping_shl((8 * item.size as u32).wrapping_sub(1));
    (if n & signs == 0 { n } else { n | signs }) as i64 as f64
}
