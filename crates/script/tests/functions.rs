//! Calls of functions, as Redis 7.0.15 answered them.

use resp::{Args, OwnedRequest};
use script::library::{Libraries, load};
use script::{Engine, Host, Level, Outcome, Settings, Tick};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

/// A host with one command, that stops scripts after some ticks.
#[derive(Default)]
struct OneCommand {
    ticks: Cell<u32>,
}

/// Ticks after which a script ends.
const TICKS_MAX: u32 = 100;

impl Host for OneCommand {
    fn call(&self, args: Args<'_>, _: bool, reply: &mut Vec<u8>) {
        if &args[0] == b"echo" && args.len() == 2 {
            reply.extend([format!("${}\r\n", args[1].len()).as_bytes(), &args[1], b"\r\n"].concat());
        } else {
            reply.extend(b"-ERR Unknown Redis command called from script\r\n");
        }
    }

    fn tick(&self) -> Tick {
        self.ticks.set(self.ticks.get() + 1);
        if self.ticks.get() < TICKS_MAX { Tick::GoOn } else { Tick::Stop }
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, _: Args<'_>) -> Option<bool> {
        None
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

struct Caller {
    engine: Engine,
    host: Rc<OneCommand>,
    all: Arc<Libraries>,
}

impl Caller {
    fn new() -> Caller {
        let host = Rc::new(OneCommand::default());
        let engine = Engine::new(Rc::clone(&host) as Rc<dyn Host>, &Settings::default()).expect("starts");
        Caller { engine, host, all: Arc::default() }
    }

    fn load(&mut self, body: &str) {
        let code = format!("#!lua name=lib\n{body}");
        let library = load(code.as_bytes(), "7.2.4", Rc::clone(&self.host) as Rc<dyn Host>).expect(body);
        self.all = Arc::new(self.all.with(library, true).expect("the only one"));
    }

    fn call(&self, name: &str, args: &[&str], keys: usize) -> String {
        self.host.ticks.set(0);
        let (keys, argv) = args.split_at(keys);
        let [keys, argv] =
            [keys, argv].map(|list| OwnedRequest::from_parts(list.iter().map(|arg| arg.as_bytes())));
        let (library, index) = self.all.place_of(name.as_bytes()).expect("registered");
        let mut out = Vec::new();
        let args = (keys.as_args(), argv.as_args());
        let outcome = self.engine.fcall(&self.all, (library, index), args, false, &mut out);
        assert_eq!(out.first() == Some(&b'-'), outcome != Outcome::Replied);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// What a function with this body answers.
fn check(body: &str, expect: &str) {
    let mut caller = Caller::new();
    caller.load(&format!(
        "local l, count = redis, 0 redis.register_function('f', function(k, a, ...)\n{body}\nend)"
    ));
    assert_eq!(caller.call("F", &["k1", "a1"], 1), format!("{expect}\r\n"), "{body}");
}

#[test]
fn arguments_and_replies() {
    check("return {#k, #a, k[1], a[1], select('#', ...)}", "*5\r\n:1\r\n:1\r\n$2\r\nk1\r\n$2\r\na1\r\n:0");
    check("return redis.call('echo', a[1])", "$2\r\na1");
    check("k[1] = 5 return k", "*1\r\n:5");
    check("count = count + 1 return count", ":1");
    check("return {err = 'My x'}", "-My x");
    check("return _G._G == _G and 1 or 0", ":1");
    check("return getmetatable('').__index == string and 1 or 0", ":1");
}

#[test]
fn errors_say_where() {
    let at = |text: &str| format!("-ERR {text} script: f, on @user_function:3.");
    let missing = |name: &str| {
        at(&format!("user_function:3: Script attempted to access nonexistent global variable '{name}'"))
    };
    check("error('x')", &at("user_function:3: x"));
    check("error({err = 'E x'})", "-E x script: f, on @user_function:3.");
    check("return redis.call('foo')", &at("Unknown Redis command called from script"));
    check("return redis.pcall('foo')", "-ERR Unknown Redis command called from script");
    check("return KEYS", &missing("KEYS"));
    check("return l.call", &missing("call"));
    check("x = 1", &at("user_function:3: Attempt to modify a readonly table"));
    check("redis.call = 1", &at("user_function:3: Attempt to modify a readonly table"));
    check("l.redis = redis", &at("user_function:3: Attempt to modify a readonly table"));
    check("rawset(_G, 'x', 1)", &at("Attempt to modify a readonly table"));
    check(
        "redis.register_function('g', function() end)",
        &at("user_function:3: attempt to call field 'register_function' (a nil value)"),
    );
    check(
        "l.register_function('g', function() end)",
        &at("redis.register_function can only be called on FUNCTION LOAD command"),
    );
}

#[test]
fn variables_stay_and_libraries_change() {
    let mut caller = Caller::new();
    let counter = "local n = 0 redis.register_function('count', function() n = n + 1 return n end)";
    caller.load(counter);
    assert_eq!([0; 2].map(|_| caller.call("count", &[], 0)), [":1\r\n", ":2\r\n"]);
    caller.load(counter);
    assert_eq!(caller.call("count", &[], 0), ":1\r\n", "a new library");
}

#[test]
fn endless_functions_are_stopped() {
    let mut caller = Caller::new();
    caller.load(
        "redis.register_function('loop', function() while true do pcall(function() while true do end end) end end)\n\
         redis.register_function('one', function() return 1 end)",
    );
    let killed = "-ERR Script killed by user with SCRIPT KILL... script: loop, on @user_function:2.\r\n";
    for _ in 0..2 {
        assert_eq!(caller.call("loop", &[], 0), killed);
        assert_eq!(caller.call("one", &[], 0), ":1\r\n");
    }
}
