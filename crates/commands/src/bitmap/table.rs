//! The rows of the bitmap family.

use super::bit;
use crate::command::Row;
use crate::spec::Flag::{Denyoom, Fast, Readonly, Write};
use crate::spec::KeyFlag::{Access, RO, RW, Update};
use crate::spec::{Group, KEY, Spec, first, int};

const fn bitmap(name: &'static str, arity: i16, since: &'static str) -> Spec {
    Spec::new(name, arity, Group::Bitmap, since)
}

/// Commands on bits.
pub static ROWS: &[Row] = &[
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
