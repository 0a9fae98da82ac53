//! The rows of the HyperLogLog family.

use super::{add, count, debug, merge};
use crate::command::Row;
use crate::spec::Flag::{Admin, Denyoom, Fast, MayReplicate, Readonly, Write};
use crate::spec::KeyFlag::{Access, Insert, RO, RW};
use crate::spec::{ArgKind, Group, KEY, Spec, first, range, text, typed};

const fn sketch(name: &'static str, arity: i16) -> Spec {
    Spec::new(name, arity, Group::Hyperloglog, "2.8.9")
}

/// Commands on sketches.
pub static ROWS: &[Row] = &[
    Row::keys(
        sketch("pfadd", -2)
            .with(&[Write, Denyoom, Fast])
            .keys(&[first(1, &[RW, Insert])])
            .args(&[KEY, text("element").optional().multiple()])
            .docs("Adds elements to a sketch, creating it if need be.", "O(1) for each element"),
        add::pfadd,
    ),
    Row::keys(
        sketch("pfcount", -2)
            .with(&[Readonly, MayReplicate])
            .keys(&[range(1, -1, &[RW, Access])])
            .args(&[KEY.multiple()])
            .docs(
                "Estimates how many different elements sketches have seen.",
                "O(N) in the sketches, O(1) for one",
            ),
        count::pfcount,
    ),
    Row::keys(
        sketch("pfdebug", 3)
            .with(&[Write, Denyoom, Admin])
            .keys(&[first(2, &[RW, Access])])
            .args(&[text("subcommand"), KEY])
            .docs("Shows a sketch's registers or encoding, for tests.", "O(1)")
            .syscmd(),
        debug::pfdebug,
    ),
    Row::keys(
        sketch("pfmerge", -2)
            .with(&[Write, Denyoom])
            .keys(&[first(1, &[RW, Access, Insert]), range(2, -1, &[RO, Access])])
            .args(&[
                typed("destkey", ArgKind::Key).of_spec(0),
                typed("sourcekey", ArgKind::Key).of_spec(1).optional().multiple(),
            ])
            .docs("Merges sketches into one.", "O(N) in the sketches"),
        merge::pfmerge,
    ),
    Row::keys(
        sketch("pfselftest", 1)
            .with(&[Admin])
            .docs("Tests the sketches' arithmetic.", "O(1), a few milliseconds")
            .syscmd(),
        debug::pfselftest,
    ),
];
