//! What the Lua side of calls costs: time per script, with a host that answers at once.

use resp::{Args, OwnedRequest};
use script::{Engine, Host, Level, Script, Settings, Tick};
use std::rc::Rc;

/// Answers everything with the same bulk string.
struct Prompt;

impl Host for Prompt {
    fn call(&self, _: Args<'_>, _: bool, reply: &mut Vec<u8>) {
        reply.extend_from_slice(b"$5\r\nvalue\r\n");
    }

    fn tick(&self) -> Tick {
        Tick::GoOn
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, _: Args<'_>) -> Option<bool> {
        Some(true)
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

/// Runs of each script.
const ROUNDS: u32 = 20_000;

const SCRIPTS: [(&str, &str); 5] = [
    ("nothing", "return 1"),
    ("one call", "return redis.call('get', KEYS[1])"),
    ("100 calls", "for i = 1, 100 do redis.call('get', KEYS[i]) end"),
    ("100 pcalls", "local call = redis.pcall for i = 1, 100 do call('set', KEYS[i], 'x', 'ex', 10) end"),
    (
        "ten lines",
        "local count = redis.call('incr', KEYS[1])\n\
         local limit = tonumber(ARGV[1])\n\
         if count == 1 then\n\
           redis.call('expire', KEYS[1], ARGV[2])\n\
         end\n\
         local left = limit - (tonumber(count) or 0)\n\
         if left < 0 then\n\
           return {0, left, redis.call('ttl', KEYS[1])}\n\
         end\n\
         return {1, left, KEYS[1]}",
    ),
];

#[allow(clippy::disallowed_methods)]
fn main() {
    let engine = Engine::new(Rc::new(Prompt), &Settings::default()).expect("starts");
    let names: Vec<Vec<u8>> = (0..100).map(|i| format!("key:{i:010}").into_bytes()).collect();
    let keys = OwnedRequest::from_parts(names.iter().map(Vec::as_slice));
    let argv = OwnedRequest::from_parts([&b"10"[..], b"60"].into_iter());
    let mut out = Vec::new();
    println!("memory after start: {} bytes", engine.memory_used());
    for (name, source) in SCRIPTS {
        let script = Script::parse(source.as_bytes()).expect("a script");
        let keys = if name.starts_with("100") { keys.as_args() } else { keys.as_args().sub(99) };
        let begin = std::time::Instant::now();
        for _ in 0..ROUNDS {
            out.clear();
            engine.eval(&script, keys, argv.as_args(), false, &mut out);
        }
        let each = begin.elapsed() / ROUNDS;
        println!("{name}: {each:?}, {}", String::from_utf8_lossy(&out).escape_debug());
    }
    println!("memory at the end: {} bytes", engine.memory_used());
}
