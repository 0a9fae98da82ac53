//! XREADGROUP.

use resp::Reply;
use store::value::Stream;
use store::value::stream::{ConsumerId, Group, Log, StreamId};

use super::entry::{entries_after, reply_entries, reply_entry, reply_id};
use super::id::exact;
use super::logged::Logged;
use super::read::{Request, Served, parse, wait};
use super::refuse;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;
use crate::typed::read;

/// The id that stands for entries that no consumer of the group has got yet.
const NEW: StreamId = StreamId::MAX;

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]`
pub fn xreadgroup(cmd: &mut Cmd<'_, '_>) {
    let result = try_xreadgroup(cmd);
    cmd.end(result);
}

fn try_xreadgroup(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let request = parse(cmd, "xreadgroup")?;
    let (group, consumer) = request.group.ok_or(Refused("Missing GROUP option for XREADGROUP"))?;
    // All is checked before anything is delivered.
    for nth in 0..request.streams {
        if !is_served(cmd, &request, group, nth)? {
            return Ok(());
        }
        after(cmd, &request, nth)?;
    }
    let mut served = Served::begin(cmd.out);
    for nth in 0..request.streams {
        let reader = Reader { after: after(cmd, &request, nth)?, consumer, request: &request };
        reader.serve(cmd, group, nth, &mut served)?;
    }
    if !served.end(cmd.out) {
        // Any change of a key may end the wait, with an error if the group is there no more.
        wait(cmd, &request, None, Vec::new());
    }
    Ok(())
}

/// Whether a key has the group; else the error is replied.
fn is_served(
    cmd: &mut Cmd<'_, '_>,
    request: &Request<'_>,
    group: &[u8],
    nth: usize,
) -> Result<bool, Refused> {
    const GONE: Refused = Refused("-UNBLOCKED the stream key no longer exists");
    const GROUP_GONE: Refused =
        Refused("-NOGROUP the consumer group this client was blocked on no longer exists");
    let (key, again) = (cmd.key(request.first + nth, nth), cmd.effects.again);
    let stream = match read::<Stream>(cmd.keys, cmd.effects, cmd.db, key) {
        Ok(None) | Err(_) if again => return Err(GONE),
        stream => stream?,
    };
    if stream.is_some_and(|stream| stream.group(group).is_some()) {
        return Ok(true);
    }
    if again {
        return Err(GROUP_GONE);
    }
    let text = [
        &b"-NOGROUP No such key '"[..],
        key.bytes,
        b"' or consumer group '",
        group,
        b"' in XREADGROUP with GROUP option",
    ];
    refuse(cmd.out, &text);
    Ok(false)
}

/// The id of a stream of the request: [`NEW`] for `>`.
fn after(cmd: &Cmd<'_, '_>, request: &Request<'_>, nth: usize) -> Result<StreamId, Refused> {
    match cmd.args.at(request.first + request.streams + nth) {
        b">" => Ok(NEW),
        b"$" => Err(Refused(
            "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
        )),
        b"+" => Err(Refused(
            "The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.",
        )),
        id => exact(id),
    }
}

/// One consumer's reading of one stream.
struct Reader<'r> {
    after: StreamId,
    consumer: &'r [u8],
    request: &'r Request<'r>,
}

impl Reader<'_> {
    fn serve(
        &self,
        cmd: &mut Cmd<'_, '_>,
        group: &[u8],
        nth: usize,
        served: &mut Served,
    ) -> Result<(), Refused> {
        let (key, now) = (cmd.key(self.request.first + nth, nth), cmd.keys.now_ms() as i64);
        let (out, before) = (&mut *cmd.out, served.streams());
        let mut logged = Logged::new(cmd.effects, key.bytes, group);
        let read = cmd.keys.change(cmd.db, key, |stream: &mut Stream| {
            stream.edit_group(group, |group, log| {
                let (consumer, is_new) = consumer(group, self.consumer, now);
                if self.after != NEW {
                    served.key(out, key.bytes);
                    self.show_history(out, group, log, consumer, now);
                } else if log.last_entry().is_some_and(|last| last > group.last_id()) {
                    served.key(out, key.bytes);
                    if is_new && self.request.noack {
                        logged.consumer(self.consumer);
                    }
                    self.deliver(out, (group, log), consumer, now, &mut logged);
                }
                if is_new && logged.is_empty() {
                    logged.consumer(self.consumer);
                }
                is_new
            })
        })?;
        if read.and_then(|read| read.result) == Some(true) {
            cmd.effects.dirty += 1;
            cmd.effects.notify(Class::Stream, "xgroup-createconsumer", cmd.db, key.bytes);
        }
        cmd.effects.dirty += (served.streams() - before) as u64;
        logged.end(cmd.effects);
        Ok(())
    }

    /// Entries that the group has not read yet.
    fn deliver(
        &self,
        out: &mut Reply<'_>,
        (group, log): (&mut Group, &Log),
        consumer: ConsumerId,
        now: i64,
        logged: &mut Logged<'_>,
    ) {
        let entries = entries_after(log, group.last_id());
        reply_entries(out, entries, self.request.count, |id| {
            group.read_entry(log, id);
            if !self.request.noack {
                group.deliver(id, consumer, now);
                logged.owner(group, id);
            }
        });
        logged.position(group);
        if !self.request.noack {
            group.was_active(consumer, now);
        }
    }

    /// Entries that the consumer got and has not acknowledged; without fields if they were deleted since.
    fn show_history(
        &self,
        out: &mut Reply<'_>,
        group: &mut Group,
        log: &Log,
        consumer: ConsumerId,
        now: i64,
    ) {
        let from = self.after.next().unwrap_or(StreamId::MAX);
        let pending = group.consumer(consumer).pending_from(from);
        let ids: Vec<StreamId> = pending.take(self.request.count).collect();
        out.array(ids.len());
        for id in ids {
            match log.get(id) {
                Some(entry) => {
                    reply_entry(out, entry);
                    group.redeliver(id, now);
                }
                None => {
                    out.array(2);
                    reply_id(out, id);
                    out.null_array();
                }
            }
        }
    }
}

/// The consumer of a name, made if it is not there: then true. It is seen.
pub(super) fn consumer(group: &mut Group, name: &[u8], now: i64) -> (ConsumerId, bool) {
    if let Some(consumer) = group.find_consumer(name) {
        group.saw(consumer, now);
        return (consumer, false);
    }
    match group.create_consumer(name, now) {
        Some(consumer) => (consumer, true),
        None => unreachable!("the name is free"),
    }
}
