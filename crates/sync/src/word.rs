//! The lock word of one stripe.

use crate::sys::{AtomicU32, Ordering, pause};

/// Somebody holds the stripe.
pub(crate) const LOCKED: u32 = 1;
/// The registry has clients parked on the stripe: its unlock must look there.
pub(crate) const WAITERS: u32 = 2;
/// The registry has a reservation of the stripe: who wants to lock it must ask there.
pub(crate) const RESERVED: u32 = 4;

/// Rounds of a spin on one locked stripe, 1 to 3 µs. Longer than a command on small values holds it.
const SPIN_ROUNDS_MAX: u32 = if cfg!(loom) { 1 } else { 64 };

/// Only the holder clears LOCKED; the other bits change only under the registry's mutex. In a space for one
/// worker (`alone`) the thread with the permit is the only writer at all, so its plain stores lose nothing; a bit
/// may then outlive its reason, and who meets it asks the registry and tidies up.
pub(crate) struct Word(AtomicU32);

/// What an attempt to lock met.
#[derive(PartialEq, Debug)]
pub(crate) enum Attempt {
    Locked,
    Held,
    Reserved,
}

impl Word {
    pub(crate) fn new() -> Word {
        Word(AtomicU32::new(0))
    }

    /// Locks a free stripe that nobody reserved. Spins for a while on a held one when `patient`.
    #[inline]
    pub(crate) fn try_lock(&self, alone: bool, patient: bool) -> Attempt {
        if alone {
            let word = self.0.load(Ordering::Relaxed);
            if word & (LOCKED | RESERVED) == 0 {
                self.0.store(word | LOCKED, Ordering::Relaxed);
                return Attempt::Locked;
            }
            return if word & LOCKED != 0 { Attempt::Held } else { Attempt::Reserved };
        }
        if self.swap_if(0, LOCKED) { Attempt::Locked } else { self.try_lock_slow(patient) }
    }

    #[cold]
    fn try_lock_slow(&self, patient: bool) -> Attempt {
        for _ in 0..SPIN_ROUNDS_MAX {
            let word = self.0.load(Ordering::Relaxed);
            if word & RESERVED != 0 {
                return Attempt::Reserved;
            }
            if word & LOCKED == 0 {
                if self.swap_if(word, word | LOCKED) {
                    return Attempt::Locked;
                }
            } else if word & WAITERS != 0 || !patient {
                // Somebody has given up waiting already: the holder is a long one.
                return Attempt::Held;
            }
            pause();
        }
        Attempt::Held
    }

    /// Locks a free stripe in spite of its reservation, which the caller has checked under the registry's mutex.
    pub(crate) fn lock_reserved(&self) -> bool {
        self.0.fetch_or(LOCKED, Ordering::Acquire) & LOCKED == 0
    }

    /// True if clients are parked here: the caller must have the registry wake them.
    #[inline]
    #[must_use]
    pub(crate) fn unlock(&self, alone: bool) -> bool {
        let word = if alone {
            let word = self.0.load(Ordering::Relaxed);
            self.0.store(word & !LOCKED, Ordering::Relaxed);
            word
        } else {
            self.0.fetch_and(!LOCKED, Ordering::Release)
        };
        debug_assert!(word & LOCKED != 0);
        word & WAITERS != 0
    }

    /// Sets `bits` and returns what the word was before.
    pub(crate) fn set(&self, bits: u32) -> u32 {
        self.0.fetch_or(bits, Ordering::Relaxed)
    }

    /// Clears `bits` and returns what the word was before.
    pub(crate) fn clear(&self, bits: u32) -> u32 {
        self.0.fetch_and(!bits, Ordering::Relaxed)
    }

    /// Sets WAITERS if the stripe is held, and returns whether it is. The two must be one step: an unlock in
    /// between would not look for waiters.
    pub(crate) fn wait_if_held(&self) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        while word & LOCKED != 0 {
            match self.0.compare_exchange(word, word | WAITERS, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    pub(crate) fn load(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    fn swap_if(&self, old: u32, new: u32) -> bool {
        self.0.compare_exchange(old, new, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}
