//! The rows of the scripting family.

use super::{eval, fcall, function, script};
use crate::dispatch::Run;
use commands::spec::{Flag, Group, KEY, KeyFlag, Spec, flag, int, keynum, oneof, text};

/// Flags of what runs a script.
const RUNS: &[Flag] =
    &[Flag::Noscript, Flag::Stale, Flag::SkipMonitor, Flag::MayReplicate, Flag::NoMandatoryKeys];
/// The same, without writes.
const READS: &[Flag] =
    &[Flag::Readonly, Flag::Noscript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys];

/// Facts and functions.
pub static ROWS: &[(Spec, Run)] = &[
    (
        Spec::new("eval", -3, Group::Scripting, "2.6.0")
            .with(RUNS)
            .keys(&[keynum(2, &[KeyFlag::RW, KeyFlag::Access, KeyFlag::Update])])
            .args(&[
                text("script"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs("Runs a script.", "Depends on the script that is executed."),
        Run::Script(eval::eval),
    ),
    (
        Spec::new("eval_ro", -3, Group::Scripting, "7.0.0")
            .with(READS)
            .keys(&[keynum(2, &[KeyFlag::RO, KeyFlag::Access])])
            .args(&[
                text("script"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs("Runs a script that does not write.", "Depends on the script that is executed."),
        Run::Script(eval::eval),
    ),
    (
        Spec::new("evalsha", -3, Group::Scripting, "2.6.0")
            .with(RUNS)
            .keys(&[keynum(2, &[KeyFlag::RW, KeyFlag::Access, KeyFlag::Update])])
            .args(&[
                text("sha1"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs("Runs a script by its digest.", "Depends on the script that is executed."),
        Run::Script(eval::evalsha),
    ),
    (
        Spec::new("evalsha_ro", -3, Group::Scripting, "7.0.0")
            .with(READS)
            .keys(&[keynum(2, &[KeyFlag::RO, KeyFlag::Access])])
            .args(&[
                text("sha1"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs(
                "Runs a script that does not write by its digest.",
                "Depends on the script that is executed.",
            ),
        Run::Script(eval::evalsha),
    ),
    (
        Spec::new("script", -2, Group::Scripting, "2.6.0")
            .categories(&[])
            .docs("Commands about scripts.", "Depends on subcommand."),
        Run::Container,
    ),
    (
        Spec::new("script|debug", -3, Group::Scripting, "3.2.0")
            .with(&[Flag::Noscript])
            .args(&[
                oneof("mode", &[flag("yes", "YES"), flag("sync", "SYNC"), flag("no", "NO")]),
                text("engine").optional().since("9.1.0"),
            ])
            .docs("Switches the debugger of scripts, which Handfast does not have.", "O(1)"),
        Run::Node(script::debug),
    ),
    (
        Spec::new("script|exists", -3, Group::Scripting, "2.6.0")
            .with(&[Flag::Noscript, Flag::Stale])
            .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"])
            .args(&[text("sha1").multiple()])
            .docs("Tells which scripts are known.", "O(N) with N being the number of scripts to check"),
        Run::Node(script::exists),
    ),
    (
        Spec::new("script|flush", -2, Group::Scripting, "2.6.0")
            .with(&[Flag::Noscript, Flag::Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            .args(&[oneof("flush-type", &[flag("async", "ASYNC"), flag("sync", "SYNC")])
                .optional()
                .since("6.2.0")])
            .docs("Forgets all scripts.", "O(N) with N being the number of scripts in cache"),
        Run::Node(script::flush),
    ),
    (
        Spec::new("script|help", 2, Group::Scripting, "5.0.0")
            .with(&[Flag::Loading, Flag::Stale])
            .docs("Lists the subcommands.", "O(1)"),
        Run::Node(script::help),
    ),
    (
        Spec::new("script|kill", 2, Group::Scripting, "2.6.0")
            .with(&[Flag::Noscript, Flag::AllowBusy])
            .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
            .docs("Ends scripts that run for long and have not written.", "O(1)"),
        Run::Node(script::kill),
    ),
    (
        Spec::new("script|load", 3, Group::Scripting, "2.6.0")
            .with(&[Flag::Noscript, Flag::Stale])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
            .args(&[text("script")])
            .docs("Keeps a script for EVALSHA.", "O(N) with N being the length in bytes of the script body"),
        Run::Node(script::load),
    ),
    (
        Spec::new("script|show", 3, Group::Scripting, "8.0.0")
            .with(&[Flag::Noscript, Flag::Stale])
            .args(&[text("sha1")])
            .docs("Returns the body of a script.", "O(1)"),
        Run::Node(script::show),
    ),
    (
        Spec::new("fcall", -3, Group::Scripting, "7.0.0")
            .with(RUNS)
            .keys(&[keynum(2, &[KeyFlag::RW, KeyFlag::Access, KeyFlag::Update])])
            .args(&[
                text("function"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs("Calls a function.", "Depends on the function that is executed."),
        Run::Script(fcall::fcall),
    ),
    (
        Spec::new("fcall_ro", -3, Group::Scripting, "7.0.0")
            .with(READS)
            .keys(&[keynum(2, &[KeyFlag::RO, KeyFlag::Access])])
            .args(&[
                text("function"),
                int("numkeys"),
                KEY.optional().multiple(),
                text("arg").optional().multiple(),
            ])
            .docs("Calls a function that does not write.", "Depends on the function that is executed."),
        Run::Script(fcall::fcall),
    ),
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
        Spec::new("function|kill", 2, Group::Scripting, "7.0.0")
            .with(&[Flag::Noscript, Flag::AllowBusy])
            .tips(&["request_policy:all_shards", "response_policy:one_succeeded"])
            .docs("Ends functions that run for long and have not written.", "O(1)"),
        Run::Node(function::kill),
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
