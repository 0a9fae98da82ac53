//! XAUTOCLAIM.

use resp::Reply;
use store::value::Stream;
use store::value::stream::{ConsumerId, Count, Group, Log, StreamId};

use super::claim::{Claimed, has_group};
use super::entry::{reply_entry, reply_id};
use super::id::start;
use super::logged::Logged;
use super::readgroup::consumer;
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;

/// Entries looked at for each one that is wanted.
const ATTEMPTS: usize = 10;
/// Most entries that may be wanted.
const COUNT_MAX: i64 = i64::MAX / 16;
const COUNT_DEFAULT: usize = 100;

/// What XAUTOCLAIM was asked for.
struct Options {
    min_idle: i64,
    from: StreamId,
    count: usize,
    just_ids: bool,
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
pub fn xautoclaim(cmd: &mut Cmd<'_, '_>) {
    let result = try_xautoclaim(cmd);
    cmd.end(result);
}

fn try_xautoclaim(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (options, name, reader) = (parse(cmd)?, cmd.args.at(2), cmd.args.at(3));
    if !has_group(cmd, name)? {
        return Ok(());
    }
    let (key, now, out) = (cmd.first(), cmd.keys.now_ms() as i64, &mut *cmd.out);
    let mut logged = Logged::new(cmd.effects, key.bytes, name);
    let claimed = cmd.keys.change(cmd.db, key, |stream: &mut Stream| {
        stream.edit_group(name, |group, log| {
            let (consumer, is_new) = consumer(group, reader, now);
            let found = search(group, log, &options, now);
            let dirty = (found.claimed.len() + found.deleted.len()) as u64;
            // What is gone is told with its owner, before it has none.
            found.deleted.iter().for_each(|id| logged.owner(group, *id));
            take(out, group, log, consumer, &found, &options, now);
            found.claimed.iter().for_each(|id| logged.owner(group, *id));
            if is_new && found.claimed.is_empty() {
                logged.consumer(reader);
            }
            Claimed { dirty, is_new }
        })
    })?;
    if let Some(claimed) = claimed.and_then(|changed| changed.result) {
        claimed.tell(cmd);
    }
    logged.end(cmd.effects);
    Ok(())
}

fn parse(cmd: &Cmd<'_, '_>) -> Result<Options, Refused> {
    let min_idle = integer(cmd.args.at(4));
    let min_idle = min_idle.map_err(|_| Refused("Invalid min-idle-time argument for XAUTOCLAIM"))?;
    let from = start(cmd.args.at(5))?;
    let mut options = Options { min_idle: min_idle.max(0), from, count: COUNT_DEFAULT, just_ids: false };
    let mut words = cmd.args.sub(6).iter();
    while let Some(word) = words.next() {
        if is(word, "justid") {
            options.just_ids = true;
            continue;
        }
        let value = words.next().filter(|_| is(word, "count")).ok_or(Refused(SYNTAX))?;
        let count = integer(value).ok().filter(|count| (1..=COUNT_MAX).contains(count));
        options.count = count.ok_or(Refused("COUNT must be > 0"))? as usize;
    }
    Ok(options)
}

/// The pending entries that a walk found.
struct Found {
    claimed: Vec<StreamId>,
    /// Pending, but not in the stream any more.
    deleted: Vec<StreamId>,
    /// Where the next walk begins; 0-0 if this one came to the end.
    next: StreamId,
}

fn search(group: &Group, log: &Log, options: &Options, now: i64) -> Found {
    let mut found = Found { claimed: Vec::new(), deleted: Vec::new(), next: StreamId::MIN };
    let mut attempts = options.count.saturating_mul(ATTEMPTS);
    for (id, pending) in group.pending_from(options.from) {
        if attempts == 0 || found.claimed.len() + found.deleted.len() == options.count {
            found.next = id;
            break;
        }
        attempts -= 1;
        if log.get(id).is_none() {
            found.deleted.push(id);
        } else if options.min_idle == 0 || now.wrapping_sub(pending.time) >= options.min_idle {
            found.claimed.push(id);
        }
    }
    found
}

/// Gives the consumer what was found, and replies it.
fn take(
    out: &mut Reply<'_>,
    group: &mut Group,
    log: &Log,
    consumer: ConsumerId,
    found: &Found,
    options: &Options,
    now: i64,
) {
    out.array(3);
    reply_id(out, found.next);
    out.array(found.claimed.len());
    let count = if options.just_ids { Count::Keep } else { Count::Add };
    for id in &found.claimed {
        group.claim(*id, consumer, now, count);
        group.was_active(consumer, now);
        match log.get(*id).filter(|_| !options.just_ids) {
            Some(entry) => reply_entry(out, entry),
            None => reply_id(out, *id),
        }
    }
    out.array(found.deleted.len());
    for id in &found.deleted {
        group.acknowledge(*id);
        reply_id(out, *id);
    }
}
