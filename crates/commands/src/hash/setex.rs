//! HSETEX.

use ds::value::Hash;
use ds::value::hash::Ttl;
use resp::Args;

use super::named::Named;
use super::{Count, changed, expired};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;
use crate::effects::Class;
use crate::string::expiry::When;

/// What HSETEX was asked for.
#[derive(Default)]
struct Options<'a> {
    /// NX and XX: whether the key must be there.
    key: Option<bool>,
    /// FNX and FXX: whether the fields must be there, all of them or none.
    fields: Option<bool>,
    keep_ttl: bool,
    when: Option<When<'a>>,
}

/// `HSETEX key [NX|XX] [FNX|FXX] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL] FIELDS numfields field value [field value ...]`
pub fn hsetex(cmd: &mut Cmd<'_, '_>) {
    let result = try_hsetex(cmd).map(|done| cmd.out.int(i64::from(done)));
    cmd.end(result);
}

/// The time is read after the key was looked at: if that refuses, the time may be anything.
fn try_hsetex(cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
    let named = Named::find(cmd.args, 2)?;
    let options = options(named.options(2))?;
    let pairs = named.fields(2)?;
    let (now, horizon) = (cmd.keys.now_ms(), cmd.keys.clock.horizon());
    let hash = cmd.keys.peek_as::<Hash>(cmd.db, cmd.first())?;
    if options.key.is_some_and(|wanted| wanted != hash.is_some()) {
        return Ok(false);
    }
    let invalid = "invalid expire time in 'hsetex' command";
    let at = options.when.map(|when| when.resolve_from(0, now, invalid)).transpose()?;
    if let Some(wanted) = options.fields {
        let is_there = |i| hash.as_ref().is_some_and(|hash| hash.get(pairs.at(i), horizon).is_some());
        if (0..pairs.len()).step_by(2).any(|i| is_there(i) != wanted) {
            return Ok(false);
        }
    }
    match at {
        Some(at) if at <= now => set_in_vain(cmd, pairs)?,
        Some(at) => set(cmd, pairs, Ttl::At(at))?,
        None if options.keep_ttl => set(cmd, pairs, Ttl::Keep)?,
        None => set(cmd, pairs, Ttl::Clear)?,
    }
    if let Some(at) = at.filter(|_| cmd.effects.logs()) {
        log(cmd, pairs, at);
    }
    Ok(true)
}

/// The time as a point in time. The conditions held.
fn log(cmd: &mut Cmd<'_, '_>, pairs: Args<'_>, at: u64) {
    let (key, past) = (cmd.first().bytes, at <= cmd.keys.now_ms());
    let (at, count) = (digits(at), digits(pairs.len() as u64 / 2));
    let words: Vec<&[u8]> = if past {
        [&b"HDEL"[..], key].into_iter().chain(pairs.iter().step_by(2)).collect()
    } else {
        let head = [&b"HSETEX"[..], key, b"PXAT", &at, b"FIELDS", &count];
        head.into_iter().chain(pairs.iter()).collect()
    };
    cmd.effects.log_as(&words);
}

fn options<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Result<Options<'a>, Refused> {
    let mut found = Options::default();
    while let Some(word) = words.next() {
        let (condition, wanted) = match word.len() {
            2 if is(word, "nx") => (&mut found.key, false),
            2 if is(word, "xx") => (&mut found.key, true),
            3 if is(word, "fnx") => (&mut found.fields, false),
            3 if is(word, "fxx") => (&mut found.fields, true),
            7 if is(word, "keepttl") && found.when.is_none() => {
                found.keep_ttl = true;
                continue;
            }
            _ => {
                let when = When::option(word, words.next());
                let when = when.filter(|when| !found.keep_ttl && when.may_follow(found.when));
                found.when = Some(when.ok_or(Refused(SYNTAX))?);
                continue;
            }
        };
        if condition.is_some_and(|other| other != wanted) {
            return Err(Refused(SYNTAX));
        }
        *condition = Some(wanted);
    }
    Ok(found)
}

fn set(cmd: &mut Cmd<'_, '_>, pairs: Args<'_>, ttl: Ttl) -> Result<(), Refused> {
    let (key, limits, now) = (cmd.first(), cmd.env.limits.hash, cmd.keys.clock.horizon());
    let put = |hash: &mut Hash| {
        let mut count = Count::default();
        for i in (0..pairs.len()).step_by(2) {
            count.note(hash.set(pairs.at(i), pairs.at(i + 1), ttl, now, &limits));
        }
        count
    };
    let count = cmd.edit_or_create(key, put)?.result;
    expired(cmd, count.revived, key);
    changed(cmd, pairs.len() / 2, key, "hset");
    if matches!(ttl, Ttl::At(_)) {
        cmd.effects.notify(Class::Hash, "hexpire", cmd.db, key.bytes);
    }
    Ok(())
}

/// Sets fields that have expired already: they go.
fn set_in_vain(cmd: &mut Cmd<'_, '_>, pairs: Args<'_>) -> Result<(), Refused> {
    let key = cmd.first();
    let remove = |hash: &mut Hash| {
        // At time 0 nothing has expired: those that had go too.
        (0..pairs.len()).step_by(2).for_each(|i| {
            hash.remove(pairs.at(i), 0);
        });
    };
    let edited = cmd.edit(key, remove)?;
    cmd.created(key, edited.is_some());
    changed(cmd, pairs.len() / 2, key, "hset");
    cmd.effects.notify(Class::Hash, "hexpire", cmd.db, key.bytes);
    expired(cmd, pairs.len() / 2, key);
    if edited.is_none_or(|edited| edited.is_gone) {
        cmd.gone(key);
    }
    Ok(())
}
