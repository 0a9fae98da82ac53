//! The rows of the stream family.

use super::read::read_keys;
use super::{ack, add, autoclaim, claim, delete, group, info, pending, range, read, readgroup, setid, trim};
use crate::command::Row;
use crate::spec::Flag::{Blocking, Denyoom, Fast, Loading, Readonly, Stale, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, RO, RW, Update};
use crate::spec::{
    Arg, ArgKind, Begin, Find, Group, KEY, KeyFlag, KeyFlags, KeySpec, Spec, block, first, flag, int, oneof,
    text, typed,
};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const UPDATE: &[KeySpec] = &[first(1, &[RW, Update])];
const DELETE: &[KeySpec] = &[first(1, &[RW, Delete])];
const INFO: &[KeySpec] = &[first(2, &[RO, Access])];
const GROUP: Arg = text("group");
const CONSUMER: Arg = text("consumer");
const IDS: Arg = text("ID").multiple();
const MIN_IDLE: Arg = text("min-idle-time");
const COUNT: Arg = int("count").after("COUNT").optional();
const BLOCK: Arg = int("milliseconds").after("BLOCK").optional();
const JUSTID: Arg = flag("justid", "JUSTID").optional();
const STREAMS: Arg = block("streams", &[KEY.multiple(), IDS]).after("STREAMS");
const GROUP_ID: Arg = oneof("id-selector", &[text("id"), flag("new-id", "$")]);
const ENTRIESREAD: Arg = int("entriesread").after("ENTRIESREAD").shown_as("entries-read").optional();
const TRIM: Arg = block(
    "trim",
    &[
        oneof("strategy", &[flag("maxlen", "MAXLEN"), flag("minid", "MINID").since("6.2.0")]),
        oneof("operator", &[flag("equal", "="), flag("approximately", "~")]).optional(),
        text("threshold"),
        int("count").after("LIMIT").since("6.2.0").optional(),
    ],
);

const fn stream(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Stream, since)
}

/// The keys are the first half of what follows `STREAMS`.
const fn streams_from(at: i8) -> KeySpec {
    const FLAGS: &[KeyFlag] = &[RO, Access];
    let find = Find::Range { last: -1, step: 1, limit: 2 };
    KeySpec { flags: KeyFlags::of(FLAGS), begin: Begin::Keyword("STREAMS", at), find }
}

/// Commands on streams.
pub static ROWS: &[Row] = &[
    Row::keys(
        stream("xack", -4, "5.0.0").with(&[Write, Fast]).keys(UPDATE).args(&[KEY, GROUP, IDS]).docs(
            "Takes entries that a group's consumers have dealt with out of its pending ones.",
            "O(1) for each ID",
        ),
        ack::xack,
    ),
    Row::keys(
        stream("xadd", -5, "5.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(UPDATE)
            .tips(&["nondeterministic_output"])
            .args(&[
                KEY,
                flag("nomkstream", "NOMKSTREAM").since("6.2.0").optional(),
                TRIM.optional(),
                oneof("id-selector", &[flag("auto-id", "*"), text("id")]),
                block("data", &[text("field"), text("value")]).multiple(),
            ])
            .docs("Adds an entry to a stream.", "O(1), and O(N) in the entries that are trimmed"),
        add::xadd,
    ),
    Row::keys(
        stream("xautoclaim", -6, "6.2.0")
            .with(&[Write, Fast])
            .keys(DELETE)
            .tips(&["nondeterministic_output"])
            .args(&[KEY, GROUP, CONSUMER, MIN_IDLE, text("start"), COUNT, JUSTID])
            .docs("Gives a consumer pending entries that others have left lying.", "O(1) for a small COUNT"),
        autoclaim::xautoclaim,
    ),
    Row::keys(
        stream("xclaim", -6, "5.0.0")
            .with(&[Write, Fast])
            .keys(UPDATE)
            .tips(&["nondeterministic_output"])
            .args(&[
                KEY,
                GROUP,
                CONSUMER,
                MIN_IDLE,
                IDS,
                int("ms").after("IDLE").optional(),
                typed("unix-time-milliseconds", ArgKind::UnixTime).after("TIME").optional(),
                int("count").after("RETRYCOUNT").optional(),
                flag("force", "FORCE").optional(),
                JUSTID,
                text("lastid").after("LASTID").optional(),
            ])
            .docs(
                "Gives a consumer pending entries, named by their IDs.",
                "O(log N) for each ID, N being the pending entries",
            ),
        claim::xclaim,
    ),
    Row::keys(
        stream("xdel", -3, "5.0.0")
            .with(&[Write, Fast])
            .keys(DELETE)
            .args(&[KEY, IDS])
            .docs("Removes entries, named by their IDs.", "O(1) for each ID"),
        delete::xdel,
    ),
    Row::keys(
        stream("xgroup", -2, "5.0.0").categories(&[]).docs("Groups of consumers.", "Depends on subcommand."),
        group::xgroup_help,
    ),
    Row::keys(
        stream("xgroup|create", -5, "5.0.0")
            .with(&[Write, Denyoom])
            .keys(&[first(2, &[RW, Insert])])
            .args(&[KEY, GROUP, GROUP_ID, flag("mkstream", "MKSTREAM").optional(), ENTRIESREAD])
            .docs("Makes a group of consumers.", "O(1)"),
        group::create,
    ),
    Row::keys(
        stream("xgroup|createconsumer", 5, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(2, &[RW, Insert])])
            .args(&[KEY, GROUP, CONSUMER])
            .docs("Makes a consumer of a group.", "O(1)"),
        group::create_consumer,
    ),
    Row::keys(
        stream("xgroup|delconsumer", 5, "5.0.0")
            .with(&[Write])
            .keys(&[first(2, &[RW, Delete])])
            .args(&[KEY, GROUP, CONSUMER])
            .docs("Removes a consumer of a group with its pending entries.", "O(N) in its pending entries"),
        group::delete_consumer,
    ),
    Row::keys(
        stream("xgroup|destroy", 4, "5.0.0")
            .with(&[Write])
            .keys(&[first(2, &[RW, Delete])])
            .args(&[KEY, GROUP])
            .docs("Removes a group of consumers.", "O(N) in its pending entries"),
        group::destroy,
    ),
    Row::keys(
        stream("xgroup|help", 2, "5.0.0").with(&[Loading, Stale]).docs("Lists the subcommands.", "O(1)"),
        group::xgroup_help,
    ),
    Row::keys(
        stream("xgroup|setid", -5, "5.0.0")
            .with(&[Write])
            .keys(&[first(2, &[RW, Update])])
            .args(&[KEY, GROUP, GROUP_ID, ENTRIESREAD])
            .docs("Sets up to where a group has read.", "O(1)"),
        group::set_id,
    ),
    Row::keys(
        stream("xinfo", -2, "5.0.0")
            .categories(&[])
            .docs("What is known of a stream.", "Depends on subcommand."),
        info::xinfo_help,
    ),
    Row::keys(
        stream("xinfo|consumers", 4, "5.0.0")
            .with(&[Readonly])
            .keys(INFO)
            .tips(&["nondeterministic_output"])
            .args(&[KEY, GROUP])
            .docs("Lists the consumers of a group.", "O(N) in the consumers"),
        info::consumers,
    ),
    Row::keys(
        stream("xinfo|groups", 3, "5.0.0")
            .with(&[Readonly])
            .keys(INFO)
            .args(&[KEY])
            .docs("Lists the groups of a stream.", "O(N) in the groups"),
        info::groups,
    ),
    Row::keys(
        stream("xinfo|help", 2, "5.0.0").with(&[Loading, Stale]).docs("Lists the subcommands.", "O(1)"),
        info::xinfo_help,
    ),
    Row::keys(
        stream("xinfo|stream", -3, "5.0.0")
            .with(&[Readonly])
            .keys(INFO)
            .args(&[KEY, block("full-block", &[flag("full", "FULL"), COUNT]).optional()])
            .docs("Describes a stream.", "O(1); with FULL, O(N) in what is shown"),
        info::stream,
    ),
    Row::keys(
        stream("xlen", 2, "5.0.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .args(&[KEY])
            .docs("Returns the number of entries.", "O(1)"),
        delete::xlen,
    ),
    Row::keys(
        stream("xpending", -3, "5.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output"])
            .args(&[
                KEY,
                GROUP,
                block(
                    "filters",
                    &[
                        int("min-idle-time").after("IDLE").since("6.2.0").optional(),
                        text("start"),
                        text("end"),
                        int("count"),
                        CONSUMER.optional(),
                    ],
                )
                .optional(),
            ])
            .docs(
                "Shows the entries that a group's consumers have got and not acknowledged.",
                "O(N) in the entries looked at",
            ),
        pending::xpending,
    ),
    Row::keys(
        stream("xrange", -4, "5.0.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("start"), text("end"), COUNT])
            .docs("Returns the entries between two IDs.", "O(N) in the entries returned"),
        range::xrange,
    ),
    Row::keys(
        stream("xread", -4, "5.0.0")
            .with(&[Readonly, Blocking])
            .keys(&[streams_from(1)])
            .getkeys(read_keys)
            .args(&[COUNT, BLOCK, STREAMS])
            .docs(
                "Returns the entries behind an ID of each stream, and waits for some.",
                "O(N) in the entries returned",
            ),
        read::xread,
    ),
    Row::keys(
        stream("xreadgroup", -7, "5.0.0")
            .with(&[Write, Blocking])
            .keys(&[streams_from(4)])
            .getkeys(read_keys)
            .args(&[
                block("group-block", &[GROUP, CONSUMER]).after("GROUP"),
                COUNT,
                BLOCK,
                flag("noack", "NOACK").optional(),
                STREAMS,
            ])
            .docs(
                "Delivers entries that the group has not got yet to a consumer, and waits for some.",
                "O(N) in the entries returned",
            ),
        readgroup::xreadgroup,
    ),
    Row::keys(
        stream("xrevrange", -4, "5.0.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("end"), text("start"), COUNT])
            .docs("Returns the entries between two IDs, the last one first.", "O(N) in the entries returned"),
        range::xrevrange,
    ),
    Row::keys(
        stream("xsetid", -3, "5.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(UPDATE)
            .args(&[
                KEY,
                text("last-id"),
                int("entries-added").after("ENTRIESADDED").since("7.0.0").optional(),
                text("max-deleted-id").after("MAXDELETEDID").since("7.0.0").optional(),
            ])
            .docs("Sets the last ID of a stream, and what is remembered of entries that went.", "O(1)"),
        setid::xsetid,
    ),
    Row::keys(
        stream("xtrim", -4, "5.0.0")
            .with(&[Write])
            .keys(DELETE)
            .tips(&["nondeterministic_output"])
            .args(&[KEY, TRIM])
            .docs("Removes the oldest entries.", "O(N) in the entries removed"),
        trim::xtrim,
    ),
];
