//! Arguments of library functions, checked as Lua's auxiliary library checks them.
//!
//! A function of any number of arguments is reached through a Lua function that puts them into a table: each string or table that
//! Rust holds takes one of the some 8000 places that the interpreter has for that.

use mlua::{Error, FromLua, Function, Lua, Result, Table, Value};

use super::failure::{Failure, Frame};
use super::number::to_integer;

/// What functions of a fixed number of arguments are called with; further ones are not looked at.
pub(super) type Few = (Argument, Argument, Argument, Argument);

/// One argument, or none.
pub(super) struct Argument(Option<Value>);

impl FromLua for Argument {
    fn from_lua(value: Value, _: &Lua) -> Result<Argument> {
        Ok(Argument(Some(value)))
    }

    /// Called for arguments that are absent only: those on the stack are taken from there.
    fn from_lua_arg(_: Value, _: usize, _: Option<&str>, _: &Lua) -> Result<Argument> {
        Ok(Argument(None))
    }
}

/// What a function was called with. Indexes begin at 1, as in error texts.
pub(super) struct Arguments {
    values: Values,
    len: usize,
    frame: Frame,
}

enum Values {
    Few([Value; 4]),
    Many(Table),
}

impl From<Few> for Arguments {
    fn from((a, b, c, d): Few) -> Arguments {
        let values = [a.0, b.0, c.0, d.0];
        let len = values.iter().take_while(|value| value.is_some()).count();
        let values = values.map(|value| value.unwrap_or(Value::Nil));
        Arguments { values: Values::Few(values), len, frame: Frame::RUNNING }
    }
}

/// A function of any number of arguments and one result.
pub(super) fn variadic<R: mlua::IntoLua>(
    lua: &Lua,
    call: impl Fn(&Lua, Arguments) -> Result<R> + 'static,
) -> Result<Function> {
    let inner = lua.create_function(move |lua, (len, table): (usize, Table)| {
        call(lua, Arguments { values: Values::Many(table), len, frame: Frame::CALLER })
    })?;
    let select: Function = lua.globals().get("select")?;
    // In parentheses, as a tail call would take the outer function off the stack, and its caller's line with it.
    let outer = "local inner, select = ... return function(...) return (inner(select('#', ...), {...})) end";
    lua.load(outer).set_name("=[C]").call((inner, select))
}

impl Arguments {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Adds a nil behind the last.
    pub fn end_with_nil(&mut self) {
        self.len += 1;
    }

    /// Nil behind the last.
    pub fn value(&self, index: usize) -> Result<Value> {
        match &self.values {
            Values::Few(values) => Ok(values.get(index - 1).cloned().unwrap_or(Value::Nil)),
            Values::Many(table) => table.raw_get(index),
        }
    }

    /// A number, or text that reads as one.
    pub fn number(&self, lua: &Lua, index: usize) -> Result<f64> {
        match self.value(index)? {
            Value::Number(n) => Ok(n),
            Value::Integer(n) => Ok(n as f64),
            text @ Value::String(_) => {
                lua.coerce_number(text)?.ok_or_else(|| self.mistyped(lua, index, "number", "string"))
            }
            other => Err(self.mistyped(lua, index, "number", type_name(&other))),
        }
    }

    pub fn integer(&self, lua: &Lua, index: usize) -> Result<i64> {
        self.number(lua, index).map(to_integer)
    }

    /// `default` if absent or nil.
    pub fn integer_or(&self, lua: &Lua, index: usize, default: i64) -> Result<i64> {
        if self.value(index)?.is_nil() { Ok(default) } else { self.integer(lua, index) }
    }

    /// A string, or a number as text.
    pub fn string(&self, lua: &Lua, index: usize) -> Result<mlua::String> {
        match self.value(index)? {
            Value::String(text) => Ok(text),
            number @ (Value::Integer(_) | Value::Number(_)) => {
                let text = lua.coerce_string(number)?;
                text.ok_or_else(|| self.mistyped(lua, index, "string", "number"))
            }
            other => Err(self.mistyped(lua, index, "string", type_name(&other))),
        }
    }

    fn mistyped(&self, lua: &Lua, index: usize, expected: &str, got: &str) -> Error {
        let got = if index > self.len { "no value" } else { got };
        self.refuse(lua, index, &format!("{expected} expected, got {got}"))
    }

    /// A complaint about the argument at `index`.
    pub fn refuse(&self, lua: &Lua, index: usize, text: &str) -> Error {
        self.frame.bad_argument(lua, index, text)
    }

    /// What a function returns that fails.
    pub fn raise(&self, lua: &Lua, failure: Failure) -> Error {
        self.frame.raise(lua, failure)
    }
}

/// The type as `type()` tells it.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Boolean(_) => "boolean",
        Value::Integer(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Table(_) => "table",
        Value::Function(_) => "function",
        Value::Thread(_) => "thread",
        _ => "userdata",
    }
}
