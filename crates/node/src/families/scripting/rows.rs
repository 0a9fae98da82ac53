//! The rows of the scripting family.

use super::function;
use crate::dispatch::Run;
use commands::spec::{Flag, Group, Spec, flag, oneof, text};

/// Facts and functions.
pub static ROWS: &[(Spec, Run)] = &[
    (
        Spec::new("function", -2, Group::Scripting, "7.0.0")
            .categories(&[])
            .docs("Commands about functions.", "Depends on subcommand."),
        Run::Container,
    ),
    (
        Spec::new("function|dump", 2, Group::Scripting, "7.0.0")
            .with(&[Flag::Noscript])
            .docs("Gives all libraries in one value.", "O(N) where N is the number of functions"),
        Run::Node(function::dump),
    ),
    (
        Spec::new("function|flush", -2, Group::Scripting, "7.0.0")
            .with(&[Flag::Write, Flag::Noscript])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
            .args(&[oneof("flush-type", &[flag("async", "ASYNC"), flag("sync", "SYNC")]).optional()])
            .docs("Removes all libraries.", "O(N) where N is the number of functions deleted"),
        Run::Node(function::flush),
    ),
    (
        Spec::new("function|list", -2, Group::Scripting, "7.0.0")
            .with(&[Flag::Noscript])
            .tips(&["nondeterministic_output_order"])
            .args(&[
                text("library-name-pattern").after("LIBRARYNAME").optional(),
                flag("withcode", "WITHCODE").optional(),
            ])
            .docs("Lists the libraries.", "O(N) where N is the number of functions"),
        Run::Node(function::list),
    ),
    (
        Spec::new("function|restore", -3, Group::Scripting, "7.0.0")
            .with(&[Flag::Write, Flag::Denyoom, Flag::Noscript])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
            .args(&[
                text("serialized-value"),
                oneof(
                    "policy",
                    &[flag("flush", "FLUSH"), flag("append", "APPEND"), flag("replace", "REPLACE")],
                )
                .optional(),
            ])
            .docs("Takes the libraries of a value.", "O(N) where N is the number of functions in it"),
        Run::Node(function::restore),
    ),
];
