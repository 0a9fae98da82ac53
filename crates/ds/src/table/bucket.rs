//! A bucket: one cache line of nine (tag, pointer) pairs.
//!
//! ```text
//! meta 1 | tags 9 x 1 | pointers 9 x 6
//! ```
//!
//! The low four bits of `meta` count the items, which fill the bucket from the front; `LINKED` says that the ninth
//! pointer is that of an overflow bucket, and then there are eight items.

use std::ptr::NonNull;

/// Items of a bucket without a link.
pub(super) const SLOTS: usize = 9;
/// Items of a bucket with a link.
pub(super) const SLOTS_LINKED: usize = SLOTS - 1;

const LINKED: u8 = 0x80;
const COUNT: u8 = 0x0F;
const TAGS_AT: usize = 1;
const POINTERS_AT: usize = TAGS_AT + SLOTS;
const POINTER_LEN: usize = 6;

#[derive(Clone)]
#[repr(C, align(64))]
pub(super) struct Bucket {
    bytes: [u8; 64],
}

impl Bucket {
    pub const EMPTY: Bucket = Bucket { bytes: [0; 64] };

    /// Items in this bucket alone.
    #[inline]
    pub fn count(&self) -> usize {
        usize::from(self.bytes[0] & COUNT)
    }

    #[inline]
    pub fn is_full(&self) -> bool {
        self.count() == SLOTS
    }

    /// The next bucket of the chain.
    #[inline]
    pub fn link(&self) -> Option<NonNull<Bucket>> {
        if self.bytes[0] & LINKED == 0 { None } else { Some(self.pointer(SLOTS_LINKED).cast()) }
    }

    /// Chains `next` behind a bucket of eight items.
    pub fn set_link(&mut self, next: NonNull<Bucket>) {
        assert_eq!(self.bytes[0], SLOTS_LINKED as u8);
        self.put(SLOTS_LINKED, 0, next.cast());
        self.bytes[0] |= LINKED;
    }

    pub fn clear_link(&mut self) {
        self.bytes[0] &= !LINKED;
    }

    #[inline]
    pub fn tag(&self, i: usize) -> u8 {
        self.bytes[TAGS_AT + i]
    }

    #[inline]
    pub fn pointer(&self, i: usize) -> NonNull<u8> {
        debug_assert!(i < SLOTS);
        let at = POINTERS_AT - 2 + POINTER_LEN * i;
        // SAFETY: the eight bytes end with the pointer's six, inside the bucket; `put` wrote a pointer there.
        unsafe {
            let word = self.bytes.as_ptr().add(at).cast::<u64>().read_unaligned();
            NonNull::new_unchecked(std::ptr::with_exposed_provenance_mut((u64::from_le(word) >> 16) as usize))
        }
    }

    /// Writes a pair over the one at `i`.
    #[inline]
    pub fn put(&mut self, i: usize, tag: u8, raw: NonNull<u8>) {
        let word = raw.as_ptr().expose_provenance() as u64;
        assert!(word >> 48 == 0, "the allocator gives addresses below 2^48");
        self.bytes[TAGS_AT + i] = tag;
        let at = POINTERS_AT + POINTER_LEN * i;
        self.bytes[at..at + POINTER_LEN].copy_from_slice(&word.to_le_bytes()[..POINTER_LEN]);
    }

    /// Adds a pair behind the last. The bucket is neither full nor linked.
    #[inline]
    pub fn push(&mut self, tag: u8, raw: NonNull<u8>) {
        let i = self.count();
        debug_assert!(i < SLOTS && self.link().is_none());
        self.put(i, tag, raw);
        self.bytes[0] += 1;
    }

    /// Takes the last pair.
    #[inline]
    pub fn pop(&mut self) -> (u8, NonNull<u8>) {
        debug_assert!(self.count() > 0 && self.link().is_none());
        let i = self.count() - 1;
        self.bytes[0] -= 1;
        (self.tag(i), self.pointer(i))
    }

    /// The indexes whose tag this is, as a bit mask.
    #[inline]
    pub fn matches(&self, tag: u8) -> u32 {
        self.equal_tags(tag) & ((1 << self.count()) - 1)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn equal_tags(&self, tag: u8) -> u32 {
        use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_load_si128, _mm_movemask_epi8, _mm_set1_epi8};
        // SAFETY: SSE2 is part of x86-64, and the bucket is aligned to 64.
        unsafe {
            let head = _mm_load_si128(self.bytes.as_ptr().cast());
            (_mm_movemask_epi8(_mm_cmpeq_epi8(head, _mm_set1_epi8(tag as i8))) as u32) >> TAGS_AT
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    fn equal_tags(&self, tag: u8) -> u32 {
        self.equal_tags_portable(tag)
    }

    /// Eight tags at once in a word: a byte of `differ` is zero where the tag is equal.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn equal_tags_portable(&self, tag: u8) -> u32 {
        const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        let mut eight = [0; 8];
        eight.copy_from_slice(&self.bytes[TAGS_AT..TAGS_AT + 8]);
        let differ = u64::from_le_bytes(eight) ^ (u64::from(tag) * 0x0101_0101_0101_0101);
        let zero = !(((differ & LOW) + LOW) | differ | LOW) >> 7;
        let mask = (zero.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
        mask | u32::from(self.tag(8) == tag) << 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_in_both_ways() {
        let mut rng = base::Rng::new(3);
        for _ in 0..if cfg!(miri) { 50 } else { 20_000 } {
            let mut bucket = Bucket::EMPTY;
            let raw = NonNull::from(&mut 0u64).cast();
            for _ in 0..rng.below(10) {
                bucket.push(rng.below(4) as u8 * 85, raw);
            }
            for tag in [0, 1, 85, 170, 255] {
                let expect = (0..bucket.count()).fold(0, |m, i| m | u32::from(bucket.tag(i) == tag) << i);
                assert_eq!(bucket.matches(tag), expect);
                assert_eq!(bucket.equal_tags_portable(tag) & ((1 << bucket.count()) - 1), expect);
            }
        }
    }

    #[test]
    fn pointers_keep_48_bits() {
        let mut bucket = Bucket::EMPTY;
        let values: Vec<Box<u64>> = (0..9).map(Box::new).collect();
        for value in &values {
            bucket.push(7, NonNull::from(&**value).cast());
        }
        assert!(bucket.is_full());
        for (i, value) in values.iter().enumerate() {
            assert_eq!(bucket.pointer(i), NonNull::from(&**value).cast());
        }
        assert_eq!(bucket.pop().1, NonNull::from(&*values[8]).cast());
    }
}
