//! The keys that two tables share. A bucket's index is the low bits of the hashes in it, so that buckets of both that
//! may share keys are known without hashing anything; tags then leave hardly a key to be compared in vain.

use super::bucket::Bucket;
use super::{Item, Table, prefetch};
use crate::same::same;

/// Up to how many times the buckets of this table the other may have: with more, a lookup by hash is cheaper.
const BUCKETS_TIMES_MAX: usize = 4;

impl<T: Item> Table<T> {
    /// Whether [`Table::join`] is quicker than a lookup of every item.
    pub fn joins(&self, other: &Table<T>) -> bool {
        let few = self.array.len().saturating_mul(BUCKETS_TIMES_MAX);
        !self.array.is_bare() && !other.array.is_bare() && other.array.len() <= few
    }

    /// Shows the items whose key the other table has too, as long as `show` wants more. Both hash alike, and
    /// [`Table::joins`].
    pub fn join<'t>(&'t self, other: &Table<T>, mut show: impl FnMut(T::Ref<'t>) -> bool) {
        assert!(self.joins(other));
        for index in 0..self.array.len() {
            let bucket = self.array.bucket(index);
            chain(bucket).for_each(prefetch_items);
            let bits = self.hash_bits(index);
            other.chains_of(index, bits).for_each(prefetch_hits(bucket));
            for mine in chain(bucket) {
                for i in 0..mine.count() {
                    // SAFETY: an item of this table, which is borrowed during `'t`.
                    let item = unsafe { T::borrow(mine.pointer(i)) };
                    let has = |head| other.has(head, mine.tag(i), T::key(item));
                    if other.chains_of(index, bits).any(has) && !show(item) {
                        return;
                    }
                }
            }
        }
    }

    /// How many low bits of a hash its bucket's index tells.
    pub(super) fn hash_bits(&self, index: usize) -> u32 {
        let half = 1usize << self.array.len().ilog2();
        let is_split = index >= half || index + half < self.array.len();
        half.ilog2() + u32::from(is_split)
    }

    /// The buckets of all hashes that end with `bits` bits of `low`.
    fn chains_of(&self, low: usize, bits: u32) -> impl Iterator<Item = Bucket> {
        let len = self.array.len();
        let (first, step) = if bits > len.ilog2() {
            // All bits that decide are known.
            (self.array.index_of(low as u64), len)
        } else {
            (low, 1 << bits)
        };
        (first..len).step_by(step).map(|index| self.array.bucket(index))
    }

    fn has(&self, head: Bucket, tag: u8, key: &[u8]) -> bool {
        chain(head).any(|bucket| {
            let mut hits = bucket.matches(tag);
            while hits != 0 {
                // SAFETY: pointers in a table are live items.
                if same(T::key(unsafe { T::borrow(bucket.pointer(hits.trailing_zeros() as usize)) }), key) {
                    return true;
                }
                hits &= hits - 1;
            }
            false
        })
    }
}

/// The buckets of a chain.
#[inline]
fn chain(head: Bucket) -> impl Iterator<Item = Bucket> {
    std::iter::successors(Some(head), |bucket| bucket.link())
}

fn prefetch_items(bucket: Bucket) {
    (0..bucket.count()).for_each(|i| prefetch(bucket.pointer(i)));
}

/// Asks for the items of a chain whose tag is in a bucket.
fn prefetch_hits(of: Bucket) -> impl Fn(Bucket) {
    move |head| {
        for i in 0..of.count() {
            let mut hits = head.matches(of.tag(i));
            while hits != 0 {
                prefetch(head.pointer(hits.trailing_zeros() as usize));
                hits &= hits - 1;
            }
        }
    }
}
