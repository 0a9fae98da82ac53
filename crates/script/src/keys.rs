//! Names of fields, interned once for as long as the interpreter lives.

use mlua::{Lua, String};

/// What tables that stand for replies have as keys.
pub(crate) struct Keys {
    pub ok: String,
    pub err: String,
    pub ignore: String,
    pub source: String,
    pub line: String,
    pub double: String,
    pub map: String,
    pub set: String,
    pub big_number: String,
    pub verbatim: String,
    pub format: String,
    pub string: String,
}

impl Keys {
    pub fn new(lua: &Lua) -> mlua::Result<Keys> {
        let key = |name: &str| lua.create_string(name);
        Ok(Keys {
            ok: key("ok")?,
            err: key("err")?,
            ignore: key("ignore_error_stats_update")?,
            source: key("source")?,
            line: key("line")?,
            double: key("double")?,
            map: key("map")?,
            set: key("set")?,
            big_number: key("big_number")?,
            verbatim: key("verbatim_string")?,
            format: key("format")?,
            string: key("string")?,
        })
    }
}
