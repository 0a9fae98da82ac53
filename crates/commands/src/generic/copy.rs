//! COPY and MOVE.

use base::num;
use ds::value::Hash;
use store::{DbId, Entry};

use crate::args::{DB_OUT_OF_RANGE, NOT_INTEGER, Refused, SAME_OBJECT, SYNTAX, is};
use crate::command::{Cmd, Env};
use crate::effects::Class;

/// `COPY source destination [DB number] [REPLACE]`
pub fn copy(cmd: &mut Cmd<'_, '_>) {
    let result = try_copy(cmd).map(|copied| cmd.out.int(i64::from(copied)));
    cmd.end(result);
}

fn try_copy(cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
    let (mut db, mut replace) = (cmd.db, false);
    let mut words = cmd.args.sub(3).iter();
    while let Some(word) = words.next() {
        if is(word, "replace") {
            replace = true;
        } else if is(word, "db") {
            let number = words.next().ok_or(Refused(SYNTAX))?;
            db = database(number, cmd.env, "Copying to another database is not allowed in cluster mode")?;
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    let (from, to) = (cmd.key(1, 0), cmd.key(2, 1));
    if db == cmd.db && from.bytes == to.bytes {
        return Err(Refused(SAME_OBJECT));
    }
    if cmd.keys.lookup(cmd.db, from).is_none() {
        cmd.missed(from);
        return Ok(false);
    }
    if cmd.keys.contains(db, to) && !replace {
        return Ok(false);
    }
    let source = cmd.keys.remove(cmd.db, from).expect("it was there");
    let mut copy = source.with_key(to.bytes);
    let is_empty = !drop_expired(&mut copy, cmd.keys.clock.horizon());
    cmd.keys.insert_entry(cmd.db, from, source);
    if is_empty {
        return Ok(false);
    }
    let old = cmd.keys.insert_entry(db, to, copy);
    if let Some(old) = old {
        cmd.discard(old);
    }
    cmd.effects.notify(Class::New, "new", db, to.bytes);
    cmd.keys.signal_modified(db, to);
    cmd.effects.notify(Class::Generic, "copy_to", db, to.bytes);
    cmd.effects.dirty += 1;
    Ok(true)
}

/// Takes the fields out of a hash that have expired. False if that leaves nothing.
fn drop_expired(entry: &mut Entry, now: u64) -> bool {
    let Some(mut hash) = entry.object_mut::<Hash>() else { return true };
    hash.take_past(now, usize::MAX).for_each(drop);
    !hash.is_empty()
}

/// `MOVE key db`
pub fn move_key(cmd: &mut Cmd<'_, '_>) {
    let result = try_move(cmd).map(|moved| cmd.out.int(i64::from(moved)));
    cmd.end(result);
}

fn try_move(cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
    const DENIED: &str = "MOVE is not allowed in cluster mode";
    if cmd.env.single_database() {
        return Err(Refused(DENIED));
    }
    let (key, to) = (cmd.first(), database(cmd.args.at(2), cmd.env, DENIED)?);
    if to == cmd.db {
        return Err(Refused(SAME_OBJECT));
    }
    if !cmd.keys.contains(cmd.db, key) || cmd.keys.contains(to, key) {
        return Ok(false);
    }
    let entry = cmd.keys.remove(cmd.db, key).expect("it was there");
    cmd.keys.insert_entry(to, key, entry);
    cmd.effects.notify(Class::New, "new", to, key.bytes);
    for (db, event) in [(cmd.db, "move_from"), (to, "move_to")] {
        cmd.keys.signal_modified(db, key);
        cmd.effects.notify(Class::Generic, event, db, key.bytes);
    }
    cmd.effects.dirty += 1;
    Ok(true)
}

/// The number of a database; `denied` if it is not the only one that a cluster's node has.
fn database(arg: &[u8], env: &Env, denied: &'static str) -> Result<DbId, Refused> {
    let number = num::parse_i64(arg).and_then(|n| i32::try_from(n).ok()).ok_or(Refused(NOT_INTEGER))?;
    match DbId::try_from(number) {
        Ok(0) => Ok(0),
        Ok(_) if env.single_database() => Err(Refused(denied)),
        Ok(db) if db < env.databases => Ok(db),
        _ => Err(Refused(DB_OUT_OF_RANGE)),
    }
}
