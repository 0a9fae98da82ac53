//! Keys whose value must be of one type.
#![allow(dead_code, reason = "families use their parts")]

use store::{Access, Changed, DbId, Entry, Key, View, Word, WrongKind};

use crate::args::{Refused, WRONG_TYPE};
use crate::command::Cmd;
use crate::effects::{Class, Effects};

/// A value with fewer elements is freed at once: putting it aside costs more.
const LITTER_ELEMENTS_MIN: usize = 64;

impl From<WrongKind> for Refused {
    fn from(_: WrongKind) -> Refused {
        WRONG_TYPE
    }
}

/// The value of a key, looked up as a read.
#[inline]
pub(crate) fn read<'a, T: Word>(
    keys: &'a mut Access<'_>,
    effects: &mut Effects,
    db: DbId,
    key: Key<'_>,
) -> Result<Option<View<'a, T>>, Refused> {
    let value = keys.lookup_as(db, key)?;
    if value.is_none() {
        effects.notify(Class::KeyMiss, "keymiss", db, key.bytes);
    }
    Ok(value)
}

impl Cmd<'_, '_> {
    /// Looks a key up as a read, and lets `seen` use its value: `None` without the key.
    pub(crate) fn read<T: Word, R>(
        &mut self,
        key: Key<'_>,
        seen: impl FnOnce(&T) -> R,
    ) -> Result<Option<R>, Refused> {
        let value = read::<T>(self.keys, self.effects, self.db, key)?;
        Ok(value.map(|value| seen(&value)))
    }

    /// Lets `edit` change the value of a key, which is removed if that leaves nothing. `None` without the key. What
    /// changed is yet to be told: [`Cmd::changed`], then [`Cmd::gone`].
    #[inline]
    pub(crate) fn edit<T: Word, R>(
        &mut self,
        key: Key<'_>,
        edit: impl FnOnce(&mut T) -> R,
    ) -> Result<Option<Changed<R>>, Refused> {
        Ok(self.keys.change(self.db, key, edit)?)
    }

    /// Lets `edit` change the value of a key, a new one if there is none. Tells of a new key.
    #[inline]
    pub(crate) fn edit_or_create<T: Word + Default, R>(
        &mut self,
        key: Key<'_>,
        edit: impl FnOnce(&mut T) -> R,
    ) -> Result<Changed<R>, Refused> {
        let changed = self.keys.change_or_create(self.db, key, edit)?;
        self.created(key, !changed.is_new);
        Ok(changed)
    }

    /// Stores a value, which is not an empty one, in place of whatever the key held; its expiry goes. Tells of a new
    /// key; other changes are yet to be told.
    pub(crate) fn put_value<T: Word>(&mut self, key: Key<'_>, value: T) {
        let old = self.keys.put_value(self.db, key, value, store::Expiry::Clear);
        self.created(key, old.is_some());
        if let Some(old) = old {
            self.discard(old);
        }
    }

    /// Removes a key; true if it was there. Its removal is yet to be told.
    pub(crate) fn remove(&mut self, key: Key<'_>) -> bool {
        let old = self.keys.remove(self.db, key);
        let existed = old.is_some();
        if let Some(old) = old {
            self.discard(old);
        }
        existed
    }

    /// Tells that a change left a key without elements: it is removed already, and the change was told.
    pub(crate) fn gone(&mut self, key: Key<'_>) {
        self.effects.notify(Class::Generic, "del", self.db, key.bytes);
    }

    /// Lets go of an entry: one with many elements is freed bit by bit, later.
    pub(crate) fn discard(&mut self, entry: Entry) {
        if entry.view().elements() >= LITTER_ELEMENTS_MIN {
            self.effects.litter.extend(entry.into_object());
        }
    }
}
