//! The rows of the string family.

use super::{append, counter, get, lcs, multi, range, set};
use crate::command::Row;
use crate::keys::set_keys;
use crate::spec::Flag::{Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, OW, RM, RO, RW, Update, VariableFlags};
use crate::spec::{
    Arg, ArgKind, Group, KEY, KeySpec, Spec, block, counted, first, flag, int, oneof, range as keys, span,
};
use crate::spec::{text, typed};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const CHANGE: &[KeySpec] = &[first(1, &[RW, Access, Update])];
const OVERWRITE: &[KeySpec] = &[first(1, &[OW, Update])];

const EX: Arg = int("seconds").after("EX");
const PX: Arg = int("milliseconds").after("PX");
const EXAT: Arg = typed("unix-time-seconds", ArgKind::UnixTime).after("EXAT");
const PXAT: Arg = typed("unix-time-milliseconds", ArgKind::UnixTime).after("PXAT");
const PAIRS: &[Arg] = &[block("data", &[KEY, text("value")]).multiple()];
const BOUNDS: &[Arg] = &[KEY, int("start"), int("end")];

const fn string(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::String, since)
}

/// Commands on string values.
pub static ROWS: &[Row] = &[
    Row::keys(
        string("append", 3, "2.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[RW, Insert])])
            .args(&[KEY, text("value")])
            .docs("Appends to a string, creating it if need be.", "O(1), amortized"),
        append::append,
    ),
    Row::keys(
        string("decr", 2, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY])
            .docs("Subtracts one from an integer.", "O(1)"),
        counter::decr,
    ),
    Row::keys(
        string("decrby", 3, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("decrement")])
            .docs("Subtracts from an integer.", "O(1)"),
        counter::decrby,
    ),
    Row::keys(
        string("delifeq", 3, "9.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RM, Delete])])
            .args(&[KEY, text("value")])
            .docs("Deletes a key if it holds this string.", "O(1)"),
        get::delifeq,
    ),
    Row::keys(
        string("get", 2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(&[KEY])
            .docs("Returns a string.", "O(1)"),
        get::get,
    ),
    Row::keys(
        string("getdel", 2, "6.2.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Delete])])
            .args(&[KEY])
            .docs("Returns a string and deletes its key.", "O(1)"),
        get::getdel,
    ),
    Row::keys(
        string("getex", -2, "6.2.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY, oneof("expiration", &[EX, PX, EXAT, PXAT, flag("persist", "PERSIST")]).optional()])
            .docs("Returns a string and sets or clears its time to live.", "O(1)"),
        get::getex,
    ),
    Row::keys(
        string("getrange", 4, "2.4.0")
            .with(&[Readonly])
            .keys(READ)
            .args(BOUNDS)
            .docs("Returns part of a string.", "O(N) in the bytes returned"),
        range::getrange,
    ),
    Row::keys(
        string("getset", 3, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY, text("value")])
            .docs("Sets a string and returns the one before.", "O(1)"),
        get::getset,
    ),
    Row::keys(
        string("incr", 2, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY])
            .docs("Adds one to an integer.", "O(1)"),
        counter::incr,
    ),
    Row::keys(
        string("incrby", 3, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("increment")])
            .docs("Adds to an integer.", "O(1)"),
        counter::incrby,
    ),
    Row::keys(
        string("incrbyfloat", 3, "2.6.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .args(&[KEY, typed("increment", ArgKind::Double)])
            .docs("Adds to a floating point number.", "O(1)"),
        counter::incrbyfloat,
    ),
    Row::keys(
        string("lcs", -3, "7.0.0")
            .with(&[Readonly])
            .keys(&[keys(1, 1, &[RO, Access])])
            .args(&[
                typed("key1", ArgKind::Key).of_spec(0),
                typed("key2", ArgKind::Key).of_spec(0),
                flag("len", "LEN").optional(),
                flag("idx", "IDX").optional(),
                int("min-match-len").after("MINMATCHLEN").optional(),
                flag("withmatchlen", "WITHMATCHLEN").optional(),
            ])
            .docs("Finds the longest common subsequence of two strings.", "O(N*M) in their lengths"),
        lcs::lcs,
    ),
    Row::keys(
        string("mget", -2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(&[keys(1, -1, &[RO, Access])])
            .tips(&["request_policy:multi_shard"])
            .args(&[KEY.multiple()])
            .docs("Returns several strings.", "O(N) in the keys"),
        multi::mget,
    ),
    Row::keys(
        string("mset", -3, "1.0.1")
            .with(&[Write, Denyoom])
            .keys(&[span(1, -1, 2, &[OW, Update])])
            .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
            .args(PAIRS)
            .docs("Sets several strings at once.", "O(N) in the keys"),
        multi::mset,
    ),
    Row::keys(
        string("msetex", -4, "9.1.0")
            .with(&[Write, Denyoom])
            .keys(&[counted(1, 2, &[OW, Update])])
            .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
            .args(&[
                int("numkeys"),
                block("data", &[KEY, text("value")]).multiple(),
                oneof("condition", &[flag("nx", "NX"), flag("xx", "XX")]).optional(),
                oneof("expiration", &[EX, PX, EXAT, PXAT, flag("keepttl", "KEEPTTL")]).optional(),
            ])
            .docs("Sets several strings at once, with a condition and a time to live.", "O(N) in the keys"),
        multi::msetex,
    ),
    Row::keys(
        string("msetnx", -3, "1.0.1")
            .with(&[Write, Denyoom])
            .keys(&[span(1, -1, 2, &[OW, Insert])])
            .args(PAIRS)
            .docs("Sets several strings if none of the keys exists.", "O(N) in the keys"),
        multi::msetnx,
    ),
    Row::keys(
        string("psetex", 4, "2.6.0")
            .with(&[Write, Denyoom])
            .keys(OVERWRITE)
            .args(&[KEY, int("milliseconds"), text("value")])
            .docs("Sets a string with a time to live in milliseconds.", "O(1)"),
        set::psetex,
    ),
    Row::keys(
        string("set", -3, "1.0.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Access, Update, VariableFlags])])
            .getkeys(set_keys)
            .args(SET_ARGS)
            .docs("Sets a string, whatever the key held before.", "O(1)"),
        set::set,
    ),
    Row::keys(
        string("setex", 4, "2.0.0")
            .with(&[Write, Denyoom])
            .keys(OVERWRITE)
            .args(&[KEY, int("seconds"), text("value")])
            .docs("Sets a string with a time to live in seconds.", "O(1)"),
        set::setex,
    ),
    Row::keys(
        string("setnx", 3, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[OW, Insert])])
            .args(&[KEY, text("value")])
            .docs("Sets a string if the key does not exist.", "O(1)"),
        set::setnx,
    ),
    Row::keys(
        string("setrange", 4, "2.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Update])])
            .args(&[KEY, int("offset"), text("value")])
            .docs("Overwrites part of a string, padding it with zero bytes.", "O(M) in the value's bytes"),
        range::setrange,
    ),
    Row::keys(
        string("strlen", 2, "2.2.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .args(&[KEY])
            .docs("Returns the length of a string in bytes.", "O(1)"),
        get::strlen,
    ),
    Row::keys(
        string("substr", 4, "1.0.0")
            .with(&[Readonly])
            .keys(READ)
            .args(BOUNDS)
            .docs("Returns part of a string; an older name of GETRANGE.", "O(N) in the bytes returned"),
        range::getrange,
    ),
];

const SET_ARGS: &[Arg] = &[
    KEY,
    text("value"),
    oneof(
        "condition",
        &[
            flag("nx", "NX").since("2.6.12"),
            flag("xx", "XX").since("2.6.12"),
            text("comparison-value").after("IFEQ").since("8.1.0"),
        ],
    )
    .optional(),
    flag("get", "GET").since("6.2.0").optional(),
    oneof(
        "expiration",
        &[
            EX.since("2.6.12"),
            PX.since("2.6.12"),
            EXAT.since("6.2.0"),
            PXAT.since("6.2.0"),
            flag("keepttl", "KEEPTTL").since("6.0.0"),
        ],
    )
    .optional(),
];
