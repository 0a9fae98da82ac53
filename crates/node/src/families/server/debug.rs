//! The DEBUG subcommands that tests and operators use. Control runs them; those that must see all keys or
//! stop everything ask for it by the way they are sent.

use super::structure;
use crate::control::Action;
use crate::dispatch::{ControlCall, Flow, Held};
use crate::shared::Level;
use base::num::{parse_f64, parse_i64, parse_memory};
use rdb::{Reader, Writer};
use resp::{Proto, Reply};
use std::time::Duration;
use store::value::ListLimits;

/// The double of DEBUG PROTOCOL.
#[expect(clippy::approx_constant, reason = "the digits are what clients' tests expect")]
const SAMPLE_DOUBLE: f64 = 3.141;

/// Greatest DEBUG QUICKLIST-PACKED-THRESHOLD, bytes.
const PACKED_THRESHOLD_MAX: usize = (1 << 32) - (1 << 20);

/// Longest DEBUG SLEEP.
const SLEEP_MAX_S: f64 = 86_400.0 * 365.0;

pub fn debug(call: &mut ControlCall<'_, '_>) -> Flow {
    let args = call.args;
    let word = args[1].to_ascii_lowercase();
    match (&word[..], args.len()) {
        (b"help", 2) => help(call.out),
        (b"sleep", 3) => sleep(call),
        (b"jmap", 2) => call.out.ok(),
        (b"log", 3) => {
            let text = format!("DEBUG LOG: {}", String::from_utf8_lossy(&args[2]));
            call.core.shared.log(Level::Warning, &text);
            call.out.ok();
        }
        (b"error", 3) => {
            let text = format!("-{}", String::from_utf8_lossy(&args[2]));
            call.out.error(&text);
        }
        (b"set-disable-deny-scripts", 3) => switch(call, |shared, on| shared.switches.unbar_scripts(on)),
        (b"set-active-expire", 3) => switch(call, |shared, on| shared.switches.set_active_expire(on)),
        (b"config-rewrite-force-all", 2) => {
            super::config::rewrite_file(call, true);
        }
        (b"set-skip-checksum-validation", 3) => skip_checksum(call),
        (b"pause-cron", 3) => switch(call, |shared, on| shared.switches.pause_cron(on)),
        (b"protocol", 3) => protocol(call.out, &args[2]),
        (b"object", 3 | 4) => object(call),
        (b"sdslen", 3) => sdslen(call),
        (b"digest", 2) => digest(call),
        (b"digest-value", _) => digest_value(call),
        (b"quicklist-packed-threshold", 3) => packed_threshold(call),
        (b"htstats", 3 | 4) => structure::htstats(call),
        (b"htstats-key", 3 | 4) => structure::htstats_key(call),
        (b"listpack", 3) => structure::listpack(call),
        (b"reload", _) => super::reload::reload(call),
        (b"populate", 3..=5) => populate(call),
        (b"change-repl-id", 2) => call.out.error("replication is not built yet in Handfast"),
        (b"stringmatch-len", 4) => string_match(call),
        (b"drop-cluster-packet-filter", 3) => packet_filter(call),
        (b"clusterlink", 5) if args[2].eq_ignore_ascii_case(b"kill") => kill_links(call),
        _ => {
            let text = format!(
                "unknown subcommand or wrong number of arguments for '{}'. Try DEBUG HELP.",
                String::from_utf8_lossy(&args[1])
            );
            call.out.error(&text);
        }
    }
    Flow::Next
}

fn skip_checksum(call: &mut ControlCall<'_, '_>) {
    switch(call, |shared, on| {
        shared.switches.ignore_dump_checksum(on);
        shared.changed();
    });
}

/// The whole node stands still, heartbeats included: tests use it to play dead.
fn sleep(call: &mut ControlCall<'_, '_>) {
    match parse_f64(&call.args[2]) {
        Some(seconds) if (0.0..=SLEEP_MAX_S).contains(&seconds) => {
            call.state.act(|id| Action::Freeze(id, Duration::from_secs_f64(seconds)));
            call.out.ok();
        }
        _ => call.out.error("value is not a valid float"),
    }
}

fn switch(call: &mut ControlCall<'_, '_>, set: impl FnOnce(&crate::shared::Shared, bool)) {
    match parse_i64(&call.args[2]) {
        Some(0) => set(&call.core.shared, false),
        Some(_) => set(&call.core.shared, true),
        None => {
            call.out.error("value is not an integer or out of range");
            return;
        }
    }
    call.out.ok();
}

/// One value of a type, in the words that clients' tests expect.
pub(crate) fn protocol(out: &mut Reply<'_>, kind: &[u8]) {
    match &kind.to_ascii_lowercase()[..] {
        b"string" => out.bulk(b"Hello World"),
        b"integer" => out.int(12345),
        b"double" => out.double(SAMPLE_DOUBLE),
        b"null" => out.null(),
        b"array" => {
            out.array(3);
            (0..3).for_each(|i| out.int(i));
        }
        b"set" => {
            out.set(3);
            (0..3).for_each(|i| out.int(i));
        }
        b"map" => {
            out.map(3);
            for i in 0..3 {
                out.int(i);
                out.bool(i == 1);
            }
        }
        b"attrib" => {
            if out.attribute(1) {
                out.bulk(b"key-popularity");
                out.array(2);
                out.bulk(b"key:123");
                out.int(90);
            }
            out.bulk(b"Some real reply following the attribute");
        }
        b"push" if out.proto() == Proto::Resp2 => out.error("RESP2 is not supported by this command"),
        b"push" => {
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.int(42);
        }
        b"verbatim" => out.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => out.bool(true),
        b"false" => out.bool(false),
        b"bignum" => out.big_number("1234567999999999999999999999999999999"),
        _ => out.error(
            "Wrong protocol type name. Please use one of the following: \
             string|integer|double|null|array|set|map|attrib|push|verbatim|true|false",
        ),
    }
}

/// Redis's own line about a value, expired or not; the address is the entry's.
fn object(call: &mut ControlCall<'_, '_>) {
    let (db, key) = (call.session.db, call.core.key(call.args.at(2)));
    let clock = call.core.clock();
    let Held::Access(access) = &mut call.held else { return };
    let seconds = access.now_ms() / 1000;
    match access.stored(db, key) {
        None => call.out.error("no such key"),
        Some(entry) => {
            let idle = clock.idle_ms(entry.access()) / 1000;
            let text = format!(
                "Value at:{:#x} refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{idle}",
                entry.address(),
                entry.encoding(),
                serialized_len(&entry),
                seconds.saturating_sub(idle) & 0xFF_FFFF,
            );
            call.out.simple(&text);
        }
    }
}

/// Bytes of the value in a dump, but for its type.
fn serialized_len(entry: &store::EntryRef<'_>) -> usize {
    let mut out = Vec::new();
    Writer::new(&mut out, true, Reader::Anybody).value(&entry.value());
    out.len() - 1
}

fn sdslen(call: &mut ControlCall<'_, '_>) {
    let (db, key) = (call.session.db, call.core.key(call.args.at(2)));
    let Held::Access(access) = &mut call.held else { return };
    let len = access.stored(db, key).map(|entry| entry.text().map(|text| text.len()));
    match len {
        Some(None) => call.out.error("Not an sds encoded string."),
        Some(Some(len)) => {
            let key_len = call.args[2].len();
            let text = format!(
                "key_sds_len:{key_len}, key_sds_avail:0, key_zmalloc: {}, val_sds_len:{len}, val_sds_avail:0, \
                 val_zmalloc: {len}",
                key_len + 1
            );
            call.out.simple(&text);
        }
        None => call.out.error("no such key"),
    }
}

/// A digest of the data set that does not depend on order.
fn digest(call: &mut ControlCall<'_, '_>) {
    let databases = call.core.shared.keyspace.databases();
    let Held::Access(access) = &mut call.held else { return };
    let mut total = super::digest::Digest::default();
    for db in 0..databases {
        let mut is_first = true;
        access.for_each(db, |entry| {
            if std::mem::take(&mut is_first) {
                total.add_database(db);
            }
            total.add_entry(&entry);
        });
    }
    call.out.simple(&total.to_string());
}

fn digest_value(call: &mut ControlCall<'_, '_>) {
    let db = call.session.db;
    let names = call.args.sub(2);
    call.out.array(names.len());
    let Held::Access(access) = &mut call.held else { return };
    for name in names.iter() {
        let mut one = super::digest::Digest::default();
        if let Some(entry) = access.peek(db, call.core.key(name)) {
            one.add_value(&entry);
        }
        call.out.simple(&one.to_string());
    }
}

/// `prefix:i` with values `value:i`, padded to a size; keys that exist are left alone.
fn populate(call: &mut ControlCall<'_, '_>) {
    let args = call.args;
    let count = parse_i64(&args[2]).filter(|n| *n >= 0);
    let size = args.get(4).map_or(Some(0), |s| parse_i64(s).filter(|n| *n >= 0));
    let (Some(count), Some(size)) = (count, size) else {
        call.out.error("value is out of range, must be positive");
        return;
    };
    let prefix = args.get(3).unwrap_or(b"key");
    let (db, keyspace) = (call.session.db, std::sync::Arc::clone(&call.core.shared.keyspace));
    let Held::Access(access) = &mut call.held else { return };
    for i in 0..count {
        let name = [prefix, format!(":{i}").as_bytes()].concat();
        let key = keyspace.key(&name);
        if access.contains(db, key) {
            continue;
        }
        let mut value = format!("value:{i}").into_bytes();
        if size > 0 {
            value.resize(size as usize, 0);
        }
        access.set_string(db, key, &value, store::Expiry::Clear);
        access.signal_modified(db, key);
    }
    call.out.ok();
}

fn string_match(call: &mut ControlCall<'_, '_>) {
    let Some(len) = parse_i64(&call.args[2]).and_then(|n| usize::try_from(n).ok()) else {
        call.out.error("value is not an integer or out of range");
        return;
    };
    let text = vec![b'a'; len.min(1 << 28)];
    call.out.int(i64::from(base::glob::matches(&call.args[3], &text, false)));
}

/// Elements of lists from this length on get a node of their own; 0 is the usual length.
fn packed_threshold(call: &mut ControlCall<'_, '_>) {
    let bytes = parse_memory(&call.args[2]).and_then(|n| usize::try_from(n).ok());
    match bytes.filter(|n| *n <= PACKED_THRESHOLD_MAX) {
        Some(0) => set_packed_threshold(call, ListLimits::LONG),
        Some(bytes) => set_packed_threshold(call, bytes),
        None => call.out.error("argument must be a memory value bigger than 1 and smaller than 4gb"),
    }
}

fn set_packed_threshold(call: &mut ControlCall<'_, '_>, bytes: usize) {
    call.core.shared.switches.set_long_elements(bytes);
    call.core.shared.changed();
    call.out.ok();
}

fn packet_filter(call: &mut ControlCall<'_, '_>) {
    match parse_i64(&call.args[2]).and_then(|n| i32::try_from(n).ok()) {
        Some(kind) => {
            call.core.shared.switches.set_packet_filter(kind);
            if let Some(cluster) = &mut call.state.cluster {
                cluster.set_packet_filter(kind);
            }
            call.out.ok();
        }
        None => call.out.error("value is not an integer or out of range"),
    }
}

/// Closes links to a node, from it, or both.
fn kill_links(call: &mut ControlCall<'_, '_>) {
    let now = call.core.now;
    let Some(cluster) = &mut call.state.cluster else {
        return call.out.error("Debug option only available for cluster mode enabled setup!");
    };
    match cluster.kill_links(&call.args[3], &call.args[4], now) {
        Ok(()) => call.out.ok(),
        Err(refused) => call.out.error(&refused.to_string()),
    }
}

fn help(out: &mut Reply<'_>) {
    const LINES: &[&str] = &[
        "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        "CLUSTERLINK KILL <to|from|all> <node-id>",
        "    Kills the link based on the direction to/from (both) with the provided node.",
        "CONFIG-REWRITE-FORCE-ALL",
        "    Like CONFIG REWRITE but writes all configuration options, including",
        "    keywords not listed in original configuration file or default values.",
        "DIGEST",
        "    Output a hex signature representing the current DB content.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Output a hex signature of the values of all the specified keys.",
        "DROP-CLUSTER-PACKET-FILTER <packet-type>",
        "    Drop all packets that match the filtered type. Set to -1 allow all packets.",
        "ERROR <string>",
        "    Return a Redis protocol error with <string> as message. Useful for clients",
        "    unit tests to simulate errors.",
        "HTSTATS <dbid> [full]",
        "    Return statistics of the hash tables of a database, all slots together.",
        "HTSTATS-KEY <key> [full]",
        "    Like HTSTATS but for the hash table stored at <key>'s value.",
        "LISTPACK <key>",
        "    Write the elements of a value that is a listpack to the server log.",
        "LOG <message>",
        "    Write <message> to the server log.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "PAUSE-CRON <0|1>",
        "    Stop what is done between commands, such as an orderly end of the process.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create <count> string keys named key:<num>. If <prefix> is specified then",
        "    it is used instead of the 'key' prefix.",
        "PROTOCOL <type>",
        "    Reply with a test value of the specified type.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Give list elements of <size> bytes and more a node of their own. The usual",
        "    size is 1GB, the greatest 4GB; 0 is the usual one.",
        "RELOAD",
        "    Write every value as it would be saved, and load it again, in memory.",
        "SDSLEN <key>",
        "    Show low level string info about `key` and its value.",
        "SET-DISABLE-DENY-SCRIPTS <0|1>",
        "    Allow scripts to call commands that are not for scripts.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Setting it to 0 disables expiring keys in background when they are not",
        "    accessed (otherwise the behavior is to try to expire keys in background).",
        "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
        "    Take payloads of RESTORE with any checksum, if set to 1.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
        "STRINGMATCH-LEN <len> <pattern>",
        "    Match a string of <len> letters against a pattern.",
        "HELP",
        "    Print this help.",
    ];
    out.array(LINES.len());
    LINES.iter().for_each(|line| out.simple(line));
}
