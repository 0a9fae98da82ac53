//! The keys of one slot in one database.

use crate::clock::Clock;
use ds::table::SCAN_END;
use ds::{Entry, Table};

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
    /// Where the sweep stands; 0 between two.
    sweep: u64,
    /// Earliest expiry among keys that the sweep has passed or that were set since it began.
    sweep_next: u64,
}

const _: () = assert!(size_of::<SlotKeys>() == 64);

impl Default for SlotKeys {
    fn default() -> SlotKeys {
        SlotKeys { table: Table::new(), expires: 0, next_expiry: NEVER, sweep: 0, sweep_next: NEVER }
    }
}

impl SlotKeys {
    /// Notes that a key's expiry went from `old` to `new`. Returns by how much the number of keys with one changed.
    #[inline]
    pub fn note_expiry(&mut self, old: bool, new: Option<u64>) -> isize {
        if let Some(at) = new {
            self.next_expiry = self.next_expiry.min(at);
            self.sweep_next = self.sweep_next.min(at);
        }
        match (old, new.is_some()) {
            (false, true) => {
                self.expires += 1;
                1
            }
            (true, false) => {
                self.expires -= 1;
                if self.expires == 0 {
                    (self.next_expiry, self.sweep, self.sweep_next) = (NEVER, 0, NEVER);
                }
                -1
            }
            _ => 0,
        }
    }

    /// One step of a sweep: the expired keys of one bucket go to `removed`. True if the sweep is over; then
    /// `next_expiry` is exact for keys that were not changed meanwhile.
    pub fn sweep_step(&mut self, clock: &Clock, examined: &mut usize, removed: &mut Vec<Entry>) -> bool {
        if self.sweep == 0 {
            self.sweep_next = NEVER;
        }
        let next = &mut self.sweep_next;
        let dead = |entry: ds::EntryRef<'_>| {
            *examined += 1;
            let Some(at) = entry.expiry() else { return false };
            if !clock.is_past(at) {
                *next = (*next).min(at);
            }
            clock.is_past(at)
        };
        self.sweep = self.table.sweep(self.sweep, dead, |entry| removed.push(entry));
        if self.sweep < SCAN_END {
            return false;
        }
        self.sweep = 0;
        self.next_expiry = self.sweep_next;
        true
    }

    /// Panics if counts and bounds contradict the keys.
    pub fn check_invariants(&self, rehash: impl Fn(&[u8]) -> u64) {
        self.table.check_invariants(rehash);
        let expiries: Vec<u64> = self.table.iter().filter_map(|e| e.expiry()).collect();
        assert_eq!(expiries.len(), self.expires as usize);
        assert!(expiries.iter().all(|at| *at >= self.next_expiry));
    }
}
