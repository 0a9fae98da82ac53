//! Locks that outlive a turn.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::locked::{Held, Locked};
use crate::space::Space;
use crate::{STRIPES, WorkerIdx};

/// Stripes that one worker holds from one turn into others, for a command that takes long. Meanwhile the worker counts as inside the gate:
/// its turns go on, and nobody gets exclusive access. Dropping it unlocks the stripes.
pub struct Stay<T> {
    space: Arc<Space<T>>,
    worker: WorkerIdx,
    stripes: Stripes,
    /// Neither `Send` nor `Sync`: the locks of a space for one worker rest on its thread.
    one_thread: PhantomData<*const ()>,
}

/// What a stay holds.
pub(crate) enum Stripes {
    All,
    /// Ascending, without repetition.
    Some(Vec<u16>),
}

impl<T> Stay<T> {
    /// The caller has locked `stripes` and entered the gate for a stay of `worker`.
    pub(crate) fn new(space: Arc<Space<T>>, worker: WorkerIdx, stripes: Stripes) -> Stay<T> {
        Stay { space, worker, stripes, one_thread: PhantomData }
    }

    /// The stripes, for a while.
    pub fn as_locked(&mut self) -> Locked<'_, T> {
        let held = match &self.stripes {
            Stripes::All => Held::All,
            Stripes::Some(stripes) => Held::Lent(stripes.clone()),
        };
        Locked::new(&self.space, held)
    }

    /// Whether `stripe` is held.
    pub fn holds(&self, stripe: u16) -> bool {
        match &self.stripes {
            Stripes::All => usize::from(stripe) < STRIPES,
            Stripes::Some(stripes) => stripes.binary_search(&stripe).is_ok(),
        }
    }

    /// Whether every stripe is held.
    pub fn holds_all(&self) -> bool {
        match &self.stripes {
            Stripes::All => true,
            Stripes::Some(stripes) => stripes.len() == STRIPES,
        }
    }
}

impl<T> Drop for Stay<T> {
    fn drop(&mut self) {
        let stripes = match std::mem::replace(&mut self.stripes, Stripes::All) {
            Stripes::All => (0..STRIPES as u16).collect(),
            Stripes::Some(stripes) => stripes,
        };
        self.space.unlock_all(stripes);
        self.space.gate.leave_stay(self.worker, &*self.space.wake);
    }
}
