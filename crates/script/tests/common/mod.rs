//! An engine with a host that knows few commands.

use resp::Args;
use script::{Engine, Host, Level, Script, Settings, Tick};
use std::rc::Rc;

/// Answers ECHO, COUNT (of its arguments) and GET (of nothing).
pub struct Plain;

impl Host for Plain {
    fn call(&self, args: Args<'_>, _: bool, reply: &mut Vec<u8>) {
        match &args[0] {
            b"echo" => {
                reply.extend([format!("${}\r\n", args[1].len()).as_bytes(), &args[1], b"\r\n"].concat())
            }
            b"count" => reply.extend(format!(":{}\r\n", args.len()).bytes()),
            _ => reply.extend(b"$-1\r\n"),
        }
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

/// The reply to a script without keys.
pub fn run(engine: &Engine, source: &str) -> String {
    let script = Script::parse(source.as_bytes()).expect("a script");
    let none = Args::new(&[], &[]);
    let mut out = Vec::new();
    engine.eval(&script, none, none, false, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same in an engine of its own.
pub fn reply(source: &str) -> String {
    run(&Engine::new(Rc::new(Plain), &Settings::default()).expect("starts"), source)
}
