//! The rows of the sorted set family.

use super::{add, combine, count, pop, random, range, remove, scan, score, wait};
use crate::command::Row;
use crate::spec::Flag::{Blocking, Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, Delete, OW, RO, RW, Update};
use crate::spec::{Arg, ArgKind, Group, KEY, KeySpec, Spec};
use crate::spec::{block, first, flag, int, keynum, oneof, range as keys, text, typed};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const TAKE: &[KeySpec] = &[first(1, &[RW, Access, Delete])];
const DELETE: &[KeySpec] = &[first(1, &[RW, Delete])];
const TAKE_MANY: &[KeySpec] = &[keys(1, -2, &[RW, Access, Delete])];
const READ_MANY: &[KeySpec] = &[keynum(1, &[RO, Access])];
const STORE_MANY: &[KeySpec] = &[first(1, &[OW, Update]), keynum(2, &[RO, Access])];
const WEIGHTS: Arg = int("weight").after("WEIGHTS").optional().multiple();
const AGGREGATE: Arg = oneof("aggregate", &[flag("sum", "SUM"), flag("min", "MIN"), flag("max", "MAX")])
    .after("AGGREGATE")
    .optional();
const WITHSCORES: Arg = flag("withscores", "WITHSCORES").optional();
const WITHSCORE: Arg = flag("withscore", "WITHSCORE").optional();
const LIMIT: Arg = block("limit", &[int("offset"), int("count")]).after("LIMIT").optional();
const WHERE: Arg = oneof("where", &[flag("min", "MIN"), flag("max", "MAX")]);
const SCORES: &[Arg] = &[KEY, typed("min", ArgKind::Double), typed("max", ArgKind::Double)];
const LEX: &[Arg] = &[KEY, text("min"), text("max")];
const MEMBER: &[Arg] = &[KEY, text("member")];
const MEMBERS: &[Arg] = &[KEY, text("member").multiple()];
const RANK: &[Arg] = &[KEY, text("member"), WITHSCORE];

const fn zset(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::SortedSet, since)
}

/// Commands on sorted sets.
pub static ROWS: &[Row] = &[
    Row::keys(
        zset("bzmpop", -5, "7.0.0")
            .with(&[Write, Blocking])
            .keys(&[keynum(2, &[RW, Access, Delete])])
            .args(&[typed("timeout", ArgKind::Double), int("numkeys"), KEY.multiple(), WHERE, int("count").after("COUNT").optional()])
            .docs("Removes and returns the first or last members of the first sorted set that has any, and waits for one.", "O(K) + O(M*log(N)), K being the keys and M the elements removed"),
        wait::bzmpop,
    ),
    Row::keys(
        zset("bzpopmax", -3, "5.0.0")
            .with(&[Write, Blocking, Fast])
            .keys(TAKE_MANY)
            .args(&[KEY.multiple(), typed("timeout", ArgKind::Double)])
            .docs("Removes and returns the member with the highest score, and waits for one.", "O(log(N))"),
        wait::bzpopmax,
    ),
    Row::keys(
        zset("bzpopmin", -3, "5.0.0")
            .with(&[Write, Blocking, Fast])
            .keys(TAKE_MANY)
            .args(&[KEY.multiple(), typed("timeout", ArgKind::Double)])
            .docs("Removes and returns the member with the lowest score, and waits for one.", "O(log(N))"),
        wait::bzpopmin,
    ),
    Row::keys(
        zset("zadd", -4, "1.2.0")
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[RW, Update])])
            .element(3)
            .args(&[KEY, oneof("condition", &[flag("nx", "NX"), flag("xx", "XX")]).since("3.0.2").optional(), oneof("comparison", &[flag("gt", "GT"), flag("lt", "LT")]).since("6.2.0").optional(), flag("change", "CH").since("3.0.2").optional(), flag("increment", "INCR").since("3.0.2").optional(), block("data", &[typed("score", ArgKind::Double), text("member")]).multiple()])
            .docs("Adds members to a sorted set, or gives them other scores.", "O(log(N)) for each member"),
        add::zadd,
    ),
    Row::keys(
        zset("zcard", 2, "1.2.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .args(&[KEY])
            .docs("Returns how many members a sorted set has.", "O(1)"),
        count::zcard,
    ),
    Row::keys(
        zset("zcount", 4, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(SCORES)
            .docs("Counts the members in a range of scores.", "O(log(N))"),
        count::zcount,
    ),
    Row::keys(
        zset("zdiff", -3, "6.2.0")
            .with(&[Readonly])
            .keys(READ_MANY)
            .args(&[int("numkeys"), KEY.multiple(), WITHSCORES])
            .docs("Returns the members of the first sorted set that no other has.", "O(L + (N-K)log(N)), L being the members of all sets, N those of the first, K of the result"),
        combine::zdiff,
    ),
    Row::keys(
        zset("zdiffstore", -4, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(STORE_MANY)
            .args(&[typed("destination", ArgKind::Key).of_spec(0), int("numkeys"), typed("key", ArgKind::Key).of_spec(1).multiple()])
            .docs("Stores the members of the first sorted set that no other has.", "O(L + (N-K)log(N)), L being the members of all sets, N those of the first, K of the result"),
        combine::zdiffstore,
    ),
    Row::keys(
        zset("zincrby", 4, "1.2.0")
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[RW, Access, Update])])
            .element(3)
            .args(&[KEY, int("increment"), text("member")])
            .docs("Adds to a member's score.", "O(log(N))"),
        add::zincrby,
    ),
    Row::keys(
        zset("zinter", -3, "6.2.0")
            .with(&[Readonly])
            .keys(READ_MANY)
            .args(&[int("numkeys"), KEY.multiple(), WEIGHTS, AGGREGATE, WITHSCORES])
            .docs("Returns the members that all of several sorted sets have.", "O(N*K)+O(M*log(M)), N being the smallest of K sets, M the result"),
        combine::zinter,
    ),
    Row::keys(
        zset("zintercard", -3, "7.0.0")
            .with(&[Readonly])
            .keys(READ_MANY)
            .args(&[int("numkeys"), KEY.multiple(), int("limit").after("LIMIT").optional()])
            .docs("Counts the members that all of several sorted sets have.", "O(N*K), N being the smallest of K sets"),
        combine::zintercard,
    ),
    Row::keys(
        zset("zinterstore", -4, "2.0.0")
            .with(&[Write, Denyoom])
            .keys(STORE_MANY)
            .args(&[typed("destination", ArgKind::Key).of_spec(0), int("numkeys"), typed("key", ArgKind::Key).of_spec(1).multiple(), WEIGHTS, AGGREGATE])
            .docs("Stores the members that all of several sorted sets have.", "O(N*K)+O(M*log(M)), N being the smallest of K sets, M the result"),
        combine::zinterstore,
    ),
    Row::keys(
        zset("zlexcount", 4, "2.8.9")
            .with(&[Readonly, Fast])
            .keys(READ)
            .args(LEX)
            .docs("Counts the members in a lexical range.", "O(log(N))"),
        count::zlexcount,
    ),
    Row::keys(
        zset("zmpop", -4, "7.0.0")
            .with(&[Write])
            .keys(&[keynum(1, &[RW, Access, Delete])])
            .args(&[int("numkeys"), KEY.multiple(), WHERE, int("count").after("COUNT").optional()])
            .docs("Removes and returns the first or last members of the first sorted set that has any.", "O(K) + O(M*log(N)), K being the keys and M the elements removed"),
        pop::zmpop,
    ),
    Row::keys(
        zset("zmscore", -3, "6.2.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(MEMBERS)
            .docs("Returns the scores of several members.", "O(N) in the members asked for"),
        score::zmscore,
    ),
    Row::keys(
        zset("zpopmax", -2, "5.0.0")
            .with(&[Write, Fast])
            .keys(TAKE)
            .args(&[KEY, int("count").optional()])
            .docs("Removes and returns the members with the highest scores.", "O(log(N)*M), M being the elements removed"),
        pop::zpopmax,
    ),
    Row::keys(
        zset("zpopmin", -2, "5.0.0")
            .with(&[Write, Fast])
            .keys(TAKE)
            .args(&[KEY, int("count").optional()])
            .docs("Removes and returns the members with the lowest scores.", "O(log(N)*M), M being the elements removed"),
        pop::zpopmin,
    ),
    Row::keys(
        zset("zrandmember", -2, "6.2.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output"])
            .args(&[KEY, block("options", &[int("count"), WITHSCORES]).optional()])
            .docs("Returns members at random.", "O(log(N)) for each member returned"),
        random::zrandmember,
    ),
    Row::keys(
        zset("zrange", -4, "1.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("start"), text("stop"), oneof("sortby", &[flag("byscore", "BYSCORE"), flag("bylex", "BYLEX")]).since("6.2.0").optional(), flag("rev", "REV").since("6.2.0").optional(), block("limit", &[int("offset"), int("count")]).after("LIMIT").since("6.2.0").optional(), WITHSCORES])
            .docs("Returns the members in a range of ranks, scores or names.", "O(log(N)+M), M being the elements returned"),
        range::zrange,
    ),
    Row::keys(
        zset("zrangebylex", -4, "2.8.9")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("min"), text("max"), LIMIT])
            .docs("Returns the members in a lexical range.", "O(log(N)+M), M being the elements returned"),
        range::zrangebylex,
    ),
    Row::keys(
        zset("zrangebyscore", -4, "1.0.5")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, typed("min", ArgKind::Double), typed("max", ArgKind::Double), flag("withscores", "WITHSCORES").since("2.0.0").optional(), LIMIT])
            .docs("Returns the members in a range of scores.", "O(log(N)+M), M being the elements returned"),
        range::zrangebyscore,
    ),
    Row::keys(
        zset("zrangestore", -5, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[OW, Update]), first(2, &[RO, Access])])
            .args(&[typed("dst", ArgKind::Key).of_spec(0), typed("src", ArgKind::Key).of_spec(1), text("min"), text("max"), oneof("sortby", &[flag("byscore", "BYSCORE"), flag("bylex", "BYLEX")]).optional(), flag("rev", "REV").optional(), LIMIT])
            .docs("Stores a range of a sorted set.", "O(log(N)+M), M being the elements stored"),
        range::zrangestore,
    ),
    Row::keys(
        zset("zrank", -3, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(RANK)
            .docs("Returns how many members stand before one.", "O(log(N))"),
        score::zrank,
    ),
    Row::keys(
        zset("zrem", -3, "1.2.0")
            .with(&[Write, Fast])
            .keys(DELETE)
            .element(2)
            .args(MEMBERS)
            .docs("Removes members.", "O(M*log(N)), M being the members named"),
        remove::zrem,
    ),
    Row::keys(
        zset("zremrangebylex", 4, "2.8.9")
            .with(&[Write])
            .keys(DELETE)
            .args(LEX)
            .docs("Removes the members in a lexical range.", "O(log(N)+M), M being the elements removed"),
        remove::zremrangebylex,
    ),
    Row::keys(
        zset("zremrangebyrank", 4, "2.0.0")
            .with(&[Write])
            .keys(DELETE)
            .args(&[KEY, int("start"), int("stop")])
            .docs("Removes the members in a range of ranks.", "O(log(N)+M), M being the elements removed"),
        remove::zremrangebyrank,
    ),
    Row::keys(
        zset("zremrangebyscore", 4, "1.2.0")
            .with(&[Write])
            .keys(DELETE)
            .args(SCORES)
            .docs("Removes the members in a range of scores.", "O(log(N)+M), M being the elements removed"),
        remove::zremrangebyscore,
    ),
    Row::keys(
        zset("zrevrange", -4, "1.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, int("start"), int("stop"), WITHSCORES])
            .docs("Returns the members in a range of ranks, counted from the highest score.", "O(log(N)+M), M being the elements returned"),
        range::zrevrange,
    ),
    Row::keys(
        zset("zrevrangebylex", -4, "2.8.9")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, text("max"), text("min"), LIMIT])
            .docs("Returns the members in a lexical range, last first.", "O(log(N)+M), M being the elements returned"),
        range::zrevrangebylex,
    ),
    Row::keys(
        zset("zrevrangebyscore", -4, "2.2.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, typed("max", ArgKind::Double), typed("min", ArgKind::Double), WITHSCORES, LIMIT])
            .docs("Returns the members in a range of scores, highest first.", "O(log(N)+M), M being the elements returned"),
        range::zrevrangebyscore,
    ),
    Row::keys(
        zset("zrevrank", -3, "2.0.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(RANK)
            .docs("Returns how many members stand behind one.", "O(log(N))"),
        score::zrevrank,
    ),
    Row::keys(
        zset("zscan", -3, "2.8.0")
            .with(&[Readonly])
            .keys(READ)
            .tips(&["nondeterministic_output"])
            .args(&[KEY, int("cursor"), typed("pattern", ArgKind::Pattern).after("MATCH").optional(), int("count").after("COUNT").optional(), flag("noscores", "NOSCORES").optional()])
            .docs("Goes through members and scores, a few at a time.", "O(1) for each call, O(N) for all"),
        scan::zscan,
    ),
    Row::keys(
        zset("zscore", 3, "1.2.0")
            .with(&[Readonly, Fast])
            .keys(READ)
            .element(2)
            .args(MEMBER)
            .docs("Returns a member's score.", "O(1)"),
        score::zscore,
    ),
    Row::keys(
        zset("zunion", -3, "6.2.0")
            .with(&[Readonly])
            .keys(READ_MANY)
            .args(&[int("numkeys"), KEY.multiple(), WEIGHTS, AGGREGATE, WITHSCORES])
            .docs("Returns the members of several sorted sets.", "O(N)+O(M*log(M)), N being the members of all sets, M the result"),
        combine::zunion,
    ),
    Row::keys(
        zset("zunionstore", -4, "2.0.0")
            .with(&[Write, Denyoom])
            .keys(STORE_MANY)
            .args(&[typed("destination", ArgKind::Key).of_spec(0), int("numkeys"), typed("key", ArgKind::Key).of_spec(1).multiple(), WEIGHTS, AGGREGATE])
            .docs("Stores the members of several sorted sets.", "O(N)+O(M*log(M)), N being the members of all sets, M the result"),
        combine::zunionstore,
    ),
];
