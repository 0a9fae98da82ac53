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
        Spec::new("function|delete", 3, Group::Scripting, "7.0.0")
            .with(&[Flag::Write, Flag::Noscript])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
            .args(&[text("library-name")])
            .docs("Removes a library.", "O(1)"),
        Run::Node(function::delete),
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
        Spec::new("function|help", 2, Group::Scripting, "7.0.0")
            .with(&[Flag::Loading, Flag::Stale])
            .docs("Lists the subcommands.", "O(1)"),
        Run::Node(function::help),
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
        Spec::new("function|load", -3, Group::Scripting, "7.0.0")
            .with(&[Flag::Write, Flag::Denyoom, Flag::Noscript])
            .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
            .args(&[flag("replace", "REPLACE").optional(), text("function-code")])
            .docs("Loads a library.", "O(1) besides what its code does"),
        Run::Node(function::load),
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
    (
        Spec::new("function|stats", 2, Group::Scripting, "7.0.0")
            .with(&[Flag::Noscript, Flag::AllowBusy])
            .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
            .docs("Tells which function is running, and how many there are.", "O(1)"),
        Run::Node(function::stats),
    ),
];
