//! Hash slots and sets of them.

use crate::bytes::find;
use crate::crc::crc16;
use std::fmt;

/// Number of hash slots of a cluster.
pub const SLOTS: usize = 16384;

const WORDS: usize = SLOTS / 64;

/// A hash slot, 0 to 16383.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(u16);

impl Slot {
    /// `None` at and above 16384.
    #[inline]
    pub fn new(n: u16) -> Option<Slot> {
        (usize::from(n) < SLOTS).then_some(Slot(n))
    }

    /// The slot that the low 14 bits name.
    pub fn from_low_bits(n: u64) -> Slot {
        Slot((n % SLOTS as u64) as u16)
    }

    /// The slot of a key: CRC-16 of the part between the first `{` and the next `}`, if it is not empty, else of all of it.
    #[inline]
    pub fn of_key(key: &[u8]) -> Slot {
        Slot::from_low_bits(u64::from(crc16(hash_tag(key))))
    }

    /// As an index into a table of all slots.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// As a number.
    #[inline]
    pub fn get(self) -> u16 {
        self.0
    }

    /// Every slot, ascending.
    pub fn all() -> impl Iterator<Item = Slot> {
        (0..SLOTS as u16).map(Slot)
    }
}

#[inline]
fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = find(key, b'{') else { return key };
    let after = &key[open + 1..];
    match find(after, b'}') {
        None | Some(0) => key,
        Some(len) => &after[..len],
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A set of slots: the bitmap of the cluster bus.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotSet {
    words: Box<[u64; WORDS]>,
    len: usize,
}

impl Default for SlotSet {
    fn default() -> SlotSet {
        SlotSet { words: Box::new([0; WORDS]), len: 0 }
    }
}

impl SlotSet {
    /// The empty set.
    pub fn new() -> SlotSet {
        SlotSet::default()
    }

    /// Slot `s` is byte `s / 8`, bit `s % 8` from the least significant (spec `cluster-bus.md` §2).
    pub fn from_wire(bytes: &[u8; SLOTS / 8]) -> SlotSet {
        let mut set = SlotSet::new();
        for (word, chunk) in set.words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = chunk.iter().rev().fold(0, |w, b| w << 8 | u64::from(*b));
            set.len += word.count_ones() as usize;
        }
        set
    }

    /// The bitmap as it stands on the wire.
    pub fn to_wire(&self) -> [u8; SLOTS / 8] {
        let mut bytes = [0; SLOTS / 8];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.words.iter()) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Whether the set holds `slot`.
    #[inline]
    pub fn contains(&self, slot: Slot) -> bool {
        self.words[slot.index() / 64] >> (slot.index() % 64) & 1 == 1
    }

    /// True if the slot was not there before.
    pub fn insert(&mut self, slot: Slot) -> bool {
        let fresh = !self.contains(slot);
        self.words[slot.index() / 64] |= 1 << (slot.index() % 64);
        self.len += usize::from(fresh);
        fresh
    }

    /// True if the slot was there.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let there = self.contains(slot);
        self.words[slot.index() / 64] &= !(1 << (slot.index() % 64));
        self.len -= usize::from(there);
        there
    }

    /// Takes every slot out.
    pub fn clear(&mut self) {
        *self = SlotSet::new();
    }

    /// How many slots the set holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no slot is in the set.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The slots, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.words.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    Slot((i * 64 + bit) as u16)
                })
            })
        })
    }

    /// Maximal runs of consecutive slots, ascending, ends included.
    pub fn ranges(&self) -> Vec<(Slot, Slot)> {
        let mut ranges: Vec<(Slot, Slot)> = Vec::new();
        for slot in self.iter() {
            match ranges.last_mut() {
                Some((_, end)) if end.0 + 1 == slot.0 => *end = slot,
                _ => ranges.push((slot, slot)),
            }
        }
        ranges
    }
}

impl FromIterator<Slot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> SlotSet {
        let mut set = SlotSet::new();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (a, b) in self.ranges() {
            text.push_str(if text.is_empty() { "" } else { "," });
            text.push_str(&if a == b { format!("{a}") } else { format!("{a}-{b}") });
        }
        write!(f, "{{{text}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(n: u16) -> Slot {
        Slot::new(n).expect("in range")
    }

    #[test]
    fn wire_order_is_least_significant_bit_first() {
        let set: SlotSet = [0, 7, 8, 16383].into_iter().map(slot).collect();
        let wire = set.to_wire();
        assert_eq!((wire[0], wire[1], wire[2047]), (0x81, 0x01, 0x80));
        assert_eq!(SlotSet::from_wire(&wire), set);
        assert_eq!(SlotSet::from_wire(&wire).len(), 4);
    }

    #[test]
    fn keys_and_tags() {
        assert_eq!(Slot::of_key(b"foo").get(), 12182);
        assert_eq!(Slot::of_key(b"123456789").get(), 0x31C3);
        assert_eq!(Slot::of_key(b"").get(), 0);
        let same = |a: &[u8], b: &[u8]| assert_eq!(Slot::of_key(a), Slot::from_low_bits(crc16(b).into()));
        same(b"{user1000}.following", b"user1000");
        same(b"foo{}{bar}", b"foo{}{bar}");
        same(b"foo{{bar}}zap", b"{bar");
        same(b"foo{bar}{zap}", b"bar");
        same(b"foo}{bar", b"foo}{bar");
    }

    #[test]
    fn ranges_are_maximal() {
        let set: SlotSet = [1, 2, 3, 9, 16383].into_iter().map(slot).collect();
        assert_eq!(format!("{set:?}"), "{1-3,9,16383}");
        assert!(Slot::new(16384).is_none());
    }

    #[test]
    fn counts_follow_inserts_and_removes() {
        let mut set = SlotSet::new();
        assert!(set.insert(slot(5)) && !set.insert(slot(5)));
        assert!(set.remove(slot(5)) && !set.remove(slot(5)));
        assert!(set.is_empty());
    }
}
