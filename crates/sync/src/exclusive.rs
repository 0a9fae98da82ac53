//! Exclusive access: every stripe at once.

use std::sync::Arc;

use crate::locked::{Held, Locked};
use crate::space::Space;
use crate::stay::{Stay, Stripes};
use crate::{STRIPES, WorkerIdx};

/// The exclusive permit. It may travel between threads; dropping it lets in the next requester, or the workers.
pub struct Exclusive<T> {
    space: Arc<Space<T>>,
}

impl<T> Exclusive<T> {
    pub(crate) fn new(space: Arc<Space<T>>) -> Exclusive<T> {
        Exclusive { space }
    }

    /// Every stripe.
    pub fn as_locked(&mut self) -> Locked<'_, T> {
        Locked::new(&self.space, Held::All)
    }

    /// Exchanges the permit for locks of every stripe that outlive turns of `worker`, so that others come in, and meet them.
    pub fn into_stay(self, worker: WorkerIdx) -> Stay<T> {
        for stripe in 0..STRIPES as u16 {
            assert!(
                self.space.word(stripe).lock_reserved(),
                "stripe {stripe} is locked in spite of the exclusive permit"
            );
        }
        self.space.gate.stay(worker);
        Stay::new(self.space.clone(), worker, Stripes::All)
    }

    /// What this is the exclusive permit of.
    pub fn space(&self) -> &Arc<Space<T>> {
        &self.space
    }

    /// Panics if anything disagrees that must agree while no worker is inside.
    pub fn check_invariants(&self) {
        self.space.gate.check_invariants();
        self.space.registry.check_invariants(|stripe| self.space.word(stripe), true);
    }
}

impl<T> Drop for Exclusive<T> {
    fn drop(&mut self) {
        self.space.gate.release(&*self.space.wake);
    }
}
