//! Growth and shrinkage by one bucket.

use super::hints::prefetch;
use super::{Item, Table};

/// Below so many items per bucket an overflow bucket splits nothing: chance, not load, made it.
const SPLIT_LOAD_MIN: usize = 7;
/// Below so many items per bucket a remove merges two buckets. Less than `SPLIT_LOAD_MIN`, so that an insert and a
/// remove in turn do not split and merge forever.
const MERGE_LOAD_MIN: usize = 5;

/// In a smaller table the next split is too far away.
const FORESEEN_MIN: usize = 1024;

impl<T: Item> Table<T> {
    #[inline]
    pub(super) fn wants_split(&self) -> bool {
        self.len() >= SPLIT_LOAD_MIN * self.array.len()
    }

    /// Splits the next bucket in turn.
    pub(super) fn split(&mut self, rehash: impl Fn(&[u8]) -> u64) {
        let n = self.array.len();
        let half = 1usize << n.ilog2();
        let high = self.array.grow();
        let low = self.array.bucket(n - half);
        self.drain(low, |table, tag, raw| {
            // SAFETY: an item of this table.
            let hash = rehash(T::key(unsafe { T::borrow(raw) }));
            debug_assert_eq!(super::tag_of(hash), tag);
            table.push(if hash as usize & half == 0 { low } else { high }, tag, raw);
        });
        if n >= FORESEEN_MIN {
            self.foresee();
        }
    }

    /// Asks the processor for what the next split will read, and for the bucket of the one after that: a few inserts
    /// from now they are there.
    fn foresee(&self) {
        let next = |n: usize| self.array.bucket(n - (1 << n.ilog2()));
        let (low, after) = (next(self.array.len()), next(self.array.len() + 1));
        prefetch(after.address());
        (0..low.count()).for_each(|i| prefetch(low.pointer(i)));
        if let Some(link) = low.link() {
            prefetch(link.address());
        }
    }

    /// After a remove: merges the last bucket into its other half, or takes leave of the only bucket.
    pub(super) fn settle(&mut self) {
        let n = self.array.len();
        if n > 1 && self.len() < MERGE_LOAD_MIN * n {
            self.merge(n - 1);
        } else if n == 1 && self.len() <= 1 {
            let bucket = self.array.bucket(0);
            let last = (self.len() == 1).then(|| bucket.pop());
            self.array.free();
            if let Some((tag, raw)) = last {
                self.array.set_root_item(tag, raw);
            }
        }
    }

    /// Takes about `budget` items out, and gives them to `removed`. True when dropping the rest is quick.
    pub fn shed(&mut self, budget: usize, mut removed: impl FnMut(T)) -> bool {
        let mut left = budget;
        while left > 0 && self.array.len() > 1 {
            let before = self.len();
            let last = self.array.bucket(self.array.len() - 1);
            self.drain(last, |table, _, raw| {
                table.len -= 1;
                // SAFETY: the chain was emptied: nobody else has the item.
                removed(unsafe { T::from_raw(raw) });
            });
            self.array.shrink();
            left = left.saturating_sub(before - self.len());
        }
        self.array.len() <= 1
    }

    fn merge(&mut self, last: usize) {
        let from = self.array.bucket(last);
        let into = self.array.bucket(last - (1 << last.ilog2()));
        self.drain(from, |table, tag, raw| {
            table.push(into, tag, raw);
        });
        self.array.shrink();
    }
}
