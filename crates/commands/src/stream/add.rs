//! XADD.

use resp::Args;
use store::value::stream::{Log, StreamId};
use store::value::{Stream, StreamLimits};

use super::entry::reply_id;
use super::id::NewId;
use super::trim::{Options, kept, parse};
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id field value [field value ...]`
pub fn xadd(cmd: &mut Cmd<'_, '_>) {
    let result = try_xadd(cmd);
    cmd.end(result);
}

fn try_xadd(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let limits = cmd.env.limits.stream;
    let options = parse(cmd.args, true, &limits)?;
    let values = cmd.args.sub(options.end + 1);
    if values.is_empty() || !values.len().is_multiple_of(2) {
        return Err(Refused("wrong number of arguments for 'xadd' command"));
    }
    if options.id == NewId::This(StreamId::MIN) {
        return Err(Refused("The ID specified in XADD must be greater than 0-0"));
    }
    let (key, now) = (cmd.first(), cmd.keys.now_ms());
    let logs = cmd.effects.logs();
    let add = |stream: &mut Stream| {
        let added = add(stream.log_mut(), &options, values, now, &limits)?;
        Ok::<_, Refused>((added, logs.then(|| kept(stream.log(), options.trim)).flatten()))
    };
    let added = if options.only_existing { cmd.edit(key, add)? } else { Some(cmd.edit_or_create(key, add)?) };
    let Some(added) = added else {
        cmd.out.null();
        return Ok(());
    };
    let ((id, trimmed), kept) = added.result?;
    reply_id(cmd.out, id);
    cmd.changed(key, Class::Stream, "xadd");
    if trimmed > 0 {
        cmd.effects.notify(Class::Stream, "xtrim", cmd.db, key.bytes);
    }
    let is_exact = matches!(options.id, NewId::This(_)) && !options.trim.is_some_and(|trim| trim.roughly);
    if logs && !is_exact {
        log(cmd, &options, id, kept);
    }
    Ok(())
}

/// An id that the time made is as it was, and a rough trim as far as it went.
fn log(cmd: &mut Cmd<'_, '_>, options: &Options, id: StreamId, kept: Option<Vec<Vec<u8>>>) {
    let mut words: Vec<&[u8]> = vec![b"XADD", cmd.args.at(1)];
    if options.only_existing {
        words.push(b"NOMKSTREAM");
    }
    words.extend(kept.iter().flatten().map(Vec::as_slice));
    let id = id.text();
    words.push(&id);
    words.extend(cmd.args.sub(options.end + 1).iter());
    cmd.effects.log_as(&words);
}

/// Adds an entry, then trims: its id, and how many entries went.
fn add(
    log: &mut Log,
    options: &Options,
    values: Args<'_>,
    now: u64,
    limits: &StreamLimits,
) -> Result<(StreamId, u64), Refused> {
    let id = next_id(log.last_id(), options.id, now)?;
    let pairs = (0..values.len() / 2).map(|nth| (values.at(2 * nth), values.at(2 * nth + 1)));
    log.append(id, pairs, limits).map_err(|_| Refused("Elements are too large to be stored"))?;
    Ok((id, options.trim.map_or(0, |trim| log.trim(trim))))
}

/// The id of an entry that comes after the last one.
fn next_id(last: StreamId, wanted: NewId, now: u64) -> Result<StreamId, Refused> {
    const NOT_GREATER: Refused =
        Refused("The ID specified in XADD is equal or smaller than the target stream top item");
    let after = last
        .next()
        .ok_or(Refused("The stream has exhausted the last possible ID, unable to add more items"))?;
    let id = match wanted {
        NewId::Now if now > last.ms => StreamId { ms: now, seq: 0 },
        NewId::Now => after,
        NewId::At(ms) if ms == last.ms => StreamId { ms, seq: after.seq },
        NewId::At(ms) => StreamId { ms, seq: 0 },
        NewId::This(id) => id,
    };
    if id > last { Ok(id) } else { Err(NOT_GREATER) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend() {
        let check = |last: (u64, u64), wanted, expect: Option<(u64, u64)>| {
            let id = next_id(StreamId::new(last.0, last.1), wanted, 100).ok();
            assert_eq!(id.map(|id| (id.ms, id.seq)), expect, "{last:?} {wanted:?}");
        };
        check((0, 0), NewId::Now, Some((100, 0)));
        check((100, 3), NewId::Now, Some((100, 4)));
        check((200, u64::MAX), NewId::Now, Some((201, 0)));
        check((u64::MAX, u64::MAX), NewId::Now, None);
        check((0, 0), NewId::At(0), Some((0, 1)));
        check((7, 1), NewId::At(8), Some((8, 0)));
        check((7, u64::MAX), NewId::At(7), None);
        check((7, 1), NewId::At(6), None);
        check((7, 1), NewId::This(StreamId::new(7, 1)), None);
        check((7, 1), NewId::This(StreamId::new(7, 2)), Some((7, 2)));
    }
}
