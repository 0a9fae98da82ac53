//! An interpreter and what it runs.

use crate::api::{STOPPED, Shared, natives, watch_as_usual};
use crate::bytecode::untail;
use crate::convert::{Writer, until_zero};
use crate::failure::{Place, text_of};
use crate::host::Host;
use crate::library::{Libraries, Library, LibraryError, Loaded};
use crate::libs::Pace;
use crate::recent::Recent;
use crate::sandbox::Sandbox;
use crate::script::{Script, ScriptError};
use mlua::{ChunkMode, Function, Lua, LuaOptions, StdLib, Table, Value};
use resp::{Args, Proto};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// Memory of an interpreter, bytes: what a script that holds more gets is an error.
pub const SCRIPT_MEMORY_MAX: usize = 1 << 30;

/// Bytes of one script's reply, unless told otherwise.
pub const SCRIPT_REPLY_MAX: usize = 1 << 29;

/// Scripts kept compiled. When there are more, all are compiled again as they come.
const COMPILED_MAX: usize = 10_000;

/// Part of the memory that, once in use, has garbage collected as soon as a script ends.
const GARBAGE_PART: usize = 16;

/// What errors call a script's code.
const CHUNK_NAME: &str = "@user_script";

/// First byte of compiled code.
const ESCAPE: u8 = 0x1b;

/// Bytes of the message of an error that is no table.
const MESSAGE_MAX: usize = 100;

/// What an engine is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What `redis.REDIS_VERSION` says: three numbers with points between.
    pub redis_version: String,
    /// Bytes of memory.
    pub memory_max: usize,
    /// Bytes of one reply.
    pub reply_max: usize,
    /// Where `math.random` begins.
    pub seed: u32,
}

/// Where the generator of C's `drand48` begins, and Redis's with it.
const RANDOM_SEED: u32 = 0x1234_abcd;

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            redis_version: "7.2.4".into(),
            memory_max: SCRIPT_MEMORY_MAX,
            reply_max: SCRIPT_REPLY_MAX,
            seed: RANDOM_SEED,
        }
    }
}

/// Why there is no engine: its own code failed, which only a lack of memory explains.
#[derive(Debug, thiserror::Error)]
#[error("the interpreter cannot start: {0}")]
pub struct EngineError(#[from] mlua::Error);

/// What became of a script. Its reply is written in both cases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It answered.
    Replied,
    /// The reply is an error. `counted`: it came from a command and was reported then.
    Failed {
        /// Whether statistics of errors have it already.
        counted: bool,
    },
}

/// One interpreter. Stays on its thread; needs 1 MiB of stack at most.
pub struct Engine {
    sandbox: Sandbox,
    shared: Rc<Shared>,
    reply_max: usize,
    /// Compiled scripts by digest. A table of Lua: values that Rust holds are few.
    compiled: Table,
    compiled_count: Cell<usize>,
    recent: Recent,
    /// Libraries of functions, from the first call of one on.
    libraries: RefCell<Option<Loaded>>,
    lua: Lua,
}

impl Engine {
    /// An interpreter with nothing compiled.
    pub fn new(host: Rc<dyn Host>, settings: &Settings) -> Result<Engine, EngineError> {
        let lua = Lua::new_with(StdLib::STRING | StdLib::TABLE | StdLib::MATH, LuaOptions::default())?;
        let shared = Rc::new(Shared::new(&lua, host, settings.memory_max, settings.seed)?);
        let looking = Rc::clone(&shared);
        let pace = Pace::new(settings.memory_max, move |lua| looking.look(lua));
        let sandbox = Sandbox::new(&lua, natives(&lua, &shared)?, &pace, &settings.redis_version)?;
        watch_as_usual(&lua, &shared)?;
        shared.collector.adapt(&lua);
        let compiled = lua.create_table()?;
        lua.gc_collect()?;
        Ok(Engine {
            sandbox,
            shared,
            reply_max: settings.reply_max,
            compiled,
            compiled_count: Cell::new(0),
            recent: Recent::default(),
            libraries: RefCell::default(),
            lua,
        })
    }

    /// Compiles a script unless it is known: SCRIPT LOAD.
    pub fn compile(&self, script: &Script) -> Result<(), ScriptError> {
        self.compiled(script).map(|_| ())
    }

    /// Forgets compiled scripts, but for those with certain digests.
    pub fn forget_scripts_but(&self, keep: impl Fn(&[u8]) -> bool) {
        let digests = self.compiled.pairs::<mlua::String, Value>().filter_map(|pair| pair.ok());
        // Copies: Rust can hold only so many values of Lua at a time.
        let gone: Vec<Vec<u8>> =
            digests.map(|(sha, _)| sha.as_bytes().to_vec()).filter(|sha| !keep(sha)).collect();
        for sha in &gone {
            let _ = self.lua.create_string(sha).and_then(|sha| self.compiled.raw_set(sha, Value::Nil));
        }
        self.compiled_count.set(self.compiled_count.get().saturating_sub(gone.len()));
        self.recent.clear();
        let _ = self.lua.gc_collect();
    }

    /// Forgets libraries, but for these.
    pub fn forget_libraries_but(&self, all: &Arc<Libraries>) {
        if let Some(loaded) = self.libraries.borrow_mut().as_mut()
            && loaded.forget_all_but(all).is_ok_and(|some| some)
        {
            let _ = self.lua.gc_collect();
        }
    }

    /// Forgets all compiled scripts.
    fn forget(&self) {
        let _ = self.compiled.clear();
        self.compiled_count.set(0);
        self.recent.clear();
        let _ = self.lua.gc_collect();
    }

    /// Bytes that the interpreter holds.
    pub fn memory_used(&self) -> usize {
        self.lua.used_memory()
    }

    /// Runs a script and appends its reply, in RESP3 if `resp3`.
    pub fn eval(
        &self,
        script: &Script,
        keys: Args<'_>,
        argv: Args<'_>,
        resp3: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let chunk = match self.compiled(script) {
            Ok(chunk) => chunk,
            Err(why) => {
                error_line(out, format!("ERR {why}").as_bytes());
                return Outcome::Failed { counted: false };
            }
        };
        let result = self.limited(keys, argv, |keys, argv| self.sandbox.run(&chunk, keys, argv));
        self.answer(&script.sha, result, resp3, out)
    }

    /// FCALL: calls a function of one of `all` libraries, which is loaded first if need be, and appends its reply.
    pub fn fcall(
        &self,
        all: &Arc<Libraries>,
        (library, index): (&Arc<Library>, usize),
        args: (Args<'_>, Args<'_>),
        resp3: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let name = &library.functions[index].name;
        match self.function(all, library, index) {
            Ok(number) => self.call(number, name, args, resp3, out),
            Err(why) => {
                let stopped = self.shared.take_stopped(&self.lua).ok().flatten();
                let text = stopped.map(|place| format!("ERR {STOPPED} script: {name}, on {place}."));
                error_line(out, text.unwrap_or_else(|| format!("ERR {why}")).as_bytes());
                Outcome::Failed { counted: false }
            }
        }
    }

    /// A library that loads may be left in the middle, as its host serves others, but not with this interpreter: what is borrowed
    /// here stays so.
    fn function(
        &self,
        all: &Arc<Libraries>,
        library: &Arc<Library>,
        index: usize,
    ) -> Result<u64, LibraryError> {
        let mut libraries = self.libraries.borrow_mut();
        if libraries.is_none() {
            let loader = self.sandbox.loader(&self.lua);
            let functions = self.sandbox.functions().clone();
            let loaded = loader.map(|loader| Loaded::new(functions, loader, self.shared.memory_max));
            let failed = |error: mlua::Error| LibraryError::Register(format!("ERR {}", text_of(&error)));
            *libraries = Some(loaded.map_err(failed)?);
        }
        let loaded = libraries.as_mut().expect("just made");
        loaded.function(&self.lua, all, library, index)
    }

    /// Calls the function of a number with the keys and arguments as tables, and appends its reply. `name` is what errors call it.
    fn call(
        &self,
        number: u64,
        name: &str,
        (keys, argv): (Args<'_>, Args<'_>),
        resp3: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let result = self.limited(keys, argv, |keys, argv| self.sandbox.apply(number, keys, argv));
        self.answer(name, result, resp3, out)
    }

    fn list(&self, args: Args<'_>) -> mlua::Result<Table> {
        // Of known length: the table is as large as it will be from the start.
        let mut others = false;
        let texts = args.iter().map(|arg| {
            std::str::from_utf8(arg).unwrap_or_else(|_| {
                others = true;
                ""
            })
        });
        let list = self.lua.create_sequence_from(texts)?;
        if others {
            for (i, arg) in args.iter().enumerate() {
                list.raw_seti(i + 1, self.lua.create_string(arg)?)?;
            }
        }
        Ok(list)
    }

    fn limited(
        &self,
        keys: Args<'_>,
        argv: Args<'_>,
        run: impl FnOnce(&Table, &Table) -> mlua::Result<(bool, Value)>,
    ) -> mlua::Result<(bool, Value)> {
        let (keys, argv) = (self.list(keys)?, self.list(argv)?);
        self.shared.resp3.set(false);
        self.lua.set_memory_limit(self.shared.memory_max)?;
        let result = run(&keys, &argv);
        self.lua.set_memory_limit(0)?;
        result
    }

    fn compiled(&self, script: &Script) -> Result<Function, ScriptError> {
        if let Some(known) = self.recent.get(&script.sha) {
            return Ok(known);
        }
        let chunk = self.compiled_once(script)?;
        self.recent.put(&script.sha, &chunk);
        Ok(chunk)
    }

    fn compiled_once(&self, script: &Script) -> Result<Function, ScriptError> {
        if let Ok(Some(known)) = self.compiled.raw_get::<Option<Function>>(script.sha.as_str()) {
            return Ok(known);
        }
        let compile = |error: mlua::Error| ScriptError::Compile(text_of(&error));
        let chunk = self.chunk(script.code()).map_err(compile)?;
        if self.compiled_count.get() >= COMPILED_MAX {
            self.forget();
        }
        self.compiled.raw_set(script.sha.as_str(), &chunk).map_err(compile)?;
        self.compiled_count.set(self.compiled_count.get() + 1);
        Ok(chunk)
    }

    fn chunk(&self, code: &[u8]) -> mlua::Result<Function> {
        if code.first() == Some(&ESCAPE) {
            return Err(mlua::Error::RuntimeError("user_script:1: unexpected symbol near 'char(27)'".into()));
        }
        let load =
            |code: &[u8], mode| self.lua.load(code).set_name(CHUNK_NAME).set_mode(mode).into_function();
        self.lua.set_memory_limit(self.shared.memory_max)?;
        let chunk = load(code, ChunkMode::Text);
        self.lua.set_memory_limit(0)?;
        let chunk = chunk?;
        let mut binary = chunk.dump(false);
        let Some(found) = untail(&mut binary) else { return Ok(chunk) };
        let chunk = if found.tail_call { load(&binary, ChunkMode::Binary)? } else { chunk };
        if !found.assignment {
            chunk.set_environment(self.sandbox.globals().clone())?;
        }
        Ok(chunk)
    }

    fn answer(
        &self,
        name: &str,
        result: mlua::Result<(bool, Value)>,
        resp3: bool,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let outcome = match (self.shared.take_stopped(&self.lua), result) {
            (Ok(Some(place)), _) => stopped(name, Some(&place), out),
            (Ok(None), Ok((true, value))) => self.reply(name, &value, resp3, out),
            (Ok(None), Ok((false, thrown))) => self.failed(name, &thrown, out),
            (Err(error), _) | (_, Err(error)) => broken(name, text_of(&error).as_bytes(), out),
        };
        if self.lua.used_memory() > self.shared.memory_max / GARBAGE_PART {
            let _ = self.lua.gc_collect();
        }
        self.shared.collector.adapt(&self.lua);
        outcome
    }

    fn reply(&self, name: &str, value: &Value, resp3: bool, out: &mut Vec<u8>) -> Outcome {
        let proto = |resp3: bool| if resp3 { Proto::Resp3 } else { Proto::Resp2 };
        let writer = Writer {
            keys: &self.shared.keys,
            flatten: self.sandbox.flatten(),
            client: proto(resp3),
            script: proto(self.shared.resp3.get()),
            reply_max: self.reply_max,
            look: &|| self.shared.look(&self.lua),
        };
        let start = out.len();
        match writer.write(value, out) {
            Ok((false, _)) => Outcome::Replied,
            Ok((true, counted)) => Outcome::Failed { counted },
            Err(error) => {
                out.truncate(start);
                match self.shared.take_stopped(&self.lua) {
                    Ok(Some(_)) => stopped(name, None, out),
                    _ => broken(name, text_of(&error).as_bytes(), out),
                }
            }
        }
    }

    /// The reply to an error that nobody caught.
    fn failed(&self, name: &str, thrown: &Value, out: &mut Vec<u8>) -> Outcome {
        let Value::Table(thrown) = thrown else {
            let text = match thrown {
                Value::String(text) => text.as_bytes().to_vec(),
                Value::Error(error) => text_of(error).into_bytes(),
                _ => b"execution failure".to_vec(),
            };
            return broken(name, &text, out);
        };
        let keys = &self.shared.keys;
        let mut text = match thrown.raw_get(&keys.err) {
            Ok(Value::String(text)) => until_zero(&text.as_bytes()).to_vec(),
            Ok(number @ (Value::Integer(_) | Value::Number(_))) => {
                number.to_string().unwrap_or_default().into_bytes()
            }
            _ => b"ERR unknown error".to_vec(),
        };
        if let (Ok(source), Ok(line)) = (thrown.raw_get(&keys.source), thrown.raw_get(&keys.line)) {
            let place = Place { source, line };
            text.extend_from_slice(format!(" script: {name}, on {place}.").as_bytes());
        }
        error_line(out, &text);
        Outcome::Failed { counted: matches!(thrown.raw_get(&keys.ignore), Ok(Value::Boolean(true))) }
    }
}

/// The reply when the host ended it.
fn stopped(name: &str, place: Option<&str>, out: &mut Vec<u8>) -> Outcome {
    let place = place.map(|place| format!(", on {place}")).unwrap_or_default();
    error_line(out, format!("ERR {STOPPED} script: {name}{place}.").as_bytes());
    Outcome::Failed { counted: false }
}

/// The reply when an error could not even be caught.
fn broken(name: &str, text: &[u8], out: &mut Vec<u8>) -> Outcome {
    let text = &text[..text.len().min(MESSAGE_MAX)];
    error_line(out, &[format!("ERR Error running script {name}, ").as_bytes(), text].concat());
    Outcome::Failed { counted: false }
}

fn error_line(out: &mut Vec<u8>, text: &[u8]) {
    let end = text.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    out.push(b'-');
    out.extend(text[..end].iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}
