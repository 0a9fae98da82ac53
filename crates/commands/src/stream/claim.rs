//! XCLAIM.

use resp::{Args, Reply};
use store::value::Stream;
use store::value::stream::{ConsumerId, Count, Group, Log, StreamId};

use super::entry::{reply_entry, reply_id};
use super::id::exact;
use super::logged::Logged;
use super::readgroup::consumer;
use super::{no_group, refuse};
use crate::args::{Refused, integer, is};
use crate::command::Cmd;
use crate::effects::Class;
use crate::typed::read;

/// What XCLAIM was asked for.
struct Options<'a> {
    /// Milliseconds since the last delivery, at least.
    min_idle: i64,
    ids: Args<'a>,
    count: usize,
    /// What the time of delivery is set to, Unix milliseconds.
    time: i64,
    retries: Option<u64>,
    force: bool,
    just_ids: bool,
    last: StreamId,
}

/// `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID]
/// [LASTID lastid]`
pub fn xclaim(cmd: &mut Cmd<'_, '_>) {
    let result = try_xclaim(cmd);
    cmd.end(result);
}

fn try_xclaim(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (name, reader, now) = (cmd.args.at(2), cmd.args.at(3), cmd.keys.now_ms() as i64);
    if !has_group(cmd, name)? {
        return Ok(());
    }
    let Some(options) = parse(cmd, now)? else { return Ok(()) };
    let (key, out) = (cmd.first(), &mut *cmd.out);
    let mut logged = Logged::new(cmd.effects, key.bytes, name);
    let claimed = cmd.keys.change(cmd.db, key, |stream: &mut Stream| {
        stream.edit_group(name, |group, log| -> Result<Claimed, Refused> {
            let advanced = group.advance_to(options.last);
            let mut claimed = Claimed { dirty: u64::from(advanced), is_new: false };
            let consumer = consumer(group, reader, now);
            claimed.is_new = consumer.1;
            claimed.dirty += claim_all(out, (group, log), consumer.0, &options, now, &mut logged)?;
            if claimed.is_new && group.consumer(consumer.0).pending_len() == 0 {
                logged.consumer(reader);
            }
            if advanced {
                logged.position(group);
            }
            Ok(claimed)
        })
    })?;
    if let Some(claimed) = claimed.and_then(|changed| changed.result) {
        claimed?.tell(cmd);
    }
    logged.end(cmd.effects);
    Ok(())
}

/// What a claim changed.
pub(super) struct Claimed {
    pub dirty: u64,
    /// The consumer is a new one.
    pub is_new: bool,
}

impl Claimed {
    pub fn tell(&self, cmd: &mut Cmd<'_, '_>) {
        cmd.effects.dirty += self.dirty;
        if self.is_new {
            cmd.effects.dirty += 1;
            cmd.effects.notify(Class::Stream, "xgroup-createconsumer", cmd.db, cmd.first().bytes);
        }
    }
}

/// Whether the first key has a group; else the error is replied.
pub(super) fn has_group(cmd: &mut Cmd<'_, '_>, name: &[u8]) -> Result<bool, Refused> {
    let key = cmd.first();
    let stream = read::<Stream>(cmd.keys, cmd.effects, cmd.db, key)?;
    let found = stream.is_some_and(|stream| stream.group(name).is_some());
    if !found {
        no_group(cmd.out, key.bytes, name);
    }
    Ok(found)
}

/// Reads the request; `None` if an error was replied.
fn parse<'a>(cmd: &mut Cmd<'a, '_>, now: i64) -> Result<Option<Options<'a>>, Refused> {
    let number = |arg: &[u8], why| integer(arg).map_err(|_| Refused(why));
    let min_idle = number(cmd.args.at(4), "Invalid min-idle-time argument for XCLAIM")?.max(0);
    let ids = cmd.args.sub(5);
    let count = ids.iter().take_while(|id| exact(id).is_ok()).count();
    let (mut time, mut retries, last) = (None, None, StreamId::MIN);
    let mut options =
        Options { min_idle, ids, count, time: now, retries: None, force: false, just_ids: false, last };
    let mut words = ids.sub(count).iter();
    while let Some(word) = words.next() {
        let has_value = words.len() > 0;
        if is(word, "force") {
            options.force = true;
        } else if is(word, "justid") {
            options.just_ids = true;
        } else if let Some(value) = words.next().filter(|_| has_value && takes_value(word)) {
            match word.to_ascii_lowercase().as_slice() {
                b"idle" => {
                    time = Some(now.wrapping_sub(number(value, "Invalid IDLE option argument for XCLAIM")?))
                }
                b"time" => time = Some(number(value, "Invalid TIME option argument for XCLAIM")?),
                b"retrycount" => {
                    retries = Some(number(value, "Invalid RETRYCOUNT option argument for XCLAIM")?)
                }
                _ => options.last = exact(value)?,
            }
        } else {
            refuse(cmd.out, &[b"Unrecognized XCLAIM option '", word, b"'"]);
            return Ok(None);
        }
    }
    // Clients compute times by their own clocks: nonsense means now.
    options.time = time.filter(|time| (0..=now).contains(time)).unwrap_or(now);
    options.retries = retries.and_then(|retries| u64::try_from(retries).ok());
    Ok(Some(options))
}

fn takes_value(word: &[u8]) -> bool {
    ["idle", "time", "retrycount", "lastid"].iter().any(|option| is(word, option))
}

/// Claims all ids and replies those that could be; returns the number of changes.
fn claim_all(
    out: &mut Reply<'_>,
    (group, log): (&mut Group, &Log),
    consumer: ConsumerId,
    options: &Options<'_>,
    now: i64,
    logged: &mut Logged<'_>,
) -> Result<u64, Refused> {
    let count = match options.retries {
        Some(retries) => Count::Set(retries),
        None if options.just_ids => Count::Keep,
        None => Count::Add,
    };
    let (head, mut claimed, mut forgotten) = (out.array_later(), 0, 0);
    for id in options.ids.iter().take(options.count) {
        let id = exact(id)?;
        let Some(entry) = log.get(id) else {
            // What was deleted is nobody's.
            logged.owner(group, id);
            forgotten += u64::from(group.acknowledge(id));
            continue;
        };
        let is_claimable = match group.pending(id) {
            None => options.force,
            Some(pending) => options.min_idle == 0 || now.wrapping_sub(pending.time) >= options.min_idle,
        };
        if !is_claimable {
            continue;
        }
        group.claim(id, consumer, options.time, count);
        group.was_active(consumer, now);
        logged.owner(group, id);
        claimed += 1;
        if options.just_ids {
            reply_id(out, id);
        } else {
            reply_entry(out, entry);
        }
    }
    out.set_array_len(head, claimed);
    Ok(claimed as u64 + forgotten)
}
