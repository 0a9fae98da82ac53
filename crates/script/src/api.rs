//! What the Lua half of the sandbox is built on: functions of Rust that scripts never see themselves.

use crate::collector::Collector;
use crate::convert::{First, Request, Taken, bulk, error_table, into_lua, truncated};
use crate::failure::{called_as, locate, locate_script, plain};
use crate::host::{Host, Level, Tick};
use crate::keys::Keys;
use crate::random::Random;
use crate::script::sha1_hex;
use mlua::{Error, HookTriggers, Lua, Table, Value, VmState};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Instructions from one look of the host to the next: at first, at least and at most. One instruction may call a function that takes
/// as long as all others together.
const TICK_INSTRUCTIONS: u32 = 1_000;
const TICK_INSTRUCTIONS_MIN: u32 = 10;
const TICK_INSTRUCTIONS_MAX: u32 = 10_000;

/// What ends a script that the host stopped. Scripts that catch it end all the same.
pub(crate) const STOPPED: &str = "Script killed by user with SCRIPT KILL...";

/// What the functions share with their engine.
pub(crate) struct Shared {
    pub host: Rc<dyn Host>,
    pub keys: Keys,
    pub memory_max: usize,
    /// `redis.setresp`: what the script wants replies in.
    pub resp3: Cell<bool>,
    pub collector: Collector,
    random: Random,
    /// Instructions between two ticks.
    tick_instructions: Cell<u32>,
    /// Arguments of a call that has many.
    added: RefCell<Request>,
    /// What the last call failed with, until it is taken.
    error: RefCell<Option<Value>>,
    /// Where the script was when the host stopped it.
    stopped: RefCell<Option<String>>,
}

impl Shared {
    pub fn new(lua: &Lua, host: Rc<dyn Host>, memory_max: usize, seed: u32) -> mlua::Result<Shared> {
        Ok(Shared {
            host,
            keys: Keys::new(lua)?,
            memory_max,
            resp3: Cell::new(false),
            collector: Collector::default(),
            random: Random::new(seed),
            tick_instructions: Cell::new(TICK_INSTRUCTIONS),
            added: RefCell::default(),
            error: RefCell::default(),
            stopped: RefCell::default(),
        })
    }

    /// What a stopped script's client is told. Forgets it: the next script starts anew.
    pub fn take_stopped(self: &Rc<Shared>, lua: &Lua) -> mlua::Result<Option<String>> {
        let stopped = self.stopped.take();
        if stopped.is_some() {
            watch_as_usual(lua, self)?;
        }
        Ok(stopped)
    }

    /// Lets the host look, and ends the script if it says so: from then on at each instruction.
    pub fn look(self: &Rc<Shared>, lua: &Lua) -> mlua::Result<()> {
        if self.stopped.borrow().is_some() {
            return Err(Error::RuntimeError(STOPPED.into()));
        }
        self.collector.adapt(lua);
        let instructions = self.tick_instructions.get();
        let instructions = match self.host.tick() {
            Tick::GoOn => return Ok(()),
            Tick::Sooner => (instructions / 4).max(TICK_INSTRUCTIONS_MIN),
            Tick::Later => (instructions * 2).min(TICK_INSTRUCTIONS_MAX),
            Tick::Stop => return self.stop(lua),
        };
        if self.tick_instructions.replace(instructions) == instructions {
            return Ok(());
        }
        watch_as_usual(lua, self)
    }

    fn stop(self: &Rc<Shared>, lua: &Lua) -> mlua::Result<()> {
        let place = locate_script(lua).map(|place| place.to_string()).unwrap_or_default();
        *self.stopped.borrow_mut() = Some(place);
        watch(lua, self, 1)?;
        Err(Error::RuntimeError(STOPPED.into()))
    }

    /// Calls a command with the arguments that were taken. What failed is kept, and its place taken by `ODD`.
    fn call_few(&self, lua: &Lua) -> mlua::Result<Value> {
        let _lifted = Lifted::new(lua, self.memory_max);
        let mut request = Request::taken();
        let ran = self.run(&mut request);
        // What most commands answer comes without the rest of the machinery: each hand that it passes through copies it.
        if ran && let Some(text) = bulk(request.reply()) {
            let text = lua.create_string(text);
            request.put_back();
            return text.map(Value::String);
        }
        let result = self.result(lua, &request, ran);
        request.put_back();
        self.keep_failed(result?)
    }

    #[inline(never)]
    fn keep_failed(&self, (value, failed): (Value, bool)) -> mlua::Result<Value> {
        if !failed {
            return Ok(value);
        }
        *self.error.borrow_mut() = Some(value);
        Ok(ODD)
    }

    /// Calls a command with the arguments that were added.
    fn call(&self, lua: &Lua) -> mlua::Result<(Value, bool)> {
        let _lifted = Lifted::new(lua, self.memory_max);
        let mut request = self.added.take();
        let ran = self.run(&mut request);
        let result = self.result(lua, &request, ran);
        request.clear();
        *self.added.borrow_mut() = request;
        result
    }

    /// False if there is a complaint about the arguments. The host may serve others meanwhile: nothing is borrowed.
    fn run(&self, request: &mut Request) -> bool {
        let Some((args, reply)) = request.parts() else { return false };
        self.host.call(args, self.resp3.get(), reply);
        true
    }

    /// What a call gives, and whether it failed.
    #[inline(never)]
    fn result(&self, lua: &Lua, request: &Request, ran: bool) -> mlua::Result<(Value, bool)> {
        if !ran {
            return self.refused(lua, request.complaint());
        }
        let reply = request.reply();
        let is_error = reply.first() == Some(&b'-');
        into_lua(lua, &self.keys, reply, self.memory_max).map(|value| (value, is_error))
    }

    fn may_run(&self, lua: &Lua) -> mlua::Result<(Value, bool)> {
        let mut request = self.added.take();
        let allowed = match request.parts() {
            Some((args, _)) => {
                self.host.may_run(args).ok_or("Invalid command passed to redis.acl_check_cmd()")
            }
            None => Err(request.complaint()),
        };
        *self.added.borrow_mut() = request;
        match allowed {
            Ok(allowed) => Ok((Value::Boolean(allowed), false)),
            Err(why) => self.refused(lua, why),
        }
    }

    fn refused(&self, lua: &Lua, why: &str) -> mlua::Result<(Value, bool)> {
        let table = error_table(lua, &self.keys, format!("ERR {why}").as_bytes())?;
        Ok((Value::Table(table), true))
    }
}

/// Has the host look every so many instructions.
pub(crate) fn watch(lua: &Lua, shared: &Rc<Shared>, instructions: u32) -> mlua::Result<()> {
    let shared = Rc::clone(shared);
    let triggers = HookTriggers::new().every_nth_instruction(instructions);
    lua.set_global_hook(triggers, move |lua, _| shared.look(lua).map(|()| VmState::Continue))
}

/// [`watch`] at the distance that the host asked for.
pub(crate) fn watch_as_usual(lua: &Lua, shared: &Rc<Shared>) -> mlua::Result<()> {
    watch(lua, shared, shared.tick_instructions.get())
}

/// No limit of memory while Rust works on few values: under a limit, each of them costs a protected call.
struct Lifted<'l> {
    lua: &'l Lua,
    memory_max: usize,
}

impl Lifted<'_> {
    fn new(lua: &Lua, memory_max: usize) -> Lifted<'_> {
        let _ = lua.set_memory_limit(0);
        Lifted { lua, memory_max }
    }
}

impl Drop for Lifted<'_> {
    fn drop(&mut self) {
        let _ = self.lua.set_memory_limit(self.memory_max);
    }
}

/// The functions, by the names under which the Lua half knows them.
pub(crate) fn natives(lua: &Lua, shared: &Rc<Shared>) -> mlua::Result<Table> {
    let natives = lua.create_table()?;
    calls(lua, shared, &natives)?;
    errors_and_numbers(lua, shared, &natives)?;
    let s = Rc::clone(shared);
    let log = lua.create_function(move |_, (level, text): (usize, mlua::String)| {
        let levels = [Level::Debug, Level::Verbose, Level::Notice, Level::Warning];
        if let Some(level) = levels.get(level) {
            s.host.log(*level, &text.as_bytes());
        }
        Ok(())
    })?;
    natives.raw_set("log", log)?;
    let s = Rc::clone(shared);
    natives.raw_set(
        "setresp",
        lua.create_function(move |_, resp3| {
            s.resp3.set(resp3);
            Ok(())
        })?,
    )?;
    let s = Rc::clone(shared);
    let set_replication = lua.create_function(move |_, (aof, replicas)| {
        s.host.set_replication(aof, replicas);
        Ok(())
    })?;
    natives.raw_set("set_replication", set_replication)?;
    let sha1hex = lua.create_function(|_, text: mlua::String| Ok(sha1_hex(&text.as_bytes())))?;
    natives.raw_set("sha1hex", sha1hex)?;
    Ok(natives)
}

/// As many arguments as most calls have, and one more: what follows it is not looked at.
type Few = (First, Taken, Taken, Taken, Taken, Taken, ());

/// As many as are taken at once where there are more.
type Many = (First, Taken, Taken, Taken, Taken, Taken, Taken, Taken, Taken, Taken, Taken, Taken, ());

/// What a call gives that had more, or that failed. One value: for two there is no place behind as many arguments as Lua allows.
const ODD: Value = Value::NULL;

fn calls(lua: &Lua, shared: &Rc<Shared>, natives: &Table) -> mlua::Result<()> {
    let s = Rc::clone(shared);
    natives.raw_set("call", lua.create_function(move |lua, ()| s.call(lua))?)?;
    let s = Rc::clone(shared);
    let few = lua.create_function(move |lua, (.., sixth, ()): Few| {
        if sixth == Taken::Absent {
            return s.call_few(lua);
        }
        // One may be left of a script that was stopped before it took it.
        s.error.take();
        Ok(ODD)
    })?;
    natives.raw_set("call_few", few)?;
    natives.raw_set("ODD", ODD)?;
    let s = Rc::clone(shared);
    natives.raw_set("take_error", lua.create_function(move |_, ()| Ok(s.error.take()))?)?;
    let s = Rc::clone(shared);
    let add = lua.create_function(move |_, (is_first, _): (bool, Many)| {
        s.added.borrow_mut().add_taken(is_first);
        Ok(())
    })?;
    natives.raw_set("add", add)?;
    let s = Rc::clone(shared);
    natives.raw_set("may_run", lua.create_function(move |lua, ()| s.may_run(lua))?)
}

fn errors_and_numbers(lua: &Lua, shared: &Rc<Shared>, natives: &Table) -> mlua::Result<()> {
    natives.raw_set("plain", lua.create_function(plain)?)?;
    let locate = lua.create_function(|lua, ()| {
        Ok(locate(lua, 1).map_or((None, None), |place| (Some(place.source), Some(place.line))))
    })?;
    natives.raw_set("locate", locate)?;
    // Past this function, the one that words the complaint and the one that throws it.
    natives.raw_set("called_as", lua.create_function(|lua, ()| Ok(called_as(lua, 3)))?)?;
    let s = Rc::clone(shared);
    natives.raw_set("is_stopped", lua.create_function(move |_, ()| Ok(s.stopped.borrow().is_some()))?)?;
    let s = Rc::clone(shared);
    natives.raw_set("tick", lua.create_function(move |lua, ()| s.look(lua))?)?;
    let s = Rc::clone(shared);
    natives.raw_set("draw", lua.create_function(move |_, ()| Ok(s.random.draw()))?)?;
    let s = Rc::clone(shared);
    natives.raw_set(
        "seed",
        lua.create_function(move |_, seed: f64| {
            s.random.seed(truncated(seed) as u32);
            Ok(())
        })?,
    )?;
    let integer = lua.create_function(|_, number: f64| Ok(f64::from(truncated(number) as i32)))?;
    natives.raw_set("integer", integer)?;
    let s = Rc::clone(shared);
    natives.raw_set("clock", lua.create_function(move |_, ()| Ok(s.host.cpu_seconds()))?)
}
