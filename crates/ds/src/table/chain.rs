//! The chain of buckets behind one index. Items fill it from the front: every bucket but the last is linked and has
//! eight items, and an overflow bucket never has fewer than two.

use super::array::{obtain_bucket, release_bucket};
use super::bucket::{Bucket, SLOTS_LINKED};
use super::{Item, Place, Table};
use std::ptr::NonNull;

/// The last bucket of a chain, and the one before it.
///
/// # Safety
/// `head` is the first bucket of a live chain.
unsafe fn tail(head: NonNull<Bucket>) -> (Option<NonNull<Bucket>>, NonNull<Bucket>) {
    let (mut before, mut last) = (None, head);
    // SAFETY: links of a live chain are live buckets.
    while let Some(next) = unsafe { last.as_ref() }.link() {
        (before, last) = (Some(last), next);
    }
    (before, last)
}

impl<T: Item> Table<T> {
    /// Adds a pair to a chain. True if that took a new overflow bucket.
    #[inline]
    pub(super) fn push(&mut self, head: NonNull<Bucket>, tag: u8, raw: NonNull<u8>) -> bool {
        // SAFETY: `head` is a bucket of this table, borrowed exclusively; so is its chain.
        unsafe {
            let mut last = tail(head).1;
            if !last.as_ref().is_full() {
                last.as_mut().push(tag, raw);
                return false;
            }
            let mut next = obtain_bucket();
            let (ninth_tag, ninth) = last.as_mut().pop();
            next.as_mut().push(ninth_tag, ninth);
            next.as_mut().push(tag, raw);
            last.as_mut().set_link(next);
        }
        self.overflows += 1;
        true
    }

    /// Takes the last pair of a chain.
    pub(super) fn pop(&mut self, head: NonNull<Bucket>) -> Option<(u8, NonNull<u8>)> {
        // SAFETY: as in `push`; the overflow bucket is unlinked before it is released.
        unsafe {
            let (before, mut last) = tail(head);
            if last.as_ref().count() == 0 {
                return None;
            }
            let pair = last.as_mut().pop();
            if let Some(mut before) = before
                && last.as_ref().count() == 1
            {
                let (tag, raw) = last.as_mut().pop();
                before.as_mut().clear_link();
                before.as_mut().push(tag, raw);
                release_bucket(last);
                self.overflows -= 1;
            }
            Some(pair)
        }
    }

    /// Takes the pair at a place of a chain, and fills the hole with the last pair.
    pub(super) fn take(&mut self, head: NonNull<Bucket>, bucket: NonNull<Bucket>, i: usize) -> NonNull<u8> {
        // SAFETY: as in `push`; the hole is in this chain.
        unsafe {
            let mut bucket = bucket;
            let taken = bucket.as_ref().pointer(i);
            let last = tail(head).1;
            let is_last = last == bucket && i + 1 == last.as_ref().count();
            if !is_last {
                let end = last.as_ref().count() - 1;
                let (tag, raw) = (last.as_ref().tag(end), last.as_ref().pointer(end));
                bucket.as_mut().put(i, tag, raw);
            }
            self.pop(head);
            taken
        }
    }

    /// The place of the `nth` item of a chain.
    pub(super) fn nth(&self, head: NonNull<Bucket>, mut nth: usize) -> Option<Place> {
        let mut at = head;
        loop {
            // SAFETY: buckets of a chain are alive while the table is borrowed.
            let bucket = unsafe { at.as_ref() };
            if nth < bucket.count() {
                return Some(Place::At(at, nth));
            }
            at = bucket.link()?;
            nth -= SLOTS_LINKED;
        }
    }

    /// Items of a chain.
    pub(super) fn chain_len(&self, head: NonNull<Bucket>) -> usize {
        let (mut at, mut len) = (head, 0);
        loop {
            // SAFETY: buckets of a chain are alive while the table is borrowed.
            let bucket = unsafe { at.as_ref() };
            len += bucket.count();
            match bucket.link() {
                Some(next) => at = next,
                None => return len,
            }
        }
    }
}
