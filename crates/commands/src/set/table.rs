//! The rows of the set family.

use super::{algebra, edit, look, pop, random, scan};
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, OW, RO, RW, Update};
use crate::spec::{Arg, ArgKind, Group, KEY, KeySpec, Spec};
use crate::spec::{first, int, keynum, range, text, typed};

const LOOK: &[KeySpec] = &[first(1, &[RO])];
const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const READ_ALL: &[KeySpec] = &[range(1, -1, &[RO, Access])];
const STORE: &[KeySpec] = &[first(1, &[OW, Update]), range(2, -1, &[RO, Access])];
const ANY_OUTPUT: &[&str] = &["nondeterministic_output"];
const ANY_ORDER: &[&str] = &["nondeterministic_output_order"];
const KEYS: &[Arg] = &[KEY.multiple()];
const STORE_KEYS: &[Arg] =
    &[typed("destination", ArgKind::Key).of_spec(0), typed("key", ArgKind::Key).of_spec(1).multiple()];
const MEMBERS: &[Arg] = &[KEY, text("member").multiple()];

const fn set(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Set, since)
}

/// Commands on sets.
pub static ROWS: &[Row] = &[
    Row::keys(
        set("sadd", -3, "1.0.0")
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[RW, Insert])])
            .element(2)
            .args(MEMBERS)
            .docs("Adds members to a set.", "O(1) for each member"),
        edit::sadd,
    ),
    Row::keys(
        set("scard", 2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(LOOK)
            .args(&[KEY])
            .docs("Returns how many members a set has.", "O(1)"),
        look::scard,
    ),
    Row::keys(
        set("sdiff", -2, "1.0.0").with(&[Readonly]).keys(READ_ALL).tips(ANY_ORDER).args(KEYS).docs(
            "Returns the members of the first set that no other has.",
            "O(N) in the members of all sets",
        ),
        algebra::sdiff,
    ),
    Row::keys(
        set("sdiffstore", -3, "1.0.0").with(&[Write, Denyoom]).keys(STORE).args(STORE_KEYS).docs(
            "Stores the members of the first set that no other has.",
            "O(N) in the members of all sets",
        ),
        algebra::sdiffstore,
    ),
    Row::keys(
        set("sinter", -2, "1.0.0").with(&[Readonly]).keys(READ_ALL).tips(ANY_ORDER).args(KEYS).docs(
            "Returns the members that all of several sets have.",
            "O(N*M), N being the smallest of M sets",
        ),
        algebra::sinter,
    ),
    Row::keys(
        set("sintercard", -3, "7.0.0")
            .with(&[Readonly])
            .keys(&[keynum(1, &[RO, Access])])
            .args(&[int("numkeys"), KEY.multiple(), int("limit").after("LIMIT").optional()])
            .docs(
                "Counts the members that all of several sets have.",
                "O(N*M), N being the smallest of M sets",
            ),
        algebra::sintercard,
    ),
    Row::keys(
        set("sinterstore", -3, "1.0.0").with(&[Write, Denyoom]).keys(STORE).args(STORE_KEYS).docs(
            "Stores the members that all of several sets have.",
            "O(N*M), N being the smallest of M sets",
        ),
        algebra::sinterstore,
    ),
    Row::keys(
        set("sismember", 3, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(LOOK)
            .element(2)
            .args(&[KEY, text("member")])
            .docs("Tells whether a member is in a set.", "O(1)"),
        look::sismember,
    ),
    Row::keys(
        set("smembers", 2, "1.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(ANY_ORDER)
            .args(&[KEY])
            .docs("Returns all members of a set.", "O(N) in the members"),
        look::smembers,
    ),
    Row::keys(
        set("smismember", -3, "6.2.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(MEMBERS)
            .docs("Tells of several members whether they are in a set.", "O(N) in the members asked for"),
        look::smismember,
    ),
    Row::keys(
        set("smove", 4, "1.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Delete]), first(2, &[RW, Insert])])
            .args(&[
                typed("source", ArgKind::Key).of_spec(0),
                typed("destination", ArgKind::Key).of_spec(1),
                text("member"),
            ])
            .docs("Moves a member from one set to another.", "O(1)"),
        edit::smove,
    ),
    Row::keys(
        set("spop", -2, "1.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Access, Delete])])
            .tips(ANY_OUTPUT)
            .args(&[KEY, int("count").since("3.2.0").optional()])
            .docs("Removes and returns members at random.", "O(1) for each member returned"),
        pop::spop,
    ),
    Row::keys(
        set("srandmember", -2, "1.0.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(ANY_OUTPUT)
            .args(&[KEY, int("count").since("2.6.0").optional()])
            .docs("Returns members at random.", "O(1) for each member returned"),
        random::srandmember,
    ),
    Row::keys(
        set("srem", -3, "1.0.0")
            .with(&[Write, Fast])
            .keys(&[first(1, &[RW, Delete])])
            .element(2)
            .args(MEMBERS)
            .docs("Removes members from a set.", "O(1) for each member"),
        edit::srem,
    ),
    Row::keys(
        set("sscan", -3, "2.8.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(ANY_OUTPUT)
            .args(&[
                KEY,
                int("cursor"),
                typed("pattern", ArgKind::Pattern).after("MATCH").optional(),
                int("count").after("COUNT").optional(),
            ])
            .docs("Goes through the members of a set, a few at a time.", "O(1) for each call, O(N) for all"),
        scan::sscan,
    ),
    Row::keys(
        set("sunion", -2, "1.0.0")
            .with(&[Readonly])
            .keys(READ_ALL)
            .tips(ANY_ORDER)
            .args(KEYS)
            .docs("Returns the members of several sets.", "O(N) in the members of all sets"),
        algebra::sunion,
    ),
    Row::keys(
        set("sunionstore", -3, "1.0.0")
            .with(&[Write, Denyoom])
            .keys(STORE)
            .args(STORE_KEYS)
            .docs("Stores the members of several sets.", "O(N) in the members of all sets"),
        algebra::sunionstore,
    ),
];
