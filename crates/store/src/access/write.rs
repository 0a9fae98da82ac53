//! Adding, replacing and removing keys.

use super::expire::{Graves, may_be_gone};
use super::{Access, EntryMut, touch};
use crate::counters::{Count, Row};
use crate::keyspace::Keyspace;
use crate::stripe::{SHARD_BYTES, Stripe};
use crate::{DbId, Entry, Key, NewString, StrRef};
use base::Slot;

/// What a write does to the expiry of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// It stays as it is (`SET … KEEPTTL`).
    Keep,
    /// The key expires no more.
    Clear,
    /// The key expires at this time, in milliseconds since the Unix epoch.
    At(u64),
}

impl Expiry {
    #[inline]
    pub(super) fn after(self, old: Option<u64>) -> Option<u64> {
        match self {
            Expiry::Keep => old,
            Expiry::Clear => None,
            Expiry::At(at) => Some(at),
        }
    }
}

impl Access<'_> {
    /// Stores a string as SET does: canonical integers become numbers. True if the key was there.
    #[inline]
    pub fn set_string(&mut self, db: DbId, key: Key<'_>, value: &[u8], expiry: Expiry) -> bool {
        let value = match StrRef::compact(value) {
            StrRef::Int(n) => NewString::Int(n),
            StrRef::Bytes(bytes) => NewString::Bytes(bytes),
        };
        self.set(db, key, value, expiry)
    }

    /// Stores a string in the encoding that is given. True if the key was there.
    #[inline]
    pub fn set(&mut self, db: DbId, key: Key<'_>, value: NewString<'_>, expiry: Expiry) -> bool {
        let Access { keyspace, locked, row, clock, stats, news, no_touch } = self;
        let stripe = locked.get_mut(Keyspace::stripe_of(key.at.slot));
        let gone = may_be_gone(stripe, db, key, clock)
            && Graves { keyspace, row, clock, stats, news }.admit(stripe, db, key);
        if let Some(keys) = stripe.keys_mut(db, key.at.slot)
            && let Some(mut found) = keys.table.get_mut(key.at.hash, key.bytes)
        {
            let (old, was_volatile) = (found.get().expiry(), found.get().next_expiry().is_some());
            let new = expiry.after(old.filter(|_| !gone));
            let grown = found.update(|entry| entry.rewrite(value, new));
            if !*no_touch {
                touch(&mut found, clock, row);
            }
            if grown != 0 {
                row.db(db).memory.add(grown);
            }
            if old.is_some() || new.is_some() {
                row.db(db).expires.add(keys.note_expiry(old.is_some(), new));
                new.inspect(|at| stripe.note_expiry(db, key.at.slot, *at));
            }
            if was_volatile {
                note_volatile(stripe, row.db(db), db, key.at.slot, true, None);
            }
            return !gone;
        }
        let mut entry = Entry::string(key.bytes, value, expiry.after(None));
        entry.set_access(clock.start());
        self.insert_new(db, key, entry);
        false
    }

    /// Stores a string under a key that a lookup under this lock has just not found.
    pub fn add(&mut self, db: DbId, key: Key<'_>, value: NewString<'_>, expiry: Expiry) {
        // An expired key that is only hidden is still in the table.
        if may_be_gone(self.locked.get(Keyspace::stripe_of(key.at.slot)), db, key, self.clock) {
            self.set(db, key, value, expiry);
            return;
        }
        let mut entry = Entry::string(key.bytes, value, expiry.after(None));
        entry.set_access(self.clock.start());
        self.insert_new(db, key, entry);
    }

    /// Adds an entry, which has this key, in place of what was there; returns that.
    pub fn insert_entry(&mut self, db: DbId, key: Key<'_>, entry: Entry) -> Option<Entry> {
        assert_eq!(entry.view().key(), key.bytes, "the entry is that of the key");
        let old = self.remove(db, key);
        // What was hidden, but not removed, makes way too.
        drop(self.take_stored(db, key));
        self.insert_new(db, key, entry);
        old
    }

    /// Takes a key out.
    pub fn remove(&mut self, db: DbId, key: Key<'_>) -> Option<Entry> {
        if self.is_gone(db, key) { None } else { self.take_stored(db, key) }
    }

    /// Sets or takes away the expiry of a key. False if there is no such key.
    pub fn set_expiry(&mut self, db: DbId, key: Key<'_>, expiry: Option<u64>) -> bool {
        if self.is_gone(db, key) {
            return false;
        }
        let row = self.row.db(db);
        let stripe = self.locked.get_mut(Keyspace::stripe_of(key.at.slot));
        let Some(keys) = stripe.keys_mut(db, key.at.slot) else { return false };
        let Some(mut found) = keys.table.get_mut(key.at.hash, key.bytes) else { return false };
        let before = found.get().allocated() as isize;
        let had = found.update(|entry| entry.set_expiry(expiry));
        row.memory.add(found.get().allocated() as isize - before);
        row.expires.add(keys.note_expiry(had, expiry));
        expiry.inspect(|at| stripe.note_expiry(db, key.at.slot, *at));
        true
    }

    /// The entry of a key, for changes of its value; touches it, counts nothing.
    #[inline]
    pub fn lookup_mut(&mut self, db: DbId, key: Key<'_>) -> Option<EntryMut<'_>> {
        let Access { keyspace, locked, row, clock, stats, news, no_touch } = self;
        let stripe = locked.get_mut(Keyspace::stripe_of(key.at.slot));
        if may_be_gone(stripe, db, key, clock)
            && (Graves { keyspace, row, clock, stats, news }).admit(stripe, db, key)
        {
            return None;
        }
        let mut found = stripe.keys_mut(db, key.at.slot)?.table.get_mut(key.at.hash, key.bytes)?;
        if !*no_touch {
            touch(&mut found, clock, row);
        }
        Some(EntryMut::new(found, &row.db(db).memory))
    }

    /// Adds an entry whose key is not in the table.
    #[inline(never)]
    fn insert_new(&mut self, db: DbId, key: Key<'_>, entry: Entry) {
        let (keyspace, row, slot) = (self.keyspace, self.row.db(db), key.at.slot);
        let (bytes, expiry) = (entry.view().allocated(), entry.view().expiry());
        let volatile = entry.view().next_expiry();
        let stripe = self.locked.get_mut(Keyspace::stripe_of(slot));
        let keys = stripe.keys_or_make(db, slot, || row.memory.add(SHARD_BYTES as isize));
        let before = keys.table.allocated();
        keys.table.insert(key.at.hash, entry, |key| keyspace.table_hash(key));
        row.memory.add((bytes + keys.table.allocated()) as isize - before as isize);
        row.keys.add(1);
        if keys.table.len() == 1 {
            keyspace.occupied[db as usize].set(slot);
        }
        if let Some(at) = expiry {
            row.expires.add(keys.note_expiry(false, expiry));
            stripe.note_expiry(db, slot, at);
        }
        if volatile.is_some() {
            note_volatile(stripe, row, db, slot, false, volatile);
        }
    }

    /// Takes a key out of the table, expired or not, and books that.
    pub(super) fn take_stored(&mut self, db: DbId, key: Key<'_>) -> Option<Entry> {
        let stripe = self.locked.get_mut(Keyspace::stripe_of(key.at.slot));
        take(stripe, self.keyspace, self.row, db, key)
    }
}

/// Notes that the first expiry among the elements of a key went from `had` to `next`.
#[cold]
pub(super) fn note_volatile(
    stripe: &mut Stripe,
    row: &Count,
    db: DbId,
    slot: Slot,
    had: bool,
    next: Option<u64>,
) {
    if let Some(keys) = stripe.keys_mut(db, slot) {
        row.volatile.add(keys.note_volatile(had, next));
    }
    next.inspect(|at| stripe.note_expiry(db, slot, *at));
}

/// Takes a key out of its stripe, expired or not, and books that.
pub(super) fn take(
    stripe: &mut Stripe,
    keyspace: &Keyspace,
    row: &Row,
    db: DbId,
    key: Key<'_>,
) -> Option<Entry> {
    let row = row.db(db);
    let keys = stripe.keys_mut(db, key.at.slot)?;
    let before = keys.table.allocated();
    let entry = keys.table.remove(key.at.hash, key.bytes)?;
    let freed = before as isize - keys.table.allocated() as isize + entry.view().allocated() as isize;
    row.memory.add(-freed);
    row.keys.add(-1);
    row.expires.add(keys.note_expiry(entry.view().expiry().is_some(), None));
    row.volatile.add(keys.note_volatile(entry.view().next_expiry().is_some(), None));
    if keys.table.is_empty() {
        keyspace.occupied[db as usize].clear(key.at.slot);
    }
    Some(entry)
}
