//! Whole databases at once. All stripes must be held, by exclusive access.

use super::Access;
use crate::DbId;
use crate::clock::Clock;
use crate::stripe::{Shard, Stripe};
use crate::watch::Fate;
use base::Slot;
use sync::STRIPES;

/// What a flush took out of the keyspace. Dropping it frees every key, which takes its time: elsewhere, if need be.
#[must_use = "dropping it takes as long as there are keys"]
pub struct Garbage {
    shards: Vec<Shard>,
}

impl Garbage {
    /// Number of keys.
    pub fn keys(&self) -> usize {
        self.shards.iter().flat_map(|shard| shard.iter()).map(|keys| keys.table.len()).sum()
    }
}

impl Access<'_> {
    /// Takes all keys of a database out. Marks those who watch one.
    pub fn flush_db(&mut self, db: DbId) -> Garbage {
        let clock = self.clock;
        let mut shards = Vec::new();
        for stripe in 0..STRIPES as u16 {
            let stripe = self.locked.get_mut(stripe);
            mark_watchers(stripe, db, None, clock);
            shards.extend(stripe.take(db));
        }
        self.note_all_ready(db);
        self.keyspace.counters.clear(db);
        self.keyspace.occupied[db as usize].clear_all();
        Garbage { shards }
    }

    /// Exchanges the keys of two databases. Marks those who watch a key that is there before or after.
    pub fn swap_db(&mut self, a: DbId, b: DbId) {
        let clock = self.clock;
        if a == b {
            return;
        }
        for stripe in 0..STRIPES as u16 {
            let stripe = self.locked.get_mut(stripe);
            mark_watchers(stripe, a, Some(b), clock);
            mark_watchers(stripe, b, Some(a), clock);
            stripe.swap(a, b);
        }
        self.note_all_ready(a);
        self.note_all_ready(b);
        self.keyspace.counters.swap(a, b);
        self.keyspace.occupied[a as usize].swap(&self.keyspace.occupied[b as usize]);
    }

    /// Panics if keys, counts and bounds contradict each other. All stripes must be held.
    pub fn check_invariants(&self) {
        for db in 0..self.keyspace.databases() {
            let (mut keys, mut expires, mut volatile, mut memory) = (0, 0, 0, 0);
            for slot in Slot::all() {
                assert_eq!(self.keyspace.has_keys(db, slot), self.count_in_slot(db, slot) > 0);
                let Some(held) = self.keys(db, slot) else { continue };
                held.check_invariants(|key| self.keyspace.table_hash(key));
                let stripe = self.locked.get(sync::stripe_of(slot));
                assert!(stripe.next_expiry <= held.next_expiry);
                keys += held.table.len() as u64;
                expires += u64::from(held.expires);
                volatile += u64::from(held.volatile);
                memory += size_of_val(held) + held.table.allocated();
                memory += held.table.iter().map(|entry| entry.allocated()).sum::<usize>();
            }
            assert_eq!((keys, expires), (self.keyspace.db_size(db), self.keyspace.expires(db)));
            assert_eq!(volatile, self.keyspace.volatile(db));
            assert_eq!(memory as u64, self.keyspace.db_memory(db));
        }
    }
}

/// Marks watchers of a database whose keys are about to be replaced by those of `by`, or by none.
fn mark_watchers(stripe: &mut Stripe, db: DbId, by: Option<DbId>, clock: &Clock) {
    let Some(mut watchers) = stripe.watchers.take() else { return };
    watchers.replace_all(db, |hash, key| {
        let find = |db| stripe.keys(db, Slot::of_key(key)).and_then(|keys| keys.table.get(hash, key));
        let after = by.and_then(find);
        let is_expired = after.and_then(|entry| entry.expiry()).is_some_and(|at| clock.is_past(at));
        Fate { existed: find(db).is_some(), exists: after.is_some(), is_expired }
    });
    stripe.watchers = Some(watchers);
}
