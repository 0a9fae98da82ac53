//! Reading fields by name, and whole hashes.

use ds::value::Hash;
use ds::value::hash::Pair;

use super::reply_text;
use crate::args::Refused;
use crate::command::Cmd;
use crate::typed::read;

/// `HGET key field`
pub fn hget(cmd: &mut Cmd<'_, '_>) {
    let result = try_hget(cmd);
    cmd.end(result);
}

fn try_hget(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    match hash.as_ref().and_then(|hash| hash.get(cmd.args.at(2), now)) {
        Some(pair) => reply_text(cmd.out, pair.value),
        None => cmd.out.null(),
    }
    Ok(())
}

/// `HMGET key field [field ...]`
pub fn hmget(cmd: &mut Cmd<'_, '_>) {
    let result = try_hmget(cmd);
    cmd.end(result);
}

fn try_hmget(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let fields = cmd.args.sub(2);
    cmd.out.array(fields.len());
    for field in fields.iter() {
        match hash.as_ref().and_then(|hash| hash.get(field, now)) {
            Some(pair) => reply_text(cmd.out, pair.value),
            None => cmd.out.null(),
        }
    }
    Ok(())
}

/// `HEXISTS key field`
pub fn hexists(cmd: &mut Cmd<'_, '_>) {
    count(cmd, |hash, field, now| hash.get(field, now).map_or(0, |_| 1));
}

/// `HSTRLEN key field`
pub fn hstrlen(cmd: &mut Cmd<'_, '_>) {
    count(cmd, |hash, field, now| hash.get(field, now).map_or(0, |pair| pair.value.len()));
}

/// `HLEN key`. Counts fields that have expired too, until they are removed.
pub fn hlen(cmd: &mut Cmd<'_, '_>) {
    count(cmd, |hash, _, _| hash.len());
}

/// Replies a number that says something about a field; 0 without the key.
#[inline]
fn count(cmd: &mut Cmd<'_, '_>, of: impl FnOnce(&Hash, &[u8], u64) -> usize) {
    let (field, now) = (cmd.args.get(2).unwrap_or_default(), cmd.keys.clock.horizon());
    let result = cmd.read(cmd.first(), |hash: &Hash| of(hash, field, now));
    let result = result.map(|n| cmd.out.int(n.unwrap_or(0) as i64));
    cmd.end(result);
}

/// `HGETALL key`
pub fn hgetall(cmd: &mut Cmd<'_, '_>) {
    let result = all(cmd, true, true);
    cmd.end(result);
}

/// `HKEYS key`
pub fn hkeys(cmd: &mut Cmd<'_, '_>) {
    let result = all(cmd, true, false);
    cmd.end(result);
}

/// `HVALS key`
pub fn hvals(cmd: &mut Cmd<'_, '_>) {
    let result = all(cmd, false, true);
    cmd.end(result);
}

#[inline]
fn all(cmd: &mut Cmd<'_, '_>, fields: bool, values: bool) -> Result<(), Refused> {
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let len = hash.as_ref().map_or(0, |hash| hash.live(now));
    if fields && values {
        cmd.out.map(len);
    } else {
        cmd.out.array(len);
    }
    let Some(hash) = hash else { return Ok(()) };
    let mut show = |pair: Pair<'_>| {
        if fields {
            reply_text(cmd.out, pair.field);
        }
        if values {
            reply_text(cmd.out, pair.value);
        }
    };
    hash.iter().filter(|pair| pair.is_live(now)).for_each(&mut show);
    Ok(())
}
