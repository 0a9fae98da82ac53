//! Which slots of a database have keys: read without a lock, changed by who holds the slot.

use base::{SLOTS, Slot};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

const WORDS: usize = SLOTS / 64;

/// A bitmap of slots; takes no memory until the first is set.
#[derive(Default)]
pub(crate) struct Occupied {
    words: OnceLock<Box<[AtomicU64; WORDS]>>,
}

impl Occupied {
    /// Neighbours in a word belong to other stripes, hence the atomic step.
    pub fn set(&self, slot: Slot) {
        let words = self.words.get_or_init(|| Box::new([const { AtomicU64::new(0) }; WORDS]));
        words[slot.index() / 64].fetch_or(1 << (slot.index() % 64), Relaxed);
    }

    pub fn clear(&self, slot: Slot) {
        if let Some(words) = self.words.get() {
            words[slot.index() / 64].fetch_and(!(1 << (slot.index() % 64)), Relaxed);
        }
    }

    pub fn clear_all(&self) {
        self.words.get().into_iter().flat_map(|w| w.iter()).for_each(|w| w.store(0, Relaxed));
    }

    /// Exclusive access only.
    pub fn swap(&self, other: &Occupied) {
        for i in 0..WORDS {
            let (a, b) = (self.word(i), other.word(i));
            self.put(i, b);
            other.put(i, a);
        }
    }

    pub fn contains(&self, slot: Slot) -> bool {
        self.word(slot.index() / 64) >> (slot.index() % 64) & 1 == 1
    }

    /// The first occupied slot at or after `from`, an index.
    pub fn next(&self, from: usize) -> Option<Slot> {
        if from >= SLOTS || self.words.get().is_none() {
            return None;
        }
        let mut index = from / 64;
        let mut rest = self.word(index) & (u64::MAX << (from % 64));
        while rest == 0 {
            index += 1;
            if index == WORDS {
                return None;
            }
            rest = self.word(index);
        }
        Some(Slot::from_low_bits(index as u64 * 64 + u64::from(rest.trailing_zeros())))
    }

    /// How many slots have keys.
    pub fn count(&self) -> usize {
        self.words.get().map_or(0, |words| words.iter().map(|w| w.load(Relaxed).count_ones() as usize).sum())
    }

    fn word(&self, i: usize) -> u64 {
        self.words.get().map_or(0, |words| words[i].load(Relaxed))
    }

    fn put(&self, i: usize, word: u64) {
        if word != 0 || self.words.get().is_some() {
            let words = self.words.get_or_init(|| Box::new([const { AtomicU64::new(0) }; WORDS]));
            words[i].store(word, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_finds_each_in_turn() {
        let map = Occupied::default();
        assert_eq!(map.next(0), None);
        let slots = [0, 63, 64, 5000, 16383].map(Slot::from_low_bits);
        slots.iter().for_each(|s| map.set(*s));
        let (mut found, mut from) = (Vec::new(), 0);
        while let Some(slot) = map.next(from) {
            found.push(slot);
            from = slot.index() + 1;
        }
        assert_eq!(found, slots);
        map.clear(slots[1]);
        assert_eq!((map.next(1), map.count(), map.contains(slots[1])), (Some(slots[2]), 4, false));
        let other = Occupied::default();
        other.swap(&map);
        assert_eq!((map.count(), other.count()), (0, 4));
    }
}
