//! Loading a library to learn what it registers, in an interpreter that is made for it and thrown away.

use super::loader::{Loader, described};
use super::{Header, Library, LibraryError};
use crate::{Host, Level, Tick};
use mlua::{HookTriggers, Lua, LuaOptions, StdLib, VmState};
use std::cell::Cell;
use std::rc::Rc;

/// Memory that the code of a library may use while it loads: bytes.
const LOAD_MEMORY_MAX: usize = 256 << 20;

/// Instructions from one tick to the next.
const TICK_INSTRUCTIONS: u32 = 10_000;

/// Runs the code of a library. The host ends a run that takes too long. `redis_version` is what the node announces.
pub fn load(code: &[u8], redis_version: &str, host: Rc<dyn Host>) -> Result<Library, LibraryError> {
    let header = Header::parse(code)?;
    let failed = |error: mlua::Error| LibraryError::Register(format!("ERR {error}"));
    let stopped = Rc::new(Cell::new(false));
    let lua = interpreter(&host, &stopped).map_err(failed)?;
    let loader = loader(&lua, redis_version, &host).map_err(failed)?;
    lua.set_memory_limit(LOAD_MEMORY_MAX).map_err(failed)?;
    let registered = loader.run(&lua, &header).map_err(|error| match error {
        LibraryError::Register(_) if stopped.get() => LibraryError::Register(TIMEOUT.into()),
        error => error,
    })?;
    let functions = described(&registered).map_err(failed)?;
    Ok(Library { name: header.name, code: code.to_vec(), functions })
}

const TIMEOUT: &str = "ERR FUNCTION LOAD timeout";

/// The code sees nothing of what is open here but the methods of strings.
fn interpreter(host: &Rc<dyn Host>, stopped: &Rc<Cell<bool>>) -> mlua::Result<Lua> {
    let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE, LuaOptions::new().catch_rust_panics(false))?;
    lua.load(include_str!("patterns.lua")).set_name("=patterns").exec()?;
    let (host, stopped) = (Rc::clone(host), Rc::clone(stopped));
    let triggers = HookTriggers::new().every_nth_instruction(TICK_INSTRUCTIONS);
    lua.set_hook(triggers, move |_, _| {
        if host.tick() != Tick::Stop {
            return Ok(VmState::Continue);
        }
        stopped.set(true);
        Err(mlua::Error::runtime(TIMEOUT))
    })?;
    Ok(lua)
}

fn loader(lua: &Lua, redis_version: &str, host: &Rc<dyn Host>) -> mlua::Result<Loader> {
    let host = Rc::clone(host);
    let log = lua.create_function(move |_, (level, text): (i64, mlua::String)| {
        let levels = [Level::Debug, Level::Verbose, Level::Notice, Level::Warning];
        if let Some(level) = usize::try_from(level).ok().and_then(|at| levels.get(at)) {
            host.log(*level, &text.as_bytes());
        }
        Ok(())
    })?;
    let lock = lua.load(include_str!("lock.lua")).set_name("=lock").eval()?;
    let bare = lua.load(include_str!("bare.lua")).set_name("=bare");
    let redis = bare.call((log, redis_version, number_of(redis_version)))?;
    let attempt = lua.globals().raw_get("pcall")?;
    Loader::new(lua, &lua.create_table()?, &redis, &lock, &attempt)
}

/// A version as `REDIS_VERSION_NUM` has it: a byte for each of its three parts.
fn number_of(version: &str) -> u32 {
    let part = |text: &str| text.parse::<u8>().map_or(0, u32::from);
    version.split('.').take(3).map(part).fold(0, |number, part| number << 8 | part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A host that stops what takes long, and keeps what is logged.
    #[derive(Default)]
    struct Impatient {
        ticks: Cell<u32>,
        log: RefCell<Vec<(Level, String)>>,
    }

    impl Host for Impatient {
        fn call(&self, _: resp::Args<'_>, _: bool, _: &mut Vec<u8>) {
            panic!("no command runs while a library loads");
        }

        fn tick(&self) -> Tick {
            self.ticks.set(self.ticks.get() + 1);
            if self.ticks.get() < 100 { Tick::GoOn } else { Tick::Stop }
        }

        fn log(&self, level: Level, text: &[u8]) {
            self.log.borrow_mut().push((level, String::from_utf8_lossy(text).into_owned()));
        }

        fn set_replication(&self, _: bool, _: bool) {}

        fn may_run(&self, _: resp::Args<'_>) -> Option<bool> {
            None
        }

        fn cpu_seconds(&self) -> f64 {
            0.0
        }
    }

    fn loaded(body: &str) -> (Result<Library, LibraryError>, Vec<(Level, String)>) {
        let host = Rc::new(Impatient::default());
        let code = format!("#!lua name=lib\n{body}");
        let library = load(code.as_bytes(), "7.2.4", Rc::clone(&host) as Rc<dyn Host>);
        let log = host.log.take();
        (library, log)
    }

    fn refused(body: &str, expect: &str) {
        let error = loaded(body).0.expect_err(body);
        assert_eq!(error.to_string(), format!("Error registering functions: ERR {expect}"), "{body}");
    }

    #[test]
    fn what_is_loaded_is_described() {
        let body = "redis.register_function{function_name='f', callback=function() end, flags={'no-writes'}}";
        let (library, _) = loaded(body);
        let library = library.expect("loads");
        assert_eq!((library.name.as_str(), library.functions.len()), ("lib", 1));
        assert_eq!(library.code, format!("#!lua name=lib\n{body}").into_bytes());
        assert!(library.memory() > library.code.len());
    }

    #[test]
    fn endless_code_is_stopped() {
        refused("while true do end", "FUNCTION LOAD timeout");
        refused("local function f() return f() end f()", "FUNCTION LOAD timeout");
        refused("redis.register_function('f', function() end) repeat until false", "FUNCTION LOAD timeout");
    }

    #[test]
    fn memory_is_limited() {
        refused("local t = ('x'):rep(2 ^ 24) while true do t = t .. t end", "not enough memory");
        refused("local function f() return 1 + f() end f()", "user_function:2: stack overflow");
    }

    #[test]
    fn code_may_log() {
        let (_, log) = loaded(
            "redis.log(redis.LOG_WARNING, 'a', 1, nil, {}, 'b') redis.log('1', redis.REDIS_VERSION_NUM)",
        );
        assert_eq!(log, [(Level::Warning, "a 1 b".into()), (Level::Verbose, "459268".into())]);
        refused("redis.log()", "redis.log() requires two arguments or more.");
        refused("redis.log(1)", "redis.log() requires two arguments or more.");
        refused("redis.log('a', 'b')", "First argument must be a number (log level).");
        refused("redis.log(4, 'b')", "Invalid debug level.");
    }

    #[test]
    fn patterns_are_bounded() {
        let deep =
            |method: &str| format!("local n = 200000 local _ = ('a'):rep(n):{method}(('a?'):rep(n), 'b')");
        for method in ["find", "match", "gsub"] {
            refused(&deep(method), "user_function:2: pattern too complex");
        }
        refused("local _ = ('a'):gmatch(('a?'):rep(200000))", "user_function:2: pattern too complex");
        let (library, _) =
            loaded("local n = 3 redis.register_function(('a'):rep(n):match(('a?'):rep(n)), function() end)");
        assert_eq!(library.expect("loads").functions[0].name, "aaa");
    }

    #[test]
    fn strings_have_their_methods() {
        let (library, _) = loaded("redis.register_function(('f'):rep(3):upper(), function() end)");
        assert_eq!(library.expect("loads").functions[0].name, "FFF");
    }
}
