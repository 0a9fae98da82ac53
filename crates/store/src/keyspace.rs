//! The keyspace as all workers share it.

use crate::clock::Clock;
use crate::counters::Counters;
use crate::occupied::Occupied;
use crate::stripe::Stripe;
use crate::turn::{ExclusiveAccess, Turn};
use crate::{Cursor, DbId, Key, KeyHash};
use base::{Rng, SLOTS, Slot};
use ds::SipHash;
use std::sync::Arc;
use sync::{Space, Ticket, Wake, WorkerIdx};

/// Draws before RANDOMKEY takes the next occupied slot.
const RANDOM_SLOT_TRIES_MAX: usize = 64;

/// What a keyspace is made with.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// Number of databases, 1 or more.
    pub databases: u32,
    /// Number of workers, 1 or more.
    pub workers: usize,
    /// Key of the hash of keys: random, and secret, as clients choose the keys.
    pub hash_key: (u64, u64),
}

/// All keys of a node.
pub struct Keyspace {
    pub(crate) space: Arc<Space<Stripe>>,
    pub(crate) counters: Counters,
    pub(crate) occupied: Box<[Occupied]>,
    hasher: SipHash,
}

impl Keyspace {
    /// An empty keyspace. `wake` hears about free stripes and the gate.
    pub fn new(params: Params, wake: Box<dyn Wake>) -> Arc<Keyspace> {
        assert!(params.databases > 0);
        Arc::new(Keyspace {
            space: Space::new(params.workers, |_| Stripe::default(), wake),
            counters: Counters::new(params.workers, params.databases),
            occupied: (0..params.databases).map(|_| Occupied::default()).collect(),
            hasher: SipHash::new(params.hash_key),
        })
    }

    /// Where a key belongs.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> KeyHash {
        KeyHash { slot: Slot::of_key(key), hash: self.table_hash(key) }
    }

    /// The key with where it belongs.
    #[inline]
    pub fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        Key { bytes, at: self.hash(bytes) }
    }

    #[inline]
    pub(crate) fn table_hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash(key)
    }

    /// A worker's permit for one turn; `None` while someone has, or asks for, exclusive access: [`Wake::gate_open`]
    /// follows.
    #[inline]
    pub fn enter(&self, worker: WorkerIdx, clock: Clock) -> Option<Turn<'_>> {
        let shared = self.space.enter(worker)?;
        Some(Turn::new(self, shared, worker, clock))
    }

    /// Asks for exclusive access: at once if nobody is in, else [`Wake::exclusive_ready`] follows.
    pub fn request_exclusive(self: &Arc<Self>, ticket: Ticket) -> Option<ExclusiveAccess> {
        let exclusive = self.space.request_exclusive(ticket)?;
        Some(ExclusiveAccess::new(self.clone(), exclusive))
    }

    /// Takes the exclusive access that `Wake::exclusive_ready` announced.
    pub fn take_exclusive(self: &Arc<Self>, ticket: Ticket) -> Option<ExclusiveAccess> {
        let exclusive = self.space.take_exclusive(ticket)?;
        Some(ExclusiveAccess::new(self.clone(), exclusive))
    }

    /// Gives a request for exclusive access up. False if there was none.
    pub fn withdraw(&self, ticket: Ticket) -> bool {
        self.space.withdraw(ticket)
    }

    /// A client that parked or reserved goes, or wants the stripe no more.
    pub fn forget(&self, worker: WorkerIdx, token: u64) {
        self.space.forget(worker, token);
    }

    /// Number of databases.
    pub fn databases(&self) -> u32 {
        self.occupied.len() as u32
    }

    /// Keys of a database. Reads no lock: may be off by what workers do at the moment.
    pub fn db_size(&self, db: DbId) -> u64 {
        self.counters.sum(db, |count| &count.keys)
    }

    /// Keys of a database that have an expiry.
    pub fn expires(&self, db: DbId) -> u64 {
        self.counters.sum(db, |count| &count.expires)
    }

    /// Keys of a database whose values have elements that expire: hashes with such fields.
    pub fn volatile(&self, db: DbId) -> u64 {
        self.counters.sum(db, |count| &count.volatile)
    }

    /// Bytes that keys, values and their index take, as allocated.
    pub fn memory_used(&self) -> u64 {
        let dbs: u64 = (0..self.databases()).map(|db| self.counters.sum(db, |count| &count.memory)).sum();
        dbs + size_of::<Stripe>() as u64 * sync::STRIPES as u64
    }

    /// Bytes that the keys of one database take.
    pub fn db_memory(&self, db: DbId) -> u64 {
        self.counters.sum(db, |count| &count.memory)
    }

    /// Whether a slot has keys in a database.
    pub fn has_keys(&self, db: DbId, slot: Slot) -> bool {
        self.occupied[db as usize].contains(slot)
    }

    /// Number of slots that have keys in a database.
    pub fn slot_count(&self, db: DbId) -> usize {
        self.occupied[db as usize].count()
    }

    /// The first slot at or after `from` that has keys; `None` if there is none up to the last.
    pub fn next_slot(&self, db: DbId, from: Slot) -> Option<Slot> {
        self.occupied[db as usize].next(from.index())
    }

    /// Moves a cursor on to a slot that has keys; `None` if the walk is over.
    pub fn settle_cursor(&self, db: DbId, cursor: Cursor) -> Option<Cursor> {
        let slot = self.next_slot(db, cursor.slot)?;
        Some(if slot == cursor.slot { cursor } else { Cursor::at_slot(slot) })
    }

    /// One of the slots that have keys, at random.
    pub fn random_slot(&self, db: DbId, rng: &mut Rng) -> Option<Slot> {
        let occupied = &self.occupied[db as usize];
        let mut slot = Slot::from_low_bits(rng.next_u64());
        for _ in 0..RANDOM_SLOT_TRIES_MAX {
            if occupied.contains(slot) {
                return Some(slot);
            }
            slot = Slot::from_low_bits(rng.next_u64());
        }
        occupied.next(slot.index()).or_else(|| occupied.next(0))
    }

    pub(crate) fn stripe_of(slot: Slot) -> u16 {
        const { assert!(SLOTS.is_multiple_of(sync::STRIPES)) };
        sync::stripe_of(slot)
    }
}
