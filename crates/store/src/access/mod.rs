//! Operations on keys whose stripes are held.

mod edit;
mod expire;
mod news;
mod value;
mod wait;
mod walk;
mod whole;
mod write;

pub use edit::EntryMut;
pub use expire::{Lapsed, Swept};
pub use value::{Changed, WrongKind};
pub use whole::Garbage;
pub use write::Expiry;

use crate::clock::{Clock, Expired};
use crate::counters::Row;
use crate::keyspace::Keyspace;
use crate::slot::SlotKeys;
use crate::stripe::Stripe;
use crate::watch::Watcher;
use crate::{DbId, Entry, EntryRef, Key};
use base::Slot;
use expire::{Graves, may_be_gone};
use news::News;
pub use news::Untold;
use std::sync::Arc;
use sync::Locked;

/// What an access has counted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct AccessStats {
    /// `keyspace_hits`.
    pub hits: u64,
    /// `keyspace_misses`.
    pub misses: u64,
    /// `expired_keys`.
    pub expired: u64,
    /// `expired_fields`.
    pub expired_fields: u64,
}

impl AccessStats {
    /// Adds another's counts to these.
    pub fn add(&mut self, other: &AccessStats) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.expired += other.expired;
        self.expired_fields += other.expired_fields;
    }
}

/// Locked stripes and everything that can be done with the keys in them. An operation on a key whose stripe is not
/// held panics; so does a database that the keyspace does not have.
pub struct Access<'a> {
    keyspace: &'a Keyspace,
    locked: Locked<'a, Stripe>,
    row: &'a Row,
    /// Time and rules.
    pub clock: &'a Clock,
    /// What was counted so far; the caller adds it to its own.
    pub stats: AccessStats,
    /// What is to be told: nearly always nothing, and then it costs a command two tests of one word.
    news: Option<Box<News>>,
    /// Lookups leave the access word alone (`CLIENT NO-TOUCH`).
    pub no_touch: bool,
}

impl<'a> Access<'a> {
    #[inline]
    pub(crate) fn new(
        keyspace: &'a Keyspace,
        locked: Locked<'a, Stripe>,
        row: &'a Row,
        clock: &'a Clock,
    ) -> Access<'a> {
        let stats = AccessStats::default();
        Access { keyspace, locked, row, clock, stats, news: None, no_touch: false }
    }

    /// The locks alone. Panics if there is news.
    pub(crate) fn locks(&mut self) -> &mut Locked<'a, Stripe> {
        assert!(self.news.is_none(), "news would be lost");
        &mut self.locked
    }

    /// Whether every stripe is held.
    pub fn holds_all(&self) -> bool {
        self.locked.holds_all()
    }

    /// What the keys belong to.
    pub fn keyspace(&self) -> &'a Keyspace {
        self.keyspace
    }

    /// Milliseconds since the Unix epoch, as of this turn.
    #[inline]
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms
    }

    /// Whether the stripe of a slot is held.
    pub fn holds(&self, slot: Slot) -> bool {
        self.locked.holds(Keyspace::stripe_of(slot))
    }

    /// The entry of a key, read by a command: counts a hit or a miss and touches the entry.
    #[inline]
    pub fn lookup(&mut self, db: DbId, key: Key<'_>) -> Option<EntryRef<'_>> {
        let Access { keyspace, locked, row, clock, stats, news, no_touch } = self;
        let stripe = locked.get_mut(Keyspace::stripe_of(key.at.slot));
        let gone = may_be_gone(stripe, db, key, clock)
            && Graves { keyspace, row, clock, stats: &mut *stats, news }.admit(stripe, db, key);
        let keys = stripe.keys_mut(db, key.at.slot).filter(|_| !gone);
        let Some(mut found) = keys.and_then(|keys| keys.table.get_mut(key.at.hash, key.bytes)) else {
            stats.misses += 1;
            return None;
        };
        stats.hits += 1;
        if !*no_touch {
            touch(&mut found, clock, row);
        }
        Some(found.into_ref())
    }

    /// The entry of a key. Touches, counts and removes nothing; an expired key is not shown.
    pub fn peek(&self, db: DbId, key: Key<'_>) -> Option<EntryRef<'_>> {
        self.stored(db, key).filter(|entry| shows(self.clock, *entry))
    }

    /// Whether there is such a key. Counts nothing; an expired key is removed.
    pub fn contains(&mut self, db: DbId, key: Key<'_>) -> bool {
        !self.is_gone(db, key) && self.stored(db, key).is_some()
    }

    /// When a key expires: `None` without the key, `Some(None)` if it never does.
    pub fn expiry(&mut self, db: DbId, key: Key<'_>) -> Option<Option<u64>> {
        if self.is_gone(db, key) { None } else { self.stored(db, key).map(|entry| entry.expiry()) }
    }

    /// Tells those who watch a key or wait for it: every command that changed one calls it, after the change.
    #[inline]
    pub fn signal_modified(&mut self, db: DbId, key: Key<'_>) {
        let stripe = self.locked.get(Keyspace::stripe_of(key.at.slot));
        if stripe.watchers.is_some() || stripe.waiters.is_some() {
            self.tell(db, key);
        }
    }

    #[cold]
    fn tell(&mut self, db: DbId, key: Key<'_>) {
        let gone = self.stored(db, key).is_none();
        self.touch_watchers(db, key, gone);
        self.note_ready(db, key);
    }

    /// Marks `who` when the key is changed from now on. Returns whether the key has expired already: then its removal
    /// is no change.
    pub fn watch(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>) -> bool {
        let expired = self.stored(db, key).is_some_and(|entry| self.is_past(entry));
        let watchers = &mut self.stripe_mut(key.at.slot).watchers;
        watchers.get_or_insert_default().add(db, key, who, expired);
        expired
    }

    /// Undoes `watch`.
    pub fn unwatch(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>) {
        let watchers = &mut self.stripe_mut(key.at.slot).watchers;
        if let Some(list) = watchers {
            list.remove(db, key, who);
            if list.is_empty() {
                *watchers = None;
            }
        }
    }

    /// Whether a watched key has expired since `watch`, though nobody has removed it yet: EXEC asks.
    pub fn watch_expired(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>) -> bool {
        let expired = self.stored(db, key).is_some_and(|entry| self.is_past(entry));
        let watchers = self.stripe_mut(key.at.slot).watchers.as_mut();
        expired && !watchers.is_some_and(|list| list.was_expired(db, key, who))
    }

    fn touch_watchers(&mut self, db: DbId, key: Key<'_>, gone: bool) {
        if let Some(list) = &mut self.stripe_mut(key.at.slot).watchers {
            list.touch(db, key, gone);
        }
    }

    #[inline]
    fn stripe_mut(&mut self, slot: Slot) -> &mut Stripe {
        self.locked.get_mut(Keyspace::stripe_of(slot))
    }

    #[inline]
    fn keys(&self, db: DbId, slot: Slot) -> Option<&SlotKeys> {
        self.locked.get(Keyspace::stripe_of(slot)).keys(db, slot)
    }

    #[inline]
    fn keys_mut(&mut self, db: DbId, slot: Slot) -> Option<&mut SlotKeys> {
        self.stripe_mut(slot).keys_mut(db, slot)
    }

    /// What the table holds under a key, expired or not.
    #[inline]
    pub fn stored(&self, db: DbId, key: Key<'_>) -> Option<EntryRef<'_>> {
        self.keys(db, key.at.slot)?.table.get(key.at.hash, key.bytes)
    }

    fn is_past(&self, entry: EntryRef<'_>) -> bool {
        entry.expiry().is_some_and(|at| self.clock.is_past(at))
    }
}

/// Whether an entry is to be seen.
fn shows(clock: &Clock, entry: EntryRef<'_>) -> bool {
    match entry.expiry() {
        Some(at) => clock.expired == Expired::Show || !clock.is_past(at),
        None => true,
    }
}

/// Notes an access to an entry; writes nothing if that makes no difference.
#[inline]
fn touch(found: &mut ds::Occupied<'_, Entry>, clock: &Clock, row: &Row) {
    let old = found.get().access();
    let new = clock.touched(old, || row.draw());
    if new != old {
        found.update(|entry| entry.set_access(new));
    }
}

#[cfg(test)]
mod tests;
