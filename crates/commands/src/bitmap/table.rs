//! The rows of the bitmap family.

use super::{bit, count, field, operate};
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, OW, RO, RW, Update, VariableFlags};
use crate::spec::{
    Arg, ArgKind, Group, KEY, Spec, block, first, flag, int, oneof, range as keys, text, typed,
};

const UNIT: Arg = oneof("unit", &[flag("byte", "BYTE"), flag("bit", "BIT")]).since("7.0.0").optional();
const RANGE: Arg =
    block("range", &[int("start"), block("end-unit-block", &[int("end"), UNIT]).optional()]).optional();
const GET_BLOCK: Arg = block("get-block", &[text("encoding"), int("offset")]).after("GET");
const SET_BLOCK: Arg = block("set-block", &[text("encoding"), int("offset"), int("value")]).after("SET");
const INCRBY_BLOCK: Arg =
    block("incrby-block", &[text("encoding"), int("offset"), int("increment")]).after("INCRBY");
const OVERFLOW_BLOCK: Arg =
    oneof("overflow-block", &[flag("wrap", "WRAP"), flag("sat", "SAT"), flag("fail", "FAIL")])
        .after("OVERFLOW")
        .optional();

const fn bitmap(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Bitmap, since)
}

/// Commands on bits.
pub static ROWS: &[Row] = &[
    Row::keys(
        bitmap("bitcount", -2, "2.6.0")
            .with(&[Readonly])
            .keys(&[first(1, &[RO, Access])])
            .args(&[KEY, RANGE])
            .docs("Counts the bits that are set in a string.", "O(N) in the bytes"),
        count::bitcount,
    ),
    Row::keys(
        bitmap("bitfield", -2, "3.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Access, Update, VariableFlags])])
            .getkeys(field::keys)
            .args(&[KEY, BITFIELD_OPERATION])
            .docs("Reads and writes integers of any width in a string.", "O(1) for each operation"),
        field::bitfield,
    ),
    Row::keys(
        bitmap("bitfield_ro", -2, "6.0.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO, Access])])
            .args(&[KEY, GET_BLOCK.optional().multiple_token()])
            .docs("Reads integers of any width in a string.", "O(1) for each operation"),
        field::bitfield_ro,
    ),
    Row::keys(
        bitmap("bitop", -4, "2.6.0")
            .with(&[Write, Denyoom])
            .keys(&[first(2, &[OW, Update]), keys(3, -1, &[RO, Access])])
            .args(&[
                oneof(
                    "operation",
                    &[flag("and", "AND"), flag("or", "OR"), flag("xor", "XOR"), flag("not", "NOT")],
                ),
                typed("destkey", ArgKind::Key).of_spec(0),
                typed("key", ArgKind::Key).of_spec(1).multiple(),
            ])
            .docs("Combines strings bit by bit and stores the result.", "O(N) in the bytes"),
        operate::bitop,
    ),
    Row::keys(
        bitmap("bitpos", -3, "2.8.7")
            .with(&[Readonly])
            .keys(&[first(1, &[RO, Access])])
            .args(&[KEY, int("bit"), RANGE])
            .docs("Finds the first set or clear bit of a string.", "O(N) in the bytes"),
        count::bitpos,
    ),
    Row::keys(
        bitmap("getbit", 3, "2.2.0")
            .with(&[Readonly, Fast])
            .keys(&[first(1, &[RO, Access])])
            .args(&[KEY, int("offset")])
            .docs("Returns a bit of a string.", "O(1)"),
        bit::getbit,
    ),
    Row::keys(
        bitmap("setbit", 4, "2.2.0")
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Access, Update])])
            .args(&[KEY, int("offset"), int("value")])
            .docs("Sets or clears a bit of a string and returns it as it was.", "O(1)"),
        bit::setbit,
    ),
];

const BITFIELD_OPERATION: Arg = oneof(
    "operation",
    &[GET_BLOCK, block("write", &[OVERFLOW_BLOCK, oneof("write-operation", &[SET_BLOCK, INCRBY_BLOCK])])],
)
.optional()
.multiple();
