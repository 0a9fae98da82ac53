//! Hash slots.

use crate::bytes::find;
use crate::crc::crc16;
use std::fmt;

/// Number of hash slots of a cluster.
pub const SLOTS: usize = 16384;

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

#[inline(always)]
fn hash_tag(key: &[u8]) -> &[u8] {
    match find(key, b'{') {
        None => key,
        Some(open) => tag_from(key, open),
    }
}

#[inline(never)]
fn tag_from(key: &[u8], open: usize) -> &[u8] {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn slots_are_in_range() {
        assert!(Slot::new(16383).is_some() && Slot::new(16384).is_none());
    }
}
