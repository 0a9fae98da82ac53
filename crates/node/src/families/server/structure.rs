//! DEBUG HTSTATS, HTSTATS-KEY and LISTPACK: what keys and values are kept in.

use crate::dispatch::{ControlCall, Held};
use crate::shared::Level;
use base::num::parse_i64;
use store::{DbId, StrRef, TableStats, ValueRef};

/// Elements that a log line shows; the log is read by people.
const LISTED_MAX: usize = 1024;

/// Chains of the tables of all slots of a database together. Expiries have no table.
pub fn htstats(call: &mut ControlCall<'_, '_>) {
    let Some(db) = parse_i64(&call.args[2]) else {
        return call.out.error("value is not an integer or out of range");
    };
    let databases = call.core.shared.keyspace.databases();
    let Some(db) = DbId::try_from(db).ok().filter(|db| *db < databases) else {
        return call.out.error("Out of range database");
    };
    let Held::Access(access) = &mut call.held else { return };
    let mut stats = TableStats::default();
    access.add_table_stats(db, &mut stats);
    let text = format!("[Dictionary HT]\nHash table 0 stats (main hash table):\n{stats}");
    call.out.verbatim("txt", text.as_bytes());
}

/// Chains of the table in which a value is kept.
pub fn htstats_key(call: &mut ControlCall<'_, '_>) {
    let (db, key) = (call.session.db, call.core.key(call.args.at(2)));
    let Held::Access(access) = &mut call.held else { return };
    let mut stats = TableStats::default();
    let has_table = access.peek(db, key).map(|entry| match entry.value() {
        ValueRef::Object(object) => object.add_table_stats(&mut stats),
        ValueRef::Str(_) => false,
    });
    match has_table {
        None => call.out.error("no such key"),
        Some(false) => {
            call.out.error("The value stored at the specified key is not represented using an hash table");
        }
        Some(true) => {
            let text = format!("Hash table 0 stats (main hash table):\n{stats}");
            call.out.verbatim("txt", text.as_bytes());
        }
    }
}

/// The elements of a listpack, into the log.
pub fn listpack(call: &mut ControlCall<'_, '_>) {
    let (db, key) = (call.session.db, call.core.key(call.args.at(2)));
    let Held::Access(access) = &mut call.held else { return };
    let shown = access.peek(db, key).map(|entry| match entry.value() {
        ValueRef::Object(object) => object.as_pack().map(|pack| {
            let listed: Vec<String> = pack.iter().take(LISTED_MAX).map(element).collect();
            let (bytes, count) = (pack.bytes().len(), pack.len());
            format!("Listpack of {bytes} bytes, {count} elements: {}", listed.join(" "))
        }),
        ValueRef::Str(_) => None,
    });
    match shown {
        None => call.out.error("no such key"),
        Some(None) => call.out.error("Not a listpack encoded object."),
        Some(Some(text)) => {
            call.core.shared.log(Level::Warning, &text);
            call.out.simple("Listpack structure printed in the log");
        }
    }
}

fn element(value: StrRef<'_>) -> String {
    match value {
        StrRef::Int(n) => n.to_string(),
        StrRef::Bytes(bytes) => format!("\"{}\"", bytes.escape_ascii()),
    }
}
