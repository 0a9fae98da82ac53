//! The libraries of a node: read without a lock, changed by one at a time.

use arc_swap::{ArcSwap, Guard};
use script::library::Libraries;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the libraries are.
#[derive(Default)]
pub struct Shelf {
    now: ArcSwap<Libraries>,
    /// Held by who changes them.
    writer: Mutex<()>,
    changes: AtomicU64,
}

impl Shelf {
    /// The libraries as they are, for a moment.
    pub fn load(&self) -> Guard<Arc<Libraries>> {
        self.now.load()
    }

    /// The libraries as they are, to keep.
    pub fn load_full(&self) -> Arc<Libraries> {
        self.now.load_full()
    }

    /// How often they were changed.
    pub fn changes(&self) -> u64 {
        self.changes.load(Relaxed)
    }

    /// Puts others in their place, made from those that are there; none if that fails.
    pub fn change<E>(&self, make: impl FnOnce(&Libraries) -> Result<Libraries, E>) -> Result<(), E> {
        // A panic ends the process; a poisoned lock is never seen outside of tests.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let next = make(&self.now.load())?;
        self.now.store(Arc::new(next));
        self.changes.fetch_add(1, Relaxed);
        Ok(())
    }
}
