//! The row of MIGRATE.

use super::{migrate, wish};
use crate::dispatch::Run;
use commands::spec::{
    ArgKind, Begin, Category, Find, Flag, Group, KEY, KeyFlag, KeyFlags, KeySpec, Spec, block, first, flag,
    int, oneof, text, typed,
};

const TAKEN: [KeyFlag; 3] = [KeyFlag::RW, KeyFlag::Access, KeyFlag::Delete];

/// What follows the last word KEYS.
const AFTER_KEYS: KeySpec = KeySpec {
    flags: KeyFlags::of(&[KeyFlag::RW, KeyFlag::Access, KeyFlag::Delete, KeyFlag::Incomplete]),
    begin: Begin::Keyword("KEYS", -2),
    find: Find::Range { last: -1, step: 1, limit: 0 },
};

/// Facts and function.
pub static ROWS: &[(Spec, Run)] = &[(
    Spec::new("migrate", -6, Group::Generic, "2.6.0")
        .with(&[Flag::Write])
        .categories(&[Category::Dangerous, Category::Keyspace])
        .keys(&[first(3, &TAKEN), AFTER_KEYS])
        .getkeys(wish::keys)
        .tips(&["nondeterministic_output"])
        .args(&[
            text("host"),
            int("port"),
            oneof("key-selector", &[KEY, flag("empty-string", "\"\"")]),
            int("destination-db"),
            int("timeout"),
            flag("copy", "COPY").since("3.0.0").optional(),
            flag("replace", "REPLACE").since("3.0.0").optional(),
            oneof(
                "authentication",
                &[
                    text("auth").shown_as("password").after("AUTH").since("4.0.7"),
                    block("auth2", &[text("username"), text("password")]).after("AUTH2").since("6.0.0"),
                ],
            )
            .optional(),
            typed("keys", ArgKind::Key)
                .of_spec(1)
                .shown_as("key")
                .after("KEYS")
                .since("3.0.6")
                .optional()
                .multiple(),
        ])
        .docs(
            "Moves keys to another server.",
            "O(N) in the size of the values, for DUMP here and RESTORE there",
        ),
    Run::NodeKeys(migrate),
)];
