//! `cjson`: JSON as Lua-CJSON 2.1 writes and reads it.

mod decode;
mod encode;
mod options;
mod token;

use std::cell::Cell;
use std::rc::Rc;

use mlua::{LightUserData, Lua, Result, Table, Value};

use super::arguments::{Arguments, Few};
use super::pace::Pace;
use options::Settings;

/// What stands for null: a null pointer.
pub fn null() -> Value {
    Value::LightUserData(LightUserData(std::ptr::null_mut()))
}

/// The table of functions, with settings of its own.
pub fn open(lua: &Lua, pace: &Pace) -> Result<Table> {
    let settings = Rc::new(Cell::new(Settings::default()));
    let cjson = lua.create_table()?;
    let (shared, kept) = (settings.clone(), pace.clone());
    let encode = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        let value = only(lua, &args)?;
        let text = encode::encode(lua, &kept, &value, &shared.get());
        lua.create_string(text.map_err(|why| args.raise(lua, why))?)
    })?;
    cjson.raw_set("encode", encode)?;
    let (shared, kept) = (settings.clone(), pace.clone());
    let decode = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        only(lua, &args)?;
        let text = args.string(lua, 1)?;
        decode::decode(lua, &kept, &text.as_bytes(), &shared.get()).map_err(|why| args.raise(lua, why))
    })?;
    cjson.raw_set("decode", decode)?;
    options::add(lua, &cjson, &settings)?;
    let kept = pace.clone();
    cjson.raw_set("new", lua.create_function(move |lua, ()| open(lua, &kept))?)?;
    cjson.raw_set("null", null())?;
    cjson.raw_set("_NAME", "cjson")?;
    cjson.raw_set("_VERSION", "2.1.0")?;
    Ok(cjson)
}

/// The argument of a function that takes one.
fn only(lua: &Lua, args: &Arguments) -> Result<Value> {
    if args.len() == 1 { args.value(1) } else { Err(args.refuse(lua, 1, "expected 1 argument")) }
}
