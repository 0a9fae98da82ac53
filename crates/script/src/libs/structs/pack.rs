//! Values to bytes.

use mlua::{Lua, Result};

use super::format::{Formatter, Item, Kind};
use super::{in_order, invalid_option, padding};
use crate::libs::arguments::Arguments;
use crate::libs::failure::Failure;
use crate::libs::number::{to_integer, to_unsigned};
use crate::libs::pace::Pace;

/// Bytes of the longest text: that of the longest value that a command takes by default.
const BYTES_MAX: usize = 512 << 20;

/// Bytes of integers beyond this are zeros.
const WIDE: usize = 8;

/// The arguments behind the first, as that says.
pub(super) fn pack(lua: &Lua, pace: &Pace, mut args: Arguments) -> Result<mlua::String> {
    let format = args.string(lua, 1)?;
    // An argument that is missing is told as nil.
    args.end_with_nil();
    let format = format.as_bytes();
    let mut formatter = Formatter::new(&format);
    let (mut out, mut index) = (Vec::new(), 2);
    while let Some(item) = formatter.next().map_err(|why| args.raise(lua, why))? {
        pace.element(lua, 0, out.len())?;
        if item.kind == Kind::Control {
            formatter.control(item).map_err(|why| args.raise(lua, why))?;
            continue;
        }
        let pad = padding(out.len(), item.align);
        out.extend(std::iter::repeat_n(0, pad));
        if pack_item(lua, &args, index, item, &mut out)? {
            index += 1;
        }
        if out.len() > BYTES_MAX {
            return Err(args.raise(lua, Failure::memory()));
        }
    }
    lua.create_string(out)
}

/// Whether the item took the argument at `index`.
fn pack_item(lua: &Lua, args: &Arguments, index: usize, item: Item, out: &mut Vec<u8>) -> Result<bool> {
    let start = out.len();
    match item.kind {
        Kind::Signed | Kind::Unsigned => {
            let n = args.number(lua, index)?;
            let n = if n < 0.0 { to_integer(n) as u64 } else { to_unsigned(n) };
            out.extend_from_slice(&n.to_le_bytes()[..item.size.min(WIDE)]);
            out.resize(start + item.size, 0);
            in_order(&mut out[start..], item.is_big);
        }
        Kind::Float => {
            out.extend_from_slice(&(args.number(lua, index)? as f32).to_le_bytes());
            in_order(&mut out[start..], item.is_big);
        }
        Kind::Double => {
            out.extend_from_slice(&args.number(lua, index)?.to_le_bytes());
            in_order(&mut out[start..], item.is_big);
        }
        Kind::Text => {
            out.extend_from_slice(&args.string(lua, index)?.as_bytes());
            out.push(0);
        }
        Kind::Chars => {
            let text = args.string(lua, index)?;
            let text = text.as_bytes();
            let size = if item.size == 0 { text.len() } else { item.size };
            let Some(chars) = text.get(..size) else {
                return Err(args.refuse(lua, index + 1, "string too short"));
            };
            out.extend_from_slice(chars);
        }
        Kind::Padding => {
            out.push(0);
            return Ok(false);
        }
        Kind::Control | Kind::Unknown => return Err(invalid_option(lua, args, item.option)),
    }
    Ok(true)
}
