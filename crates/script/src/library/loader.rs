//! Running the code of libraries, which registers functions.

use super::{Flags, Function, Header, LibraryError};
use crate::bytecode::untail;
use crate::failure::text_of;
use crate::sandbox::own_chunk;
use mlua::{ChunkMode, Lua, Table, Value};

/// What errors call the code of a library.
const CHUNK_NAME: &str = "@user_function";

/// What lets an interpreter load libraries.
pub(crate) struct Loader {
    /// The globals of libraries: few while they load, all of them when their functions run.
    environment: Table,
    /// The globals of running functions, without the guard that keeps them from being changed.
    running: Table,
    run: mlua::Function,
    /// The compiler does not hold on to the name of what it compiles.
    _chunk_name: mlua::String,
}

impl Loader {
    /// `globals` is what running functions see, `redis` what it has under that name. `lock` makes of a table another that shows
    /// the same and cannot be changed; its second result is a function that makes it show a third. `attempt` calls a function: true, or
    /// false and what was thrown.
    pub fn new(
        lua: &Lua,
        globals: &Table,
        redis: &Table,
        lock: &mlua::Function,
        attempt: &mlua::Function,
    ) -> mlua::Result<Loader> {
        let chunk = own_chunk(lua, include_str!("load.lua"))?;
        let (environment, running, run) = chunk.call((globals, redis, lock, attempt))?;
        Ok(Loader { environment, running, run, _chunk_name: lua.create_string(CHUNK_NAME)? })
    }

    /// Runs the code of a library. What it registered is a list of tables: name, function, description and flags.
    pub fn run(&self, lua: &Lua, header: &Header<'_>) -> Result<Table, LibraryError> {
        let (chunk, assigns) =
            self.chunk(lua, header.body).map_err(|error| LibraryError::Compile(text_of(&error)))?;
        match self.run.call(chunk) {
            Ok((true, Value::Table(registered))) if registered.raw_len() == 0 => {
                Err(LibraryError::NoFunctions)
            }
            Ok((true, Value::Table(registered))) => {
                if !assigns {
                    self.unguard(&registered).map_err(|error| LibraryError::Register(text_of(&error)))?;
                }
                Ok(registered)
            }
            Ok((_, Value::String(text))) => Err(LibraryError::Register(text.to_string_lossy())),
            Ok((_, Value::Error(error))) => Err(LibraryError::Register(format!("ERR {}", text_of(&error)))),
            Ok(_) => Err(LibraryError::Register("ERR the code failed without saying why".into())),
            Err(error) => Err(LibraryError::Register(format!("ERR {}", text_of(&error)))),
        }
    }

    /// Has functions of the library, which assigns to no globals, find them at once.
    fn unguard(&self, registered: &Table) -> mlua::Result<()> {
        for entry in registered.sequence_values::<Table>() {
            let function: mlua::Function = entry?.raw_get("callback")?;
            if function.info().source.as_deref() == Some(CHUNK_NAME) {
                function.set_environment(self.running.clone())?;
            }
        }
        Ok(())
    }

    /// The code, compiled; its functions will call `redis.call` so that errors can name the line. True if it assigns to globals.
    fn chunk(&self, lua: &Lua, body: &[u8]) -> mlua::Result<(mlua::Function, bool)> {
        let load = |code: &[u8], mode| {
            let chunk = lua.load(code).set_name(CHUNK_NAME).set_mode(mode);
            chunk.set_environment(self.environment.clone()).into_function()
        };
        let chunk = load(body, ChunkMode::Text)?;
        let mut binary = chunk.dump(false);
        match untail(&mut binary) {
            Some(found) if found.tail_call => Ok((load(&binary, ChunkMode::Binary)?, found.assignment)),
            Some(found) => Ok((chunk, found.assignment)),
            None => Ok((chunk, true)),
        }
    }
}

/// What was registered, without the functions themselves.
pub(crate) fn described(registered: &Table) -> mlua::Result<Vec<Function>> {
    let mut functions = Vec::with_capacity(registered.raw_len());
    for entry in registered.sequence_values::<Table>() {
        let entry = entry?;
        let description: Option<mlua::String> = entry.raw_get("description")?;
        functions.push(Function {
            name: entry.raw_get("function_name")?,
            description: description.map(|text| text.as_bytes().to_vec()),
            flags: flags_of(entry.raw_get("flags")?)?,
        });
    }
    Ok(functions)
}

fn flags_of(names: Option<Table>) -> mlua::Result<Flags> {
    let mut flags = Flags::default();
    for name in names.iter().flat_map(Table::sequence_values::<mlua::String>) {
        let named = Flags::named(&name?.as_bytes());
        flags = flags.with(named.ok_or_else(|| mlua::Error::runtime("unknown flag given"))?);
    }
    Ok(flags)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An interpreter of the plainest kind.
    pub fn interpreter() -> (Lua, Loader) {
        let lua = Lua::new();
        let lock: mlua::Function = lua.load(include_str!("lock.lua")).eval().expect("Lua");
        let redis = lua.load("return { REDIS_VERSION = '7.2.4' }").eval().expect("Lua");
        let attempt = lua.globals().raw_get("pcall").expect("a function");
        let loader = Loader::new(&lua, &lua.globals(), &redis, &lock, &attempt).expect("Lua");
        (lua, loader)
    }

    fn loaded(body: &str) -> Result<Vec<Function>, LibraryError> {
        let (lua, loader) = interpreter();
        let code = format!("#!lua name=lib\n{body}");
        let header = Header::parse(code.as_bytes())?;
        let registered = loader.run(&lua, &header)?;
        Ok(described(&registered).expect("well formed"))
    }

    fn check(body: &str, expect: &str) {
        let functions = loaded(body).expect(body);
        let line = |f: &Function| {
            let flags: Vec<&str> = f.flags.names().collect();
            let description = f.description.as_deref().map(String::from_utf8_lossy);
            format!("{} {:?} {}", f.name, description.as_deref().unwrap_or("-"), flags.join(","))
        };
        assert_eq!(functions.iter().map(line).collect::<Vec<_>>().join("; "), expect, "{body}");
    }

    fn refused(body: &str, expect: &str) {
        let error = loaded(body).expect_err(body);
        assert_eq!(error.to_string(), expect, "{body}");
    }

    #[test]
    fn both_forms_of_calls_register() {
        check(
            "redis.register_function('f', function() end) redis.register_function(1, function() end)",
            "f \"-\" ; 1 \"-\" ",
        );
        check(
            "redis.register_function{Function_Name='f', CALLBACK=function() end, description=1, \
             flags={'NO-WRITES', 'allow-oom', 'no-writes'}}",
            "f \"1\" no-writes,allow-oom",
        );
        check(
            "local v = redis.REDIS_VERSION redis.register_function('v'..#v, function() return v end)",
            "v5 \"-\" ",
        );
    }

    #[test]
    fn wrong_arguments_are_named_as_redis_7_names_them() {
        let wrong = |arguments: &str, why: &str| {
            refused(
                &format!("redis.register_function{arguments}"),
                &format!("Error registering functions: ERR {why}"),
            );
        };
        let name = "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
        wrong("()", "wrong number of arguments to redis.register_function");
        wrong("('a', function() end, {})", "wrong number of arguments to redis.register_function");
        wrong(
            "('a')",
            "calling redis.register_function with a single argument is only applicable to Lua table (representing named \
             arguments).",
        );
        wrong("(nil, function() end)", "first argument to redis.register_function must be a string");
        wrong("('a', nil)", "second argument to redis.register_function must be a function");
        wrong("('', function() end)", name);
        wrong("('a b', function() end)", name);
        wrong("('a\\0b', function() end)", name);
        wrong("{}", "redis.register_function must get a function name argument");
        wrong("{function_name='x'}", "redis.register_function must get a callback argument");
        wrong("{1}", "unknown argument given to redis.register_function");
        wrong("{[{}]=1}", "named argument key given to redis.register_function is not a string");
        wrong(
            "{function_name={}}",
            "function_name argument given to redis.register_function must be a string",
        );
        wrong("{description={}}", "description argument given to redis.register_function must be a string");
        wrong("{callback=1}", "callback argument given to redis.register_function must be a function");
        wrong(
            "{flags=1}",
            "flags argument to redis.register_function must be a table representing function flags",
        );
        wrong("{flags={1}}", "unknown flag given");
        wrong("{flags={function() end}}", "unknown flag given");
        wrong(
            "('f', function() end) redis.register_function('F', function() end)",
            "Function already exists in the library",
        );
    }

    #[test]
    fn little_is_there_while_loading() {
        let missing = |code: &str, name: &str| {
            let expect = format!(
                "Error registering functions: ERR user_function:3: Script attempted to access nonexistent global \
                 variable '{name}'"
            );
            refused(&format!("\n{code}"), &expect);
        };
        for name in ["math", "pcall", "error", "_G", "KEYS", "print", "getmetatable", "string"] {
            missing(&format!("return {name}"), name);
        }
        for name in ["call", "setresp", "redis", "math"] {
            missing(&format!("redis.{name}()"), name);
        }
        let readonly = "Error registering functions: ERR user_function:2: Attempt to modify a readonly table";
        refused("x = 1", readonly);
        refused("redis.x = 1", readonly);
        refused("return 1", "No functions registered");
        refused("bad script", "Error compiling function: user_function:2: '=' expected near 'script'");
        refused(
            "local x = nil + 1",
            "Error registering functions: ERR user_function:2: attempt to perform arithmetic on a nil value",
        );
    }

    #[test]
    fn globals_are_there_when_functions_run() {
        let (lua, loader) = interpreter();
        let code = b"#!lua name=lib\nlocal l = redis redis.register_function('f', function() l.register_function('g', \
                     function() end) end) redis.register_function('h', function() return math.abs(-2) end)";
        let registered = loader.run(&lua, &Header::parse(code).expect("a library")).expect("loads");
        let callback = |at: usize| -> mlua::Function {
            registered.raw_get::<Table>(at).and_then(|entry| entry.raw_get("callback")).expect("a function")
        };
        assert_eq!(callback(2).call::<i64>(()).expect("runs"), 2);
        let thrown = lua.load("local ok, thrown = pcall(...) return thrown.err").call::<String>(callback(1));
        assert_eq!(
            thrown.expect("a table is thrown"),
            "ERR redis.register_function can only be called on FUNCTION LOAD command"
        );
    }
}
