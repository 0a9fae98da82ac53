//! Lua inside a node: the scripts that are known, those that run for long, and how one gets from its first line to its reply.
//!
//! A script runs on a stack of its own ([`runner`]), with what its worker lends it for a slice ([`drive`]), so the worker can leave it in
//! the middle and serve others; its commands run there too ([`called`]). Locks that it must keep meanwhile are a [`store::KeptAccess`].

mod cache;
mod called;
mod drive;
mod long;
mod runner;
mod running;
mod tidy;

pub use cache::{Cache, Origin, Sha};
pub use drive::{Play, Rules, Slots};
pub(crate) use drive::{Progress, Suspended};
pub(crate) use long::{Leaving, Troupe};
pub use runner::Job;
pub use running::{Busy, Kill, Kind, Running, RunningScripts};

use script::library::Flags;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What all machines of a node share about scripts.
#[derive(Default)]
pub struct Scripts {
    /// Those of SCRIPT LOAD and EVAL, by digest.
    pub cache: Cache,
    /// Those that run for longer than a slice.
    pub running: RunningScripts,
    /// Whether some script or function ever said `allow-cross-slot-keys`.
    cross_slot: AtomicBool,
    /// Bytes that interpreters held when they were last idle.
    pub interpreters: AtomicU64,
}

impl Scripts {
    /// Takes note of what a script or function says before it can be called.
    pub fn note(&self, flags: Option<Flags>) {
        if flags.is_some_and(|flags| flags.has(Flags::ALLOW_CROSS_SLOT_KEYS)) {
            self.cross_slot.store(true, Relaxed);
        }
    }

    /// Whether there may be one that says `allow-cross-slot-keys`.
    pub fn may_cross_slots(&self) -> bool {
        self.cross_slot.load(Relaxed)
    }
}
