//! OBJECT: how values are stored.

use store::{EntryRef, StrRef};

use crate::args;
use crate::command::Cmd;

const NO_LFU: &str = "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
    when switching between policies at runtime LRU and LFU data will take some time to adjust.";
const LFU: &str = "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
    between policies at runtime LRU and LFU data will take some time to adjust.";

const HELP: &[&str] = &[
    "ENCODING <key>",
    "    Return the kind of internal representation used in order to store the value",
    "    associated with a <key>.",
    "FREQ <key>",
    "    Return the access frequency index of the <key>. The returned integer is",
    "    proportional to the logarithm of the recent access frequency of the key.",
    "IDLETIME <key>",
    "    Return the idle time of the <key>, that is the approximated number of",
    "    seconds elapsed since the last access to the key.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>.",
];

/// `OBJECT ENCODING key`
pub fn encoding(cmd: &mut Cmd<'_, '_>) {
    match look(cmd, |entry| entry.encoding()) {
        Some(name) => cmd.out.bulk(name.as_bytes()),
        None => cmd.out.null(),
    }
}

/// `OBJECT FREQ key`: the logarithmic counter, decayed to now.
pub fn freq(cmd: &mut Cmd<'_, '_>) {
    let clock = cmd.keys.clock;
    match look(cmd, |entry| entry.access()) {
        None => cmd.out.null(),
        Some(_) if !cmd.env.lfu => cmd.out.error(NO_LFU),
        Some(word) => cmd.out.int(i64::from(clock.frequency(word))),
    }
}

/// `OBJECT IDLETIME key`: seconds.
pub fn idletime(cmd: &mut Cmd<'_, '_>) {
    let clock = cmd.keys.clock;
    match look(cmd, |entry| entry.access()) {
        None => cmd.out.null(),
        Some(_) if cmd.env.lfu => cmd.out.error(LFU),
        Some(word) => cmd.out.int((clock.idle_ms(word) / 1000) as i64),
    }
}

/// Integers below this are shared objects of Redis, with this count of references. Here nothing is shared, and
/// clients that look are told what they expect.
const SHARED_INTEGERS: i64 = 10_000;
const SHARED_COUNT: i64 = i32::MAX as i64;

/// `OBJECT REFCOUNT key`
pub fn refcount(cmd: &mut Cmd<'_, '_>) {
    let shared = |entry: EntryRef<'_>| match entry.text() {
        Some(StrRef::Int(n)) => (0..SHARED_INTEGERS).contains(&n),
        _ => false,
    };
    match look(cmd, shared) {
        Some(true) => cmd.out.int(SHARED_COUNT),
        Some(false) => cmd.out.int(1),
        None => cmd.out.null(),
    }
}

/// `OBJECT HELP`
pub fn help(cmd: &mut Cmd<'_, '_>) {
    args::help("OBJECT", HELP, cmd.out);
}

fn look<R>(cmd: &mut Cmd<'_, '_>, seen: impl FnOnce(EntryRef<'_>) -> R) -> Option<R> {
    cmd.look_unheard(cmd.key(2, 0), seen)
}
