//! The time to live of fields: HEXPIRE and its kin, and HPERSIST.

use ds::value::Hash;
use resp::Args;

use super::changed;
use super::named::{NUMFIELDS, Named, named};
use crate::args::{Refused, digits, integer};
use crate::command::Cmd;
use crate::generic::expire::Condition;

/// Replies for a field.
const NO_FIELD: i64 = -2;
const NO_EXPIRY: i64 = -1;
const UNMET: i64 = 0;
const DONE: i64 = 1;
const DELETED: i64 = 2;

/// `HEXPIRE key seconds [NX|XX|GT|LT ...] FIELDS numfields field [field ...]`
pub fn hexpire(cmd: &mut Cmd<'_, '_>) {
    expire(cmd, 1000, false, "invalid expire time in 'hexpire' command");
}

/// `HPEXPIRE key milliseconds [NX|XX|GT|LT ...] FIELDS numfields field [field ...]`
pub fn hpexpire(cmd: &mut Cmd<'_, '_>) {
    expire(cmd, 1, false, "invalid expire time in 'hpexpire' command");
}

/// `HEXPIREAT key unix-time-seconds [NX|XX|GT|LT ...] FIELDS numfields field [field ...]`
pub fn hexpireat(cmd: &mut Cmd<'_, '_>) {
    expire(cmd, 1000, true, "invalid expire time in 'hexpireat' command");
}

/// `HPEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT ...] FIELDS numfields field [field ...]`
pub fn hpexpireat(cmd: &mut Cmd<'_, '_>) {
    expire(cmd, 1, true, "invalid expire time in 'hpexpireat' command");
}

fn expire(cmd: &mut Cmd<'_, '_>, unit: i64, absolute: bool, invalid: &'static str) {
    let named = match Named::find(cmd.args, 3) {
        Ok(named) => named,
        refused => return cmd.end(refused.map(|_| ())),
    };
    let condition = match Condition::of(named.options(3)) {
        Ok(condition) => condition,
        Err(text) => return cmd.out.error_bytes(&text),
    };
    let base = if absolute { 0 } else { cmd.keys.now_ms() as i64 };
    let time = |number: i64| {
        let at = number.checked_mul(unit).and_then(|n| n.checked_add(base));
        at.filter(|_| number >= 0).ok_or(Refused(invalid))
    };
    let result = named.fields(1).and_then(|fields| {
        let at = integer(cmd.args.at(2)).and_then(time)?;
        let deleted = apply(cmd, fields, condition, at)?;
        if cmd.effects.logs() && (deleted || !(absolute && unit == 1)) {
            log(cmd, &named, fields, at, deleted);
        }
        Ok(())
    });
    cmd.end(result);
}

/// What one field of a request comes to.
fn apply_one(
    hash: &mut Hash,
    field: &[u8],
    condition: Condition,
    at: i64,
    (now, horizon): (i64, u64),
) -> i64 {
    let Some(old) = hash.get(field, horizon).map(|pair| pair.expiry) else { return NO_FIELD };
    if !condition.allows(old, at) {
        return UNMET;
    }
    if at <= now {
        hash.remove(field, horizon);
        return DELETED;
    }
    hash.set_expiry(field, Some(at as u64));
    DONE
}

/// A time in a log is a point in time, and one that was past has become a deletion. Those that a condition kept must stay.
fn log(cmd: &mut Cmd<'_, '_>, named: &Named<'_>, fields: Args<'_>, at: i64, deleted: bool) {
    let key = cmd.first();
    if deleted {
        let gone = cmd.keys.peek_as::<Hash>(cmd.db, key).ok().flatten();
        let gone =
            fields.iter().filter(|field| gone.as_ref().is_none_or(|hash| hash.get(field, 0).is_none()));
        let words: Vec<&[u8]> = [&b"HDEL"[..], key.bytes].into_iter().chain(gone).collect();
        return cmd.effects.log_as(&words);
    }
    let (at, count) = (digits(at as u64), digits(fields.len() as u64));
    let head = [&b"HPEXPIREAT"[..], key.bytes, &at].into_iter().chain(named.options(3));
    let words: Vec<&[u8]> = head.chain([&b"FIELDS"[..], &count]).chain(fields.iter()).collect();
    cmd.effects.log_as(&words);
}

/// Whether fields were deleted since the time is past.
fn apply(cmd: &mut Cmd<'_, '_>, fields: Args<'_>, condition: Condition, at: i64) -> Result<bool, Refused> {
    let times = (cmd.keys.now_ms() as i64, cmd.keys.clock.horizon());
    let key = cmd.first();
    let done = each(cmd, fields, |hash, field| apply_one(hash, field, condition, at, times))?;
    if done.effective == 0 {
        return Ok(false);
    }
    if at <= times.0 {
        cmd.keys.stats.expired_fields += done.effective as u64;
        changed(cmd, done.effective, key, "hexpired");
    } else {
        changed(cmd, done.effective, key, "hexpire");
    }
    if done.is_gone {
        cmd.gone(key);
    }
    Ok(at <= times.0)
}

/// `HPERSIST key FIELDS numfields field [field ...]`
pub fn hpersist(cmd: &mut Cmd<'_, '_>) {
    let result = try_hpersist(cmd);
    cmd.end(result);
}

fn try_hpersist(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let fields = named(cmd.args, NUMFIELDS)?;
    let (key, now) = (cmd.first(), cmd.keys.clock.horizon());
    let persist = |hash: &mut Hash, field: &[u8]| match hash.get(field, now).map(|pair| pair.expiry) {
        None => NO_FIELD,
        Some(None) => NO_EXPIRY,
        Some(Some(_)) => {
            hash.set_expiry(field, None);
            DONE
        }
    };
    let done = each(cmd, fields, persist)?;
    if done.effective > 0 {
        changed(cmd, done.effective, key, "hpersist");
    }
    Ok(())
}

/// What came of the fields of a request.
#[derive(Default)]
struct Done {
    /// Fields that were changed.
    effective: usize,
    /// None is left in the hash.
    is_gone: bool,
}

/// Lets `act` do something with each field, and replies what that comes to.
fn each(
    cmd: &mut Cmd<'_, '_>,
    fields: Args<'_>,
    mut act: impl FnMut(&mut Hash, &[u8]) -> i64,
) -> Result<Done, Refused> {
    let (key, db) = (cmd.first(), cmd.db);
    let Cmd { keys, out, .. } = cmd;
    let edited = keys.change(db, key, |hash: &mut Hash| {
        out.array(fields.len());
        let mut effective = 0;
        for field in fields.iter() {
            let code = act(hash, field);
            effective += usize::from(code > UNMET);
            out.int(code);
        }
        effective
    })?;
    Ok(match edited {
        Some(edited) => Done { effective: edited.result, is_gone: edited.is_gone },
        None => {
            cmd.out.array(fields.len());
            fields.iter().for_each(|_| cmd.out.int(NO_FIELD));
            Done::default()
        }
    })
}
