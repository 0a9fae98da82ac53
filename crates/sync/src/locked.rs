//! Locked stripes, and the only way to their data.

use std::marker::PhantomData;

use crate::STRIPES;
use crate::space::Space;

/// Holds some or all stripes of a space; unlocks them when dropped, waking who is parked.
pub struct Locked<'p, T> {
    pub(crate) space: &'p Space<T>,
    held: Held,
    /// Neither `Send` nor `Sync`, as the permit that it was locked under.
    one_thread: PhantomData<*const ()>,
}

/// Which stripes are held. Nothing in here is ever handed out by reference to code that is not inlined: a lock
/// of one stripe then lives in registers. A tag of its own is cheaper to read than a niche of the vector.
#[repr(u8)]
pub(crate) enum Held {
    One(u16),
    /// Ascending, without repetition.
    Several(Vec<u16>),
    /// By a stay, which unlocks them itself. Ascending, without repetition.
    Lent(Vec<u16>),
    /// By the exclusive permit, or a stay; the lock words are left alone.
    All,
}

impl<'p, T> Locked<'p, T> {
    /// The caller has locked all of `held`, or has the exclusive permit, for the time `'p`.
    #[inline]
    pub(crate) fn new(space: &'p Space<T>, held: Held) -> Locked<'p, T> {
        Locked { space, held, one_thread: PhantomData }
    }

    /// Whether `stripe` is among the locked.
    #[inline]
    pub fn holds(&self, stripe: u16) -> bool {
        self.held.contains(stripe)
    }

    /// Whether every stripe is locked.
    pub fn holds_all(&self) -> bool {
        match &self.held {
            Held::One(_) => STRIPES == 1,
            Held::Several(stripes) | Held::Lent(stripes) => stripes.len() == STRIPES,
            Held::All => true,
        }
    }

    /// The data of `stripe`. Panics if it is not held.
    #[inline]
    pub fn get(&self, stripe: u16) -> &T {
        let data = self.checked(stripe);
        // SAFETY: `checked` saw that this lock holds the stripe, so no other `Locked` has it (the word's LOCKED
        // bit, or the closed gate), and `&self` rules out a `&mut T` from this one.
        unsafe { &*data }
    }

    /// The data of `stripe`. Panics if it is not held.
    #[inline]
    pub fn get_mut(&mut self, stripe: u16) -> &mut T {
        let data = self.checked(stripe);
        // SAFETY: as in `get`; `&mut self` makes this the only reference from this lock.
        unsafe { &mut *data }
    }

    /// The data of two different stripes. Panics if they are the same or one is not held.
    pub fn pair_mut(&mut self, a: u16, b: u16) -> (&mut T, &mut T) {
        assert_ne!(a, b, "a pair of stripes is two");
        let (a, b) = (self.checked(a), self.checked(b));
        // SAFETY: as in `get_mut`; the stripes differ, so the two references do not overlap.
        unsafe { (&mut *a, &mut *b) }
    }

    /// Lets go of everything without unlocking; the caller owns what was held.
    pub(crate) fn take_held(&mut self) -> Held {
        std::mem::replace(&mut self.held, Held::Lent(Vec::new()))
    }

    #[inline]
    fn checked(&self, stripe: u16) -> *mut T {
        assert!(self.holds(stripe), "stripe {stripe} is not locked");
        self.space.stripes[usize::from(stripe)].data.as_ptr()
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        match &mut self.held {
            Held::One(stripe) => self.space.unlock(*stripe),
            // Taken out, so that nothing is left to free where one stripe is let go.
            Held::Several(stripes) => self.space.unlock_all(std::mem::take(stripes)),
            Held::Lent(_) | Held::All => {}
        }
    }
}

impl Held {
    #[inline]
    fn contains(&self, stripe: u16) -> bool {
        match self {
            Held::One(held) => *held == stripe,
            Held::Several(stripes) | Held::Lent(stripes) => stripes.as_slice().binary_search(&stripe).is_ok(),
            Held::All => usize::from(stripe) < STRIPES,
        }
    }
}
