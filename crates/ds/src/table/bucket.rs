//! A bucket: one cache line of nine (tag, pointer) pairs.
//!
//! ```text
//! meta 1 | tags 9 x 1 | pointers 9 x 6
//! ```
//!
//! The low four bits of `meta` count the pairs, which fill the bucket from the front; `LINKED` says that the ninth
//! pointer is that of an overflow bucket, and then there are eight pairs. An overflow bucket with three pairs or
//! fewer is cut off after 32 bytes.

use std::ptr::{NonNull, copy_nonoverlapping};

/// Bytes of a bucket.
pub(super) const BUCKET: usize = 64;
/// Bytes of a short one.
pub(super) const SHORT_BUCKET: usize = 32;
/// Pairs of a bucket without a link.
pub(super) const PAIRS: usize = 9;
/// Pairs of a bucket with a link.
pub(super) const PAIRS_LINKED: usize = PAIRS - 1;
/// Pairs of a short bucket.
pub(super) const PAIRS_SHORT: usize = 3;

const LINKED: u8 = 0x80;
const COUNT: u8 = 0x0F;
const TAGS_AT: usize = 1;
const POINTERS_AT: usize = TAGS_AT + PAIRS;
const POINTER_LEN: usize = 6;

const _: () = assert!(POINTERS_AT + POINTER_LEN * PAIRS == BUCKET);
const _: () = assert!(POINTERS_AT + POINTER_LEN * PAIRS_SHORT <= SHORT_BUCKET);

/// The address of a bucket, for as long as the bucket lives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket(NonNull<u8>);

/// A bucket's content, elsewhere.
#[repr(align(64))]
pub(super) struct Image([u8; BUCKET]);

impl Image {
    pub fn bucket(&mut self) -> Bucket {
        Bucket(NonNull::from(&mut self.0).cast())
    }
}

impl Bucket {
    /// # Safety
    /// A bucket lives there, or an empty one is about to be written, for as long as this address or a copy of it is
    /// used; it is aligned to its size, and nobody else uses it in that time.
    #[inline]
    pub unsafe fn at(address: NonNull<u8>) -> Bucket {
        Bucket(address)
    }

    #[inline]
    pub fn address(self) -> NonNull<u8> {
        self.0
    }

    /// Makes the first `size` bytes those of an empty bucket.
    pub fn clear(self, size: usize) {
        // SAFETY: the bucket has `size` bytes.
        unsafe { self.0.write_bytes(0, size) }
    }

    /// Makes this a copy of `other`, of which `size` bytes matter.
    pub fn copy_from(self, other: Bucket, size: usize) {
        // SAFETY: both have `size` bytes, and are different allocations.
        unsafe { copy_nonoverlapping(other.0.as_ptr(), self.0.as_ptr(), size) }
    }

    /// The content of a bucket of `size` bytes.
    pub fn image(self, size: usize) -> Image {
        let mut image = Image([0; BUCKET]);
        image.bucket().copy_from(self, size);
        image
    }

    #[inline]
    fn meta(self) -> u8 {
        // SAFETY: the first byte of a live bucket.
        unsafe { self.0.read() }
    }

    #[inline]
    fn set_meta(self, meta: u8) {
        // SAFETY: as in `meta`.
        unsafe { self.0.write(meta) }
    }

    /// Pairs in this bucket alone.
    #[inline]
    pub fn count(self) -> usize {
        usize::from(self.meta() & COUNT)
    }

    /// The next bucket of the chain.
    #[inline]
    pub fn link(self) -> Option<Bucket> {
        if self.meta() & LINKED == 0 { None } else { Some(Bucket(self.pointer(PAIRS_LINKED))) }
    }

    /// Chains `next` behind a bucket of eight pairs, in place of what was chained there.
    pub fn set_link(self, next: Bucket) {
        assert_eq!(self.count(), PAIRS_LINKED);
        self.put(PAIRS_LINKED, 0, next.0);
        self.set_meta(self.meta() | LINKED);
    }

    pub fn clear_link(self) {
        self.set_meta(self.meta() & !LINKED);
    }

    #[inline]
    pub fn tag(self, i: usize) -> u8 {
        debug_assert!(i < PAIRS);
        // SAFETY: the tags are in the first ten bytes.
        unsafe { self.0.add(TAGS_AT + i).read() }
    }

    #[inline]
    pub fn pointer(self, i: usize) -> NonNull<u8> {
        debug_assert!(i < PAIRS);
        // SAFETY: the eight bytes end with the pointer's six, inside the bucket; `put` wrote a pointer there.
        unsafe {
            let word = self.0.add(POINTERS_AT - 2 + POINTER_LEN * i).cast::<u64>().read_unaligned();
            NonNull::new_unchecked(std::ptr::with_exposed_provenance_mut((u64::from_le(word) >> 16) as usize))
        }
    }

    /// Writes a pair over the one at `i`, which the bucket has room for.
    #[inline]
    pub fn put(self, i: usize, tag: u8, raw: NonNull<u8>) {
        debug_assert!(i < PAIRS);
        let word = address_48(raw).to_le_bytes();
        // SAFETY: tag and pointer lie inside the bucket.
        unsafe {
            self.0.add(TAGS_AT + i).write(tag);
            let at = self.0.add(POINTERS_AT + POINTER_LEN * i);
            copy_nonoverlapping(word.as_ptr(), at.as_ptr(), POINTER_LEN);
        }
    }

    /// Adds a pair behind the last. There is room, and no link.
    #[inline]
    pub fn push(self, tag: u8, raw: NonNull<u8>) {
        let i = self.count();
        debug_assert!(i < PAIRS && self.link().is_none());
        self.put(i, tag, raw);
        self.set_meta(self.meta() + 1);
    }

    /// Takes the last pair. There is one, and no link.
    #[inline]
    pub fn pop(self) -> (u8, NonNull<u8>) {
        debug_assert!(self.count() > 0 && self.link().is_none());
        let i = self.count() - 1;
        self.set_meta(self.meta() - 1);
        (self.tag(i), self.pointer(i))
    }

    /// The indexes whose tag this is, as a bit mask.
    #[inline]
    pub fn matches(self, tag: u8) -> u32 {
        self.equal_tags(tag) & ((1 << self.count()) - 1)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn equal_tags(self, tag: u8) -> u32 {
        use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_load_si128, _mm_movemask_epi8, _mm_set1_epi8};
        // SAFETY: SSE2 is part of x86-64, and a bucket is aligned to 32 or more.
        unsafe {
            let head = _mm_load_si128(self.0.as_ptr().cast());
            (_mm_movemask_epi8(_mm_cmpeq_epi8(head, _mm_set1_epi8(tag as i8))) as u32) >> TAGS_AT
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    fn equal_tags(self, tag: u8) -> u32 {
        self.equal_tags_portable(tag)
    }

    /// Eight tags at once in a word: a byte of `differ` is zero where the tag is equal.
    #[cfg(any(test, not(target_arch = "x86_64")))]
    fn equal_tags_portable(self, tag: u8) -> u32 {
        const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
        // SAFETY: the tags are in the first ten bytes.
        let eight = u64::from_le(unsafe { self.0.add(TAGS_AT).cast::<u64>().read_unaligned() });
        let differ = eight ^ (u64::from(tag) * 0x0101_0101_0101_0101);
        let zero = !(((differ & LOW) + LOW) | differ | LOW) >> 7;
        let mask = (zero.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
        mask | u32::from(self.tag(8) == tag) << 8
    }
}

/// An address that may be read back from six bytes.
#[inline]
pub(super) fn address_48(raw: NonNull<u8>) -> u64 {
    let word = raw.as_ptr().expose_provenance() as u64;
    assert!(word >> 48 == 0, "the allocator gives addresses below 2^48");
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_match_in_both_ways() {
        let mut rng = base::Rng::new(3);
        for _ in 0..if cfg!(miri) { 50 } else { 20_000 } {
            let mut image = Image([0; BUCKET]);
            let bucket = image.bucket();
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
        let mut image = Image([0; BUCKET]);
        let bucket = image.bucket();
        let values: Vec<Box<u64>> = (0..9).map(Box::new).collect();
        for value in &values {
            bucket.push(7, NonNull::from(&**value).cast());
        }
        for (i, value) in values.iter().enumerate() {
            assert_eq!(bucket.pointer(i), NonNull::from(&**value).cast());
        }
        assert_eq!(bucket.pop().1, NonNull::from(&*values[8]).cast());
    }
}
