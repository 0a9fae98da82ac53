//! The chain of buckets behind one index. Pairs fill it from the front: every bucket but the last is linked and has
//! eight of them, and an overflow bucket never has fewer than two.

use super::bucket::{BUCKET, Bucket, PAIRS, PAIRS_LINKED, PAIRS_SHORT, SHORT_BUCKET};
use super::{Item, Place, Table, prefetch};
use crate::class::{obtain, release};
use std::ptr::NonNull;

/// Bytes of an overflow bucket with so many pairs.
#[inline]
fn size_for(pairs: usize) -> usize {
    if pairs <= PAIRS_SHORT { SHORT_BUCKET } else { BUCKET }
}

/// The last bucket of a chain, and the one before it.
#[inline]
fn tail(head: Bucket) -> (Option<Bucket>, Bucket) {
    let (mut before, mut last) = (None, head);
    while let Some(next) = last.link() {
        (before, last) = (Some(last), next);
    }
    (before, last)
}

impl<T: Item> Table<T> {
    /// Adds a pair to a chain. True if that took a new overflow bucket.
    #[inline]
    pub(super) fn push(&mut self, head: Bucket, tag: u8, raw: NonNull<u8>) -> bool {
        let (before, mut last) = tail(head);
        if last.count() == PAIRS {
            let next = self.obtain_overflow(SHORT_BUCKET);
            let (ninth_tag, ninth) = last.pop();
            next.push(ninth_tag, ninth);
            next.push(tag, raw);
            last.set_link(next);
            return true;
        }
        if let Some(before) = before
            && last.count() == PAIRS_SHORT
        {
            last = self.replace_overflow(before, last, SHORT_BUCKET, BUCKET);
        }
        last.push(tag, raw);
        false
    }

    /// Takes the last pair of a chain.
    fn pop(&mut self, head: Bucket) -> Option<(u8, NonNull<u8>)> {
        let (before, last) = tail(head);
        if last.count() == 0 {
            return None;
        }
        let pair = last.pop();
        let Some(before) = before else { return Some(pair) };
        if last.count() == 1 {
            let (tag, raw) = last.pop();
            before.clear_link();
            before.push(tag, raw);
            self.release_overflow(last, SHORT_BUCKET);
        } else if last.count() == PAIRS_SHORT {
            self.replace_overflow(before, last, BUCKET, SHORT_BUCKET);
        }
        Some(pair)
    }

    /// Takes the pair at a place of a chain, and fills the hole with the last pair.
    pub(super) fn take(&mut self, head: Bucket, bucket: Bucket, i: usize) -> NonNull<u8> {
        let taken = bucket.pointer(i);
        let last = tail(head).1;
        let end = last.count() - 1;
        bucket.put(i, last.tag(end), last.pointer(end));
        self.pop(head);
        taken
    }

    /// Empties a chain and gives its pairs to `each`, which may push them to any chain.
    pub(super) fn drain(&mut self, head: Bucket, mut each: impl FnMut(&mut Self, u8, NonNull<u8>)) {
        let mut image = head.image(BUCKET);
        head.clear(BUCKET);
        loop {
            let bucket = image.bucket();
            for i in 0..bucket.count() {
                prefetch(bucket.pointer(i));
            }
            for i in 0..bucket.count() {
                each(self, bucket.tag(i), bucket.pointer(i));
            }
            let Some(next) = bucket.link() else { return };
            let size = size_for(next.count());
            image = next.image(size);
            self.release_overflow(next, size);
        }
    }

    /// The place of the `nth` item of a chain.
    pub(super) fn nth(&self, head: Bucket, mut nth: usize) -> Option<Place> {
        let mut bucket = head;
        while nth >= bucket.count() {
            bucket = bucket.link()?;
            nth -= PAIRS_LINKED;
        }
        Some(Place::At(bucket, nth))
    }

    /// Panics if the chain is not as described. Returns its pairs and the bytes of its overflow buckets.
    pub(super) fn check_chain(&self, head: Bucket, mut each: impl FnMut(u8, NonNull<u8>)) -> (usize, usize) {
        let (mut bucket, mut pairs, mut bytes) = (head, 0, 0);
        loop {
            (0..bucket.count()).for_each(|i| each(bucket.tag(i), bucket.pointer(i)));
            pairs += bucket.count();
            let Some(next) = bucket.link() else { return (pairs, bytes) };
            assert_eq!(bucket.count(), PAIRS_LINKED);
            assert!(next.count() >= 2);
            bytes += size_for(next.count());
            bucket = next;
        }
    }

    fn obtain_overflow(&mut self, size: usize) -> Bucket {
        self.overflow_units += (size / SHORT_BUCKET) as u32;
        // SAFETY: a fresh block, which is cleared at once.
        let bucket = unsafe { Bucket::at(obtain(size, size)) };
        bucket.clear(size);
        bucket
    }

    /// Gives back an overflow bucket of `size` bytes that nothing is linked to any more.
    fn release_overflow(&mut self, bucket: Bucket, size: usize) {
        self.overflow_units -= (size / SHORT_BUCKET) as u32;
        // SAFETY: overflow buckets are obtained with the size that follows from their pairs.
        unsafe { release(bucket.address(), size, size) }
    }

    /// Moves an overflow bucket, which is linked from `before`, to a block of another size.
    fn replace_overflow(&mut self, before: Bucket, old: Bucket, old_size: usize, size: usize) -> Bucket {
        let new = self.obtain_overflow(size);
        new.copy_from(old, old_size.min(size));
        before.set_link(new);
        self.release_overflow(old, old_size);
        new
    }
}
