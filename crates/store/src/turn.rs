//! Permits: a worker's for a turn, and the exclusive one.

use crate::access::Access;
use crate::clock::{Clock, Touch};
use crate::counters::Row;
use crate::keyspace::Keyspace;
use crate::slot::SlotKeys;
use crate::stripe::Stripe;
use crate::{AccessStats, Cursor, DbId, Entry, EntryRef, Key, KeyHash, ValueRef};
use base::Slot;
use ds::table::Hints;
use std::sync::Arc;
use sync::{Contended, Exclusive, Shared, Stay, Ticket, WorkerIdx};

/// Keys whose stripes are listed without an allocation.
const INLINE_KEYS: usize = 16;

/// Slots that a walk may look at, whatever its count: they may all have expired keys only.
const SCAN_SLOTS_MIN: usize = 10;

/// A shared permit: the right to lock stripes. Ends with the worker's turn.
pub struct Turn<'k> {
    keyspace: &'k Keyspace,
    shared: Shared<'k, Stripe>,
    row: &'k Row,
    /// Time and rules for what is locked from now on.
    pub clock: Clock,
}

impl<'k> Turn<'k> {
    pub(crate) fn new(
        keyspace: &'k Keyspace,
        shared: Shared<'k, Stripe>,
        worker: WorkerIdx,
        clock: Clock,
    ) -> Turn<'k> {
        Turn { keyspace, shared, row: keyspace.counters.row(worker.index()), clock }
    }

    /// What this is a permit of.
    pub fn keyspace(&self) -> &'k Keyspace {
        self.keyspace
    }

    /// A hint that a key will be wanted: brings the bucket of its hash into the cache.
    #[inline]
    pub fn prefetch_bucket(&self, db: DbId, at: KeyHash) {
        self.glance(db, at, |keys| keys.table.hints().prefetch_bucket(at.hash));
    }

    /// A hint that a key will be wanted: brings what leads to its bucket into the cache.
    #[inline]
    pub fn prefetch_slot(&self, db: DbId, at: KeyHash) {
        self.glance(db, at, ds::table::prefetch_value);
    }

    /// A hint that a key will be wanted, when its bucket is in the cache: brings its entry there too.
    #[inline]
    pub fn prefetch_entry(&self, db: DbId, at: KeyHash) {
        self.glance(db, at, |keys| keys.table.hints().prefetch_items(at.hash));
    }

    #[inline(always)]
    fn glance(&self, db: DbId, at: KeyHash, look: impl FnOnce(&SlotKeys)) {
        self.shared.glance(Keyspace::stripe_of(at.slot), |stripe| stripe.keys(db, at.slot).map(look));
    }

    /// A hint that an element of a key's value will be wanted, when the key's entry is in the cache: brings the value
    /// there.
    pub fn prefetch_value(&self, db: DbId, key: Key<'_>) {
        self.glance_at(db, key, |entry| entry.prefetch_value());
    }

    /// Lets `look` ask for elements of a key's value, when that is in the cache and finds them by their
    /// [hash](crate::element_hash).
    pub fn with_hints(&self, db: DbId, key: Key<'_>, look: impl FnOnce(Hints<'_>)) {
        self.glance_at(db, key, |entry| {
            if let ValueRef::Object(value) = entry.value()
                && let Some(hints) = value.hints()
            {
                look(hints);
            }
        });
    }

    #[inline]
    fn glance_at(&self, db: DbId, key: Key<'_>, look: impl FnOnce(EntryRef<'_>)) {
        self.glance(db, key.at, |keys| {
            if let Some(entry) = keys.table.get(key.at.hash, key.bytes) {
                look(entry);
            }
        });
    }

    /// Locks the stripes of all these keys, or none. `token` names the client. No keys: nothing is held, and every
    /// operation on a key panics.
    #[inline(always)]
    pub fn try_lock(&self, keys: &[KeyHash], token: u64) -> Result<Access<'_>, Contended> {
        match keys {
            [one] => {
                let locked = self.shared.try_stripe(Keyspace::stripe_of(one.slot), token)?;
                Ok(Access::new(self.keyspace, locked, self.row, &self.clock))
            }
            keys => self.try_lock_several(keys, token),
        }
    }

    #[inline(never)]
    fn try_lock_several(&self, keys: &[KeyHash], token: u64) -> Result<Access<'_>, Contended> {
        match keys {
            few if few.len() <= INLINE_KEYS => {
                let mut stripes = [0; INLINE_KEYS];
                for (stripe, key) in stripes.iter_mut().zip(few) {
                    *stripe = Keyspace::stripe_of(key.slot);
                }
                self.lock_stripes(&stripes[..few.len()], token)
            }
            many => {
                let stripes: Vec<u16> = many.iter().map(|key| Keyspace::stripe_of(key.slot)).collect();
                self.lock_stripes(&stripes, token)
            }
        }
    }

    /// Locks the stripe of a slot.
    pub fn try_lock_slot(&self, slot: Slot, token: u64) -> Result<Access<'_>, Contended> {
        self.lock_stripes(&[Keyspace::stripe_of(slot)], token)
    }

    /// Locks every stripe.
    pub fn try_lock_all(&self, token: u64) -> Result<Access<'_>, Contended> {
        let stripes: Vec<u16> = (0..sync::STRIPES as u16).collect();
        self.lock_stripes(&stripes, token)
    }

    /// All keys, if this is the permit of a keyspace's only worker, which keeps nothing beyond its turns.
    pub fn try_all_alone(&mut self) -> Option<Access<'_>> {
        let locked = self.shared.try_all_alone()?;
        Some(Access::new(self.keyspace, locked, self.row, &self.clock))
    }

    /// Keeps what was locked under this permit beyond the turn, for a command that takes long; nothing is left in `access`. Panics
    /// unless it was locked by [`Turn::try_lock`] or its kin, and if there is news in it: that is to be told, or put aside.
    pub fn keep(&self, keyspace: &Arc<Keyspace>, access: &mut Access<'_>) -> KeptAccess {
        let stay = self.shared.keep(access.locks());
        KeptAccess { keyspace: keyspace.clone(), stay, worker: self.shared.worker(), clock: self.clock }
    }

    /// Locks one stripe by number if nobody has it, without spinning or queueing: for sweeps.
    pub fn try_stripe(&self, stripe: u16) -> Option<Access<'_>> {
        let locked = self.shared.try_now(stripe)?;
        Some(Access::new(self.keyspace, locked, self.row, &self.clock))
    }

    #[inline]
    fn lock_stripes(&self, stripes: &[u16], token: u64) -> Result<Access<'_>, Contended> {
        let locked = self.shared.try_lock(stripes, token)?;
        Ok(Access::new(self.keyspace, locked, self.row, &self.clock))
    }

    /// Parks a client until a stripe is free. False if it is free by now: try again.
    pub fn park(&self, stripe: u16, token: u64) -> bool {
        self.shared.park(stripe, token)
    }

    /// Keeps others off a stripe until the client has locked all it wants.
    pub fn reserve(&self, stripe: u16, token: u64) {
        self.shared.reserve(stripe, token);
    }

    /// Whether someone wants exclusive access: end the turn between two commands.
    #[inline]
    pub fn asked_to_leave(&self) -> bool {
        self.shared.asked_to_leave()
    }

    /// Exchanges the permit for the exclusive one; `None` if others are in: `Wake::exclusive_ready` follows.
    pub fn into_exclusive(self, keyspace: &Arc<Keyspace>, ticket: Ticket) -> Option<ExclusiveAccess> {
        let exclusive = self.shared.into_exclusive(ticket)?;
        Some(ExclusiveAccess::new(keyspace.clone(), exclusive))
    }

    /// Walks a database, one stripe locked at a time, until `count` keys or a few more were emitted. A stripe that is
    /// held by another ends the walk early; if it is the first, it is the error.
    pub fn scan(
        &self,
        db: DbId,
        from: Cursor,
        count: usize,
        token: u64,
        mut emit: impl FnMut(EntryRef<'_>),
    ) -> Result<Scanned, Contended> {
        let mut scanned = Scanned::default();
        let mut emitted = 0;
        scanned.next = self.keyspace.settle_cursor(db, from);
        for slots in 0..count.max(SCAN_SLOTS_MIN) {
            let Some(cursor) = scanned.next.filter(|_| emitted < count.max(1)) else { break };
            let mut access = match self.try_lock_slot(cursor.slot, token) {
                Err(contended) if slots == 0 => return Err(contended),
                Err(_) => break,
                Ok(access) => access,
            };
            let next = access.scan_slot(db, cursor, count.max(1) - emitted, &mut |entry| {
                emitted += 1;
                emit(entry);
            });
            scanned.stats.add(&access.stats);
            scanned.expired.extend(access.take_expired());
            scanned.next = next.and_then(|next| self.keyspace.settle_cursor(db, next));
        }
        Ok(scanned)
    }
}

/// What a walk by [`Turn::scan`] leaves.
#[derive(Default)]
pub struct Scanned {
    /// Where to go on; `None` after the last key.
    pub next: Option<Cursor>,
    /// What was counted.
    pub stats: AccessStats,
    /// Expired keys that were removed, to be logged as deleted.
    pub expired: Vec<(DbId, Entry)>,
}

/// The exclusive permit: every stripe. Travels between threads; the gate opens when it is dropped.
pub struct ExclusiveAccess {
    keyspace: Arc<Keyspace>,
    exclusive: Exclusive<Stripe>,
    /// That of the last `access`.
    clock: Clock,
}

impl ExclusiveAccess {
    pub(crate) fn new(keyspace: Arc<Keyspace>, exclusive: Exclusive<Stripe>) -> ExclusiveAccess {
        ExclusiveAccess { keyspace, exclusive, clock: Clock::new(0, Touch::Lru) }
    }

    /// All keys.
    pub fn access(&mut self, clock: Clock) -> Access<'_> {
        self.clock = clock;
        let row = self.keyspace.counters.exclusive_row();
        Access::new(&self.keyspace, self.exclusive.as_locked(), row, &self.clock)
    }

    /// Lets others in, who meet each stripe locked by `worker`, for a command that takes long.
    pub fn keep(self, worker: WorkerIdx) -> KeptAccess {
        KeptAccess {
            stay: self.exclusive.into_stay(worker),
            keyspace: self.keyspace,
            worker,
            clock: self.clock,
        }
    }

    /// What this is the exclusive permit of.
    pub fn keyspace(&self) -> &Arc<Keyspace> {
        &self.keyspace
    }
}

/// Stripes that a worker keeps from one turn into others. They are free when it is dropped; until then nobody has exclusive access.
pub struct KeptAccess {
    keyspace: Arc<Keyspace>,
    stay: Stay<Stripe>,
    worker: WorkerIdx,
    /// That of the last `access`.
    clock: Clock,
}

impl KeptAccess {
    /// The keys, for a while.
    pub fn access(&mut self, clock: Clock) -> Access<'_> {
        self.clock = clock;
        let row = self.keyspace.counters.row(self.worker.index());
        Access::new(&self.keyspace, self.stay.as_locked(), row, &self.clock)
    }

    /// Whether a stripe is among the kept.
    pub fn holds(&self, stripe: u16) -> bool {
        self.stay.holds(stripe)
    }

    /// Whether all are.
    pub fn holds_all(&self) -> bool {
        self.stay.holds_all()
    }
}
