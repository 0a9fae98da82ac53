//! Lua inside a node: the scripts that are known, those that run for long, and how one gets from its first line to its reply.
//!
//! A script runs on a stack of its own and asks for everything in messages ([`runner`]), so a worker can leave it in the middle and
//! serve others: [`drive`] is one slice of it. Locks that it must keep meanwhile are a [`store::KeptAccess`].

mod cache;
mod called;
mod drive;
mod long;
mod runner;
mod running;

pub use cache::Cache;
pub use drive::{Play, Rules};
pub(crate) use drive::{Progress, Suspended};
pub(crate) use long::{Leaving, Troupe};
pub use runner::Job;
pub use running::{Busy, Kill, Kind, Running, RunningScripts};

use std::sync::atomic::AtomicU64;

/// What all machines of a node share about scripts.
#[derive(Default)]
pub struct Scripts {
    /// Those of SCRIPT LOAD and EVAL, by digest.
    pub cache: Cache,
    /// Those that run for longer than a slice.
    pub running: RunningScripts,
    /// Bytes that interpreters held when they were last idle.
    pub interpreters: AtomicU64,
}
