//! What scripts cannot do to their server.

mod common;

use common::{Plain, reply, run};
use script::{Engine, Host, Level, Outcome, Script, Settings, Tick};
use std::cell::Cell;
use std::rc::Rc;

/// A host that answers so many ticks with the same, and stops scripts then.
struct Killer(Cell<u32>, Tick);

impl Host for Killer {
    fn call(&self, _: resp::Args<'_>, _: bool, reply: &mut Vec<u8>) {
        reply.extend(b"+PONG\r\n");
    }

    fn tick(&self) -> Tick {
        match self.0.get().checked_sub(1) {
            Some(left) => {
                self.0.set(left);
                self.1
            }
            None => Tick::Stop,
        }
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, _: resp::Args<'_>) -> Option<bool> {
        None
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

#[test]
fn ticks_come_as_the_host_wants_them() {
    let ticks = |answer| {
        let host = Rc::new(Killer(Cell::new(u32::MAX), answer));
        let engine = Engine::new(Rc::clone(&host) as Rc<dyn Host>, &Settings::default()).expect("starts");
        assert_eq!(run(&engine, "for i = 1, 100000 do end return 1"), ":1\r\n");
        u32::MAX - host.0.get()
    };
    let (sooner, usual, later) = (ticks(Tick::Sooner), ticks(Tick::GoOn), ticks(Tick::Later));
    // A hundred thousand instructions, at 10, 1,000 and 10,000 a tick.
    assert!((9_500..=10_000).contains(&sooner), "{sooner}");
    assert!((99..=101).contains(&usual), "{usual}");
    assert!((10..=15).contains(&later), "{later}");
}

#[test]
fn many_scripts_are_forgotten_at_once() {
    let engine = Engine::new(Rc::new(Plain) as Rc<dyn Host>, &Settings::default()).expect("starts");
    for i in 0..9_000 {
        let script = Script::parse(format!("return {i}").as_bytes()).expect("fine");
        engine.compile(&script).expect("compiles");
    }
    let before = engine.memory_used();
    engine.forget_scripts_but(|_| false);
    assert!(engine.memory_used() < before / 2, "{before} bytes");
    assert_eq!(run(&engine, "return 1"), ":1\r\n");
}

/// A table that holds itself many times.
const SELF: &str = "local t = {} for i = 1, 30 do t[i] = t end";

#[test]
fn a_stopped_script_ends_whatever_it_catches() {
    let host = Rc::new(Killer(Cell::new(2), Tick::GoOn));
    let engine = Engine::new(Rc::clone(&host) as Rc<dyn Host>, &Settings::default()).expect("starts");
    for source in [
        "while true do end",
        "\n\nwhile true do end",
        "while true do pcall(function() while true do end end) end",
        "local f = function() while 1 do redis.call('ping') end end while 1 do pcall(f) end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "while true do coroutine.wrap(function() for i = 1, 5000 do end end)() end",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "while true do collectgarbage() end",
        "while true do pcall(collectgarbage) end",
        "local t = setmetatable({}, {__index = function(t, k) while true do end end}) while true do pcall(function() return t.x end) end",
        "while true do pcall(string.gsub, ('x'):rep(1000), 'x', function() while true do end end) end",
        "while true do pcall(load, function() while true do end end) end",
        &format!("{SELF} return cmsgpack.pack(t)"),
        &format!("{SELF} t.map = t while true do pcall(cmsgpack.pack, {{t, map = t}}) end"),
        "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100) end for i = 1, 30 do t = {t, t} end cjson.encode(t)",
        "local s = ('x'):rep(2 ^ 20) local t = {} for i = 1, 400 do t[i] = s end cjson.encode(t)",
        "cjson.decode('[' .. ('1,'):rep(2 ^ 20) .. '1]')",
        "cmsgpack.unpack('\\221\\0\\16\\0\\0' .. ('\\1'):rep(2 ^ 20))",
        "struct.size(('x'):rep(2 ^ 20))",
        "struct.pack(('x'):rep(2 ^ 20))",
        "struct.unpack(('<'):rep(2 ^ 20), '')",
    ] {
        host.0.set(2);
        let script = Script::parse(source.as_bytes()).expect("fine");
        let mut out = Vec::new();
        let none = resp::Args::new(&[], &[]);
        let outcome = engine.eval(&script, none, none, false, &mut out);
        assert_eq!(outcome, Outcome::Failed { counted: false });
        let line = if source.starts_with('\n') { 3 } else { 1 };
        let expect = format!(
            "-ERR Script killed by user with SCRIPT KILL... script: {}, on @user_script:{line}.\r\n",
            script.sha
        );
        assert_eq!(String::from_utf8_lossy(&out), expect, "{source}");
    }
    host.0.set(u32::MAX);
    assert_eq!(run(&engine, "local x = 0 for i = 1, 100000 do x = x + 1 end return x"), ":100000\r\n");
}

/// A host whose ticks run a script of another interpreter of the same thread.
struct Busy(Engine);

impl Host for Busy {
    fn call(&self, args: resp::Args<'_>, _: bool, reply: &mut Vec<u8>) {
        let text: Vec<u8> = args.iter().flatten().copied().collect();
        reply.extend([format!("${}\r\n", text.len()).as_bytes(), &text, b"\r\n"].concat());
    }

    fn tick(&self) -> Tick {
        let other = "redis.call('a', 'b') return redis.call('count', unpack({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}))";
        assert_eq!(run(&self.0, other), ":14\r\n");
        Tick::Sooner
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, _: resp::Args<'_>) -> Option<bool> {
        None
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

#[test]
fn interpreters_of_one_thread_keep_their_arguments_apart() {
    let other = Engine::new(Rc::new(Plain) as Rc<dyn Host>, &Settings::default()).expect("starts");
    let engine = Engine::new(Rc::new(Busy(other)) as Rc<dyn Host>, &Settings::default()).expect("starts");
    let source = "local t = {} for i = 1, 60 do t[i] = string.char(32 + i) end local all = table.concat(t)
        for n = 1, 100 do
            for count = 1, 60, 7 do
                local said = redis.call(unpack(t, 1, count))
                if said ~= all:sub(1, count) then return {count, said} end
            end
        end
        return 'well'";
    assert_eq!(run(&engine, source), "$4\r\nwell\r\n");
}

#[test]
fn memory_is_limited_and_the_engine_survives() {
    let settings = Settings { memory_max: 32 << 20, ..Settings::default() };
    let engine = Engine::new(Rc::new(Plain), &settings).expect("starts");
    for source in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "return ('x'):rep(1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = redis.call('echo', ('x'):rep(1000) .. i) end",
        "return loadstring('return {' .. ('{},'):rep(5e6) .. '}')()",
    ] {
        let script = Script::parse(source.as_bytes()).expect("fine");
        let said = run(&engine, source);
        let expect = format!("-ERR Error running script {}, not enough memory\r\n", script.sha);
        assert_eq!(said, expect, "{source}");
        assert_eq!(run(&engine, "return 'alive'"), "$5\r\nalive\r\n");
    }
    let caught =
        "local ok, why = pcall(function() local s = 'x' while true do s = s .. s end end) return {why}";
    assert_eq!(run(&engine, caught), "*1\r\n$17\r\nnot enough memory\r\n");
    assert!(engine.memory_used() < 32 << 20);
}

#[test]
fn stacks_and_depths_are_bounded() {
    for (source, expect) in [
        ("local function f() return 1 + f() end f()", "stack overflow"),
        ("return {unpack({1, 2, 3}, -2, 2147483647)}", "too many results to unpack"),
        ("return {unpack({1, 2, 3}, 0, 2147483647)}", "too many results to unpack"),
        ("return {unpack({1, 2, 3}, -2147483648, -2)}", "too many results to unpack"),
        ("return select('#', unpack({1, 2, 3}, -2147483648, -2147483646))", ":3"),
        ("return {select('#', unpack({1, 2, 3}, -1, -2)), unpack({1, 2, 3}, 2)}", "*3\r\n:0\r\n:2\r\n:3"),
        ("table.insert({}, -2147483648, 1)", "position out of bounds"),
        ("local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) return t", "*4\r\n:1\r\n:2\r\n:3\r\n:4"),
        ("return #('xy'):rep(100001)", ":200002"),
        ("return ('ab'):rep(300) == ('ab'):rep(299) .. 'ab' and #(''):rep(1e9)", ":0"),
        ("return loadstring('x y', 'a\\0b') or 1", ":1"),
        ("local function f() return (pcall(f)) end return f()", ":1"),
        ("local t = {} t[1] = t return t", "-ERR reached lua stack limit"),
        ("local t = {} t.map = {a = t} return t", "-ERR reached lua stack limit"),
        ("local function f() return coroutine.wrap(f)() end f()", "C stack overflow"),
        ("return ('a'):rep(100000):find(('a?'):rep(100000))", "pattern too complex"),
        ("return ('a'):rep(100000):find(('(a'):rep(100000))", "too many captures"),
        ("return loadstring(('('):rep(100000))", "$-1"),
        ("return {select(2, loadstring(('('):rep(100000)))}", "chunk has too many syntax levels"),
        (
            "local t = {} for i = 1, 8000 do t[i] = i end return redis.call('count', unpack(t))",
            "too many results to unpack",
        ),
        (
            "local t = {} for i = 1, 7999 do t[i] = 'x' .. i end return redis.call('count', 'a', unpack(t))",
            ":8001",
        ),
        (
            "local function f(n, ...) if n == 0 then return redis.call('count', ...) end return f(n - 1, 'x', ...) end return f(15000)",
            ":15001",
        ),
    ] {
        let said = reply(source);
        assert!(said.contains(expect), "{source}: {}", &said[said.len().saturating_sub(300)..]);
    }
}

#[test]
fn replies_are_bounded() {
    let settings = Settings { reply_max: 1 << 16, ..Settings::default() };
    let engine = Engine::new(Rc::new(Plain), &settings).expect("starts");
    let bomb = "local t = {} for i = 1, 20 do t = {t, t, t, t, t, t, t, t, t, t} end return t";
    assert_eq!(run(&engine, bomb), "-ERR script reply is too large\r\n");
}

#[test]
fn nothing_of_a_script_is_left_for_the_next() {
    let engine = Engine::new(Rc::new(Plain), &Settings::default()).expect("starts");
    for (source, expect) in [
        ("rawset(_G, 'x', 1)", "Attempt to modify a readonly table"),
        ("local _, t = pairs(redis) t.call = 1 return redis.call('echo', 'a')", "$1\r\na"),
        ("local _, t = pairs(_G) t.redis = 1 return redis.call('echo', 'a')", "$1\r\na"),
        ("getmetatable('').__index = nil", "Attempt to modify a readonly table"),
        ("getmetatable('').__index.rep = nil", "Attempt to modify a readonly table"),
        ("getmetatable(_G).__index = nil", "Attempt to modify a readonly table"),
        ("local g = getmetatable(_G) g.__index = {}", "Attempt to modify a readonly table"),
        ("setmetatable(string, nil)", "Attempt to modify a readonly table"),
        ("string.rep = nil", "Attempt to modify a readonly table"),
        ("coroutine.resume = nil", "Attempt to modify a readonly table"),
        ("_G.KEYS = nil", "Attempt to modify a readonly table"),
        ("collectgarbage('stop') return collectgarbage('setpause', 1)", ":200"),
        ("redis.setresp(3) return 1", ":1"),
        ("return {type(rawget(_G, 'redis')), type(rawget(_G, 'KEYS')), tostring(rawget(_G, 'x'))}", "nil"),
        ("return redis.call('get', 'none') == false and 1", ":1"),
        ("return loadstring('\\27Lua')", "$-1"),
        (
            "local n = 0 for k in pairs(_G) do n = n + 1 end return n > 25 and _G.redis == redis and 'all'",
            "all",
        ),
    ] {
        let said = run(&engine, source);
        assert!(said.contains(expect), "{source}: {said}");
    }
}
