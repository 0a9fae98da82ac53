//! Changing a listpack. Entries are named by where they begin; a change invalidates the names behind it.

use super::codec::Coded;
use super::{EMPTY, HEAD, Listpack, ListpackRef, count_after};
use crate::StrRef;
use std::ops::Range;

impl Listpack {
    /// Adds an element at the end.
    #[inline]
    pub fn push_back(&mut self, value: StrRef<'_>) {
        let end = self.total() - 1;
        self.insert(end, value);
    }

    /// Adds an element at the beginning.
    #[inline]
    pub fn push_front(&mut self, value: StrRef<'_>) {
        self.insert(HEAD, value);
    }

    /// Adds elements at the end, in order.
    pub fn extend<'v>(&mut self, values: impl Iterator<Item = StrRef<'v>> + Clone) {
        let end = self.total() - 1;
        self.splice(end..end, 0, values);
    }

    /// Inserts an element before an entry, or at the end.
    #[inline]
    pub fn insert(&mut self, at: usize, value: StrRef<'_>) {
        self.splice(at..at, 0, std::iter::once(value));
    }

    /// Puts another element into the place of an entry, which begins where it began.
    #[inline]
    pub fn replace(&mut self, at: usize, value: StrRef<'_>) {
        self.splice(at..self.view().after(at), 1, std::iter::once(value));
    }

    /// Puts elements into the place of `count` entries from one on, not more than there are.
    pub fn replace_run<'v>(
        &mut self,
        at: usize,
        count: usize,
        values: impl Iterator<Item = StrRef<'v>> + Clone,
    ) {
        let (to, removed) = self.view().run(at, count);
        self.splice(at..to, removed, values);
    }

    /// Removes `count` entries from one on, or all that are there. What follows begins there now.
    #[inline]
    pub fn remove(&mut self, at: usize, count: usize) {
        let (to, removed) = self.view().run(at, count);
        self.splice(at..to, removed, std::iter::empty());
    }

    /// Removes `count` elements from an index on, or all that are there; negative indexes count from the end.
    pub fn remove_range(&mut self, index: i64, count: usize) {
        if let Some(at) = self.view().seek(index) {
            self.remove(at, count);
        }
    }

    /// Adds the elements of another at the end.
    pub fn append(&mut self, other: ListpackRef<'_>) {
        let end = self.total() - 1;
        let entries = &other.bytes()[HEAD..other.end()];
        let count = count_after(self.view().stored_count(), 0, other.len());
        self.splice_bytes(end..end, entries.len(), count).copy_from_slice(entries);
    }

    /// Takes the elements from an entry on into another listpack.
    pub fn split_off(&mut self, at: usize) -> Listpack {
        let end = self.total() - 1;
        let mut tail = Listpack::new();
        let entries = &self.view().bytes()[at..end];
        let moved = self.view().iter_from(at).count();
        let count = count_after(0, 0, moved);
        tail.splice_bytes(HEAD..HEAD, entries.len(), count).copy_from_slice(entries);
        self.splice(at..end, moved, std::iter::empty());
        tail
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        *self = Listpack::new();
    }

    /// Puts elements in place of the entries in a range, of which there are `removed`.
    fn splice<'v>(
        &mut self,
        range: Range<usize>,
        removed: usize,
        values: impl Iterator<Item = StrRef<'v>> + Clone,
    ) {
        let coded = values.map(Coded::new);
        let (bytes, added) = coded.clone().fold((0, 0), |(bytes, n), value| (bytes + value.total(), n + 1));
        let count = count_after(self.view().stored_count(), removed, added);
        let mut gap = self.splice_bytes(range, bytes, count);
        for value in coded {
            gap = value.write(gap);
        }
        assert!(gap.is_empty());
    }

    /// Replaces a range by `gap` bytes, which are returned, and writes the head.
    fn splice_bytes(&mut self, range: Range<usize>, gap: usize, count: u16) -> &mut [u8] {
        let old = self.total();
        let new = old - range.len() + gap;
        assert!(range.start >= HEAD && range.end < old && new <= u32::MAX as usize);
        let count = if new == EMPTY.len() { 0 } else { count };
        let from = range.start;
        // SAFETY: the block has `total` bytes, and head and end are not in the range.
        let bytes = unsafe { self.0.splice(old, range, gap) };
        bytes[..4].copy_from_slice(&(new as u32).to_le_bytes());
        bytes[4..HEAD].copy_from_slice(&count.to_le_bytes());
        &mut bytes[from..from + gap]
    }
}
