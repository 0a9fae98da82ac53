//! The rows of the generic family: keys of any type.

use super::{copy, count, delete, dump, expire, memory, object, random, rename, scan, ttl};
use crate::command::Row;
use crate::spec::Flag::{Asking, Denyoom, Fast, Loading, Readonly, Stale, TouchesArbitraryKeys, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, OW, RM, RO, RW, Update};
use crate::spec::{
    Arg, ArgKind, Category, Group, KEY, KeySpec, Spec, first, flag, int, oneof, range, text, typed,
};

const LOOK: &[KeySpec] = &[first(1, &[RO])];
const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const CHANGE: &[KeySpec] = &[first(1, &[RW, Update])];
const ALL_LOOK: &[KeySpec] = &[range(1, -1, &[RO])];
const ALL_REMOVE: &[KeySpec] = &[range(1, -1, &[RM, Delete])];
const INNER_LOOK: &[KeySpec] = &[first(2, &[RO])];

const SUM: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];
const ANY_OUTPUT: &[&str] = &["nondeterministic_output"];

const CONDITION: Arg =
    oneof("condition", &[flag("nx", "NX"), flag("xx", "XX"), flag("gt", "GT"), flag("lt", "LT")])
        .since("7.0.0")
        .optional();
const UNIX_SECONDS: Arg = typed("unix-time-seconds", ArgKind::UnixTime);
const UNIX_MILLISECONDS: Arg = typed("unix-time-milliseconds", ArgKind::UnixTime);

const fn generic(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Generic, since)
}

const fn expiring(name: &'static str, since: &'static str, args: &'static [Arg]) -> Spec {
    generic(name, -3, since).with(&[Write, Fast]).keys(CHANGE).args(args)
}

const fn reading_ttl(name: &'static str, since: &'static str) -> Spec {
    generic(name, 2, since).with(&[Readonly, Fast]).keys(READ).args(&[KEY])
}

const fn inspecting(name: &'static str, since: &'static str) -> Spec {
    generic(name, 3, since).with(&[Readonly]).keys(INNER_LOOK).tips(ANY_OUTPUT).args(&[KEY])
}

const RESTORE_KEYS: &[KeySpec] = &[first(1, &[OW, Update])];
const RESTORE_ARGS: &[Arg] = &[
    KEY,
    int("ttl"),
    text("serialized-value"),
    flag("replace", "REPLACE").since("3.0.0").optional(),
    flag("absttl", "ABSTTL").since("5.0.0").optional(),
    int("seconds").after("IDLETIME").since("5.0.0").optional(),
    int("frequency").after("FREQ").since("5.0.0").optional(),
];

const fn restoring(name: &'static str, group: Group, since: &'static str) -> Spec {
    Spec::new(name, -4, group, since)
        .categories(&[Category::Keyspace, Category::Dangerous])
        .keys(RESTORE_KEYS)
        .args(RESTORE_ARGS)
}

/// Commands on keys of any type.
pub static ROWS: &[Row] = &[
    Row::keys(
        generic("copy", -3, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RO, Access]), first(2, &[OW, Update])])
            .args(&[
                typed("source", ArgKind::Key).of_spec(0),
                typed("destination", ArgKind::Key).of_spec(1),
                int("destination-db").after("DB").optional(),
                flag("replace", "REPLACE").optional(),
            ])
            .docs("Copies a value to another key.", "O(N) in the elements of the value"),
        copy::copy,
    ),
    Row::keys(
        generic("del", -2, "1.0.0")
            .with(&[Write])
            .keys(ALL_REMOVE)
            .tips(SUM)
            .args(&[KEY.multiple()])
            .docs("Deletes keys.", "O(N) in the keys and their elements"),
        delete::del,
    ),
    Row::keys(
        generic("dump", 2, "2.6.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(ANY_OUTPUT)
            .args(&[KEY])
            .docs("Returns a value in a form that RESTORE takes.", "O(N) in the elements of the value"),
        dump::dump,
    ),
    Row::keys(
        generic("exists", -2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(ALL_LOOK)
            .tips(SUM)
            .args(&[KEY.multiple()])
            .docs("Counts the keys that exist.", "O(N) in the keys"),
        count::exists,
    ),
    Row::keys(
        expiring("expire", "1.0.0", &[KEY, int("seconds"), CONDITION])
            .docs("Sets a time to live in seconds.", "O(1)"),
        expire::expire,
    ),
    Row::keys(
        expiring("expireat", "1.2.0", &[KEY, UNIX_SECONDS, CONDITION])
            .docs("Sets the second at which a key expires.", "O(1)"),
        expire::expireat,
    ),
    Row::keys(
        reading_ttl("expiretime", "7.0.0").docs("Returns the second at which a key expires.", "O(1)"),
        ttl::expiretime,
    ),
    Row::whole(
        generic("keys", 2, "1.0.0")
            .with(&[Readonly])
            .categories(&[Category::Keyspace, Category::Dangerous])
            .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
            .args(&[typed("pattern", ArgKind::Pattern)])
            .docs("Returns all keys that match a pattern.", "O(N) in the keys of the database"),
        scan::keys,
    ),
    Row::keys(
        Spec::new("memory", -2, Group::Server, "4.0.0")
            .categories(&[])
            .docs("Where memory goes.", "Depends on subcommand."),
        memory::help,
    ),
    Row::keys(
        Spec::new("memory|help", 2, Group::Server, "4.0.0")
            .with(&[Loading, Stale])
            .categories(&[])
            .docs("Lists the subcommands.", "O(1)"),
        memory::help,
    ),
    Row::keys(
        Spec::new("memory|usage", -3, Group::Server, "4.0.0")
            .with(&[Readonly])
            .keys(&[first(2, &[RO])])
            .args(&[KEY, int("count").after("SAMPLES").optional()])
            .docs("Returns the bytes that a key takes.", "O(1)"),
        memory::usage,
    ),
    Row::keys(
        generic("move", 3, "1.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Update])])
            .args(&[KEY, int("db")])
            .docs("Moves a key to another database.", "O(1)"),
        copy::move_key,
    ),
    Row::keys(
        generic("object", -2, "2.2.3")
            .categories(&[])
            .docs("How values are stored.", "Depends on subcommand."),
        object::help,
    ),
    Row::keys(
        inspecting("object|encoding", "2.2.3").docs("Returns the internal encoding of a value.", "O(1)"),
        object::encoding,
    ),
    Row::keys(
        inspecting("object|freq", "4.0.0").docs("Returns how often a key is used, on a log scale.", "O(1)"),
        object::freq,
    ),
    Row::keys(
        generic("object|help", 2, "6.2.0").with(&[Loading, Stale]).docs("Lists the subcommands.", "O(1)"),
        object::help,
    ),
    Row::keys(
        inspecting("object|idletime", "2.2.3").docs("Returns the seconds since a key was used.", "O(1)"),
        object::idletime,
    ),
    Row::keys(
        inspecting("object|refcount", "2.2.3").docs("Returns the references to a value.", "O(1)"),
        object::refcount,
    ),
    Row::keys(
        generic("persist", 2, "2.2.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY])
            .docs("Takes the time to live from a key.", "O(1)"),
        expire::persist,
    ),
    Row::keys(
        expiring("pexpire", "2.6.0", &[KEY, int("milliseconds"), CONDITION])
            .docs("Sets a time to live in milliseconds.", "O(1)"),
        expire::pexpire,
    ),
    Row::keys(
        expiring("pexpireat", "2.6.0", &[KEY, UNIX_MILLISECONDS, CONDITION])
            .docs("Sets the millisecond at which a key expires.", "O(1)"),
        expire::pexpireat,
    ),
    Row::keys(
        reading_ttl("pexpiretime", "7.0.0").docs("Returns the millisecond at which a key expires.", "O(1)"),
        ttl::pexpiretime,
    ),
    Row::keys(
        reading_ttl("pttl", "2.6.0")
            .tips(ANY_OUTPUT)
            .docs("Returns the time to live in milliseconds.", "O(1)"),
        ttl::pttl,
    ),
    Row::walk(
        generic("randomkey", 1, "1.0.0")
            .with(&[Readonly, TouchesArbitraryKeys])
            .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"])
            .docs("Returns any key of the database.", "O(1)"),
        random::randomkey,
    ),
    Row::keys(
        generic("rename", 3, "1.0.0")
            .with(&[Write])
            .keys(&[first(1, &[RW, Access, Delete]), first(2, &[OW, Update])])
            .args(RENAME_ARGS)
            .docs("Renames a key, overwriting the new name.", "O(1)"),
        rename::rename,
    ),
    Row::keys(
        generic("renamenx", 3, "1.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Delete]), first(2, &[OW, Insert])])
            .args(RENAME_ARGS)
            .docs("Renames a key if the new name is free.", "O(1)"),
        rename::renamenx,
    ),
    Row::keys(
        restoring("restore", Group::Generic, "2.6.0")
            .with(&[Write, Denyoom])
            .docs("Creates a key from what DUMP returned.", "O(N*log(N)) in the elements of the value"),
        dump::restore,
    ),
    Row::keys(
        restoring("restore-asking", Group::Server, "3.0.0")
            .with(&[Write, Denyoom, Asking])
            .docs("RESTORE into a slot that is being imported.", "O(N*log(N)) in the elements of the value")
            .syscmd(),
        dump::restore,
    ),
    Row::walk(
        generic("scan", -2, "2.8.0")
            .with(&[Readonly, TouchesArbitraryKeys])
            .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])
            .args(&[
                int("cursor"),
                typed("pattern", ArgKind::Pattern).after("MATCH").optional(),
                int("count").after("COUNT").optional(),
                text("type").after("TYPE").since("6.0.0").optional(),
            ])
            .docs("Walks the keys of the database, a few at a time.", "O(1) per call"),
        scan::scan,
    ),
    Row::keys(
        generic("touch", -2, "3.2.1")
            .with(&[Readonly, Fast])
            .keys(ALL_LOOK)
            .tips(SUM)
            .args(&[KEY.multiple()])
            .docs("Marks keys as used and counts them.", "O(N) in the keys"),
        count::touch,
    ),
    Row::keys(
        reading_ttl("ttl", "1.0.0").tips(ANY_OUTPUT).docs("Returns the time to live in seconds.", "O(1)"),
        ttl::ttl,
    ),
    Row::keys(
        generic("type", 2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(LOOK)
            .args(&[KEY])
            .docs("Returns the type of a value.", "O(1)"),
        count::type_of,
    ),
    Row::keys(
        generic("unlink", -2, "4.0.0")
            .with(&[Write, Fast])
            .keys(ALL_REMOVE)
            .tips(SUM)
            .args(&[KEY.multiple()])
            .docs("Deletes keys; big values are freed later.", "O(N) in the keys"),
        delete::unlink,
    ),
    Row::walk(
        Spec::new("dbsize", 1, Group::Server, "1.0.0")
            .with(&[Readonly, Fast])
            .categories(&[Category::Keyspace])
            .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
            .docs("Returns the number of keys of the database.", "O(1)"),
        count::dbsize,
    ),
];

const RENAME_ARGS: &[Arg] =
    &[typed("key", ArgKind::Key).of_spec(0), typed("newkey", ArgKind::Key).of_spec(1)];
