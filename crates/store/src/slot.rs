//! The keys of one slot in one database.

use crate::DbId;
use crate::clock::Clock;
use base::Slot;
use ds::table::SCAN_END;
use ds::{Entry, EntryRef, Table};

/// No key of the slot expires.
pub(crate) const NEVER: u64 = u64::MAX;

/// One cache line. Whoever holds the slot's stripe changes it.
#[repr(align(64))]
pub(crate) struct SlotKeys {
    pub table: Table<Entry>,
    /// Keys that have an expiry.
    pub expires: u32,
    /// Keys whose values have elements that expire.
    pub volatile: u32,
    /// No key expires before this, and no element of one.
    pub next_expiry: u64,
}

const _: () = assert!(size_of::<SlotKeys>() == 64);

/// A sweep under way. A stripe has one at most.
pub(crate) struct Sweep {
    pub db: DbId,
    pub slot: Slot,
    position: u64,
    /// Earliest expiry among the keys and elements that it has passed, or that were set since it began.
    next_expiry: u64,
}

/// What a sweep met in one bucket.
#[derive(Default)]
pub(crate) struct Met {
    /// Expired keys, taken out.
    pub removed: Vec<Entry>,
    /// Keys whose values have expired elements.
    pub due: Vec<Box<[u8]>>,
}

impl Default for SlotKeys {
    fn default() -> SlotKeys {
        SlotKeys { table: Table::new(), expires: 0, volatile: 0, next_expiry: NEVER }
    }
}

impl Sweep {
    pub fn new(db: DbId, slot: Slot) -> Sweep {
        Sweep { db, slot, position: 0, next_expiry: NEVER }
    }

    /// Some key of the slot, or an element of one, was given this expiry: the sweep may have passed it.
    pub fn note_expiry(&mut self, at: u64) {
        self.next_expiry = self.next_expiry.min(at);
    }

    /// Takes the expired keys out of the next bucket, and finds those that have expired elements. Returns where the bucket
    /// behind it is.
    pub fn look(&mut self, keys: &mut SlotKeys, clock: &Clock, examined: &mut usize, met: &mut Met) -> u64 {
        let Met { removed, due } = met;
        let (next, volatile) = (&mut self.next_expiry, keys.volatile > 0);
        let mut is_past = |at: Option<u64>| {
            let past = at.is_some_and(|at| clock.is_past(at));
            *next = (*next).min(at.filter(|_| !past).unwrap_or(NEVER));
            past
        };
        let dead = |entry: EntryRef<'_>| {
            *examined += 1;
            let dead = is_past(entry.expiry());
            if !dead && volatile && is_past(entry.next_expiry()) {
                due.push(entry.key().into());
            }
            dead
        };
        keys.table.sweep(self.position, dead, |entry| removed.push(entry))
    }

    /// Goes on to a bucket. True if there is none; then the slot's bound is as good as can be.
    pub fn advance(&mut self, keys: &mut SlotKeys, to: u64) -> bool {
        self.position = to;
        if to == SCAN_END {
            keys.next_expiry = self.next_expiry;
        }
        to == SCAN_END
    }
}

impl SlotKeys {
    /// Notes that a key's expiry went from `old` to `new`. Returns by how much the number of keys with one changed.
    #[inline]
    pub fn note_expiry(&mut self, old: bool, new: Option<u64>) -> isize {
        let change = recount(&mut self.expires, old, new.is_some());
        self.settle_bound(new);
        change
    }

    /// Notes that the first expiry among the elements of a key went from `old` to `new`. Returns by how much the number of
    /// keys with one changed.
    pub fn note_volatile(&mut self, old: bool, new: Option<u64>) -> isize {
        let change = recount(&mut self.volatile, old, new.is_some());
        self.settle_bound(new);
        change
    }

    #[inline]
    fn settle_bound(&mut self, new: Option<u64>) {
        self.next_expiry = match new {
            Some(at) => self.next_expiry.min(at),
            None if self.expires == 0 && self.volatile == 0 => NEVER,
            None => self.next_expiry,
        };
    }

    /// Panics if counts and bounds contradict the keys.
    pub fn check_invariants(&self, rehash: impl Fn(&[u8]) -> u64) {
        self.table.check_invariants(rehash);
        let expiries: Vec<u64> = self.table.iter().filter_map(|e| e.expiry()).collect();
        assert_eq!(expiries.len(), self.expires as usize);
        let volatile: Vec<u64> = self.table.iter().filter_map(|e| e.next_expiry()).collect();
        assert_eq!(volatile.len(), self.volatile as usize);
        assert!(expiries.iter().chain(&volatile).all(|at| *at >= self.next_expiry));
    }
}

/// Counts what had something, or has it. Returns the change.
#[inline]
fn recount(count: &mut u32, had: bool, has: bool) -> isize {
    match (had, has) {
        (false, true) => {
            *count += 1;
            1
        }
        (true, false) => {
            *count -= 1;
            -1
        }
        _ => 0,
    }
}
