//! Walking a table: all at once, at random, or in bit-reversed hash order.
//!
//! A bucket covers one interval of bit-reversed hashes, whatever the size of the table: a split cuts the interval in
//! two, a merge joins two. So a position in that order stays good while the table changes, and a walk from 0 to the
//! end meets every item that was there all along.

use super::bucket::SHORT_BUCKET;
use super::{Item, Place, Table};
use base::Rng;

/// Bits of a scan position; a table has fewer than 2^32 buckets.
pub const SCAN_BITS: u32 = 39;

/// The position behind the last one.
pub const SCAN_END: u64 = 1 << SCAN_BITS;

/// Chains are taken for so long when an item is drawn. Longer ones, a few in a million, lose what is behind: with a
/// load of 15 at most, which buckets have whose turn to split comes next, that is no chance worth the draws.
const RANDOM_CHAIN_LEN: usize = 32;
/// Draws before an item is taken from wherever one is.
const RANDOM_TRIES_MAX: usize = 100;

impl<T: Item> Table<T> {
    /// Emits all items of the bucket at a position below [`SCAN_END`], and returns the next position, `SCAN_END`
    /// after the last. May emit an item twice if the table shrank meanwhile.
    pub fn scan<'t>(&'t self, position: u64, mut emit: impl FnMut(T::Ref<'t>)) -> u64 {
        let (index, next) = self.interval(position);
        let mut nth = 0;
        while let Some(place) = self.place(index, nth) {
            // SAFETY: an item of this table, which is borrowed during `'t`.
            emit(unsafe { T::borrow(self.raw_at(place)) });
            nth += 1;
        }
        next
    }

    /// Like `scan`, and moves the items that `dead` chooses to `removed`.
    pub fn sweep(
        &mut self,
        position: u64,
        mut dead: impl FnMut(T::Ref<'_>) -> bool,
        mut removed: impl FnMut(T),
    ) -> u64 {
        let (index, next) = self.interval(position);
        let (mut nth, mut taken) = (0, 0);
        while let Some(place) = self.place(index, nth) {
            // SAFETY: an item of this table; once taken out it belongs to us.
            unsafe {
                if !dead(T::borrow(self.raw_at(place))) {
                    nth += 1;
                    continue;
                }
                let raw = match place {
                    Place::Root => self.raw_at(place),
                    Place::At(bucket, i) => self.take(self.array.bucket(index), bucket, i),
                };
                self.len -= 1;
                taken += 1;
                removed(T::from_raw(raw));
            }
        }
        for _ in 0..taken {
            self.settle();
        }
        next
    }

    /// An item at random, each with the same chance.
    pub fn random(&self, rng: &mut Rng) -> Option<T::Ref<'_>> {
        let (_, place) = self.draw(rng)?;
        // SAFETY: an item of this table.
        Some(unsafe { T::borrow(self.raw_at(place)) })
    }

    /// Takes an item out at random, each with the same chance.
    pub fn take_random(&mut self, rng: &mut Rng) -> Option<T> {
        let (index, place) = self.draw(rng)?;
        let raw = match place {
            Place::Root => self.raw_at(place),
            Place::At(bucket, i) => self.take(self.array.bucket(index), bucket, i),
        };
        self.len -= 1;
        self.settle();
        // SAFETY: the pointer is in the table no more.
        Some(unsafe { T::from_raw(raw) })
    }

    /// A place at random where an item is, and the bucket that its chain belongs to.
    fn draw(&self, rng: &mut Rng) -> Option<(usize, Place)> {
        if self.is_empty() {
            return None;
        }
        let buckets = self.array.len().max(1) as u64;
        for _ in 0..RANDOM_TRIES_MAX {
            let index = rng.below(buckets) as usize;
            let nth = rng.below(RANDOM_CHAIN_LEN.min(self.len()) as u64) as usize;
            if let Some(place) = self.place(index, nth) {
                return Some((index, place));
            }
        }
        (0..buckets as usize).find_map(|index| Some((index, self.place(index, 0)?)))
    }

    /// The bucket of a position, and the end of its interval.
    fn interval(&self, position: u64) -> (usize, u64) {
        assert!(position < SCAN_END, "a scan position has 39 bits");
        if self.array.is_bare() {
            return (0, SCAN_END);
        }
        let hash = position.reverse_bits() >> (64 - SCAN_BITS);
        let index = self.array.index_of(hash);
        let last = position | (SCAN_END - 1) >> self.hash_bits(index);
        (index, last + 1)
    }

    pub(super) fn place(&self, index: usize, nth: usize) -> Option<Place> {
        if self.array.is_bare() {
            return (nth == 0 && self.len == 1).then_some(Place::Root);
        }
        self.nth(self.array.bucket(index), nth)
    }

    /// Panics if the structure contradicts itself. `rehash` as in `insert`.
    pub fn check_invariants(&self, rehash: impl Fn(&[u8]) -> u64) {
        // SAFETY: an item of this table.
        let hash_of = |raw| rehash(T::key(unsafe { T::borrow(raw) }));
        if self.array.is_bare() {
            assert!(self.len <= 1 && self.overflow_units == 0);
            if self.len == 1 {
                let (tag, raw) = self.array.root_item();
                assert_eq!(tag, super::tag_of(hash_of(raw)));
            }
            return;
        }
        assert!(self.len > 1);
        let (mut items, mut bytes) = (0, 0);
        for index in 0..self.array.len() {
            let chain = self.check_chain(self.array.bucket(index), |tag, raw| {
                let hash = hash_of(raw);
                assert_eq!((self.array.index_of(hash), super::tag_of(hash)), (index, tag));
            });
            (items, bytes) = (items + chain.0, bytes + chain.1);
        }
        assert_eq!((items, bytes / SHORT_BUCKET), (self.len(), self.overflow_units as usize));
    }
}
