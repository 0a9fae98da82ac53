//! What one lock protects: sixteen slots in every database, and who watches keys there.

use crate::DbId;
use crate::slot::{NEVER, SlotKeys, Sweep};
use crate::wait::Waiters;
use crate::watch::Watchers;
use base::{SLOTS, Slot};
use sync::STRIPES;

/// Slots of a stripe.
pub(crate) const SLOTS_EACH: usize = SLOTS / STRIPES;

/// The slots of a stripe in one database, made when the first key comes.
pub(crate) type Shard = Box<[SlotKeys; SLOTS_EACH]>;

/// Bytes of a shard.
pub(crate) const SHARD_BYTES: usize = size_of::<[SlotKeys; SLOTS_EACH]>();

pub(crate) struct Stripe {
    /// Database 0, which nearly everyone uses alone, without a detour.
    first: Option<Shard>,
    /// Databases from 1.
    others: Vec<Option<Shard>>,
    /// None of the stripe's keys expires before this.
    pub next_expiry: u64,
    pub sweep: Option<Box<Sweep>>,
    pub watchers: Option<Box<Watchers>>,
    pub waiters: Option<Box<Waiters>>,
}

impl Default for Stripe {
    fn default() -> Stripe {
        Stripe {
            first: None,
            others: Vec::new(),
            next_expiry: NEVER,
            sweep: None,
            watchers: None,
            waiters: None,
        }
    }
}

/// Place of a slot in its shard.
#[inline]
fn place(slot: Slot) -> usize {
    slot.index() / STRIPES
}

impl Stripe {
    /// The keys of a slot, if its shard was ever made.
    #[inline]
    pub fn keys(&self, db: DbId, slot: Slot) -> Option<&SlotKeys> {
        let shard = match db {
            0 => self.first.as_ref(),
            _ => self.others.get(db as usize - 1)?.as_ref(),
        };
        shard.map(|shard| &shard[place(slot)])
    }

    /// The keys of a slot, for changes.
    #[inline]
    pub fn keys_mut(&mut self, db: DbId, slot: Slot) -> Option<&mut SlotKeys> {
        let shard = match db {
            0 => self.first.as_mut(),
            _ => self.others.get_mut(db as usize - 1)?.as_mut(),
        };
        shard.map(|shard| &mut shard[place(slot)])
    }

    /// The keys of a slot; makes the shard, and then says so by calling `made`.
    #[inline]
    pub fn keys_or_make(&mut self, db: DbId, slot: Slot, made: impl FnOnce()) -> &mut SlotKeys {
        let shard = self.shard_mut(db).get_or_insert_with(|| {
            made();
            Box::new(std::array::from_fn(|_| SlotKeys::default()))
        });
        &mut shard[place(slot)]
    }

    /// A key of a slot, or an element of one, was given this expiry.
    #[inline]
    pub fn note_expiry(&mut self, db: DbId, slot: Slot, at: u64) {
        self.next_expiry = self.next_expiry.min(at);
        if let Some(sweep) = &mut self.sweep
            && (sweep.db, sweep.slot) == (db, slot)
        {
            sweep.note_expiry(at);
        }
    }

    #[inline]
    fn shard_mut(&mut self, db: DbId) -> &mut Option<Shard> {
        if db == 0 {
            return &mut self.first;
        }
        let at = db as usize - 1;
        if at >= self.others.len() {
            self.others.resize_with(at + 1, || None);
        }
        &mut self.others[at]
    }

    /// Takes a database out. A sweep under way ends: it would go on in another table.
    pub fn take(&mut self, db: DbId) -> Option<Shard> {
        self.sweep = None;
        match db {
            0 => self.first.take(),
            _ => self.others.get_mut(db as usize - 1)?.take(),
        }
    }

    /// Exchanges two databases.
    pub fn swap(&mut self, a: DbId, b: DbId) {
        let (from_a, from_b) = (self.take(a), self.take(b));
        for (db, shard) in [(b, from_a), (a, from_b)] {
            if shard.is_some() {
                *self.shard_mut(db) = shard;
            }
        }
    }

    /// Databases that have a shard here, ascending.
    pub fn databases(&self) -> impl Iterator<Item = DbId> + '_ {
        let others = self.others.iter().enumerate().filter(|(_, s)| s.is_some()).map(|(i, _)| i as DbId + 1);
        self.first.iter().map(|_| 0).chain(others)
    }

    /// The earliest `next_expiry` of all slots.
    pub fn earliest_expiry(&self) -> u64 {
        let shards = self.first.iter().chain(self.others.iter().flatten());
        shards.flat_map(|shard| shard.iter()).map(|keys| keys.next_expiry).min().unwrap_or(NEVER)
    }
}
