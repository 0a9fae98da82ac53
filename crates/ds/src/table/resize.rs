//! Growth and shrinkage by one bucket.

use super::bucket::Bucket;
use super::{Item, Table, prefetch};
use std::ptr::NonNull;

/// Below so many items per bucket an overflow bucket splits nothing: chance, not load, made it.
const SPLIT_LOAD_MIN: usize = 5;
/// Below so many items per bucket a remove merges two buckets. Less than `SPLIT_LOAD_MIN`, so that an insert and a
/// remove in turn do not split and merge forever.
const MERGE_LOAD_MIN: usize = 4;

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
        // SAFETY: the bucket is alive; taking its bytes leaves an empty one.
        let mut bucket = unsafe { low.replace(Bucket::EMPTY) };
        loop {
            for i in 0..bucket.count() {
                prefetch(bucket.pointer(i).as_ptr());
            }
            for i in 0..bucket.count() {
                let raw = bucket.pointer(i);
                // SAFETY: an item of this table.
                let hash = rehash(T::key(unsafe { T::borrow(raw) }));
                debug_assert_eq!(super::tag_of(hash), bucket.tag(i));
                self.push(if hash as usize & half == 0 { low } else { high }, bucket.tag(i), raw);
            }
            let Some(next) = bucket.link() else { return };
            // SAFETY: nothing but our copy refers to the overflow bucket, which is emptied into `bucket`.
            bucket = unsafe { self.reclaim(next) };
        }
    }

    /// After a remove: merges the last bucket into its other half, or takes leave of the only bucket.
    pub(super) fn settle(&mut self) {
        let n = self.array.len();
        if n > 1 && self.len() < MERGE_LOAD_MIN * n {
            self.merge(n - 1);
        } else if n == 1 && self.len() <= 1 {
            let last = self.pop(self.array.bucket(0));
            self.array.free();
            if let Some((tag, raw)) = last {
                self.array.set_root_item(tag, raw);
            }
        }
    }

    fn merge(&mut self, last: usize) {
        let from = self.array.bucket(last);
        let into = self.array.bucket(last - (1 << last.ilog2()));
        while let Some((tag, raw)) = self.pop(from) {
            self.push(into, tag, raw);
        }
        self.array.shrink();
    }

    /// # Safety
    /// `bucket` is an overflow bucket that is linked from nowhere any more.
    unsafe fn reclaim(&mut self, bucket: NonNull<Bucket>) -> Bucket {
        self.overflows -= 1;
        // SAFETY: the bucket is alive until it is released.
        unsafe {
            let copy = bucket.read();
            super::array::release_bucket(bucket);
            copy
        }
    }
}
