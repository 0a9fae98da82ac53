//! Locked stripes, and the only way to their data.

use std::marker::PhantomData;

use crate::STRIPES;
use crate::space::Space;

/// Stripes that `Held` keeps without an allocation; keys of most multi-key commands fit.
const INLINE_MAX: usize = 12;

/// Holds some or all stripes of a space; unlocks them when dropped, waking who is parked.
pub struct Locked<'p, T> {
    space: &'p Space<T>,
    held: Held,
    /// Neither `Send` nor `Sync`, as the permit that it was locked under.
    one_thread: PhantomData<*const ()>,
}

/// Which stripes are held.
pub(crate) enum Held {
    One(u16),
    /// Ascending, without repetition.
    Few {
        len: u8,
        stripes: [u16; INLINE_MAX],
    },
    /// Ascending, without repetition.
    Many(Box<[u16]>),
    /// By the exclusive permit; the lock words are left alone.
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

    #[inline]
    fn checked(&self, stripe: u16) -> *mut T {
        assert!(self.holds(stripe), "stripe {stripe} is not locked");
        self.space.stripes[usize::from(stripe)].data.as_ptr()
    }
}

impl<T> Drop for Locked<'_, T> {
    #[inline]
    fn drop(&mut self) {
        match &self.held {
            Held::One(stripe) => self.space.unlock(*stripe),
            held => held.stripes().iter().for_each(|&stripe| self.space.unlock(stripe)),
        }
    }
}

impl Held {
    /// Sorts and takes repetitions out.
    pub(crate) fn ascending(wanted: &[u16]) -> Held {
        if wanted.len() > INLINE_MAX {
            let mut stripes = wanted.to_vec();
            stripes.sort_unstable();
            stripes.dedup();
            return Held::Many(stripes.into_boxed_slice());
        }
        let mut stripes = [0; INLINE_MAX];
        let mut len = 0;
        for &stripe in wanted {
            let at = stripes[..len].partition_point(|&other| other < stripe);
            if at == len || stripes[at] != stripe {
                stripes.copy_within(at..len, at + 1);
                stripes[at] = stripe;
                len += 1;
            }
        }
        Held::Few { len: len as u8, stripes }
    }

    /// The stripes whose words are locked: none for `All`.
    pub(crate) fn stripes(&self) -> &[u16] {
        match self {
            Held::One(stripe) => std::slice::from_ref(stripe),
            Held::Few { len, stripes } => &stripes[..usize::from(*len)],
            Held::Many(stripes) => stripes,
            Held::All => &[],
        }
    }

    #[inline]
    fn contains(&self, stripe: u16) -> bool {
        match self {
            Held::One(held) => *held == stripe,
            Held::Few { len, stripes } => stripes[..usize::from(*len)].contains(&stripe),
            Held::Many(stripes) => stripes.binary_search(&stripe).is_ok(),
            Held::All => usize::from(stripe) < STRIPES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: &[u16], expect: &[u16]) {
        let held = Held::ascending(wanted);
        assert_eq!(held.stripes(), expect);
        for stripe in 0..64 {
            assert_eq!(held.contains(stripe), expect.contains(&stripe));
        }
    }

    #[test]
    fn any_order_becomes_ascending() {
        check(&[], &[]);
        check(&[7], &[7]);
        check(&[9, 3, 9, 3, 5], &[3, 5, 9]);
        check(&[12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    fn many_are_ascending_too() {
        let wanted: Vec<u16> = (0..40).rev().chain(0..40).collect();
        check(&wanted, &(0..40).collect::<Vec<u16>>());
    }
}
