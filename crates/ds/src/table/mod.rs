//! A hash table of thin pointers by linear hashing: it grows and shrinks one bucket at a time, so that no single
//! insert or remove pays for the size of the table.
//!
//! A full bucket gets an overflow bucket, and whenever that happens one bucket, the next in turn, is split in two.
//! With `n` buckets and `m` the greatest power of two not above `n`, a hash belongs to bucket `hash mod 2m` if that
//! is below `n`, else to `hash mod m`. An empty table owns nothing; one item is kept in the table itself.

mod array;
mod bucket;
mod chain;
mod hints;
mod item;
mod iter;
mod join;
mod occupied;
mod resize;
mod scan;
mod stats;

pub use hints::{Hints, prefetch_value};
pub use item::Item;
pub use iter::Iter;
pub use occupied::{Occupied, Probe};
pub use scan::{SCAN_BITS, SCAN_END};
pub use stats::TableStats;

use crate::same::same;
use array::Array;
use bucket::{Bucket, SHORT_BUCKET};
use hints::prefetch;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Most items of one table; its counters have 32 bits.
pub const ITEMS_MAX: usize = u32::MAX as usize;

/// A hash table of `T` by byte-string keys. The caller hashes: 64 bits, the same for the same key during the life of
/// the table, and keyed if strangers choose the keys.
pub struct Table<T: Item> {
    array: Array,
    len: u32,
    /// Bytes of overflow buckets, in units of the short one.
    overflow_units: u32,
    items: PhantomData<T>,
}

// SAFETY: a table owns its items and buckets; nothing in them is tied to a thread but what `T` is.
unsafe impl<T: Item + Send> Send for Table<T> {}
// SAFETY: shared access only reads.
unsafe impl<T: Item + Sync> Sync for Table<T> {}

/// Where an item is kept.
#[derive(Clone, Copy)]
enum Place {
    /// In the table itself, one that has no bucket.
    Root,
    /// In a bucket, at an index.
    At(Bucket, usize),
}

/// The bits that are compared before an item is touched. Buckets are chosen by the low ones.
#[inline]
fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8
}

impl<T: Item> Default for Table<T> {
    fn default() -> Table<T> {
        Table::new()
    }
}

impl<T: Item> Table<T> {
    /// The empty table, which owns no memory.
    pub const fn new() -> Table<T> {
        Table { array: Array::EMPTY, len: 0, overflow_units: 0, items: PhantomData }
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no item.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory that the table holds, without its items and itself.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.array.allocated() + self.overflow_units as usize * SHORT_BUCKET
    }

    /// The item with this key.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<T::Ref<'_>> {
        let place = self.find(hash, key)?;
        // SAFETY: the place was just found; the item lives while the table is borrowed.
        Some(unsafe { T::borrow(self.raw_at(place)) })
    }

    /// The item with this key, for changes.
    #[inline]
    pub fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<Occupied<'_, T>> {
        let place = self.find(hash, key)?;
        Some(Occupied::new(self, hash, place))
    }

    /// The item with this key, unless `dead` says that it is to be removed.
    #[inline]
    pub fn probe(&mut self, hash: u64, key: &[u8], dead: impl FnOnce(T::Ref<'_>) -> bool) -> Probe<'_, T> {
        let Some(place) = self.find(hash, key) else { return Probe::Missing };
        // SAFETY: the place was just found.
        let found = Occupied::new(self, hash, place);
        if dead(found.get()) { Probe::Removed(found.remove()) } else { Probe::Found(found) }
    }

    /// Adds an item whose key is not in the table. `rehash` gives the hash of an item's key.
    pub fn insert(&mut self, hash: u64, item: T, rehash: impl Fn(&[u8]) -> u64) {
        debug_assert!(self.find(hash, T::key(item.view())).is_none(), "the key is in the table");
        assert!(self.len() < ITEMS_MAX);
        let raw = item.into_raw();
        if self.array.is_bare() {
            self.insert_bare(hash, raw);
        } else {
            let head = self.array.bucket(self.array.index_of(hash));
            let overflowed = self.push(head, tag_of(hash), raw);
            self.len += 1;
            if overflowed && self.wants_split() {
                self.split(rehash);
            }
        }
    }

    /// Takes the item with this key out.
    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Option<T> {
        self.get_mut(hash, key).map(Occupied::remove)
    }

    /// Looks into the first bucket of the chain, which nearly always decides; made part of each caller.
    #[inline(always)]
    fn find(&self, hash: u64, key: &[u8]) -> Option<Place> {
        if self.array.is_bare() {
            return self.find_far(None, hash, key);
        }
        let bucket = self.array.bucket(self.array.index_of(hash));
        let mut hits = bucket.matches(tag_of(hash));
        while hits != 0 {
            let i = hits.trailing_zeros() as usize;
            // SAFETY: pointers in a table are live items.
            if same(T::key(unsafe { T::borrow(bucket.pointer(i)) }), key) {
                return Some(Place::At(bucket, i));
            }
            hits &= hits - 1;
        }
        let next = bucket.link()?;
        self.find_far(Some(next), hash, key)
    }

    /// Looks into overflow buckets from `next` on, or at the item of a table without buckets.
    #[inline(never)]
    fn find_far(&self, mut next: Option<Bucket>, hash: u64, key: &[u8]) -> Option<Place> {
        let tag = tag_of(hash);
        // SAFETY: pointers in a table are live items.
        let is_key = |raw| same(unsafe { T::key(T::borrow(raw)) }, key);
        if self.array.is_bare() {
            let (root_tag, raw) = if self.len == 0 { return None } else { self.array.root_item() };
            return (root_tag == tag && is_key(raw)).then_some(Place::Root);
        }
        while let Some(bucket) = next {
            let mut hits = bucket.matches(tag);
            while hits != 0 {
                let i = hits.trailing_zeros() as usize;
                if is_key(bucket.pointer(i)) {
                    return Some(Place::At(bucket, i));
                }
                hits &= hits - 1;
            }
            next = bucket.link();
        }
        None
    }

    /// The item at a place of this table.
    #[inline]
    fn raw_at(&self, place: Place) -> NonNull<u8> {
        match place {
            Place::Root => self.array.root_item().1,
            Place::At(bucket, i) => bucket.pointer(i),
        }
    }

    /// Inserts into a table without buckets: the first item into the table itself, the second with it into a bucket.
    fn insert_bare(&mut self, hash: u64, raw: NonNull<u8>) {
        if self.len == 0 {
            self.array.set_root_item(tag_of(hash), raw);
        } else {
            let (tag, first) = self.array.root_item();
            let bucket = self.array.first_bucket();
            self.push(bucket, tag, first);
            self.push(bucket, tag_of(hash), raw);
        }
        self.len += 1;
    }
}

impl<T: Item> Drop for Table<T> {
    fn drop(&mut self) {
        if self.array.is_bare() {
            if self.len == 1 {
                // SAFETY: the table itself holds the one item, which nobody reads after this.
                drop(unsafe { T::from_raw(self.array.root_item().1) });
            }
            return;
        }
        for index in 0..self.array.len() {
            // SAFETY: drained, so owned by nobody else.
            self.drain(self.array.bucket(index), |_, _, raw| drop(unsafe { T::from_raw(raw) }));
        }
        self.array.free();
    }
}

#[cfg(test)]
mod tests;
