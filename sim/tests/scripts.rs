//! What a node, and the interpreters of its workers, keep of scripts and functions.

use resp::client::Value;
use sim::desk::{Desk, Heard};
use sim::seat::SocketKey;

/// Bytes of a text in the code of scripts: enough to be seen in what interpreters hold.
const MUCH_BYTES: usize = 1 << 20;

fn ask(desk: &mut Desk, key: SocketKey, args: &[&[u8]]) -> Value {
    desk.command(key, args);
    desk.settle();
    match desk.heard(key).pop() {
        Some(Heard::Reply(reply)) => reply,
        other => panic!("{other:?} answers {:?}", String::from_utf8_lossy(args[0])),
    }
}

fn eval(desk: &mut Desk, key: SocketKey, body: &str) -> Value {
    ask(desk, key, &[b"EVAL", body.as_bytes(), b"0"])
}

fn field(desk: &mut Desk, key: SocketKey, name: &str) -> usize {
    let Value::Bulk(text) = ask(desk, key, &[b"INFO", b"everything"]) else { panic!("INFO is a text") };
    let text = String::from_utf8_lossy(&text).into_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("{name} is in INFO")).parse().expect("a number")
}

/// The digest of a script, found by another that SCRIPT LOAD brought.
fn digest(desk: &mut Desk, key: SocketKey, body: &str) -> Vec<u8> {
    let hash = ask(desk, key, &[b"SCRIPT", b"LOAD", b"return redis.sha1hex(ARGV[1])"]);
    let Value::Bulk(hash) = hash else { panic!("{hash:?} is no digest") };
    let digest = ask(desk, key, &[b"EVALSHA", &hash, b"0", body.as_bytes()]);
    let Value::Bulk(digest) = digest else { panic!("{digest:?} is no digest") };
    digest
}

fn known(desk: &mut Desk, key: SocketKey, body: &str) -> bool {
    let digest = digest(desk, key, body);
    ask(desk, key, &[b"SCRIPT", b"EXISTS", &digest]) == Value::Array(vec![Value::Int(1)])
}

/// A script, and a library with one function, that take much memory once they are compiled.
fn big(n: usize) -> String {
    format!("return #'{n}{}'", "x".repeat(MUCH_BYTES))
}

fn library(name: &str) -> String {
    let text = "x".repeat(MUCH_BYTES);
    format!("#!lua name={name}\nredis.register_function('{name}', function() return #'{text}' end)")
}

/// Interpreters of both workers hold much; `drop` lets them forget it.
fn is_forgotten(fill: impl Fn(&mut Desk, SocketKey), drop: &[&[u8]]) {
    let mut desk = Desk::new(2, &[], 1);
    let clients = [desk.connect(0, true), desk.connect(1, true)];
    for client in clients {
        fill(&mut desk, client);
    }
    let before = field(&mut desk, clients[0], "used_memory_vm_eval");
    assert!(before > 2 * MUCH_BYTES, "{before} bytes are in use");
    ask(&mut desk, clients[0], drop);
    let after = field(&mut desk, clients[0], "used_memory_vm_eval");
    assert!(after < MUCH_BYTES, "{after} bytes are in use");
}

#[test]
fn interpreters_forget_scripts() {
    let fill = |desk: &mut Desk, client| {
        eval(desk, client, &big(1));
    };
    is_forgotten(fill, &[b"SCRIPT", b"FLUSH"]);
    is_forgotten(fill, &[b"SCRIPT", b"FLUSH", b"ASYNC"]);
}

#[test]
fn interpreters_forget_libraries() {
    let fill = |desk: &mut Desk, client| {
        ask(desk, client, &[b"FUNCTION", b"LOAD", library("much").as_bytes()]);
        let length = ask(desk, client, &[b"FCALL", b"much", b"0"]);
        assert_eq!(length, Value::Int(MUCH_BYTES as i64));
    };
    let small: &[u8] = b"#!lua name=much\nredis.register_function('much', function() return 1 end)";
    is_forgotten(fill, &[b"FUNCTION", b"FLUSH"]);
    is_forgotten(fill, &[b"FUNCTION", b"DELETE", b"much"]);
    is_forgotten(fill, &[b"FUNCTION", b"LOAD", b"REPLACE", small]);
}

#[test]
fn a_library_outlives_the_scripts_beside_it() {
    let mut desk = Desk::new(1, &[], 1);
    let client = desk.connect(0, true);
    let counter: &[u8] =
        b"#!lua name=l\nlocal n = 0 redis.register_function('count', function() n = n + 1 return n end)";
    ask(&mut desk, client, &[b"FUNCTION", b"LOAD", counter]);
    assert_eq!(ask(&mut desk, client, &[b"FCALL", b"count", b"0"]), Value::Int(1));
    eval(&mut desk, client, "return 1");
    ask(&mut desk, client, &[b"SCRIPT", b"FLUSH"]);
    assert_eq!(eval(&mut desk, client, "return 1"), Value::Int(1));
    assert_eq!(ask(&mut desk, client, &[b"FCALL", b"count", b"0"]), Value::Int(2));
}

#[test]
fn scripts_of_eval_make_room_for_each_other() {
    let mut desk = Desk::new(1, &[], 1);
    let client = desk.connect(0, true);
    let body = |n: usize| format!("return {n}");
    ask(&mut desk, client, &[b"SCRIPT", b"LOAD", b"return 'stays'"]);
    for n in 0..500 {
        eval(&mut desk, client, &body(n));
    }
    assert_eq!(field(&mut desk, client, "evicted_scripts"), 0);
    let oldest = digest(&mut desk, client, &body(0));
    assert_eq!(ask(&mut desk, client, &[b"EVALSHA", &oldest, b"0"]), Value::Int(0));
    eval(&mut desk, client, &body(1));
    for n in 500..503 {
        eval(&mut desk, client, &body(n));
    }
    let who = [0, 1, 2, 3, 4, 5].map(|n| known(&mut desk, client, &body(n)));
    assert_eq!(who, [true, true, false, false, false, true]);
    assert!(known(&mut desk, client, "return 'stays'"));
    assert_eq!(field(&mut desk, client, "number_of_cached_scripts"), 502);
    assert_eq!(field(&mut desk, client, "evicted_scripts"), 3);
    ask(&mut desk, client, &[b"SCRIPT", b"FLUSH"]);
    assert_eq!(field(&mut desk, client, "evicted_scripts"), 3);
    ask(&mut desk, client, &[b"CONFIG", b"RESETSTAT"]);
    assert_eq!(field(&mut desk, client, "evicted_scripts"), 0);
}

/// What went to make room does not stay in interpreters.
#[test]
fn scripts_that_went_take_no_memory() {
    let mut desk = Desk::new(1, &[], 1);
    let client = desk.connect(0, true);
    let text = "x".repeat(4096);
    for n in 0..4000 {
        eval(&mut desk, client, &format!("return #'{n}{text}'"));
    }
    let used = field(&mut desk, client, "used_memory_vm_eval");
    assert!(used < 2000 * text.len(), "{used} bytes are in use");
}

/// A script that does not compile is not kept; one that must not run is.
#[test]
fn which_scripts_are_kept() {
    let mut desk = Desk::new(1, &[], 1);
    let client = desk.connect(0, true);
    let keeps = |desk: &mut Desk, command: &[u8], body: &str| {
        let reply = ask(desk, client, &[command, body.as_bytes(), b"0"]);
        assert!(matches!(reply, Value::Error(_)), "{reply:?}");
        known(desk, client, body)
    };
    assert!(!keeps(&mut desk, b"EVAL", "return ("));
    assert!(!keeps(&mut desk, b"EVAL", "#!lua flags=nosuch\nreturn 1"));
    assert!(keeps(&mut desk, b"EVAL", "error('x')"));
    assert!(keeps(&mut desk, b"EVAL_RO", "#!lua\nreturn 1"));
}
