//! What scripts see, and nothing else.

use crate::bytecode::without_lines;
use crate::failure::OWN_CHUNKS;
use crate::library::Loader;
use crate::libs::{self, Pace};
use mlua::{ChunkMode, Function, Lua, String, Table, Value};

/// The globals of scripts and the functions that run them.
pub(crate) struct Sandbox {
    /// Globals of scripts and functions.
    common: Table,
    /// Those of scripts, without the guard that keeps them from being changed.
    globals: Table,
    /// What stands behind `redis`.
    redis: Table,
    lock: Function,
    run: Function,
    attempt: Function,
    apply: Function,
    functions: Table,
    flatten: Function,
    /// The compiler does not hold on to the name of what it compiles.
    _chunk_names: Vec<String>,
}

/// Names of chunks that are compiled from Rust.
const CHUNK_NAMES: [&str; 4] = ["@user_script", "@user_function", OWN_CHUNKS, "=[C]"];

impl Sandbox {
    /// Replaces the globals of an interpreter that ran nothing yet.
    pub fn new(lua: &Lua, natives: Table, pace: &Pace, redis_version: &str) -> mlua::Result<Sandbox> {
        let chunk_names =
            CHUNK_NAMES.iter().map(|name| lua.create_string(name)).collect::<mlua::Result<_>>()?;
        natives.raw_set("redis_version", redis_version)?;
        natives.raw_set("redis_version_number", version_number(redis_version))?;
        natives.raw_set("server_name", "handfast")?;
        let api: Table = own_chunk(lua, include_str!("api.lua"))?.call(&natives)?;
        let prelude = own_chunk(lua, include_str!("prelude.lua"))?;
        let made: Table = prelude.call((natives, api, libraries(lua, pace)?, lua.globals()))?;
        Ok(Sandbox {
            common: made.raw_get("common")?,
            globals: made.raw_get("globals")?,
            redis: made.raw_get("redis")?,
            lock: made.raw_get("lock")?,
            run: made.raw_get("run")?,
            attempt: made.raw_get("attempt")?,
            apply: made.raw_get("apply")?,
            functions: made.raw_get("functions")?,
            flatten: made.raw_get("flatten")?,
            _chunk_names: chunk_names,
        })
    }

    /// The globals of scripts that assign to none.
    pub fn globals(&self) -> &Table {
        &self.globals
    }

    /// Runs a chunk with its `KEYS` and `ARGV`. True and what it returned first, or false and what was thrown: a table with `err`,
    /// `source` and `line`, or a string if not even that could be made.
    pub fn run(&self, chunk: &Function, keys: &Table, argv: &Table) -> mlua::Result<(bool, Value)> {
        self.run.call((chunk, keys, argv))
    }

    /// Calls the function of a library with two arguments, with the same results.
    pub fn apply(&self, number: u64, keys: &Table, argv: &Table) -> mlua::Result<(bool, Value)> {
        self.apply.call((number, keys, argv))
    }

    /// Functions of libraries, by number.
    pub fn functions(&self) -> &Table {
        &self.functions
    }

    /// What libraries of functions are loaded with.
    pub fn loader(&self, lua: &Lua) -> mlua::Result<Loader> {
        Loader::new(lua, &self.common, &self.redis, &self.lock, &self.attempt)
    }

    /// Makes lists of tables.
    pub fn flatten(&self) -> &Function {
        &self.flatten
    }
}

/// A chunk of ours, without the lines that would show in scripts' errors.
pub(crate) fn own_chunk(lua: &Lua, source: &str) -> mlua::Result<Function> {
    let chunk = lua.load(source).set_name(OWN_CHUNKS).set_mode(ChunkMode::Text).into_function()?;
    match without_lines(&mut chunk.dump(false)) {
        Some(code) => lua.load(code).set_mode(ChunkMode::Binary).into_function(),
        None => Ok(chunk),
    }
}

/// `cjson` and the others, by name.
fn libraries(lua: &Lua, pace: &Pace) -> mlua::Result<Table> {
    let libraries = lua.create_table()?;
    libraries.raw_set("bit", libs::bit::open(lua)?)?;
    libraries.raw_set("cjson", libs::cjson::open(lua, pace)?)?;
    libraries.raw_set("cmsgpack", libs::cmsgpack::open(lua, pace)?)?;
    libraries.raw_set("struct", libs::structs::open(lua, pace)?)?;
    Ok(libraries)
}

/// A version as `REDIS_VERSION_NUM` has it: a byte for each of its three parts.
fn version_number(version: &str) -> u32 {
    let part = |text: &str| text.parse::<u8>().map_or(0, u32::from);
    version.split('.').take(3).map(part).fold(0, |number, part| number << 8 | part)
}
