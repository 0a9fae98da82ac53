//! XINFO.

use resp::Reply;
use store::value::Stream;
use store::value::stream::{Consumer, Group, Log, StreamId};

use super::entry::{reply_entries, reply_entry_or_null, reply_id};
use super::group::bad_subcommand;
use super::no_group_of;
use crate::args::{NO_SUCH_KEY, Refused, help, integer, is};
use crate::command::Cmd;
use crate::typed::read;

/// Entries, groups' and consumers' pending entries shown by `FULL`, unless told otherwise.
const FULL_COUNT: usize = 10;

const HELP: &[&str] = &[
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
];

/// `XINFO HELP`
pub fn xinfo_help(cmd: &mut Cmd<'_, '_>) {
    help("XINFO", HELP, cmd.out);
}

/// `XINFO CONSUMERS key group`
pub fn consumers(cmd: &mut Cmd<'_, '_>) {
    let (key, name) = (cmd.key(2, 0), cmd.args.at(3));
    let now = cmd.keys.now_ms() as i64;
    let stream = read::<Stream>(cmd.keys, cmd.effects, cmd.db, key);
    let result =
        stream.and_then(|stream| stream.ok_or(Refused(NO_SUCH_KEY))).map(|stream| match stream.group(name) {
            None => no_group_of(cmd.out, key.bytes, name),
            Some(group) => {
                cmd.out.array(group.consumers().len());
                group.consumers().for_each(|consumer| show_consumer(cmd.out, consumer, now));
            }
        });
    cmd.end(result);
}

fn show_consumer(out: &mut Reply<'_>, consumer: &Consumer, now: i64) {
    out.map(4);
    out.bulk(b"name");
    out.bulk(consumer.name());
    out.bulk(b"pending");
    out.int(consumer.pending_len() as i64);
    out.bulk(b"idle");
    out.int(now.saturating_sub(consumer.seen()).max(0));
    out.bulk(b"inactive");
    out.int(consumer.active().map_or(-1, |active| now.saturating_sub(active).max(0)));
}

/// `XINFO GROUPS key`
pub fn groups(cmd: &mut Cmd<'_, '_>) {
    let stream = read::<Stream>(cmd.keys, cmd.effects, cmd.db, cmd.key(2, 0));
    let result = stream.and_then(|stream| stream.ok_or(Refused(NO_SUCH_KEY))).map(|stream| {
        cmd.out.array(stream.groups().len());
        stream.groups().for_each(|group| show_group(cmd.out, group, stream.log()));
    });
    cmd.end(result);
}

fn show_group(out: &mut Reply<'_>, group: &Group, log: &Log) {
    out.map(6);
    out.bulk(b"name");
    out.bulk(group.name());
    out.bulk(b"consumers");
    out.int(group.consumers().len() as i64);
    out.bulk(b"pending");
    out.int(group.pending_len() as i64);
    show_position(out, group, log);
}

/// The three fields that tell how far a group has read.
fn show_position(out: &mut Reply<'_>, group: &Group, log: &Log) {
    out.bulk(b"last-delivered-id");
    reply_id(out, group.last_id());
    out.bulk(b"entries-read");
    int_or_null(out, group.entries_read().map(|read| read as i64));
    out.bulk(b"lag");
    int_or_null(out, log.lag(group));
}

fn int_or_null(out: &mut Reply<'_>, n: Option<i64>) {
    match n {
        Some(n) => out.int(n),
        None => out.null(),
    }
}

/// `XINFO STREAM key [FULL [COUNT count]]`
pub fn stream(cmd: &mut Cmd<'_, '_>) {
    let result = try_stream(cmd);
    cmd.end(result);
}

fn try_stream(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let args = cmd.args;
    let Some(stream) = read::<Stream>(cmd.keys, cmd.effects, cmd.db, cmd.key(2, 0))? else {
        return Err(Refused(NO_SUCH_KEY));
    };
    let (log, groups) = (stream.log(), stream.groups().len());
    let is_word = |at: usize, word| args.get(at).is_some_and(|arg| is(arg, word));
    let count = match args.len() {
        3 => {
            cmd.out.map(10);
            show_log(cmd.out, log);
            cmd.out.bulk(b"groups");
            cmd.out.int(groups as i64);
            show_ends(cmd.out, log);
            return Ok(());
        }
        4 if is_word(3, "full") => FULL_COUNT,
        6 if is_word(3, "full") && is_word(4, "count") => match integer(args.at(5))? {
            0 => usize::MAX,
            count => usize::try_from(count).unwrap_or(FULL_COUNT),
        },
        _ => {
            bad_subcommand(cmd.out, "XINFO", args.at(1));
            return Ok(());
        }
    };
    cmd.out.map(9);
    show_log(cmd.out, log);
    cmd.out.bulk(b"entries");
    reply_entries(cmd.out, log.range(StreamId::MIN, StreamId::MAX), count, |_| {});
    cmd.out.bulk(b"groups");
    cmd.out.array(groups);
    stream.groups().for_each(|group| show_full_group(cmd.out, group, log, count));
    Ok(())
}

/// The seven fields that both forms begin with.
fn show_log(out: &mut Reply<'_>, log: &Log) {
    out.bulk(b"length");
    out.int(log.len() as i64);
    out.bulk(b"radix-tree-keys");
    out.int(log.node_count() as i64);
    // The index of nodes is no radix tree: one that has no common prefixes would have a root and a leaf for each key.
    out.bulk(b"radix-tree-nodes");
    out.int(log.node_count() as i64 + 1);
    let ids = [(&b"last-generated-id"[..], log.last_id()), (b"max-deleted-entry-id", log.max_deleted_id())];
    for (name, id) in ids {
        out.bulk(name);
        reply_id(out, id);
    }
    out.bulk(b"entries-added");
    out.int(log.entries_added() as i64);
    out.bulk(b"recorded-first-entry-id");
    reply_id(out, log.first_id());
}

fn show_ends(out: &mut Reply<'_>, log: &Log) {
    out.bulk(b"first-entry");
    reply_entry_or_null(out, log.range(StreamId::MIN, StreamId::MAX).next());
    out.bulk(b"last-entry");
    reply_entry_or_null(out, log.range_back(StreamId::MIN, StreamId::MAX).next());
}

fn show_full_group(out: &mut Reply<'_>, group: &Group, log: &Log, count: usize) {
    out.map(7);
    out.bulk(b"name");
    out.bulk(group.name());
    show_position(out, group, log);
    out.bulk(b"pel-count");
    out.int(group.pending_len() as i64);
    out.bulk(b"pending");
    out.array(group.pending_len().min(count));
    for (id, pending) in group.pending_from(StreamId::MIN).take(count) {
        out.array(4);
        reply_id(out, id);
        out.bulk(group.consumer(pending.consumer).name());
        out.int(pending.time);
        out.int(pending.count as i64);
    }
    out.bulk(b"consumers");
    out.array(group.consumers().len());
    group.consumers().for_each(|consumer| show_full_consumer(out, group, consumer, count));
}

fn show_full_consumer(out: &mut Reply<'_>, group: &Group, consumer: &Consumer, count: usize) {
    out.map(5);
    out.bulk(b"name");
    out.bulk(consumer.name());
    out.bulk(b"seen-time");
    out.int(consumer.seen());
    out.bulk(b"active-time");
    out.int(consumer.active().unwrap_or(-1));
    out.bulk(b"pel-count");
    out.int(consumer.pending_len() as i64);
    out.bulk(b"pending");
    out.array(consumer.pending_len().min(count));
    for id in consumer.pending_from(StreamId::MIN).take(count) {
        let pending = group.pending(id);
        out.array(3);
        reply_id(out, id);
        out.int(pending.map_or(0, |pending| pending.time));
        out.int(pending.map_or(0, |pending| pending.count as i64));
    }
}
