//! An interpreter with nothing but the libraries of scripts, and errors as scripts catch them.

use mlua::{Error, Function, Lua, LuaOptions, StdLib, Value, Variadic};
use script::libs::Pace;

/// Writes a program's values as the golden file has them.
const SHOW: &str = include_str!("../../testdata/show.lua");

#[allow(dead_code)]
/// Runs a program in a fresh interpreter, and shows what it returns or raises.
pub fn run(program: &str) -> Vec<u8> {
    let lua = interpreter();
    let show: Function = lua.load(SHOW).set_name("@show").eval().unwrap();
    match lua.load(without_tail_call(program)).set_name("@user_script").into_function() {
        Ok(function) => show.call::<mlua::String>(function).unwrap().as_bytes().to_vec(),
        Err(why) => why.to_string().into_bytes(),
    }
}

/// Makes the libraries global.
#[allow(dead_code)]
pub fn open(lua: &Lua) {
    let globals = lua.globals();
    globals.set("cjson", script::libs::cjson::open(lua, &Pace::default()).unwrap()).unwrap();
    globals.set("cmsgpack", script::libs::cmsgpack::open(lua, &Pace::default()).unwrap()).unwrap();
    globals.set("struct", script::libs::structs::open(lua, &Pace::default()).unwrap()).unwrap();
    globals.set("bit", script::libs::bit::open(lua).unwrap()).unwrap();
}

fn interpreter() -> Lua {
    let lua = Lua::new_with(StdLib::ALL_SAFE, LuaOptions::new()).unwrap();
    open(&lua);
    let pcall = lua.create_function(|lua, (function, args): (Function, Variadic<Value>)| {
        Ok(match function.call::<Variadic<Value>>(args) {
            Ok(values) => [Value::Boolean(true)].into_iter().chain(values).collect::<Variadic<_>>(),
            Err(why) => Variadic::from(vec![Value::Boolean(false), message(lua, &why)]),
        })
    });
    lua.globals().set("pcall", pcall.unwrap()).unwrap();
    lua
}

/// What a script would catch.
fn message(lua: &Lua, error: &Error) -> Value {
    match error {
        Error::CallbackError { cause, .. } => message(lua, cause),
        // The interpreter's own errors come with a traceback behind the message.
        Error::RuntimeError(text) | Error::MemoryError(text) => {
            let end = text.find("\nstack traceback:").unwrap_or(text.len());
            Value::String(lua.create_string(&text[..end]).unwrap())
        }
        other => Value::String(lua.create_string(other.to_string()).unwrap()),
    }
}

/// Redis's functions are no Lua functions, so that a tail call keeps the caller; what runs scripts sees to that here.
fn without_tail_call(program: &str) -> String {
    let Some((before, call)) = program.rsplit_once("return ") else { return program.into() };
    let name = call.split('(').next().unwrap_or_default();
    let is_variadic =
        ["struct.pack", "cmsgpack.pack", "bit.band", "bit.bor", "bit.bxor", "b", "u"].contains(&name);
    let mut depth = 0;
    let calls = call.bytes().filter(|b| {
        depth += i32::from(*b == b'(') - i32::from(*b == b')');
        depth == 0 && *b == b')'
    });
    if is_variadic && calls.count() == 1 && call.ends_with(')') && !before.contains("unpack(") {
        return format!("{before}return ({call})");
    }
    program.into()
}
