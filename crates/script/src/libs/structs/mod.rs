//! `struct`: values to bytes in C's layout, and back, as the library of Lua 5.1 of this name does.

mod format;
mod pack;
mod unpack;

use mlua::{Lua, Result, Table};

use super::arguments::{Arguments, Few, variadic};
use super::pace::Pace;
use format::{Formatter, Item, Kind};

/// The table of functions.
pub fn open(lua: &Lua, pace: &Pace) -> Result<Table> {
    let table = lua.create_table()?;
    let kept = pace.clone();
    table.raw_set("pack", variadic(lua, move |lua, args| pack::pack(lua, &kept, args))?)?;
    let kept = pace.clone();
    table.raw_set("unpack", lua.create_function(move |lua, args| unpack::unpack(lua, &kept, args))?)?;
    let kept = pace.clone();
    table.raw_set("size", lua.create_function(move |lua, args| size(lua, &kept, args))?)?;
    Ok(table)
}

/// Bytes of a format whose options all have a fixed size.
fn size(lua: &Lua, pace: &Pace, args: Few) -> Result<f64> {
    let args = Arguments::from(args);
    let format = args.string(lua, 1)?;
    let format = format.as_bytes();
    let mut formatter = Formatter::new(&format);
    let mut total = 0usize;
    while let Some(item) = formatter.next().map_err(|why| args.raise(lua, why))? {
        pace.element(lua, 0, 0)?;
        let Item { option, kind, size, align, .. } = item;
        let name = match kind {
            Kind::Text => "s",
            Kind::Chars if size == 0 => "c0",
            Kind::Control => {
                formatter.control(item).map_err(|why| args.raise(lua, why))?;
                continue;
            }
            // Letters and digits of no meaning have no size.
            Kind::Unknown if !option.is_ascii_alphanumeric() => {
                return Err(invalid_option(lua, &args, option));
            }
            _ => {
                total += padding(total, align) + size;
                continue;
            }
        };
        return Err(args.refuse(lua, 1, &format!("option '{name}' has no fixed size")));
    }
    Ok(total as f64)
}

/// Bytes before an item of this alignment. Like the C library, which takes sizes that are no power of 2 as alignments too.
fn padding(at: usize, align: usize) -> usize {
    if align <= 1 { 0 } else { (align - (at & (align - 1))) & (align - 1) }
}

fn invalid_option(lua: &Lua, args: &Arguments, option: u8) -> mlua::Error {
    args.refuse(lua, 1, &format!("invalid format option '{}'", char::from(option)))
}

/// Whether numbers are written with their highest byte first.
fn in_order(bytes: &mut [u8], is_big: bool) {
    if is_big {
        bytes.reverse();
    }
}
