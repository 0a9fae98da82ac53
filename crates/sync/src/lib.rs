//! Gate and stripes: the shared memory of a node's workers.
//!
//! A [`Space`] is an array of [`STRIPES`] values, each behind its own try-lock, all behind one gate. A worker
//! holds a [`Shared`] permit of the gate for a turn and locks stripes under it; an [`Exclusive`] holder has
//! every stripe, and is let in once all permits are back. No call here blocks a thread for longer than a
//! bounded spin: who cannot go on gets a refusal and is told through [`Wake`] when to try again.
//!
//! * A space made for one worker locks its stripes by plain loads and stores: one permit exists at most.
//! * Each worker marks its presence in a cache line of its own, so workers do not disturb one another.
//! * Order of acquisition: gate, stripes ascending, the registry of parked clients. [`Wake`] is called with
//!   neither the registry nor the gate's queue locked, but other stripes may still be held.
//!
//! The loom models run with
//! `RUSTFLAGS="--cfg loom" cargo test -p sync --release --test loom`.

mod claim;
mod exclusive;
#[cfg(not(loom))]
pub mod fiber;
mod gate;
mod locked;
mod moored;
mod registry;
mod shared;
mod space;
mod stay;
mod sys;
mod word;

use base::Slot;

pub use claim::Claim;
pub use exclusive::Exclusive;
pub use locked::Locked;
pub use moored::Moored;
pub use shared::{Contended, Shared};
pub use space::Space;
pub use stay::Stay;

/// Stripes of a space. The models run with few, as loom tracks each.
pub const STRIPES: usize = if cfg!(loom) { 3 } else { 1024 };

/// The stripe that holds `slot`, in all databases.
pub fn stripe_of(slot: Slot) -> u16 {
    (slot.index() % STRIPES) as u16
}

/// One of a space's workers, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkerIdx(pub u16);

impl WorkerIdx {
    /// As an index into a table of all workers.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Names one request for exclusive access. The requester picks it; two that wait at once must differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub u64);

/// How those who were refused hear that they may try again. The methods post a message and return: they run
/// in whichever thread made room, maybe inside its stripes, and must not call into the space.
pub trait Wake: Send + Sync {
    /// Client `token` of `worker` parked on a stripe that is free now. It may be taken again before the
    /// client gets to it; a token that has gone meanwhile is to be ignored.
    fn stripe_free(&self, worker: WorkerIdx, token: u64);

    /// `worker` was refused at the gate, which is open now.
    fn gate_open(&self, worker: WorkerIdx);

    /// The request is granted: [`Space::take_exclusive`] succeeds. The gate stays closed until it is taken or
    /// withdrawn.
    fn exclusive_ready(&self, ticket: Ticket);
}
