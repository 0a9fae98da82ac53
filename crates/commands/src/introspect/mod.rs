//! The replies of `COMMAND` and its subcommands, over all commands of a registry.

mod docs;
mod getkeys;
mod info;
mod list;

pub use docs::docs;
pub use getkeys::{getkeys, getkeys_and_flags};
pub use info::{all, count, info};
pub use list::list;

/// The lines of `COMMAND HELP`.
pub const HELP: &[&str] = &[
    "(no subcommand)",
    "    Return details about all commands.",
    "COUNT",
    "    Return the total number of commands in this server.",
    "LIST",
    "    Return a list of all commands in this server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple commands.",
    "    If no command names are given, details of all commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple commands.",
    "    If no command names are given, documentation of all commands is returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full command.",
];
