//! The space itself: what all permits and locks point into.

use std::sync::Arc;

use crate::exclusive::Exclusive;
use crate::gate::Gate;
use crate::registry::{Client, Registry};
use crate::shared::Shared;
use crate::sys::Cell;
use crate::word::Word;
use crate::{STRIPES, Ticket, Wake, WorkerIdx};

/// The gate and the stripes behind it; `T` is the data of one stripe.
pub struct Space<T> {
    pub(crate) stripes: Box<[Stripe<T>]>,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) wake: Box<dyn Wake>,
    /// One worker only: stripes are locked by plain loads and stores.
    pub(crate) alone: bool,
}

/// Lock word and data begin in one cache line, which no other stripe shares.
#[repr(align(64))]
pub(crate) struct Stripe<T> {
    pub(crate) word: Word,
    pub(crate) data: Cell<T>,
}

// SAFETY: the data of a stripe is reached only through `Locked`, which exists at most once per stripe at any
// time and is tied to one thread; moving that right between threads needs `T: Send` and no more. Everything
// else in a space is `Sync` by itself.
unsafe impl<T: Send> Sync for Space<T> {}

impl<T> Space<T> {
    /// A space for `workers` workers (1 to 65535), whose stripe `i` starts as `make(i)`.
    pub fn new(workers: usize, make: impl FnMut(usize) -> T, wake: Box<dyn Wake>) -> Arc<Space<T>> {
        let stripe = |data| Stripe { word: Word::new(), data: Cell::new(data) };
        Arc::new(Space {
            stripes: (0..STRIPES).map(make).map(stripe).collect(),
            gate: Gate::new(workers),
            registry: Registry::new(workers),
            wake,
            alone: workers == 1,
        })
    }

    /// How many workers the space was made for.
    pub fn workers(&self) -> usize {
        self.gate.workers()
    }

    /// A shared permit for one turn. `None` while an exclusive holder is in or one asks: `worker` then hears
    /// [`Wake::gate_open`]. Panics if `worker` has a permit already.
    #[inline]
    pub fn enter(self: &Arc<Self>, worker: WorkerIdx) -> Option<Shared<'_, T>> {
        self.gate.enter(worker, &*self.wake).then(|| Shared::new(self, worker))
    }

    /// Asks for exclusive access. `Some` at once if no permit is out and nobody else asks; else the request
    /// waits in line, the gate lets no worker in, and [`Wake::exclusive_ready`] comes when it is granted.
    pub fn request_exclusive(self: &Arc<Self>, ticket: Ticket) -> Option<Exclusive<T>> {
        self.gate.request(ticket).then(|| Exclusive::new(self.clone()))
    }

    /// What was granted to `ticket`, once; `None` if nothing was.
    pub fn take_exclusive(self: &Arc<Self>, ticket: Ticket) -> Option<Exclusive<T>> {
        self.gate.take(ticket).then(|| Exclusive::new(self.clone()))
    }

    /// Gives a request up, granted or not, and lets in who waits behind it. False if there was none.
    pub fn withdraw(&self, ticket: Ticket) -> bool {
        self.gate.withdraw(ticket, &*self.wake)
    }

    /// Whether an exclusive holder is in or one asks.
    pub fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    /// Client `token` of `worker` goes, or no longer wants what it parked on or reserved. Must be called for a
    /// client that has reserved and then does not lock: its reservation keeps all others off.
    pub fn forget(&self, worker: WorkerIdx, token: u64) {
        let woken = self.registry.forget(Client { worker, token }, |stripe| self.word(stripe));
        self.tell(woken);
    }

    /// Panics if the locks, the queues and the gate's flags disagree. True at any time.
    pub fn check_invariants(&self) {
        self.gate.check_invariants();
        self.registry.check_invariants(|stripe| self.word(stripe), false);
    }

    #[inline]
    pub(crate) fn word(&self, stripe: u16) -> &Word {
        &self.stripes[usize::from(stripe)].word
    }

    #[inline]
    pub(crate) fn unlock(&self, stripe: u16) {
        if self.word(stripe).unlock(self.alone) {
            self.wake_parked(stripe);
        }
    }

    /// Out of line, so that letting go of one stripe saves no registers.
    #[inline(never)]
    pub(crate) fn unlock_all(&self, stripes: Vec<u16>) {
        stripes.iter().for_each(|&stripe| self.unlock(stripe));
    }

    #[cold]
    fn wake_parked(&self, stripe: u16) {
        self.tell(self.registry.unlocked(stripe, self.word(stripe)));
    }

    pub(crate) fn tell(&self, woken: Vec<Client>) {
        for client in woken {
            self.wake.stripe_free(client.worker, client.token);
        }
    }
}
