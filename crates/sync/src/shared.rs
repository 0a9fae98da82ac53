//! The permit that a worker holds for a turn, and locking under it.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::exclusive::Exclusive;
use crate::locked::{Held, Locked};
use crate::registry::Client;
use crate::space::Space;
use crate::stay::{Stay, Stripes};
use crate::word::Attempt;
use crate::{STRIPES, Ticket, WorkerIdx};

/// A shared permit of the gate. It stays in the thread that got it, and ends when dropped.
pub struct Shared<'s, T> {
    space: &'s Arc<Space<T>>,
    worker: WorkerIdx,
    /// Neither `Send` nor `Sync`: a worker is one thread, on which the locks of a space for one worker rest.
    one_thread: PhantomData<*const ()>,
}

/// This stripe is held or reserved by another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contended {
    /// The stripe to park on.
    pub stripe: u16,
}

impl<'s, T> Shared<'s, T> {
    #[inline]
    pub(crate) fn new(space: &'s Arc<Space<T>>, worker: WorkerIdx) -> Shared<'s, T> {
        Shared { space, worker, one_thread: PhantomData }
    }

    /// The worker that entered.
    pub fn worker(&self) -> WorkerIdx {
        self.worker
    }

    /// Locks all of `stripes`, in any order and with repetitions, or none, spinning a few µs on each that is
    /// held. Success ends the reservations of `token`. Panics on a stripe out of range.
    #[inline]
    pub fn try_lock(&self, stripes: &[u16], token: u64) -> Result<Locked<'_, T>, Contended> {
        if let [stripe] = *stripes {
            return self.try_stripe(stripe, token);
        }
        let stripes = self.lock_several(stripes, token)?;
        Ok(self.locked(Held::Several(stripes), token))
    }

    /// Locks one stripe, as [`Shared::try_lock`] does. Made part of the caller: nearly all commands have one key.
    #[inline(always)]
    pub fn try_stripe(&self, stripe: u16, token: u64) -> Result<Locked<'_, T>, Contended> {
        if !self.lock_one(stripe, token) {
            return Err(Contended { stripe });
        }
        Ok(self.locked(Held::One(stripe), token))
    }

    #[inline(always)]
    fn locked(&self, held: Held, token: u64) -> Locked<'_, T> {
        if self.space.registry.has_reservations(self.worker) {
            self.end_reservations(token);
        }
        Locked::new(self.space, held)
    }

    /// Locks one stripe if it is free this moment; for work that can as well be left, such as prefetching.
    #[inline]
    pub fn try_now(&self, stripe: u16) -> Option<Locked<'_, T>> {
        let attempt = self.space.word(stripe).try_lock(self.space.alone, false);
        (attempt == Attempt::Locked).then(|| Locked::new(self.space, Held::One(stripe)))
    }

    /// Every stripe at once, without locking each: `None` unless the space has one worker, which holds nothing else. The borrow of the
    /// permit keeps others from being locked meanwhile.
    pub fn try_all_alone(&mut self) -> Option<Locked<'_, T>> {
        let alone = self.space.alone && self.space.gate.is_on_a_turn(self.worker);
        alone.then(|| Locked::new(self.space, Held::All))
    }

    /// Keeps what was locked under this permit beyond the turn; nothing is left in `locked`. Panics unless each stripe was locked by
    /// itself.
    pub fn keep(&self, locked: &mut Locked<'_, T>) -> Stay<T> {
        assert!(std::ptr::eq(locked.space, &raw const **self.space), "locked in another space");
        let stripes = match locked.take_held() {
            Held::One(stripe) => vec![stripe],
            Held::Several(stripes) => stripes,
            Held::Lent(_) | Held::All => panic!("only stripes that are locked one by one can be kept"),
        };
        self.space.gate.stay(self.worker);
        Stay::new(self.space.clone(), self.worker, Stripes::Some(stripes))
    }

    /// Shows the data of one stripe if it is free this moment; for work that can as well be left, such as
    /// prefetching, and so short that a [`Locked`] with all it can hold would cost more than the look.
    #[inline(always)]
    pub fn glance<R>(&self, stripe: u16, look: impl FnOnce(&T) -> R) -> Option<R> {
        let word = self.space.word(stripe);
        if word.try_lock(self.space.alone, false) != Attempt::Locked {
            return None;
        }
        let _unlock = Unlock { space: self.space, stripe };
        // SAFETY: the word's LOCKED bit is ours until `_unlock` goes, so nobody else has the data.
        Some(look(unsafe { &*self.space.stripes[usize::from(stripe)].data.as_ptr() }))
    }

    /// Parks client `token` until `stripe` is unlocked, when [`Wake::stripe_free`](crate::Wake::stripe_free) is
    /// called once. False if the stripe became free meanwhile: try again.
    pub fn park(&self, stripe: u16, token: u64) -> bool {
        self.space.registry.park(stripe, self.space.word(stripe), self.client(token))
    }

    /// Keeps others off `stripe` until `token` has locked all that it wants, or is
    /// [forgotten](Space::forget). For a client that has failed several times; park it as well.
    pub fn reserve(&self, stripe: u16, token: u64) {
        self.space.registry.reserve(stripe, self.space.word(stripe), self.client(token));
    }

    /// Whether somebody asks for exclusive access: end the turn soon.
    #[inline]
    pub fn asked_to_leave(&self) -> bool {
        self.space.is_closed()
    }

    /// Gives the permit back and asks for exclusive access, which is granted at once if no other permit is out.
    pub fn into_exclusive(self, ticket: Ticket) -> Option<Exclusive<T>> {
        let space = self.space;
        drop(self);
        space.request_exclusive(ticket)
    }

    #[inline]
    fn lock_one(&self, stripe: u16, token: u64) -> bool {
        match self.space.word(stripe).try_lock(self.space.alone, true) {
            Attempt::Locked => true,
            Attempt::Held => false,
            Attempt::Reserved => self.lock_reserved(stripe, token),
        }
    }

    #[cold]
    fn lock_reserved(&self, stripe: u16, token: u64) -> bool {
        self.space.registry.lock_reserved(stripe, self.space.word(stripe), self.client(token))
    }

    fn lock_several(&self, stripes: &[u16], token: u64) -> Result<Vec<u16>, Contended> {
        let mut stripes = stripes.to_vec();
        stripes.sort_unstable();
        stripes.dedup();
        // Before the first is locked: a panic in between would leave it so.
        stripes.last().inspect(|&&last| assert!(usize::from(last) < STRIPES, "no stripe {last}"));
        for done in 0..stripes.len() {
            let stripe = stripes[done];
            if !self.lock_one(stripe, token) {
                stripes.truncate(done);
                self.space.unlock_all(stripes);
                return Err(Contended { stripe });
            }
        }
        Ok(stripes)
    }

    #[cold]
    fn end_reservations(&self, token: u64) {
        let woken = self.space.registry.release(self.client(token), |stripe| self.space.word(stripe));
        self.space.tell(woken);
    }

    fn client(&self, token: u64) -> Client {
        Client { worker: self.worker, token }
    }
}

/// Unlocks one stripe, also when a look at it panics.
struct Unlock<'p, T> {
    space: &'p Space<T>,
    stripe: u16,
}

impl<T> Drop for Unlock<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.space.unlock(self.stripe);
    }
}

impl<T> Drop for Shared<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.space.gate.leave(self.worker, &*self.space.wake);
    }
}
