//! Asking the processor for what a lookup will need.

use super::array::Array;
use super::{Item, Table, tag_of};
use std::ptr::NonNull;

/// What a table's memory is found by, whatever it holds.
#[derive(Clone, Copy)]
pub struct Hints<'a> {
    array: &'a Array,
    len: u32,
}

impl<T: Item> Table<T> {
    /// For asking ahead.
    #[inline]
    pub fn hints(&self) -> Hints<'_> {
        Hints { array: &self.array, len: self.len }
    }
}

impl Hints<'_> {
    /// Asks for the bucket of a hash.
    #[inline(always)]
    pub fn prefetch_bucket(self, hash: u64) {
        if !self.array.is_bare() {
            prefetch(self.array.bucket(self.array.index_of(hash)).address());
        }
    }

    /// Asks for the items that may have this hash, when its bucket is in the cache.
    #[inline(always)]
    pub fn prefetch_items(self, hash: u64) {
        if self.array.is_bare() {
            if self.len == 1 {
                prefetch(self.array.root_item().1);
            }
            return;
        }
        let bucket = self.array.bucket(self.array.index_of(hash));
        let mut hits = bucket.matches(tag_of(hash));
        while hits != 0 {
            prefetch(bucket.pointer(hits.trailing_zeros() as usize));
            hits &= hits - 1;
        }
        // Who finds nothing here, or adds something, goes on there.
        if let Some(next) = bucket.link() {
            prefetch(next.address());
        }
    }
}

/// Asks for the cache line of a value.
#[inline]
pub fn prefetch_value<V>(value: &V) {
    prefetch(NonNull::from(value).cast());
}

/// Asks for the cache line at an address.
#[inline]
pub(super) fn prefetch(at: NonNull<u8>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a prefetch of any address is harmless.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.as_ptr().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = at;
}
