//! What changes data, as commands that bring about the same elsewhere: for whoever keeps an append-only file or feeds replicas.
//!
//! They come in units. A unit is what one command, one EXEC or one script did, the expired keys that it found among it, as Redis and
//! Valkey propagate them. It is handed over while its stripes are held, so units that touch the same key come in the order of their changes.

mod collect;
mod unit;

pub use unit::{Effect, Reader, Readers, Unit};

/// Whoever wants to know of changes.
pub trait Journal: Send + Sync {
    /// Takes a unit over. Stripes are held meanwhile: this must not wait.
    fn append(&self, unit: Unit);
}
