//! Removing what has expired: when someone asks for it, and by sweeping.

use super::news::News;
use super::write::take;
use super::{Access, AccessStats, Changed};
use crate::clock::{Clock, Expired};
use crate::counters::Row;
use crate::keyspace::Keyspace;
use crate::slot::{Met, Sweep};
use crate::stripe::{SLOTS_EACH, Stripe};
use crate::{DbId, Entry, Key};
use base::Slot;
use ds::Word;
use ds::value::Hash;
use ds::value::hash::Field;
use sync::STRIPES;

/// What a sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Swept {
    /// Keys looked at.
    pub examined: usize,
    /// Keys removed; [`Access::take_expired`] shows them.
    pub removed: usize,
    /// Fields removed from hashes; [`Access::take_lapsed`] shows them.
    pub fields: usize,
    /// Nothing is left to do in the stripe for now.
    pub done: bool,
}

/// Fields that had expired and were removed from a hash.
#[derive(Debug)]
pub struct Lapsed {
    /// The database of its key.
    pub db: DbId,
    /// Its key.
    pub key: Box<[u8]>,
    /// The fields, the earliest first.
    pub fields: Vec<Field>,
    /// None was left, and the key was removed.
    pub is_gone: bool,
}

/// Whether an expired key may have to be removed before this key is looked up. Nearly always false, by one comparison.
#[inline]
pub(super) fn may_be_gone(stripe: &Stripe, db: DbId, key: Key<'_>, clock: &Clock) -> bool {
    stripe.keys(db, key.at.slot).is_some_and(|keys| clock.is_past(keys.next_expiry))
}

/// The parts of an access that the removal of an expired key writes to.
pub(super) struct Graves<'g> {
    pub keyspace: &'g Keyspace,
    pub row: &'g Row,
    pub clock: &'g Clock,
    pub stats: &'g mut AccessStats,
    pub news: &'g mut Option<Box<News>>,
}

impl Graves<'_> {
    /// Whether a key is there no more since it has expired; removes it if that is the rule.
    #[cold]
    #[inline(never)]
    pub fn admit(self, stripe: &mut Stripe, db: DbId, key: Key<'_>) -> bool {
        let stored = stripe.keys(db, key.at.slot).and_then(|keys| keys.table.get(key.at.hash, key.bytes));
        let past = stored.and_then(|entry| entry.expiry()).is_some_and(|at| self.clock.is_past(at));
        if !past || self.clock.expired == Expired::Show {
            return false;
        }
        if self.clock.expired == Expired::Remove
            && let Some(entry) = take(stripe, self.keyspace, self.row, db, key)
        {
            self.stats.expired += 1;
            if let Some(watchers) = &mut stripe.watchers {
                watchers.touch(db, key, true);
            }
            let news = self.news.get_or_insert_default();
            news.expired.push((db, entry));
            if stripe.waiters.as_ref().is_some_and(|waiters| waiters.has(db, key)) {
                news.note_ready(db, key.bytes);
            }
        }
        true
    }
}

impl Access<'_> {
    /// Whether a key is there no more since it has expired; removes it if that is the rule.
    #[inline]
    pub(super) fn is_gone(&mut self, db: DbId, key: Key<'_>) -> bool {
        let Access { keyspace, locked, row, clock, stats, news, .. } = self;
        let stripe = locked.get_mut(Keyspace::stripe_of(key.at.slot));
        may_be_gone(stripe, db, key, clock)
            && Graves { keyspace, row, clock, stats, news }.admit(stripe, db, key)
    }

    /// Whether a sweep of a stripe would find anything. False under any rule but `Remove`.
    pub fn wants_sweep(&self, stripe: u16) -> bool {
        self.clock.expired == Expired::Remove && self.clock.is_past(self.locked.get(stripe).next_expiry)
    }

    /// Removes the expired keys of a stripe, and the expired fields of its hashes, in all databases, until `budget` keys or a few more were looked at. Goes
    /// on where the sweep before stopped. Slots where nothing can have expired cost nothing.
    pub fn sweep(&mut self, stripe: u16, budget: usize) -> Swept {
        let mut swept = Swept::default();
        while self.wants_sweep(stripe) {
            if swept.examined >= budget {
                return swept;
            }
            let Some(mut sweep) = self.locked.get_mut(stripe).sweep.take().or_else(|| self.due(stripe))
            else {
                let stripe = self.locked.get_mut(stripe);
                stripe.next_expiry = stripe.earliest_expiry();
                break;
            };
            if !self.sweep_slot(&mut sweep, budget, &mut swept) {
                self.locked.get_mut(stripe).sweep = Some(sweep);
            }
        }
        swept.done = true;
        swept
    }

    /// A new sweep of a slot of the stripe that may have expired keys.
    fn due(&self, stripe: u16) -> Option<Box<Sweep>> {
        let held = self.locked.get(stripe);
        for db in held.databases() {
            for place in 0..SLOTS_EACH {
                let slot = Slot::from_low_bits((place * STRIPES) as u64 + u64::from(stripe));
                if held.keys(db, slot).is_some_and(|keys| self.clock.is_past(keys.next_expiry)) {
                    return Some(Box::new(Sweep::new(db, slot)));
                }
            }
        }
        None
    }

    /// False if the budget ended before the slot did.
    fn sweep_slot(&mut self, sweep: &mut Sweep, budget: usize, swept: &mut Swept) -> bool {
        let clock = self.clock;
        while swept.examined < budget {
            let Some(keys) = self.keys_mut(sweep.db, sweep.slot) else { return true };
            let mut met = Met::default();
            let (before, examined) = (keys.table.allocated(), swept.examined);
            let next = sweep.look(keys, clock, &mut swept.examined, &mut met);
            // An empty bucket is work too.
            swept.examined = swept.examined.max(examined + 1);
            swept.removed += met.removed.len();
            self.bury_swept(sweep.db, sweep.slot, before, met.removed);
            let reaped = met.due.iter().all(|key| self.reap(sweep, key, budget, swept));
            if reaped
                && let Some(keys) = self.keys_mut(sweep.db, sweep.slot)
                && sweep.advance(keys, next)
            {
                return true;
            }
        }
        false
    }

    /// Takes expired fields out of a hash, as far as the budget goes. False if there are more.
    fn reap(&mut self, sweep: &mut Sweep, key: &[u8], budget: usize, swept: &mut Swept) -> bool {
        let (db, key, now) = (sweep.db, self.keyspace.key(key), self.clock.horizon());
        let max = budget.saturating_sub(swept.examined).max(1);
        let take = |hash: &mut Hash| (hash.take_past(now, max).collect::<Vec<Field>>(), hash.next_expiry());
        let touches = std::mem::replace(&mut self.no_touch, true);
        let changed = self.change(db, key, take);
        self.no_touch = touches;
        let Ok(Some(Changed { result: (fields, next), is_gone, .. })) = changed else { return true };
        swept.examined += fields.len();
        swept.fields += fields.len();
        self.touch_watchers(db, key, is_gone);
        self.news.get_or_insert_default().lapsed.push(Lapsed { db, key: key.bytes.into(), fields, is_gone });
        next.inspect(|at| sweep.note_expiry(*at));
        next.is_none_or(|at| at >= now)
    }

    /// Books entries that a walk took out of the table of a slot, which had `before` bytes.
    pub(super) fn bury_swept(&mut self, db: DbId, slot: Slot, before: usize, removed: Vec<Entry>) {
        if removed.is_empty() {
            return;
        }
        let (keyspace, row) = (self.keyspace, self.row.db(db));
        if let Some(keys) = self.keys_mut(db, slot) {
            row.memory.add(keys.table.allocated() as isize - before as isize);
            for entry in &removed {
                row.memory.add(-(entry.view().allocated() as isize));
                row.keys.add(-1);
                row.expires.add(keys.note_expiry(entry.view().expiry().is_some(), None));
                row.volatile.add(keys.note_volatile(entry.view().next_expiry().is_some(), None));
            }
            if keys.table.is_empty() {
                keyspace.occupied[db as usize].clear(slot);
            }
        }
        let stripe = self.locked.get(Keyspace::stripe_of(slot));
        let (is_watched, is_awaited) = (stripe.watchers.is_some(), stripe.waiters.is_some());
        for entry in removed {
            let key = entry.view().key();
            if is_watched {
                self.touch_watchers(db, keyspace.key(key), true);
            }
            if is_awaited {
                self.note_ready(db, keyspace.key(key));
            }
            self.stats.expired += 1;
            self.news.get_or_insert_default().expired.push((db, entry));
        }
    }
}
