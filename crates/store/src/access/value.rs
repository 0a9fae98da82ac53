//! Values that have elements: reading, changing and replacing them.

use super::expire::{Graves, may_be_gone};
use super::write::note_volatile;
use super::{Access, Expiry, touch};
use crate::keyspace::Keyspace;
use crate::{DbId, Entry, Key};
use ds::{View, Word};

/// The key holds a value of another type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongKind;

/// What a change of a value came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Changed<R> {
    /// What the change itself returned.
    pub result: R,
    /// The key was not there before, and is now.
    pub is_new: bool,
    /// The value became empty, and the key was removed.
    pub is_gone: bool,
}

impl Access<'_> {
    /// The value of a key, read by a command: counts a hit or a miss and touches the entry.
    #[inline]
    pub fn lookup_as<T: Word>(&mut self, db: DbId, key: Key<'_>) -> Result<Option<View<'_, T>>, WrongKind> {
        match self.lookup(db, key) {
            Some(entry) => entry.view_as().map(Some).ok_or(WrongKind),
            None => Ok(None),
        }
    }

    /// The value of a key. Touches, counts and removes nothing; an expired key is not shown.
    pub fn peek_as<T: Word>(&self, db: DbId, key: Key<'_>) -> Result<Option<View<'_, T>>, WrongKind> {
        match self.peek(db, key) {
            Some(entry) => entry.view_as().map(Some).ok_or(WrongKind),
            None => Ok(None),
        }
    }

    /// Lets `edit` change the value of a key, which is removed if that leaves nothing. Touches the entry, counts
    /// nothing. `None` without the key.
    #[inline]
    pub fn change<T: Word, R>(
        &mut self,
        db: DbId,
        key: Key<'_>,
        edit: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<Changed<R>>, WrongKind> {
        let Access { keyspace, locked, row, clock, stats, news, no_touch } = self;
        let stripe = locked.get_mut(Keyspace::stripe_of(key.at.slot));
        if may_be_gone(stripe, db, key, clock)
            && (Graves { keyspace, row, clock, stats, news }).admit(stripe, db, key)
        {
            return Ok(None);
        }
        let keys = stripe.keys_mut(db, key.at.slot);
        let Some(mut found) = keys.and_then(|keys| keys.table.get_mut(key.at.hash, key.bytes)) else {
            return Ok(None);
        };
        if found.get().kind() != T::KIND {
            return Err(WrongKind);
        }
        if !*no_touch {
            touch(&mut found, clock, row);
        }
        let edited = found.update(|entry| edit_value(entry, edit)).ok_or(WrongKind)?;
        let Edited { result, grown, is_gone, was_volatile, next_expiry } = edited;
        if grown != 0 {
            row.db(db).memory.add(grown);
        }
        if was_volatile || next_expiry.is_some() {
            note_volatile(stripe, row.db(db), db, key.at.slot, was_volatile, next_expiry);
        }
        if is_gone {
            drop(self.take_stored(db, key));
        }
        Ok(Some(Changed { result, is_new: false, is_gone }))
    }

    /// Lets `edit` change the value of a key, a new one if there is none. A value that is empty afterwards is not kept.
    #[inline]
    pub fn change_or_create<T: Word + Default, R>(
        &mut self,
        db: DbId,
        key: Key<'_>,
        edit: impl FnOnce(&mut T) -> R,
    ) -> Result<Changed<R>, WrongKind> {
        let mut edit = Some(edit);
        let mut run = |value: &mut T| edit.take().map(|edit| edit(value)).expect("it runs once");
        if let Some(changed) = self.change(db, key, &mut run)? {
            return Ok(changed);
        }
        let mut value = T::default();
        let result = run(&mut value);
        let is_new = !value.is_spent();
        if is_new {
            drop(self.put_value(db, key, value, Expiry::Clear));
        }
        Ok(Changed { result, is_new, is_gone: false })
    }

    /// Stores a value, which is not an empty one, in place of what was there; returns that. Counts nothing.
    pub fn put_value<T: Word>(&mut self, db: DbId, key: Key<'_>, value: T, expiry: Expiry) -> Option<Entry> {
        assert!(!value.is_spent(), "no key holds an empty value");
        let old = match expiry {
            Expiry::Keep => self.expiry(db, key).flatten(),
            _ => None,
        };
        let mut entry = Entry::composite(key.bytes, value, expiry.after(old));
        entry.set_access(self.clock.start());
        self.insert_entry(db, key, entry)
    }
}

/// What a change of a value in its entry came to.
struct Edited<R> {
    result: R,
    /// Bytes of memory more than before.
    grown: isize,
    /// Nothing is left.
    is_gone: bool,
    /// It had elements that expire.
    was_volatile: bool,
    /// When the first of its elements expires.
    next_expiry: Option<u64>,
}

#[inline]
fn edit_value<T: Word, R>(entry: &mut Entry, edit: impl FnOnce(&mut T) -> R) -> Option<Edited<R>> {
    let mut value = entry.object_mut::<T>()?;
    let (before, was_volatile) = (value.held() as isize, value.next_expiry().is_some());
    let result = edit(&mut value);
    let grown = value.held() as isize - before;
    Some(Edited { result, grown, is_gone: value.is_spent(), was_volatile, next_expiry: value.next_expiry() })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, keyspace, with};
    use super::*;
    use crate::value::{List, Set};
    use crate::{Kind, StrRef};

    fn list(len: usize) -> List {
        let text = vec![b'x'; len];
        List::of([StrRef::Int(1), StrRef::Bytes(&text)].into_iter())
    }

    #[test]
    fn made_changed_and_removed_with_the_account_kept() {
        let keyspace = keyspace();
        let key = keyspace.key(b"k");
        let change = |value: List| {
            with(&keyspace, at(0), |keys| keys.change_or_create::<List, _>(0, key, |list| *list = value))
        };
        let is = |is_new, is_gone| Ok(Changed { result: (), is_new, is_gone });
        assert_eq!(change(List::new()), is(false, false));
        assert_eq!(change(list(5000)), is(true, false));
        assert_eq!(change(list(1)), is(false, false));
        with(&keyspace, at(0), |keys| {
            assert_eq!(keys.lookup_as::<Set>(0, key).err(), Some(WrongKind));
            assert_eq!(keys.change::<Set, _>(0, key, |_| ()), Err(WrongKind));
            assert_eq!(keys.peek_as::<List>(0, key).map(|list| list.map(|list| list.count())), Ok(Some(2)));
            assert!(keys.set_expiry(0, key, Some(1 << 47)));
        });
        assert_eq!(change(List::new()), is(false, true));
        with(&keyspace, at(0), |keys| {
            assert!(keys.peek(0, key).is_none());
            assert_eq!(keys.change::<List, _>(0, key, |_| ()), Ok(None));
        });
    }

    #[test]
    fn replaced_by_a_string_and_back() {
        let keyspace = keyspace();
        let key = keyspace.key(b"k");
        with(&keyspace, at(0), |keys| {
            assert!(keys.put_value(0, key, list(100), Expiry::At(1 << 47)).is_none());
        });
        with(&keyspace, at(0), |keys| assert!(keys.set_string(0, key, b"text", Expiry::Keep)));
        with(&keyspace, at(0), |keys| {
            assert!(keys.expiry(0, key).flatten().is_some());
            let old = keys.put_value(0, key, list(100), Expiry::Keep).expect("it was there");
            assert_eq!(old.view().kind(), Kind::String);
            assert!(keys.expiry(0, key).flatten().is_some());
        });
    }
}
