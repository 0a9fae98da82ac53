//! The rows of the hash family.

use super::{counter, expire, get, getex, random, remove, scan, set, setex, ttl};
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, RO, RW, Update};
use crate::spec::{Arg, ArgKind, Group, KEY, KeySpec, Spec};
use crate::spec::{block, first, flag, int, oneof, text, typed};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const CHANGE: &[KeySpec] = &[first(1, &[RW, Update])];
const GET_AND_CHANGE: &[KeySpec] = &[first(1, &[RW, Access, Update])];
const INSERT: &[KeySpec] = &[first(1, &[RW, Insert])];
const FIELD: &[Arg] = &[KEY, text("field")];
const FIELDS_OF: &[Arg] = &[KEY, text("field").multiple()];
const PAIR: Arg = block("data", &[text("field"), text("value")]).multiple();
const PAIRS: &[Arg] = &[KEY, PAIR];
const CONDITION: Arg =
    oneof("condition", &[flag("nx", "NX"), flag("xx", "XX"), flag("gt", "GT"), flag("lt", "LT")]).optional();
const NAMED: Arg = block("fields", &[int("numfields"), text("field").multiple()]).after("FIELDS");
/// As the reference has it: the count is said to be of the key's spec.
const NAMED_OF: Arg =
    block("fields", &[int("numfields").of_spec(0), text("field").multiple()]).after("FIELDS");
const ASK: &[Arg] = &[KEY, NAMED_OF];
const EX: Arg = int("seconds").after("EX");
const PX: Arg = int("milliseconds").after("PX");
const EXAT: Arg = typed("unix-time-seconds", ArgKind::UnixTime).after("EXAT");
const PXAT: Arg = typed("unix-time-milliseconds", ArgKind::UnixTime).after("PXAT");

const fn hash(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Hash, since)
}

/// Commands on hashes.
pub static ROWS: &[Row] = &[
    Row::keys(
        hash("hdel", -3, "2.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Delete])])
            .element(2)
            .args(FIELDS_OF)
            .docs("Removes fields from a hash.", "O(N), N being the fields"),
        remove::hdel,
    ),
    Row::keys(
        hash("hexists", 3, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .element(2)
            .args(FIELD)
            .docs("Returns whether a field is in a hash.", "O(1)"),
        get::hexists,
    ),
    Row::keys(
        hash("hexpire", -6, "9.0.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("seconds"), CONDITION, NAMED])
            .docs(
                "Sets the time to live of fields.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        expire::hexpire,
    ),
    Row::keys(
        hash("hexpireat", -6, "9.0.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("unix-time-seconds"), CONDITION.since("9.0.0"), NAMED_OF])
            .docs(
                "Sets the time at which fields expire.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        expire::hexpireat,
    ),
    Row::keys(
        hash("hexpiretime", -5, "9.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(ASK)
            .docs("Returns when fields expire.", "O(N), N being the fields"),
        ttl::hexpiretime,
    ),
    Row::keys(
        hash("hget", 3, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(FIELD)
            .docs("Returns the value of a field.", "O(1)"),
        get::hget,
    ),
    Row::keys(
        hash("hgetall", 2, "2.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output_order"])
            .args(&[KEY])
            .docs("Returns all fields of a hash with their values.", "O(N)"),
        get::hgetall,
    ),
    Row::keys(
        hash("hgetdel", -5, "9.1.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Delete])])
            .args(ASK)
            .docs("Removes fields and returns their values.", "O(N), N being the fields"),
        remove::hgetdel,
    ),
    Row::keys(
        hash("hgetex", -5, "9.0.0")
            .with(&[Write, Fast])
            .keys(GET_AND_CHANGE)
            .args(&[
                KEY,
                oneof("expiration", &[EX, PX, EXAT, PXAT, flag("persist", "PERSIST")]).optional(),
                NAMED_OF,
            ])
            .docs(
                "Returns the values of fields and sets or clears their time to live.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        getex::hgetex,
    ),
    Row::keys(
        hash("hincrby", 4, "2.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(GET_AND_CHANGE)
            .element(2)
            .args(&[KEY, text("field"), int("increment")])
            .docs("Adds to the integer in a field.", "O(1)"),
        counter::hincrby,
    ),
    Row::keys(
        hash("hincrbyfloat", 4, "2.6.0")
            .with(&[Write, Denyoom, Fast])
            .keys(GET_AND_CHANGE)
            .element(2)
            .args(&[KEY, text("field"), typed("increment", ArgKind::Double)])
            .docs("Adds to the float in a field.", "O(1)"),
        counter::hincrbyfloat,
    ),
    Row::keys(
        hash("hkeys", 2, "2.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output_order"])
            .args(&[KEY])
            .docs("Returns all fields of a hash.", "O(N)"),
        get::hkeys,
    ),
    Row::keys(
        hash("hlen", 2, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .args(&[KEY])
            .docs("Returns how many fields a hash has.", "O(1)"),
        get::hlen,
    ),
    Row::keys(
        hash("hmget", -3, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(FIELDS_OF)
            .docs("Returns the values of fields.", "O(N), N being the fields"),
        get::hmget,
    ),
    Row::keys(
        hash("hmset", -4, "2.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .element(2)
            .args(PAIRS)
            .docs("Sets fields of a hash.", "O(N), N being the fields"),
        set::hmset,
    ),
    Row::keys(
        hash("hpersist", -5, "9.0.0").with(&[Write, Fast]).keys(CHANGE).args(ASK).docs(
            "Clears the time to live of fields.",
            "O(N*log(M)), N being the fields and M those that expire",
        ),
        expire::hpersist,
    ),
    Row::keys(
        hash("hpexpire", -6, "9.0.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("milliseconds"), CONDITION.since("9.0.0"), NAMED_OF])
            .docs(
                "Sets the time to live of fields in milliseconds.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        expire::hpexpire,
    ),
    Row::keys(
        hash("hpexpireat", -6, "9.0.0")
            .with(&[Write, Fast])
            .keys(CHANGE)
            .args(&[KEY, int("unix-time-milliseconds"), CONDITION.since("9.0.0"), NAMED_OF])
            .docs(
                "Sets the millisecond at which fields expire.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        expire::hpexpireat,
    ),
    Row::keys(
        hash("hpexpiretime", -5, "9.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(ASK)
            .docs("Returns the millisecond at which fields expire.", "O(N), N being the fields"),
        ttl::hpexpiretime,
    ),
    Row::keys(
        hash("hpttl", -5, "9.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(ASK)
            .docs("Returns how many milliseconds fields have to live.", "O(N), N being the fields"),
        ttl::hpttl,
    ),
    Row::keys(
        hash("hrandfield", -2, "6.2.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output"])
            .args(&[
                KEY,
                block("options", &[int("count"), flag("withvalues", "WITHVALUES").optional()]).optional(),
            ])
            .docs("Returns fields at random.", "O(N), N being the fields returned"),
        random::hrandfield,
    ),
    Row::keys(
        hash("hscan", -3, "2.8.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output"])
            .args(&[
                KEY,
                int("cursor"),
                typed("pattern", ArgKind::Pattern).after("MATCH").optional(),
                int("count").after("COUNT").optional(),
                flag("novalues", "NOVALUES").optional(),
            ])
            .docs("Goes through fields and values, a few at a time.", "O(1) for each call, O(N) for all"),
        scan::hscan,
    ),
    Row::keys(
        hash("hset", -4, "2.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(CHANGE)
            .element(2)
            .args(PAIRS)
            .docs("Sets fields of a hash, and returns how many are new.", "O(N), N being the fields"),
        set::hset,
    ),
    Row::keys(
        hash("hsetex", -6, "9.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(INSERT)
            .args(&[
                KEY,
                oneof("key-condition", &[flag("nx", "NX"), flag("xx", "XX")]).optional(),
                oneof("fields-condition", &[flag("fnx", "FNX"), flag("fxx", "FXX")]).optional(),
                oneof("expiration", &[EX, PX, EXAT, PXAT, flag("keepttl", "KEEPTTL")]).optional(),
                block("fields", &[int("numfields").of_spec(0), PAIR]).after("FIELDS"),
            ])
            .docs(
                "Sets fields of a hash and their time to live.",
                "O(N*log(M)), N being the fields and M those that expire",
            ),
        setex::hsetex,
    ),
    Row::keys(
        hash("hsetnx", 4, "2.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(INSERT)
            .element(2)
            .args(&[KEY, text("field"), text("value")])
            .docs("Sets a field that is not there.", "O(1)"),
        set::hsetnx,
    ),
    Row::keys(
        hash("hstrlen", 3, "3.2.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .element(2)
            .args(FIELD)
            .docs("Returns the length of a field's value.", "O(1)"),
        get::hstrlen,
    ),
    Row::keys(
        hash("httl", -5, "9.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(ASK)
            .docs("Returns how many seconds fields have to live.", "O(N), N being the fields"),
        ttl::httl,
    ),
    Row::keys(
        hash("hvals", 2, "2.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output_order"])
            .args(&[KEY])
            .docs("Returns all values of a hash.", "O(N)"),
        get::hvals,
    ),
];
