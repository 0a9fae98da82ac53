//! Programs of scripts, made from bytes by a grammar or taken as they are: each gets one well-formed reply, in time and within its
//! memory, and leaves the interpreter as it was.

use resp::client::{Decoder, DecoderLimits};
use resp::{Args, OwnedRequest};
use script::{Engine, Host, Level, Script, Settings, Tick};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Ticks after which a program is stopped.
const TICKS_MAX: u32 = 20;

/// Time from one tick to the next that is too long.
const LONG: Duration = Duration::from_millis(1);

/// Bytes that an interpreter may take, and a reply.
const MEMORY_MAX: usize = 24 << 20;
const REPLY_MAX: usize = 1 << 20;

/// Nesting of a made program.
const DEPTH_MAX: usize = 5;

/// Statements of a made program, at most.
const STATEMENTS_MAX: usize = 12;

/// What must still hold after any program.
const INTACT: &str = "
    local names = 0
    for name, value in pairs(_G) do names = names + 1 end
    local ok, why = pcall(function() fuzzed = 1 end)
    return names == 36 and not ok and why:find('readonly') and redis.call('echo', 'a') == 'a'
        and ('x'):rep(2) == 'xx' and string.upper('a') == 'A' and type(cjson.encode) == 'function'
        and rawget(_G, 'fuzzed') == nil and #KEYS == 1 and #ARGV == 2 and tostring(nil) == 'nil' and 'intact'";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let sources: [&[u8]; 6] = [
        b"return redis.call('get', KEYS[1])",
        b"local ok, why = pcall(redis.call, 'nosuch', 1.5, {}) return {why, err = why}",
        b"#!lua flags=no-writes\nredis.setresp(3) return {map = {a = true}, {double = 1.5}}",
        b"local co = coroutine.wrap(function(...) coroutine.yield(...) error({err = 'x'}) end) return {co(1, 2), co()}",
        b"return setmetatable({}, {__index = function(t, k) return rawset(t, k, 1)[k] end}).x",
        b"return {loadstring('return ...', 'n')(1), xpcall(error, tostring), ('a'):gsub('.', {a = 'b'})}",
    ];
    let plain = sources.iter().map(|source| [&[0], *source].concat());
    let made = (0..12_u8).map(|seed| {
        let bytes = (0..96_u8).map(|i| i.wrapping_mul(29 + seed * 6).wrapping_add(seed.wrapping_mul(41)));
        std::iter::once(1).chain(bytes).collect()
    });
    plain.chain(made).collect()
}

pub(crate) fn run(input: &[u8]) {
    let Some((how, rest)) = input.split_first() else { return };
    let source = if how % 2 == 0 { rest.to_vec() } else { Program::made(rest).into_bytes() };
    let host = Rc::new(Patient::rested());
    let settings = Settings { memory_max: MEMORY_MAX, reply_max: REPLY_MAX, ..Settings::default() };
    let engine = Engine::new(Rc::clone(&host) as Rc<dyn Host>, &settings).expect("an engine");
    for resp3 in [false, true] {
        host.rest();
        let Ok(script) = Script::parse(&source) else { return };
        check_reply(&eval(&engine, &script, resp3));
    }
    // Ticks may come every few instructions now.
    host.ticks.set(u32::MAX);
    let intact = eval(&engine, &Script::parse(INTACT.as_bytes()).expect("a script"), false);
    assert_eq!(String::from_utf8_lossy(&intact), "$6\r\nintact\r\n", "{}", String::from_utf8_lossy(&source));
    assert!(engine.memory_used() <= MEMORY_MAX);
}

fn eval(engine: &Engine, script: &Script, resp3: bool) -> Vec<u8> {
    let keys = OwnedRequest::from_parts([&b"k"[..]].into_iter());
    let argv = OwnedRequest::from_parts([&b"7"[..], b"a\0\xff"].into_iter());
    let mut out = Vec::new();
    engine.eval(script, keys.as_args(), argv.as_args(), resp3, &mut out);
    out
}

/// Exactly one reply. Nested deeper than decoders go, it is only not empty.
fn check_reply(reply: &[u8]) {
    let mut decoder = Decoder::new(DecoderLimits::default());
    decoder.push(reply);
    match decoder.next() {
        Ok(Some(_)) => assert!(decoder.remaining().is_empty(), "more than a reply: {}", reply.escape_ascii()),
        Ok(None) => panic!("half a reply: {}", reply.escape_ascii()),
        Err(why) => assert!(reply.len() > 100, "{why:?}: {}", reply.escape_ascii()),
    }
}

/// A host that answers a few commands, and stops what takes long: it looks more often at programs whose instructions do, as a node does.
struct Patient {
    ticks: Cell<u32>,
    last: Cell<Instant>,
}

impl Patient {
    /// One that has not waited yet.
    fn rested() -> Patient {
        Patient { ticks: Cell::new(TICKS_MAX), last: Cell::new(Instant::now()) }
    }

    fn rest(&self) {
        self.ticks.set(TICKS_MAX);
        self.last.set(Instant::now());
    }
}

impl Host for Patient {
    fn call(&self, args: Args<'_>, resp3: bool, reply: &mut Vec<u8>) {
        match &args[0] {
            b"echo" if args.len() == 2 => {
                reply.extend([format!("${}\r\n", args[1].len()).as_bytes(), &args[1], b"\r\n"].concat());
            }
            b"set" => reply.extend(b"+OK\r\n"),
            b"all" if resp3 => {
                reply.extend(
                    b"*8\r\n:1\r\n,1.5\r\n#t\r\n_\r\n(12\r\n=5\r\ntxt:a\r\n%1\r\n+a\r\n:1\r\n~1\r\n+b\r\n",
                );
            }
            b"all" => reply.extend(b"*4\r\n:1\r\n$-1\r\n*-1\r\n*1\r\n-E x\r\n"),
            _ => reply.extend(b"-ERR Unknown Redis command called from script\r\n"),
        }
    }

    fn tick(&self) -> Tick {
        let Some(left) = self.ticks.get().checked_sub(1) else { return Tick::Stop };
        self.ticks.set(left);
        let passed = self.last.replace(Instant::now()).elapsed();
        if passed > LONG { Tick::Sooner } else { Tick::GoOn }
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, args: Args<'_>) -> Option<bool> {
        (&args[0] == b"echo").then_some(true)
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        1.0
    }
}

/// Bytes that choose what a program says.
struct Program<'b> {
    choices: &'b [u8],
    text: String,
}

const NAMES: [&str; 6] = ["a", "b", "f", "t", "KEYS", "_G"];

const VALUES: [&str; 20] = [
    "nil",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e300",
    "0/0",
    "2^53",
    "'x'",
    "'a\\0b'",
    "('x'):rep(300)",
    "{}",
    "KEYS",
    "ARGV[2]",
    "redis",
    "_G",
    "cjson.null",
    "string",
    "coroutine.running()",
];

const FUNCTIONS: [&str; 44] = [
    "redis.call",
    "redis.pcall",
    "redis.error_reply",
    "redis.status_reply",
    "redis.sha1hex",
    "redis.log",
    "redis.setresp",
    "redis.set_repl",
    "redis.acl_check_cmd",
    "server.call",
    "pcall",
    "xpcall",
    "error",
    "assert",
    "pairs",
    "next",
    "rawget",
    "rawset",
    "rawequal",
    "setmetatable",
    "getmetatable",
    "select",
    "unpack",
    "tostring",
    "tonumber",
    "type",
    "load",
    "loadstring",
    "collectgarbage",
    "coroutine.wrap",
    "coroutine.create",
    "coroutine.resume",
    "coroutine.yield",
    "table.concat",
    "table.insert",
    "table.sort",
    "string.rep",
    "string.gsub",
    "string.format",
    "string.find",
    "math.random",
    "math.randomseed",
    "cjson.encode",
    "cmsgpack.pack",
];

const WORDS: [&str; 6] = ["'echo'", "'all'", "'set'", "'nosuch'", "'%a?-'", "'return 1'"];

impl Program<'_> {
    fn made(choices: &[u8]) -> String {
        let mut program = Program { choices, text: String::from("local a, b, f, t = 1, 'x', nil, {} ") };
        program.block(0);
        program.text
    }

    fn choose(&mut self, among: usize) -> usize {
        let Some((first, rest)) = self.choices.split_first() else { return 0 };
        self.choices = rest;
        usize::from(*first) % among
    }

    fn say(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push(' ');
    }

    fn say_one_of(&mut self, words: &[&str]) {
        let word = words[self.choose(words.len())];
        self.say(word);
    }

    fn block(&mut self, depth: usize) {
        for _ in 0..=self.choose(STATEMENTS_MAX >> depth.min(3)) {
            if self.choices.is_empty() {
                break;
            }
            self.statement(depth);
        }
        self.say("return");
        self.expression(depth + 1);
    }

    fn statement(&mut self, depth: usize) {
        let name = NAMES[self.choose(NAMES.len())];
        match self.choose(9) {
            0 => self.around(&format!("{name} ="), depth, ""),
            1 => self.around("t[#t + 1] =", depth, ""),
            2 => self.around(&format!("{name}.x ="), depth, ""),
            3 => self.around("local a =", depth, ""),
            4 if depth < DEPTH_MAX => self.nested("do", depth, "end"),
            5 if depth < DEPTH_MAX => self.nested("while true do local _ = (function()", depth, "end)() end"),
            6 if depth < DEPTH_MAX => self.nested("for i, b in pairs(t) do", depth, "end"),
            7 if depth < DEPTH_MAX => self.nested("f = function(a, ...)", depth, "end"),
            _ => self.around("local _ =", depth, ""),
        }
    }

    fn around(&mut self, before: &str, depth: usize, after: &str) {
        self.say(before);
        self.expression(depth + 1);
        self.say(after);
    }

    fn nested(&mut self, before: &str, depth: usize, after: &str) {
        self.say(before);
        self.block(depth + 1);
        self.say(after);
    }

    fn expression(&mut self, depth: usize) {
        let is_deep = depth >= DEPTH_MAX || self.choices.is_empty();
        match if is_deep { self.choose(3) } else { self.choose(10) } {
            0 => self.say_one_of(&VALUES),
            1 => self.say_one_of(&NAMES),
            2 => self.say_one_of(&WORDS),
            3 => self.nested("function(a, ...)", depth, "end"),
            4 => {
                self.around("{", depth, ", err =");
                self.around("", depth, ", map = t, ");
                self.around("", depth, "}");
            }
            5 => {
                self.around("(", depth, "..");
                self.around("", depth, ")");
            }
            6 => self.around("(f or tostring)(", depth, ")"),
            7 => self.around(
                "setmetatable({}, {__index = f, __call = f, __metatable = a, __newindex =",
                depth,
                "})",
            ),
            _ => self.call(depth),
        }
    }

    fn call(&mut self, depth: usize) {
        self.say_one_of(&FUNCTIONS);
        self.say("(");
        let count = self.choose(4);
        for i in 0..count {
            if i > 0 {
                self.say(",");
            }
            self.expression(depth + 1);
        }
        self.say(")");
    }
}
