//! Libraries of functions: what FUNCTION LOAD and RESTORE take from outside. What is accepted is sound, loads again as it did, and is
//! dumped and restored as it was.

use base::crc::crc64;
use rdb::{Checksum, Text, dump_libraries, restore_libraries};
use script::library::{Libraries, Library, Policy, load};
use script::{Host, Level, Tick};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::rc::Rc;

/// Ticks after which a library is stopped.
const TICKS_MAX: u32 = 20;

/// Libraries of one payload that are loaded.
const LIBRARIES_MAX: usize = 4;

/// Statements of a made program, at most.
const STATEMENTS_MAX: usize = 12;

const VERSION: &str = "7.2.4";

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let codes: [&[u8]; 5] = [
        b"#!lua name=lib\nredis.register_function('f', function(keys, argv) return redis.call('get', keys[1]) end)",
        b"#!lua name=\"lib_2\"\nlocal n = redis.REDIS_VERSION_NUM redis.register_function{function_name='g', \
          callback=function() return n end, flags={'no-writes', 'allow-stale'}, description='what it does'}",
        b"#!LUA NAME=x\nlocal l = redis redis.register_function('a', function() l.register_function('b', l.log) end)",
        b"#!lua name=x\nredis.log(redis.LOG_NOTICE, ('%s'):format('x')) redis.register_function(1, redis.log)",
        b"#!lua name=x\nlocal function f(n) return (n:gsub('.', f)) end redis.register_function(f('a'), f)",
    ];
    let mut payload = Vec::new();
    dump_libraries(codes, true, &mut payload);
    let mut seeds: Vec<Vec<u8>> = codes.iter().map(|code| [&[CODE], *code].concat()).collect();
    seeds.push([&[BODY], &payload[..payload.len() - 10]].concat());
    seeds.push([&[WHOLE], &payload[..]].concat());
    seeds.extend((0..8).map(|seed: u8| {
        let bytes = (0..64).map(|i: u8| i.wrapping_mul(37 + seed * 2).wrapping_add(seed * 29));
        std::iter::once(PROGRAM).chain(bytes).collect()
    }));
    seeds
}

const CODE: u8 = 0;
const BODY: u8 = 1;
const WHOLE: u8 = 2;
const PROGRAM: u8 = 3;

/// The first byte says what the others are: code, a payload without its footer or with it, or choices for a program.
pub(crate) fn run(input: &[u8]) {
    let Some((what, rest)) = input.split_first() else { return };
    match what % 4 {
        CODE => drop(check_code(rest)),
        BODY => check_payload(&sealed(rest)),
        WHOLE => check_payload(rest),
        _ => drop(check_code(program(rest).as_bytes())),
    }
}

fn sealed(body: &[u8]) -> Vec<u8> {
    let mut payload = [body, &[10, 0]].concat();
    payload.extend(crc64(0, &payload).to_le_bytes());
    payload
}

fn check_payload(payload: &[u8]) {
    let Ok(codes) = restore_libraries(payload, Checksum::Verified) else { return };
    let codes: Vec<Vec<u8>> = codes.into_iter().map(Text::into_vec).collect();
    let mut again = Vec::new();
    dump_libraries(codes.iter().map(Vec::as_slice), codes.len() % 2 == 0, &mut again);
    let restored = restore_libraries(&again, Checksum::Verified).expect("just dumped");
    assert!(restored.iter().map(|code| &code[..]).eq(codes.iter().map(Vec::as_slice)));
    let libraries: Vec<Library> =
        codes.iter().take(LIBRARIES_MAX).filter_map(|code| check_code(code)).collect();
    check_set(&libraries);
}

/// Loads the code twice, with the same outcome.
fn check_code(code: &[u8]) -> Option<Library> {
    let outcome = load(code, VERSION, Rc::new(Patient::default()));
    let again = load(code, VERSION, Rc::new(Patient::default()));
    assert!(outcome.is_ok() == again.is_ok(), "{outcome:?} {again:?}");
    let library = outcome.ok()?;
    assert_eq!(Some(&library), again.as_ref().ok());
    assert_eq!(library.code, code);
    let names = || library.functions.iter().map(|function| function.name.as_str());
    assert!(std::iter::once(library.name.as_str()).chain(names()).all(is_name), "{library:?}");
    let different: BTreeSet<String> = names().map(str::to_ascii_lowercase).collect();
    assert!(!different.is_empty() && different.len() == library.functions.len(), "{library:?}");
    Some(library)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Every function leads to its library, under each policy.
fn check_set(libraries: &[Library]) {
    let mut all = Libraries::default();
    for policy in [Policy::Append, Policy::Append, Policy::Replace, Policy::Flush] {
        let Ok(next) = all.restored(libraries.to_vec(), policy) else { continue };
        all = next;
        for library in all.iter() {
            for function in &library.functions {
                let found = all.find(function.name.to_ascii_uppercase().as_bytes());
                assert!(found.is_some_and(|(of, found)| of.name == library.name && found == function));
            }
        }
    }
}

/// A host that lets libraries run for some time.
#[derive(Default)]
struct Patient {
    ticks: Cell<u32>,
}

impl Host for Patient {
    fn call(&self, _: resp::Args<'_>, _: bool, _: &mut Vec<u8>) {
        panic!("a command runs while a library loads");
    }

    fn tick(&self) -> Tick {
        self.ticks.set(self.ticks.get() + 1);
        if self.ticks.get() < TICKS_MAX { Tick::GoOn } else { Tick::Stop }
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, _: resp::Args<'_>) -> Option<bool> {
        panic!("a right is asked for while a library loads");
    }

    fn set_replication(&self, _: bool, _: bool) {
        panic!("replication is set while a library loads");
    }

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

/// A program made of what libraries are made of, well formed more often than not.
fn program(choices: &[u8]) -> String {
    let mut choices = Choices { bytes: choices };
    let mut text = String::from("#!lua name=made\nlocal a, b, c = 'a', 1, {}\n");
    for _ in 0..STATEMENTS_MAX {
        if choices.bytes.is_empty() {
            break;
        }
        let _ = match choices.below(8) {
            0..=3 => writeln!(text, "redis.register_function({}, {})", choices.value(2), choices.value(2)),
            4 => writeln!(
                text,
                "redis.register_function{{function_name={}, callback={}, flags={}, description={}}}",
                choices.value(2),
                choices.value(2),
                choices.value(2),
                choices.value(2)
            ),
            5 => writeln!(text, "local {} = {}", choices.pick(NAMES), choices.value(3)),
            6 => writeln!(text, "for i = 1, 3 do {} = {} end", choices.pick(PLACES), choices.value(3)),
            _ => writeln!(text, "redis.log({}, {})", choices.value(1), choices.value(2)),
        };
    }
    text
}

const NAMES: &[&str] = &["a", "b", "c", "redis"];
const PLACES: &[&str] = &["a", "c[#c + 1]", "c.redis", "redis.log", "redis", "c['x' .. b]", "b"];
const VALUES: &[&str] = &[
    "nil",
    "'f1'",
    "'f' .. b",
    "a",
    "b",
    "c",
    "redis",
    "redis.log",
    "redis.register_function",
    "{'no-writes', 'allow-oom'}",
    "function(k, v) return redis.call('set', k[1], v) end",
    "function(...) return redis, a, ... end",
    "0 / 0",
    "1e308",
    "-1",
    "'\\0x'",
    "redis.REDIS_VERSION",
    "#a",
    "{}",
    "true",
    "...",
    "_G",
    "2 ^ 31",
];

struct Choices<'c> {
    bytes: &'c [u8],
}

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*byte) % n
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    fn value(&mut self, depth: usize) -> String {
        let choice = self.below(if depth == 0 { 8 } else { 16 });
        match choice {
            8 => format!("(function() return {} end)()", self.value(depth - 1)),
            9 => format!("({} .. {})", self.value(depth - 1), self.value(depth - 1)),
            10 => format!("({} == {})", self.value(depth - 1), self.value(depth - 1)),
            11 => format!(
                "{{{}, {}, [{}] = b}}",
                self.value(depth - 1),
                self.value(depth - 1),
                self.value(depth - 1)
            ),
            12 => format!("({}):rep({})", self.value(depth - 1), self.value(depth - 1)),
            13 => format!(
                "({}):gsub({}, {})",
                self.value(depth - 1),
                self.value(depth - 1),
                self.value(depth - 1)
            ),
            14 => format!("({}):format({})", self.value(depth - 1), self.value(depth - 1)),
            15 => format!("({}):find({})", self.value(depth - 1), self.value(depth - 1)),
            _ => self.pick(VALUES).to_owned(),
        }
    }
}
