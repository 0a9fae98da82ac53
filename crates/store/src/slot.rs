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
    /// None expires before this.
    pub next_expiry: u64,
}

const _: () = assert!(size_of::<SlotKeys>() == 64);

/// A sweep under way. A stripe has one at most.
pub(crate) struct Sweep {
    pub db: DbId,
    pub slot: Slot,
    position: u64,
    /// Earliest expiry among the keys that it has passed, or that were set since it began.
    next_expiry: u64,
}

impl Default for SlotKeys {
    fn default() -> SlotKeys {
        SlotKeys { table: Table::new(), expires: 0, next_expiry: NEVER }
    }
}

impl Sweep {
    pub fn new(db: DbId, slot: Slot) -> Sweep {
        Sweep { db, slot, position: 0, next_expiry: NEVER }
    }

    /// Some key of the slot was given this expiry: the sweep may have passed it.
    pub fn note_expiry(&mut self, at: u64) {
        self.next_expiry = self.next_expiry.min(at);
    }

    /// Moves the expired keys of one bucket to `removed`. True if that was the last; then the slot's bound is as
    /// good as can be.
    pub fn step(
        &mut self,
        keys: &mut SlotKeys,
        clock: &Clock,
        examined: &mut usize,
        removed: &mut Vec<Entry>,
    ) -> bool {
        let next = &mut self.next_expiry;
        let dead = |entry: EntryRef<'_>| {
            *examined += 1;
            let Some(at) = entry.expiry() else { return false };
            let dead = clock.is_past(at);
            if !dead {
                *next = (*next).min(at);
            }
            dead
        };
        self.position = keys.table.sweep(self.position, dead, |entry| removed.push(entry));
        if self.position == SCAN_END {
            keys.next_expiry = self.next_expiry;
        }
        self.position == SCAN_END
    }
}

impl SlotKeys {
    /// Notes that a key's expiry went from `old` to `new`. Returns by how much the number of keys with one changed.
    #[inline]
    pub fn note_expiry(&mut self, old: bool, new: Option<u64>) -> isize {
        self.next_expiry = self.next_expiry.min(new.unwrap_or(NEVER));
        match (old, new.is_some()) {
            (false, true) => {
                self.expires += 1;
                1
            }
            (true, false) => {
                self.expires -= 1;
                if self.expires == 0 {
                    self.next_expiry = NEVER;
                }
                -1
            }
            _ => 0,
        }
    }

    /// Panics if counts and bounds contradict the keys.
    pub fn check_invariants(&self, rehash: impl Fn(&[u8]) -> u64) {
        self.table.check_invariants(rehash);
        let expiries: Vec<u64> = self.table.iter().filter_map(|e| e.expiry()).collect();
        assert_eq!(expiries.len(), self.expires as usize);
        assert!(expiries.iter().all(|at| *at >= self.next_expiry));
    }
}
