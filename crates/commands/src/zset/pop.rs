//! ZPOPMIN, ZPOPMAX and ZMPOP; what their blocking forms do when there is something to take.

use base::num::parse_i64;
use ds::value::Zset;
use ds::value::zset::Element;
use resp::{Proto, Reply};
use store::Key;

use super::{changed, reply_member};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;

/// Which end elements are taken from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The lowest scores.
    Min,
    /// The highest scores.
    Max,
}

/// How many elements are taken, and what the reply looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Take {
    /// One, as member and score.
    One,
    /// Up to so many, as members and scores; pairs in RESP3.
    Many(usize),
    /// One, as key, member and score.
    OneWithKey,
    /// Up to so many, as the key and an array of pairs.
    ManyWithKey(usize),
}

/// `ZPOPMIN key [count]`
pub fn zpopmin(cmd: &mut Cmd<'_, '_>) {
    let result = pop_key(cmd, End::Min);
    cmd.end(result);
}

/// `ZPOPMAX key [count]`
pub fn zpopmax(cmd: &mut Cmd<'_, '_>) {
    let result = pop_key(cmd, End::Max);
    cmd.end(result);
}

fn pop_key(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    const NEGATIVE: Refused = Refused("value is out of range, must be positive");
    let take = match (cmd.args.get(2), cmd.args.len()) {
        (None, _) => Take::One,
        (Some(count), 3) => {
            let count = parse_i64(count).and_then(|n| usize::try_from(n).ok());
            Take::Many(count.ok_or(NEGATIVE)?)
        }
        _ => return Err(Refused(SYNTAX)),
    };
    if !pop_first(cmd, std::iter::once(cmd.first()), end, take)? {
        cmd.out.array(0);
    }
    Ok(())
}

/// `ZMPOP numkeys key [key ...] MIN|MAX [COUNT count]`
pub fn zmpop(cmd: &mut Cmd<'_, '_>) {
    let result = try_zmpop(cmd);
    cmd.end(result);
}

fn try_zmpop(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (keys, end, count) = many_options(cmd, 1)?;
    let keys = (0..keys).map(|i| cmd.key(2 + i, i)).collect::<Vec<_>>();
    if !pop_first(cmd, keys.into_iter(), end, Take::ManyWithKey(count))? {
        cmd.out.null_array();
    }
    Ok(())
}

/// `numkeys key [key ...] MIN|MAX [COUNT count]`, the number at an argument: numbers of keys and elements, and the end.
pub(crate) fn many_options(cmd: &Cmd<'_, '_>, at: usize) -> Result<(usize, End, usize), Refused> {
    let positive = |arg, error| {
        let number = parse_i64(arg).and_then(|n| usize::try_from(n).ok());
        number.filter(|n| *n > 0).ok_or(Refused(error))
    };
    let keys = positive(cmd.args.at(at), "numkeys should be greater than 0")?;
    let where_at = (at + 1).saturating_add(keys);
    let end = match cmd.args.get(where_at) {
        Some(word) if is(word, "min") => End::Min,
        Some(word) if is(word, "max") => End::Max,
        _ => return Err(Refused(SYNTAX)),
    };
    let mut count = None;
    let mut words = cmd.args.sub(where_at + 1).iter();
    while let Some(word) = words.next() {
        match words.next() {
            Some(number) if count.is_none() && is(word, "count") => {
                count = Some(positive(number, "count should be greater than 0")?);
            }
            _ => return Err(Refused(SYNTAX)),
        }
    }
    Ok((keys, end, count.unwrap_or(1)))
}

/// Takes elements from the first of the keys that exists, and replies them. False, and nothing replied, if none does.
pub(crate) fn pop_first<'k>(
    cmd: &mut Cmd<'_, '_>,
    mut keys: impl Iterator<Item = Key<'k>>,
    end: End,
    take: Take,
) -> Result<bool, Refused> {
    let Some(key) = keys.find(|key| cmd.keys.contains(cmd.db, *key)) else { return Ok(false) };
    if take == Take::Many(0) {
        cmd.keys.peek_as::<Zset>(cmd.db, key)?;
        cmd.out.array(0);
        return Ok(true);
    }
    let out = &mut *cmd.out;
    let popped = cmd.keys.change(cmd.db, key, |zset: &mut Zset| pop(zset, key, end, take, out));
    let Some(popped) = popped? else { return Ok(false) };
    let event = match end {
        End::Min => "zpopmin",
        End::Max => "zpopmax",
    };
    changed(cmd, popped.result as u64, key, event);
    if cmd.effects.logs() {
        log(cmd, key, end, take, popped.result);
    }
    if popped.is_gone {
        cmd.gone(key);
    }
    Ok(true)
}

/// Only ZPOPMIN and ZPOPMAX do the same again whatever other keys there are.
fn log(cmd: &mut Cmd<'_, '_>, key: Key<'_>, end: End, take: Take, taken: usize) {
    let name: &[u8] = match end {
        End::Min => b"ZPOPMIN",
        End::Max => b"ZPOPMAX",
    };
    match take {
        Take::One | Take::Many(_) => {}
        Take::OneWithKey => cmd.effects.log_as(&[name, key.bytes]),
        Take::ManyWithKey(_) => cmd.effects.log_as(&[name, key.bytes, &digits(taken as u64)]),
    }
}

/// Takes elements from a set and replies them; returns how many.
fn pop(zset: &mut Zset, key: Key<'_>, end: End, take: Take, out: &mut Reply<'_>) -> usize {
    let count = match take {
        Take::One | Take::OneWithKey => 1,
        Take::Many(count) | Take::ManyWithKey(count) => count.min(zset.len()),
    };
    let pairs = match take {
        Take::One => false,
        Take::OneWithKey => {
            out.array(3);
            out.bulk(key.bytes);
            false
        }
        Take::Many(_) => out.proto() == Proto::Resp3,
        Take::ManyWithKey(_) => {
            out.array(2);
            out.bulk(key.bytes);
            true
        }
    };
    if take != Take::OneWithKey {
        out.array(if pairs { count } else { 2 * count });
    }
    let mut show = |element: Element<'_>| {
        if pairs {
            out.array(2);
        }
        reply_member(out, element.member);
        out.double(element.score);
    };
    let len = zset.len();
    match end {
        End::Min => zset.remove_range(0, count, show),
        End::Max => {
            zset.range(len - count, len).rev().for_each(&mut show);
            zset.remove_range(len - count, len, |_| {});
        }
    }
    count
}
