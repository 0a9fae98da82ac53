//! Every item of a table, a chain at a time: the items of a bucket are on their way into the cache before the first of
//! them is looked at.

use super::bucket::Bucket;
use super::{Item, Table, prefetch};

impl<T: Item> Table<T> {
    /// Every item, in no order that means anything.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { table: self, next: 0, at: None, i: 0 }
    }
}

/// Items of a table.
pub struct Iter<'t, T: Item> {
    table: &'t Table<T>,
    /// The bucket whose chain comes next.
    next: usize,
    /// Where in a chain we are, and which pair comes next.
    at: Option<Bucket>,
    i: usize,
}

// SAFETY: an iterator is a shared borrow of its table.
unsafe impl<T: Item + Sync> Send for Iter<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Item + Sync> Sync for Iter<'_, T> {}

impl<T: Item> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Iter { ..*self }
    }
}

impl<'t, T: Item> Iter<'t, T> {
    /// Goes on in the next bucket; false after the last.
    fn advance(&mut self) -> bool {
        let array = &self.table.array;
        let link = self.at.and_then(Bucket::link);
        self.at = match link {
            None if self.next < array.len() => {
                self.next += 1;
                Some(array.bucket(self.next - 1))
            }
            link => link,
        };
        self.i = 0;
        let Some(bucket) = self.at else { return false };
        for i in 0..bucket.count() {
            prefetch(bucket.pointer(i));
        }
        true
    }

    /// The item of a table that has no bucket.
    fn bare(&mut self) -> Option<T::Ref<'t>> {
        let place = self.table.place(0, self.next)?;
        self.next += 1;
        // SAFETY: an item of this table, which is borrowed during `'t`.
        Some(unsafe { T::borrow(self.table.raw_at(place)) })
    }
}

impl<'t, T: Item> Iterator for Iter<'t, T> {
    type Item = T::Ref<'t>;

    #[inline]
    fn next(&mut self) -> Option<T::Ref<'t>> {
        loop {
            if let Some(bucket) = self.at
                && self.i < bucket.count()
            {
                self.i += 1;
                // SAFETY: an item of this table, which is borrowed during `'t`.
                return Some(unsafe { T::borrow(bucket.pointer(self.i - 1)) });
            }
            if self.table.array.is_bare() {
                return self.bare();
            }
            if !self.advance() {
                return None;
            }
        }
    }
}
