//! `cmsgpack`: MessagePack as lua-cmsgpack 0.4 writes and reads it.

mod pack;
mod unpack;

use mlua::{Lua, Result, Table, Value, Variadic};

use super::arguments::{Arguments, Few, variadic};
use super::failure::Failure;
use super::results::Returned;
use unpack::Limit;

/// Values that `pack` takes at once: half of the slots of Lua's stack.
const PACK_VALUES_MAX: usize = super::STACK_SLOTS_MAX / 2;

/// The table of functions.
pub fn open(lua: &Lua) -> Result<Table> {
    let cmsgpack = lua.create_table()?;
    cmsgpack.raw_set("pack", variadic(lua, pack)?)?;
    cmsgpack.raw_set("unpack", lua.create_function(unpack)?)?;
    cmsgpack.raw_set("unpack_one", lua.create_function(unpack_one)?)?;
    cmsgpack.raw_set("unpack_limit", lua.create_function(unpack_limit)?)?;
    cmsgpack.raw_set("_NAME", "cmsgpack")?;
    cmsgpack.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    cmsgpack.raw_set("_COPYRIGHT", "Copyright (C) the authors of Handfast")?;
    cmsgpack.raw_set("_DESCRIPTION", "MessagePack for Lua")?;
    Ok(cmsgpack)
}

/// All arguments, one behind the other.
fn pack(lua: &Lua, args: Arguments) -> Result<mlua::String> {
    if args.len() == 0 {
        return Err(args.refuse(lua, 0, "MessagePack pack needs input."));
    }
    if args.len() > PACK_VALUES_MAX {
        return Err(args.refuse(lua, 0, "Too many arguments for MessagePack pack."));
    }
    let mut out = Vec::new();
    for index in 1..=args.len() {
        pack::pack(&args.value(index)?, &mut out).map_err(|why| args.raise(lua, why))?;
    }
    lua.create_string(out)
}

/// All values of a text.
fn unpack(lua: &Lua, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let text = args.string(lua, 1)?;
    let base = args.len();
    let all = unpack::unpack(lua, &text.as_bytes(), base, 0, Limit::All);
    all.map(|(values, _)| values.finish()).map_err(|why| args.raise(lua, why))
}

/// Where the next value begins, or -1 behind the last, and the value at an offset.
fn unpack_one(lua: &Lua, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let offset = args.integer_or(lua, 2, 0)?;
    unpack_some(lua, &args, 1, offset)
}

/// Where the next value begins, or -1 behind the last, and at most so many values.
fn unpack_limit(lua: &Lua, args: Few) -> Result<Variadic<Returned>> {
    let args = Arguments::from(args);
    let limit = args.integer(lua, 2)?;
    let offset = args.integer_or(lua, 3, 0)?;
    unpack_some(lua, &args, limit, offset)
}

fn unpack_some(lua: &Lua, args: &Arguments, limit: i64, offset: i64) -> Result<Variadic<Returned>> {
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
    let done = unpack::unpack(lua, &text, 1, offset as usize, limit);
    let (values, next) = done.map_err(|why| args.raise(lua, why))?;
    Ok(match limit {
        Limit::All => values.finish(),
        Limit::Count(_) => values.finish_behind(Value::Integer(if next == len { -1 } else { next as i64 })),
    })
}
