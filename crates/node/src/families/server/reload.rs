//! DEBUG RELOAD: every value written as it would be saved, and read again. Nothing goes to a disk: there is no file yet. Libraries stay
//! as they are.

use crate::dispatch::{ControlCall, Held};
use rdb::{Cursor, Dialect, Fault, Loading, Reader, Rules, Writer};
use store::{DbId, Entry, EntryRef};

const OPTIONS: [&str; 3] = ["MERGE", "NOFLUSH", "NOSAVE"];

pub fn reload(call: &mut ControlCall<'_, '_>) {
    let is_known = |word: &[u8]| OPTIONS.iter().any(|option| word.eq_ignore_ascii_case(option.as_bytes()));
    if !call.args.sub(2).iter().all(is_known) {
        return call.out.error("DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
    let has = |option: &str| call.args.sub(2).iter().any(|word| word.eq_ignore_ascii_case(option.as_bytes()));
    if has("NOSAVE") {
        return call.out.error("NOSAVE needs a file, and saving is not built yet in Handfast");
    }
    // What was not flushed is in the way of what is read.
    if has("NOFLUSH")
        && !has("MERGE")
        && (call.core.key_count() > 0 || !call.core.shared.libraries.load().is_empty())
    {
        return call.out.error("Error trying to load the RDB dump");
    }
    let databases = call.core.shared.keyspace.databases();
    let keyspace = std::sync::Arc::clone(&call.core.shared.keyspace);
    let limits = call.core.env.limits.of_values();
    let Held::Access(access) = &mut call.held else { return };
    let rules = Rules { limits, now_ms: access.now_ms() };
    let mut entries: Vec<(DbId, Entry)> = Vec::new();
    let mut fault = None;
    for db in 0..databases {
        access.for_each(db, |entry| match again(&entry, &rules) {
            Ok(entry) => entries.push((db, entry)),
            // Its fields have all expired.
            Err(Fault::Empty) => {}
            Err(why) => fault = Some(why),
        });
    }
    // Nothing was changed yet.
    if let Some(why) = fault {
        return call.out.error(&format!("Error trying to load the RDB dump: {why}"));
    }
    (0..databases).for_each(|db| drop(access.flush_db(db)));
    for (db, entry) in entries {
        let name = entry.view().key().to_vec();
        access.insert_entry(db, keyspace.key(&name), entry);
    }
    call.out.ok();
}

/// The entry with a value that went through the form that it is saved in.
fn again(entry: &EntryRef<'_>, rules: &Rules) -> Result<Entry, Fault> {
    let mut bytes = Vec::new();
    Writer::new(&mut bytes, true, Reader::Newest).value(&entry.value());
    let mut from = Cursor::new(&bytes);
    let mut loading = Loading::begin(from.byte()?, Dialect::Valkey)?;
    if !loading.read(&mut from, rules)? {
        return Err(Fault::Short);
    }
    let mut copy = loading.finish(rules)?.into_entry(entry.key(), entry.expiry());
    copy.set_access(entry.access());
    Ok(copy)
}
