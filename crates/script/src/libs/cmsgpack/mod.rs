//! `cmsgpack`: MessagePack as lua-cmsgpack 0.4 writes and reads it.

mod pack;
mod unpack;

use mlua::{Lua, Result, Table, Value, Variadic};

use super::arguments::{Arguments, Few, variadic};
use super::failure::Failure;
use super::pace::Pace;
use super::results::Returned;
use pack::Packer;
use unpack::{Input, Limit};

/// Values that `pack` takes at once: half of the slots of Lua's stack.
const PACK_VALUES_MAX: usize = super::STACK_SLOTS_MAX / 2;

type Unpack = fn(&Lua, &Pace, Few) -> Result<Variadic<Returned>>;

/// The table of functions.
pub fn open(lua: &Lua, pace: &Pace) -> Result<Table> {
    let cmsgpack = lua.create_table()?;
    let kept = pace.clone();
    cmsgpack.raw_set("pack", variadic(lua, move |lua, args| pack(lua, &kept, args))?)?;
    let functions: [(&str, Unpack); 3] =
        [("unpack", unpack), ("unpack_one", unpack_one), ("unpack_limit", unpack_limit)];
    for (name, function) in functions {
        let kept = pace.clone();
        cmsgpack.raw_set(name, lua.create_function(move |lua, args| function(lua, &kept, args))?)?;
    }
    cmsgpack.raw_set("_NAME", "cmsgpack")?;
    cmsgpack.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    cmsgpack.raw_set("_COPYRIGHT", "Copyright (C) the authors of Handfast")?;
    cmsgpack.raw_set("_DESCRIPTION", "MessagePack for Lua")?;
    Ok(cmsgpack)
}

/// All arguments, one behind the other.
fn pack(lua: &Lua, pace: &Pace, args: Arguments) -> Result<mlua::String> {
    if args.len() == 0 {
        return Err(args.refuse(lua, 0, "MessagePack pack needs input."));
    }
    if args.len() > PACK_VALUES_MAX {
        return Err(args.refuse(lua, 0, "Too many arguments for MessagePack pack."));
    }
    let mut packer = Packer { lua, pace, out: Vec::new() };
    for index in 1..=args.len() {
        packer.pack(&args.value(index)?).map_err(|why| args.raise(lua, why))?;
    }
    lua.create_string(packer.out)
}

/// All values of a text.
fn unpack(lua: &Lua, pace: &Pace, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let text = args.string(lua, 1)?;
    let base = args.len();
    let all = unpack::unpack(lua, pace, Input { text: &text.as_bytes(), offset: 0 }, base, Limit::All);
    all.map(|(values, _)| values.finish()).map_err(|why| args.raise(lua, why))
}

/// Where the next value begins, or -1 behind the last, and the value at an offset.
fn unpack_one(lua: &Lua, pace: &Pace, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let offset = args.integer_or(lua, 2, 0)?;
    unpack_some(lua, pace, &args, 1, offset)
}

/// Where the next value begins, or -1 behind the last, and at most so many values.
fn unpack_limit(lua: &Lua, pace: &Pace, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let limit = args.integer(lua, 2)?;
    let offset = args.integer_or(lua, 3, 0)?;
    unpack_some(lua, pace, &args, limit, offset)
}

fn unpack_some(
    lua: &Lua,
    pace: &Pace,
    args: &Arguments,
    limit: i64,
    offset: i64,
) -> Result<Variadic<Returned>> {
    let text = args.string(lua, 1)?;
    let text = text.as_bytes();
    // Offsets are shown as `int`, as in the C library.
    let (shown, len) = (offset as i32, text.len());
    if offset < 0 || limit < 0 {
        let why = format!("Invalid request to unpack with offset of {shown} and limit of {len}.");
        return Err(args.raise(lua, Failure::text(why)));
    }
    if offset as u64 > len as u64 {
        let why = format!("Start offset {shown} greater than input length {len}.");
        return Err(args.raise(lua, Failure::text(why)));
    }
    let limit = match (limit, offset) {
        (0, 0) => Limit::All,
        (limit, _) => Limit::Count(limit as u64),
    };
    let done = unpack::unpack(lua, pace, Input { text: &text, offset: offset as usize }, 1, limit);
    let (values, next) = done.map_err(|why| args.raise(lua, why))?;
    Ok(match limit {
        Limit::All => values.finish(),
        Limit::Count(_) => values.finish_behind(Value::Integer(if next == len { -1 } else { next as i64 })),
    })
}
