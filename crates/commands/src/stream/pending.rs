//! XPENDING.

use resp::Reply;
use store::value::Stream;
use store::value::stream::{Group, Pending, StreamId};

use super::entry::reply_id;
use super::id::{end, start};
use super::no_group;
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;

/// The long form's question.
struct Filter<'a> {
    from: StreamId,
    to: StreamId,
    count: usize,
    /// Milliseconds since the delivery, at least; 0 for all, those delivered in the future too.
    min_idle: i64,
    consumer: Option<&'a [u8]>,
}

/// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
pub fn xpending(cmd: &mut Cmd<'_, '_>) {
    let result = try_xpending(cmd);
    cmd.end(result);
}

fn try_xpending(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (filter, key, name) = (parse(cmd)?, cmd.first(), cmd.args.at(2));
    let now = cmd.keys.now_ms() as i64;
    let stream = read::<Stream>(cmd.keys, cmd.effects, cmd.db, key)?;
    let Some(group) = stream.as_ref().and_then(|stream| stream.group(name)) else {
        no_group(cmd.out, key.bytes, name);
        return Ok(());
    };
    match filter {
        None => summary(cmd.out, group),
        Some(filter) => list(cmd.out, group, &filter, now),
    }
    Ok(())
}

fn parse<'a>(cmd: &Cmd<'a, '_>) -> Result<Option<Filter<'a>>, Refused> {
    let args = cmd.args;
    if args.len() == 3 {
        return Ok(None);
    }
    if !(6..=9).contains(&args.len()) {
        return Err(Refused(SYNTAX));
    }
    let (mut at, mut min_idle) = (3, 0);
    if is(args.at(3), "idle") {
        min_idle = integer(args.at(4))?;
        at = 5;
        if args.len() < 8 {
            return Err(Refused(SYNTAX));
        }
    }
    let count = integer(args.at(at + 2))?.max(0) as usize;
    let (from, to) = (start(args.at(at))?, end(args.at(at + 1))?);
    Ok(Some(Filter { from, to, count, min_idle, consumer: args.get(at + 3) }))
}

/// How many are pending, the first, the last, and how many are whose.
fn summary(out: &mut Reply<'_>, group: &Group) {
    out.array(4);
    out.int(group.pending_len() as i64);
    let Some((first, last)) = group.pending_ends() else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    reply_id(out, first);
    reply_id(out, last);
    let busy = || group.consumers().filter(|consumer| consumer.pending_len() > 0);
    out.array(busy().count());
    for consumer in busy() {
        out.array(2);
        out.bulk(consumer.name());
        out.bulk_int(consumer.pending_len() as i64);
    }
}

fn list(out: &mut Reply<'_>, group: &Group, filter: &Filter<'_>, now: i64) {
    let (head, mut left) = (out.array_later(), filter.count);
    let mut show = |id: StreamId, pending: &Pending| {
        let idle = now.wrapping_sub(pending.time);
        if filter.min_idle == 0 || idle >= filter.min_idle {
            left -= 1;
            out.array(4);
            reply_id(out, id);
            out.bulk(group.consumer(pending.consumer).name());
            out.int(idle.max(0));
            out.int(pending.count as i64);
        }
        left > 0
    };
    let in_range = |id: &StreamId| *id <= filter.to;
    match filter.consumer.map(|name| group.find_consumer(name)) {
        _ if filter.count == 0 => {}
        Some(None) => {}
        Some(Some(consumer)) => {
            let ids = group.consumer(consumer).pending_from(filter.from).take_while(in_range);
            ids.filter_map(|id| Some((id, group.pending(id)?))).all(|(id, pending)| show(id, pending));
        }
        None => {
            let all = group.pending_from(filter.from).take_while(|(id, _)| in_range(id));
            all.into_iter().all(|(id, pending)| show(id, pending));
        }
    }
    out.set_array_len(head, filter.count - left);
}
