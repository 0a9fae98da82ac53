//! Changing a value in place.

use crate::counters::Tally;
use crate::{Entry, EntryRef, NewString};
use ds::Occupied;

/// An entry whose value may be changed; key and expiry stay. Keeps the memory account.
pub struct EntryMut<'a> {
    found: Occupied<'a, Entry>,
    memory: &'a Tally,
}

impl<'a> EntryMut<'a> {
    #[inline]
    pub(super) fn new(found: Occupied<'a, Entry>, memory: &'a Tally) -> EntryMut<'a> {
        EntryMut { found, memory }
    }

    /// The entry as it is now.
    #[inline]
    pub fn view(&self) -> EntryRef<'_> {
        self.found.get()
    }

    /// Replaces the value.
    #[inline]
    pub fn set(&mut self, value: NewString<'_>) {
        let grown = self.found.update(|entry| entry.set_string(value));
        if grown != 0 {
            self.memory.add(grown);
        }
    }

    /// Appends to the string; returns its new length.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        self.change(|entry| entry.append(bytes))
    }

    /// Writes into the string at `offset`, with zero bytes up to there if it was shorter; returns its new length.
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        self.change(|entry| entry.write_at(offset, bytes))
    }

    /// Lets `edit` change the bytes of the string, grown with zero bytes to `min_len` first.
    pub fn with_bytes<R>(&mut self, min_len: usize, edit: impl FnOnce(&mut [u8]) -> R) -> R {
        self.change(|entry| edit(entry.bytes_mut(min_len)))
    }

    /// Sets the access word: see `Clock::word_of_idle` and `word_of_frequency`.
    pub fn set_access(&mut self, word: u32) {
        self.found.update(|entry| entry.set_access(word));
    }

    fn change<R>(&mut self, change: impl FnOnce(&mut Entry) -> R) -> R {
        let before = self.found.get().allocated();
        let result = self.found.update(change);
        self.memory.add(self.found.get().allocated() as isize - before as isize);
        result
    }
}
