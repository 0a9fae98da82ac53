//! Data commands: what is known of each, and what runs it.
//!
//! A [`Spec`] tells name, arity, flags, keys and documentation of a command; a [`Registry`] finds commands by
//! name; [`keys_of`] finds the keys in a request; [`introspect`] answers `COMMAND`. A handler parses its
//! arguments, calls the store and writes one reply: it knows no client, no network and no other command.

mod args;
mod bitmap;
mod command;
mod effects;
mod elements;
#[cfg(any(test, feature = "facts"))]
pub mod facts;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
pub mod introspect;
mod keys;
mod list;
mod registry;
mod set;
mod sort;
pub mod spec;
mod stream;
mod string;
#[cfg(test)]
mod testing;
mod typed;
mod zset;

pub use args::help;
pub use command::{Cmd, Env, Ground, Handler, Limits, Row, Run, Walk, WalkHandler};
pub use effects::{Block, Class, Classes, Effects, Nothing, Notice};
pub use generic::Dumps;
pub use keys::{BadKeys, keys_of, routed_of, set_keys};
pub use registry::{Command, CommandId, Registry, Unknown, wrong_arity};
pub use spec::{Flag, KeyRef, Locks, Spec};

/// The rows of all data families.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [
        bitmap::ROWS,
        generic::ROWS,
        geo::ROWS,
        hash::ROWS,
        hyperloglog::ROWS,
        list::ROWS,
        set::ROWS,
        sort::ROWS,
        stream::ROWS,
        string::ROWS,
        zset::ROWS,
    ]
    .into_iter()
    .flatten()
}
