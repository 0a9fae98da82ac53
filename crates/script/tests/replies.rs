//! Replies to scripts, as Redis 7.0.15 gave them, but for the digits of numbers. Each case is a line with the script, `%3` before it if the client speaks RESP3, and
//! a line with the reply, both escaped.

use resp::{Args, OwnedRequest};
use script::{Engine, Host, Level, Script, Settings, Tick};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The few commands that the cases use.
#[derive(Default)]
struct Store(RefCell<HashMap<Vec<u8>, Vec<u8>>>);

impl Store {
    fn bulk(&self, key: &[u8], resp3: bool, reply: &mut Vec<u8>) {
        match self.0.borrow().get(key) {
            Some(value) => {
                reply.extend([format!("${}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat())
            }
            None if resp3 => reply.extend(b"_\r\n"),
            None => reply.extend(b"$-1\r\n"),
        }
    }

    fn increment(&self, key: &[u8], reply: &mut Vec<u8>) {
        let mut map = self.0.borrow_mut();
        let value = map.entry(key.to_vec()).or_insert_with(|| b"0".to_vec());
        match String::from_utf8_lossy(value).parse::<i64>() {
            Ok(number) => {
                *value = (number + 1).to_string().into_bytes();
                reply.extend(format!(":{}\r\n", number + 1).into_bytes());
            }
            Err(_) => reply.extend(b"-ERR value is not an integer or out of range\r\n"),
        }
    }
}

impl Host for Store {
    fn call(&self, args: Args<'_>, resp3: bool, reply: &mut Vec<u8>) {
        let name = args[0].to_ascii_lowercase();
        match (&name[..], args.len()) {
            (b"get", 2) => self.bulk(&args[1], resp3, reply),
            (b"echo", 2) => {
                reply.extend([format!("${}\r\n", args[1].len()).as_bytes(), &args[1], b"\r\n"].concat())
            }
            (b"set", 3) => {
                self.0.borrow_mut().insert(args[1].to_vec(), args[2].to_vec());
                reply.extend(b"+OK\r\n");
            }
            (b"del", 2) => reply
                .extend(format!(":{}\r\n", u8::from(self.0.borrow_mut().remove(&args[1]).is_some())).bytes()),
            (b"incr", 2) => self.increment(&args[1], reply),
            (b"get" | b"echo" | b"set" | b"del" | b"incr", _) => {
                reply.extend(b"-ERR Wrong number of args calling Redis command from script\r\n");
            }
            _ => reply.extend(b"-ERR Unknown Redis command called from script\r\n"),
        }
    }

    fn tick(&self) -> Tick {
        Tick::GoOn
    }

    fn log(&self, _: Level, _: &[u8]) {}

    fn may_run(&self, args: Args<'_>) -> Option<bool> {
        (&args[0] == b"get").then_some(true)
    }

    fn set_replication(&self, _: bool, _: bool) {}

    fn cpu_seconds(&self) -> f64 {
        0.0
    }
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => out.push(b'\n'),
            ('\\', Some('r')) => out.push(b'\r'),
            ('\\', Some('t')) => out.push(b'\t'),
            ('\\', Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&digits, 16).expect("two digits"));
            }
            ('\\', Some(other)) => out.push(other as u8),
            (c, _) => out.push(c as u8),
        }
    }
    out
}

fn reply_to(source: &[u8], resp3: bool) -> Vec<u8> {
    let engine = Engine::new(Rc::new(Store::default()), &Settings::default()).expect("starts");
    let keys = OwnedRequest::from_parts([&b"k1"[..], b"k2"].into_iter());
    let argv = OwnedRequest::from_parts([&b"a1"[..], b"a2"].into_iter());
    let mut out = Vec::new();
    match Script::parse(source) {
        Ok(script) => {
            engine.eval(&script, keys.as_args(), argv.as_args(), resp3, &mut out);
        }
        Err(why) => out = format!("-ERR {why}\r\n").into_bytes(),
    }
    out
}

#[test]
fn replies_are_those_of_redis() {
    let cases: Vec<&str> = include_str!("../testdata/redis-7.0.15.txt").lines().collect();
    let mut differ = Vec::new();
    for case in cases.chunks(2) {
        let source = case[0].strip_prefix("> ").expect("a script");
        let (source, resp3) = source.strip_prefix("%3").map_or((source, false), |source| (source, true));
        let reply = reply_to(&unescaped(source), resp3);
        if reply != unescaped(case[1]) {
            differ.push(format!(
                "{source}\n   is {}\n  not {}",
                String::from_utf8_lossy(&reply).escape_debug(),
                case[1]
            ));
        }
    }
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), cases.len() / 2, differ.join("\n"));
}
