//! HGETEX.

use ds::value::Hash;
use resp::Args;

use super::named::Named;
use super::{changed, reply_text};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;
use crate::string::expiry::When;
use crate::typed::read;

/// What becomes of the fields' time to live.
#[derive(Clone, Copy)]
enum Change {
    Expire(u64),
    Persist,
}

/// `HGETEX key [EX s|PX ms|EXAT s|PXAT ms|PERSIST] FIELDS numfields field [field ...]`
pub fn hgetex(cmd: &mut Cmd<'_, '_>) {
    let result = try_hgetex(cmd);
    cmd.end(result);
}

/// The time is read after the key was looked up: a key of another type with a bad time is of the wrong type.
fn try_hgetex(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let named = Named::find(cmd.args, 2)?;
    let (persist, when) = options(named.options(2))?;
    let fields = named.fields(1)?;
    let (now, horizon) = (cmd.keys.now_ms(), cmd.keys.clock.horizon());
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let invalid = "invalid expire time in 'hgetex' command";
    let at = when.map(|when| when.resolve_from(0, now, invalid)).transpose()?;
    match at.map(Change::Expire).or(persist.then_some(Change::Persist)) {
        Some(change) if hash.is_some() => return get_and(cmd, fields, change),
        _ => {}
    }
    cmd.out.array(fields.len());
    for field in fields.iter() {
        match hash.as_ref().and_then(|hash| hash.get(field, horizon)) {
            Some(pair) => reply_text(cmd.out, pair.value),
            None => cmd.out.null(),
        }
    }
    Ok(())
}

fn options<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> Result<(bool, Option<When<'a>>), Refused> {
    let (mut persist, mut expiry) = (false, None);
    while let Some(word) = words.next() {
        if is(word, "persist") && expiry.is_none() {
            persist = true;
        } else {
            let when = When::option(word, words.next());
            let when = when.filter(|when| !persist && when.may_follow(expiry));
            expiry = Some(when.ok_or(Refused(SYNTAX))?);
        }
    }
    Ok((persist, expiry))
}

fn get_and(cmd: &mut Cmd<'_, '_>, fields: Args<'_>, change: Change) -> Result<(), Refused> {
    let (key, db) = (cmd.first(), cmd.db);
    let (now, horizon) = (cmd.keys.now_ms(), cmd.keys.clock.horizon());
    let Cmd { keys, out, .. } = cmd;
    let edited = keys.change(db, key, |hash: &mut Hash| {
        out.array(fields.len());
        let mut effective = 0;
        for field in fields.iter() {
            let Some(pair) = hash.get(field, horizon) else {
                out.null();
                continue;
            };
            reply_text(out, pair.value);
            effective += usize::from(match change {
                Change::Expire(at) if at <= now => hash.remove(field, horizon),
                Change::Expire(at) => hash.set_expiry(field, Some(at)),
                Change::Persist => pair.expiry.is_some() && hash.set_expiry(field, None),
            });
        }
        effective
    })?;
    let Some(edited) = edited.filter(|edited| edited.result > 0) else { return Ok(()) };
    let event = match change {
        Change::Expire(at) if at <= now => {
            cmd.keys.stats.expired_fields += edited.result as u64;
            "hexpired"
        }
        Change::Expire(_) => "hexpire",
        Change::Persist => "hpersist",
    };
    changed(cmd, edited.result, key, event);
    if cmd.effects.logs() {
        log(cmd, fields, change);
    }
    if edited.is_gone {
        cmd.gone(key);
    }
    Ok(())
}

fn log(cmd: &mut Cmd<'_, '_>, fields: Args<'_>, change: Change) {
    let (key, count) = (cmd.first().bytes, digits(fields.len() as u64));
    let at = if let Change::Expire(at) = change { digits(at) } else { Vec::new() };
    let head: &[&[u8]] = match change {
        Change::Expire(at) if at <= cmd.keys.now_ms() => &[b"HDEL", key],
        Change::Expire(_) => &[b"HPEXPIREAT", key, &at, b"FIELDS", &count],
        Change::Persist => &[b"HPERSIST", key, b"FIELDS", &count],
    };
    let words: Vec<&[u8]> = head.iter().copied().chain(fields.iter()).collect();
    cmd.effects.log_as(&words);
}
