//! Walking slots and databases.

use super::{Access, shows};
use crate::clock::Expired;
use crate::{Cursor, DbId, EntryRef};
use base::{Rng, Slot};
use ds::table::{SCAN_END, TableStats};

/// Draws before a random key is given up: all that were drawn had expired.
const RANDOM_TRIES_MAX: usize = 100;

/// A slot with fewer keys than this is drawn with a chance in proportion to its keys.
const RANDOM_FAIR_LEN: u64 = 16;

impl Access<'_> {
    /// Emits keys of the cursor's slot from its position on, `count` or a few more; returns where to go on, maybe in
    /// the next slot; `None` after the last slot. Expired keys are removed on the way, not emitted.
    pub fn scan_slot(
        &mut self,
        db: DbId,
        from: Cursor,
        count: usize,
        emit: &mut dyn FnMut(EntryRef<'_>),
    ) -> Option<Cursor> {
        let (mut position, mut emitted) = (from.position, 0);
        while position < SCAN_END && emitted < count {
            position = self.scan_bucket(db, from.slot, position, &mut |entry| {
                emitted += 1;
                emit(entry);
            });
        }
        from.advanced(position)
    }

    fn scan_bucket(
        &mut self,
        db: DbId,
        slot: Slot,
        position: u64,
        emit: &mut dyn FnMut(EntryRef<'_>),
    ) -> u64 {
        let clock = self.clock;
        let Some(keys) = self.keys_mut(db, slot) else { return SCAN_END };
        if clock.expired == Expired::Show || !clock.is_past(keys.next_expiry) {
            return keys.table.scan(position, emit);
        }
        let is_past = |entry: EntryRef<'_>| entry.expiry().is_some_and(|at| clock.is_past(at));
        if clock.expired == Expired::Hide {
            return keys.table.scan(position, |entry| {
                if !is_past(entry) {
                    emit(entry);
                }
            });
        }
        let before = keys.table.allocated();
        let mut removed = Vec::new();
        let dead = |entry: EntryRef<'_>| {
            let dead = is_past(entry);
            if !dead {
                emit(entry);
            }
            dead
        };
        let next = keys.table.sweep(position, dead, |entry| removed.push(entry));
        self.bury_swept(db, slot, before, removed);
        next
    }

    /// Walks the slots that are held, from the cursor on, until `count` keys or more were emitted. Returns where to go
    /// on, `None` after the last; an occupied slot that is not held ends the walk.
    pub fn scan(
        &mut self,
        db: DbId,
        from: Cursor,
        count: usize,
        emit: &mut dyn FnMut(EntryRef<'_>),
    ) -> Option<Cursor> {
        let mut emitted = 0;
        let mut at = self.keyspace.settle_cursor(db, from);
        while let Some(cursor) = at.filter(|c| emitted < count.max(1) && self.holds(c.slot)) {
            let next = self.scan_slot(db, cursor, count.max(1) - emitted, &mut |entry| {
                emitted += 1;
                emit(entry);
            });
            at = next.and_then(|next| self.keyspace.settle_cursor(db, next));
        }
        at
    }

    /// Every key of a slot that has not expired.
    pub fn for_each_in_slot(&self, db: DbId, slot: Slot, mut emit: impl FnMut(EntryRef<'_>)) {
        let Some(keys) = self.keys(db, slot) else { return };
        keys.table.iter().filter(|entry| shows(self.clock, *entry)).for_each(&mut emit);
    }

    /// Every key of a database that has not expired. All stripes must be held.
    pub fn for_each(&self, db: DbId, mut emit: impl FnMut(EntryRef<'_>)) {
        let mut next = self.keyspace.next_slot(db, Slot::from_low_bits(0));
        while let Some(slot) = next {
            self.for_each_in_slot(db, slot, &mut emit);
            next = Slot::new(slot.get() + 1).and_then(|from| self.keyspace.next_slot(db, from));
        }
    }

    /// Counts the tables of a database's slots. All stripes must be held.
    pub fn add_table_stats(&self, db: DbId, stats: &mut TableStats) {
        let mut next = self.keyspace.next_slot(db, Slot::from_low_bits(0));
        while let Some(slot) = next {
            if let Some(keys) = self.keys(db, slot) {
                keys.table.add_stats(stats);
            }
            next = Slot::new(slot.get() + 1).and_then(|from| self.keyspace.next_slot(db, from));
        }
    }

    /// Up to `count` keys of a slot, expired ones included.
    pub fn keys_in_slot(&self, db: DbId, slot: Slot, count: usize) -> impl Iterator<Item = &[u8]> {
        self.keys(db, slot)
            .into_iter()
            .flat_map(|keys| keys.table.iter())
            .take(count)
            .map(|entry| entry.key())
    }

    /// Number of keys in a slot, expired ones included.
    pub fn count_in_slot(&self, db: DbId, slot: Slot) -> usize {
        self.keys(db, slot).map_or(0, |keys| keys.table.len())
    }

    /// A key of a slot at random; `None` if there is none, or those that were drawn had expired.
    pub fn random_in_slot(&mut self, db: DbId, slot: Slot, rng: &mut Rng) -> Option<Vec<u8>> {
        for _ in 0..RANDOM_TRIES_MAX {
            let key = self.keys(db, slot)?.table.random(rng)?.key().to_vec();
            if self.contains(db, self.keyspace.key(&key)) {
                return Some(key);
            }
        }
        None
    }

    /// A key of a database at random, each with nearly the same chance unless slots differ much. All stripes must be
    /// held.
    pub fn random(&mut self, db: DbId, rng: &mut Rng) -> Option<Vec<u8>> {
        for _ in 0..RANDOM_TRIES_MAX {
            let slot = self.keyspace.random_slot(db, rng)?;
            if (self.count_in_slot(db, slot) as u64) <= rng.below(RANDOM_FAIR_LEN) {
                continue;
            }
            if let Some(key) = self.random_in_slot(db, slot, rng) {
                return Some(key);
            }
        }
        let slot = self.keyspace.random_slot(db, rng)?;
        self.random_in_slot(db, slot, rng)
    }
}
