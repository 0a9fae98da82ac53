//! The rows of the list family.

use super::{blocking, edit, look, pop, position, push, transfer};
use crate::command::Row;
use crate::spec::Flag::{Blocking, Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, Delete, Insert, RO, RW, Update};
use crate::spec::{
    Arg, ArgKind, Begin, Find, Group, KEY, KeyFlags, KeySpec, Spec, first, flag, int, oneof, range, text,
    typed,
};

const READ: &[KeySpec] = &[first(1, &[RO, Access])];
const GROW: &[KeySpec] = &[first(1, &[RW, Insert])];
const SHRINK: &[KeySpec] = &[first(1, &[RW, Delete])];
const TAKE: &[KeySpec] = &[first(1, &[RW, Access, Delete])];
const TAKE_MANY: &[KeySpec] = &[range(1, -2, &[RW, Access, Delete])];
const TRANSFER: &[KeySpec] = &[first(1, &[RW, Access, Delete]), first(2, &[RW, Insert])];

const fn counted(at: u8) -> KeySpec {
    KeySpec {
        flags: KeyFlags::of(&[RW, Access, Delete]),
        begin: Begin::Index(at),
        find: Find::Keynum { num: 0, first: 1, step: 1 },
    }
}

const SOURCE: Arg = typed("source", ArgKind::Key).of_spec(0);
const DESTINATION: Arg = typed("destination", ArgKind::Key).of_spec(1);
const TIMEOUT: Arg = typed("timeout", ArgKind::Double);
const KEYS_AND_TIMEOUT: &[Arg] = &[KEY.multiple(), TIMEOUT];
const ENDS: &[Arg] = &[flag("left", "LEFT"), flag("right", "RIGHT")];
const POP: &[Arg] = &[KEY, int("count").since("6.2.0").optional()];
const PUSH: &[Arg] = &[KEY, text("element").multiple()];
const SPAN: &[Arg] = &[KEY, int("start"), int("stop")];

const fn list(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::List, since)
}

const fn pushing(name: &'static str, since: &'static str) -> Spec {
    list(name, -3, since).with(&[Write, Denyoom, Fast]).keys(GROW).args(PUSH)
}

const fn popping(name: &'static str) -> Spec {
    list(name, -2, "1.0.0").with(&[Write, Fast]).keys(TAKE).args(POP)
}

const fn waiting(name: &'static str) -> Spec {
    list(name, -3, "2.0.0").with(&[Write, Blocking]).keys(TAKE_MANY).args(KEYS_AND_TIMEOUT)
}

/// Commands on lists.
pub static ROWS: &[Row] = &[
    Row::keys(
        list("blmove", 6, "6.2.0")
            .with(&[Write, Denyoom, Blocking])
            .keys(TRANSFER)
            .args(&[SOURCE, DESTINATION, oneof("wherefrom", ENDS), oneof("whereto", ENDS), TIMEOUT])
            .docs("Moves an element to another list, or waits for one.", "O(1)"),
        blocking::blmove,
    ),
    Row::keys(
        list("blmpop", -5, "7.0.0")
            .with(&[Write, Blocking])
            .keys(&[counted(2)])
            .args(&[
                TIMEOUT,
                int("numkeys"),
                KEY.multiple(),
                oneof("where", ENDS),
                int("count").after("COUNT").optional(),
            ])
            .docs(
                "Removes elements from the first list that has some, or waits for one.",
                "O(N+M) in keys and elements",
            ),
        blocking::blmpop,
    ),
    Row::keys(
        waiting("blpop").docs(
            "Removes the first element of the first list that is there, or waits for one.",
            "O(N) in the keys",
        ),
        blocking::blpop,
    ),
    Row::keys(
        waiting("brpop").docs(
            "Removes the last element of the first list that is there, or waits for one.",
            "O(N) in the keys",
        ),
        blocking::brpop,
    ),
    Row::keys(
        list("brpoplpush", 4, "2.2.0")
            .with(&[Write, Denyoom, Blocking])
            .keys(TRANSFER)
            .args(&[SOURCE, DESTINATION, TIMEOUT])
            .docs("Moves the last element to the front of another list, or waits for one.", "O(1)")
            .deprecated("6.2.0", "`BLMOVE` with `RIGHT` and `LEFT`"),
        blocking::brpoplpush,
    ),
    Row::keys(
        list("lindex", 3, "1.0.0")
            .with(&[Readonly])
            .keys(READ)
            .args(&[KEY, int("index")])
            .docs("Returns an element by its index.", "O(N) in the nodes to pass, O(1) at the ends"),
        look::lindex,
    ),
    Row::keys(
        list("linsert", 5, "2.2.0")
            .with(&[Write, Denyoom])
            .keys(GROW)
            .args(&[
                KEY,
                oneof("where", &[flag("before", "BEFORE"), flag("after", "AFTER")]),
                text("pivot"),
                text("element"),
            ])
            .docs("Inserts an element beside another.", "O(N) in the elements up to the other"),
        edit::linsert,
    ),
    Row::keys(
        list("llen", 2, "1.0.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO])])
            .args(&[KEY])
            .docs("Returns the number of elements.", "O(1)"),
        look::llen,
    ),
    Row::keys(
        list("lmove", 5, "6.2.0")
            .with(&[Write, Denyoom])
            .keys(TRANSFER)
            .args(&[SOURCE, DESTINATION, oneof("wherefrom", ENDS), oneof("whereto", ENDS)])
            .docs("Moves an element to another list.", "O(1)"),
        transfer::lmove,
    ),
    Row::keys(
        list("lmpop", -4, "7.0.0")
            .with(&[Write])
            .keys(&[counted(1)])
            .args(&[
                int("numkeys"),
                KEY.multiple(),
                oneof("where", ENDS),
                int("count").after("COUNT").optional(),
            ])
            .docs("Removes elements from the first list that has some.", "O(N+M) in keys and elements"),
        pop::lmpop,
    ),
    Row::keys(popping("lpop").docs("Removes the first elements.", "O(N) in the elements removed"), pop::lpop),
    Row::keys(
        list("lpos", -3, "6.0.6")
            .with(&[Readonly])
            .keys(READ)
            .args(&[
                KEY,
                text("element"),
                int("rank").after("RANK").optional(),
                int("num-matches").after("COUNT").optional(),
                int("len").after("MAXLEN").optional(),
            ])
            .docs("Returns the index of matching elements.", "O(N) in the elements compared"),
        position::lpos,
    ),
    Row::keys(
        pushing("lpush", "1.0.0").docs("Adds elements at the front.", "O(N) in the elements added"),
        push::lpush,
    ),
    Row::keys(
        pushing("lpushx", "2.2.0")
            .docs("Adds elements at the front of a list that exists.", "O(N) in the elements added"),
        push::lpushx,
    ),
    Row::keys(
        list("lrange", 4, "1.0.0")
            .with(&[Readonly])
            .keys(READ)
            .args(SPAN)
            .docs("Returns a range of elements.", "O(S+N) in the nodes to pass and the elements returned"),
        look::lrange,
    ),
    Row::keys(
        list("lrem", 4, "1.0.0")
            .with(&[Write])
            .keys(SHRINK)
            .args(&[KEY, int("count"), text("element")])
            .docs("Removes elements that equal one.", "O(N) in the elements"),
        edit::lrem,
    ),
    Row::keys(
        list("lset", 4, "1.0.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Update])])
            .args(&[KEY, int("index"), text("element")])
            .docs("Replaces an element by its index.", "O(N) in the nodes to pass, O(1) at the ends"),
        edit::lset,
    ),
    Row::keys(
        list("ltrim", 4, "1.0.0")
            .with(&[Write])
            .keys(SHRINK)
            .args(SPAN)
            .docs("Removes all elements but a range.", "O(N) in the elements removed"),
        edit::ltrim,
    ),
    Row::keys(popping("rpop").docs("Removes the last elements.", "O(N) in the elements removed"), pop::rpop),
    Row::keys(
        list("rpoplpush", 3, "1.2.0")
            .with(&[Write, Denyoom])
            .keys(TRANSFER)
            .args(&[SOURCE, DESTINATION])
            .docs("Moves the last element to the front of another list.", "O(1)")
            .deprecated("6.2.0", "`LMOVE` with `RIGHT` and `LEFT`"),
        transfer::rpoplpush,
    ),
    Row::keys(
        pushing("rpush", "1.0.0").docs("Adds elements at the end.", "O(N) in the elements added"),
        push::rpush,
    ),
    Row::keys(
        pushing("rpushx", "2.2.0")
            .docs("Adds elements at the end of a list that exists.", "O(N) in the elements added"),
        push::rpushx,
    ),
];
