//! A found item, for changes.

use super::{Item, Place, Table, tag_of};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// An item of a table, borrowed exclusively.
pub struct Occupied<'t, T: Item> {
    table: &'t mut Table<T>,
    hash: u64,
    place: Place,
}

/// What `Table::probe` came upon.
pub enum Probe<'t, T: Item> {
    /// The item.
    Found(Occupied<'t, T>),
    /// The item was there, and was to be removed.
    Removed(T),
    /// No such key.
    Missing,
}

impl<'t, T: Item> Occupied<'t, T> {
    /// `place` holds an item of `table` with this hash.
    #[inline]
    pub(super) fn new(table: &'t mut Table<T>, hash: u64, place: Place) -> Occupied<'t, T> {
        Occupied { table, hash, place }
    }

    /// The item.
    #[inline]
    pub fn get(&self) -> T::Ref<'_> {
        // SAFETY: nothing changed the table since the place was found.
        unsafe { T::borrow(self.table.raw_at(self.place)) }
    }

    /// The item, for as long as the table is borrowed.
    #[inline]
    pub fn into_ref(self) -> T::Ref<'t> {
        // SAFETY: as in `get`; the borrow of the table goes on as a shared one.
        unsafe { T::borrow(self.table.raw_at(self.place)) }
    }

    /// Changes the item, but not its key. Its pointer may change.
    #[inline]
    pub fn update<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the ownership is lent to `change` and written back, on a panic too.
        let (raw, item) = unsafe {
            let raw = self.table.raw_at(self.place);
            (raw, ManuallyDrop::new(T::from_raw(raw)))
        };
        let mut back = PutBack { item, was: raw, at: self };
        change(&mut back.item)
    }

    /// Puts another item with the same key in its place; returns the old one.
    pub fn replace(&mut self, item: T) -> T {
        self.update(|old| std::mem::replace(old, item))
    }

    /// Takes the item out of the table.
    pub fn remove(self) -> T {
        let Occupied { table, hash, place } = self;
        let raw = match place {
            Place::Root => table.array.root_item().1,
            Place::At(bucket, i) => table.take(table.array.bucket(table.array.index_of(hash)), bucket, i),
        };
        table.len -= 1;
        table.settle();
        // SAFETY: the pointer is in the table no more.
        unsafe { T::from_raw(raw) }
    }
}

/// Writes the item's pointer back when the change is over, however it ends. A bucket whose item did not move is not
/// written to.
struct PutBack<'o, 't, T: Item> {
    item: ManuallyDrop<T>,
    was: NonNull<u8>,
    at: &'o mut Occupied<'t, T>,
}

impl<T: Item> Drop for PutBack<'_, '_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `item` is not used after this.
        let raw = unsafe { ManuallyDrop::take(&mut self.item) }.into_raw();
        if raw == self.was {
            return;
        }
        let tag = tag_of(self.at.hash);
        match self.at.place {
            Place::Root => self.at.table.array.set_root_item(tag, raw),
            Place::At(bucket, i) => bucket.put(i, tag, raw),
        }
    }
}
