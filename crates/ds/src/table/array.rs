//! The buckets of a table by index, in segments that do not move once they have four buckets: so growth copies next
//! to nothing, and leaves no blocks of odd sizes behind in the allocator.
//!
//! Segments have 4 buckets, then 2, 2, 4, 4, 8, 8, then four segments for each doubling. Up to `INLINE_BUCKETS` their
//! addresses stand in the table itself; beyond, in a directory.

use super::bucket::{BUCKET, Bucket, address_48};
use crate::class::{class_of, obtain, release, resize};
use std::ptr::{NonNull, with_exposed_provenance_mut};

/// Buckets of the first segment, which grows by doubling up to here: 256 bytes are the most that is copied, but for
/// the directory, which has a few hundred bytes.
const FIRST_SEGMENT: usize = 4;
/// Below this index there are two segments for each doubling; from here on, four.
const COARSE_BUCKETS: usize = 32;
const COARSE_LOG2: u32 = COARSE_BUCKETS.ilog2();
const COARSE_SEGMENTS: usize = 7;

/// Buckets whose segments are listed in the table.
const INLINE_BUCKETS: usize = 24;
const INLINE_SEGMENTS: usize = 6;

/// Bytes of an address in the table.
const ADDRESS: usize = 6;
/// Bytes of an address in the directory, which grows by a cache line of them.
const WORD: usize = size_of::<NonNull<u8>>();
const DIRECTORY_STEP: usize = 64 / WORD;

/// Segment (high four bits) and offset of the first indexes: a look instead of a computation whose branches nobody
/// can predict.
static NEAR: [u8; COARSE_BUCKETS] = {
    let mut near = [0; COARSE_BUCKETS];
    let mut index = 0;
    while index < COARSE_BUCKETS {
        let (segment, offset) = locate(index);
        near[index] = (segment << 4 | offset) as u8;
        index += 1;
    }
    near
};

/// Owns buckets, by hand: `free` gives them back.
#[repr(C)]
pub(super) struct Array {
    /// Without buckets: an item's address and its tag, or nothing. With some: addresses of the segments, or that of
    /// the directory.
    addresses: [u8; INLINE_SEGMENTS * ADDRESS],
    buckets: u32,
}

/// Segment and offset of a bucket.
#[inline]
const fn locate(index: usize) -> (usize, usize) {
    if index < FIRST_SEGMENT {
        return (0, index);
    }
    let log2 = index.ilog2();
    if log2 < COARSE_LOG2 {
        let half = (index >> (log2 - 1)) & 1;
        (1 + 2 * (log2 as usize - 2) + half, index & ((1 << (log2 - 1)) - 1))
    } else {
        let quarter = (index >> (log2 - 2)) & 3;
        (COARSE_SEGMENTS + 4 * (log2 - COARSE_LOG2) as usize + quarter, index & ((1 << (log2 - 2)) - 1))
    }
}

/// Buckets of a whole segment.
#[inline]
fn segment_len(segment: usize) -> usize {
    match segment {
        0 => FIRST_SEGMENT,
        s if s < COARSE_SEGMENTS => 2 << ((s - 1) / 2),
        s => (COARSE_BUCKETS / 4) << ((s - COARSE_SEGMENTS) / 4),
    }
}

/// Bytes of a segment in an array of `buckets`; the first may be smaller than a whole one.
fn segment_bytes(segment: usize, buckets: usize) -> usize {
    segment_len(segment).min(buckets.next_power_of_two()) * BUCKET
}

/// Bytes of the directory for so many buckets, more than `INLINE_BUCKETS`.
fn directory_bytes(buckets: usize) -> usize {
    directory_of(locate(buckets - 1).0 + 1)
}

/// Bytes of the directory for so many segments.
#[inline]
fn directory_of(segments: usize) -> usize {
    class_of(segments.next_multiple_of(DIRECTORY_STEP) * WORD)
}

impl Array {
    pub const EMPTY: Array = Array { addresses: [0; INLINE_SEGMENTS * ADDRESS], buckets: 0 };

    /// Whether there is no bucket.
    #[inline]
    pub fn is_bare(&self) -> bool {
        self.buckets == 0
    }

    /// Number of buckets, overflow buckets not counted.
    #[inline]
    pub fn len(&self) -> usize {
        self.buckets as usize
    }

    /// Bytes of segments and directory.
    #[inline]
    pub fn allocated(&self) -> usize {
        let n = self.len();
        if n <= FIRST_SEGMENT {
            return if n == 0 { 0 } else { n.next_power_of_two() * BUCKET };
        }
        let (segment, offset) = locate(n - 1);
        let segments = (n - 1 - offset + segment_len(segment)) * BUCKET;
        if n <= INLINE_BUCKETS { segments } else { segments + directory_of(segment + 1) }
    }

    /// The one item of a table without buckets.
    #[inline]
    pub fn root_item(&self) -> (u8, NonNull<u8>) {
        debug_assert!(self.is_bare());
        // SAFETY: `set_root_item` wrote the address.
        (self.addresses[ADDRESS], unsafe { self.address(0) })
    }

    pub fn set_root_item(&mut self, tag: u8, raw: NonNull<u8>) {
        debug_assert!(self.is_bare());
        self.set_address(0, raw);
        self.addresses[ADDRESS] = tag;
    }

    /// The bucket that a hash belongs to.
    #[inline]
    pub fn index_of(&self, hash: u64) -> usize {
        let half = 1usize << self.buckets.ilog2();
        let index = hash as usize & (2 * half - 1);
        if index >= self.len() { index - half } else { index }
    }

    /// The bucket at an index below `len`.
    #[inline]
    pub fn bucket(&self, index: usize) -> Bucket {
        debug_assert!(index < self.len());
        // SAFETY: the segment has been obtained and is part of the array; users of the bucket have it borrowed.
        unsafe {
            if self.len() <= INLINE_BUCKETS {
                let near = usize::from(NEAR[index % COARSE_BUCKETS]);
                return Bucket::at(self.address(near >> 4).add((near & 15) * BUCKET));
            }
            let (segment, offset) = locate(index);
            Bucket::at(self.directory().add(segment).read().add(offset * BUCKET))
        }
    }

    /// # Safety
    /// An address was set there.
    #[inline]
    unsafe fn address(&self, i: usize) -> NonNull<u8> {
        debug_assert!(i < INLINE_SEGMENTS);
        // SAFETY: six bytes of the list and two behind them, inside the array; the caller knows they are no null.
        unsafe {
            let word = (&raw const *self).byte_add(i * ADDRESS).cast::<u64>().read_unaligned();
            let address = u64::from_le(word) & ((1 << 48) - 1);
            NonNull::new_unchecked(with_exposed_provenance_mut(address as usize))
        }
    }

    fn set_address(&mut self, i: usize, to: NonNull<u8>) {
        self.addresses[i * ADDRESS..][..ADDRESS].copy_from_slice(&address_48(to).to_le_bytes()[..ADDRESS]);
    }

    /// # Safety
    /// There is a directory.
    #[inline]
    unsafe fn directory(&self) -> NonNull<NonNull<u8>> {
        // SAFETY: as the caller says.
        unsafe { self.address(0).cast() }
    }

    /// Makes the first bucket, empty.
    pub fn first_bucket(&mut self) -> Bucket {
        debug_assert!(self.is_bare());
        self.set_address(0, obtain(BUCKET, BUCKET));
        self.buckets = 1;
        self.cleared(0)
    }

    /// Adds an empty bucket behind the last. Buckets of the first segment may move.
    pub fn grow(&mut self) -> Bucket {
        let n = self.len();
        let (segment, offset) = locate(n);
        if n < FIRST_SEGMENT {
            self.resize_first(n + 1);
        } else if offset == 0 {
            let block = obtain(segment_bytes(segment, n + 1), BUCKET);
            self.add_segment(segment, block);
        }
        self.buckets += 1;
        self.cleared(n)
    }

    /// Drops the last bucket, which is empty and not the only one.
    pub fn shrink(&mut self) {
        let n = self.len() - 1;
        assert!(n > 0);
        let (segment, offset) = locate(n);
        if n < FIRST_SEGMENT {
            self.resize_first(n);
        } else if offset == 0 {
            self.drop_segment(segment);
        }
        self.buckets -= 1;
    }

    /// Gives everything back. Overflow buckets and items are the caller's.
    pub fn free(&mut self) {
        while self.len() > FIRST_SEGMENT {
            let (segment, offset) = locate(self.len() - 1);
            self.buckets -= offset as u32;
            self.drop_segment(segment);
            self.buckets -= 1;
        }
        if !self.is_bare() {
            // SAFETY: what is left is the first segment, to which nothing refers once `buckets` is 0.
            unsafe { release(self.address(0), segment_bytes(0, self.len()), BUCKET) }
        }
        *self = Array::EMPTY;
    }

    fn cleared(&self, index: usize) -> Bucket {
        let bucket = self.bucket(index);
        bucket.clear(BUCKET);
        bucket
    }

    fn resize_first(&mut self, n: usize) {
        let (old, new) = (segment_bytes(0, self.len()), segment_bytes(0, n));
        if old != new {
            // SAFETY: the first segment has the size that follows from the number of buckets.
            let moved = unsafe { resize(self.address(0), old, new, BUCKET) };
            self.set_address(0, moved);
        }
    }

    /// Lists a segment, the next after those of `len` buckets.
    fn add_segment(&mut self, segment: usize, block: NonNull<u8>) {
        let n = self.len();
        if n < INLINE_BUCKETS {
            return self.set_address(segment, block);
        }
        // SAFETY: a directory is there above `INLINE_BUCKETS`, has the size that follows from the number of buckets,
        // and gets room for one more before that is written.
        unsafe {
            let new = directory_bytes(n + 1);
            let directory = if n == INLINE_BUCKETS {
                let directory = obtain(new, BUCKET);
                for i in 0..INLINE_SEGMENTS {
                    directory.cast::<NonNull<u8>>().add(i).write(self.address(i));
                }
                directory
            } else if directory_bytes(n) != new {
                resize(self.directory().cast(), directory_bytes(n), new, BUCKET)
            } else {
                self.directory().cast()
            };
            directory.cast::<NonNull<u8>>().add(segment).write(block);
            self.set_address(0, directory);
        }
    }

    /// Releases the last segment, which has one bucket in use, the last of `len`.
    fn drop_segment(&mut self, segment: usize) {
        let n = self.len() - 1;
        let bytes = segment_bytes(segment, n + 1);
        // SAFETY: as in `add_segment`; the segment is not used any more.
        unsafe {
            if n < INLINE_BUCKETS {
                return release(self.address(segment), bytes, BUCKET);
            }
            let directory = self.directory();
            release(directory.add(segment).read(), bytes, BUCKET);
            let (old, listed) = (directory_bytes(n + 1), directory.cast());
            if n == INLINE_BUCKETS {
                for i in 0..INLINE_SEGMENTS {
                    self.set_address(i, directory.add(i).read());
                }
                release(listed, old, BUCKET);
            } else if old != directory_bytes(n) {
                let moved = resize(listed, old, directory_bytes(n), BUCKET);
                self.set_address(0, moved);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_contiguous() {
        let mut expect = (0, 0);
        for index in 0..100_000 {
            assert_eq!(locate(index), expect, "{index}");
            expect.1 += 1;
            if expect.1 == segment_len(expect.0) {
                expect = (expect.0 + 1, 0);
            }
        }
    }

    #[test]
    fn grows_and_shrinks_across_every_form() {
        let mut array = Array::EMPTY;
        array.first_bucket();
        let most = if cfg!(miri) { 200 } else { 20_000 };
        for n in 2..=most {
            array.grow().push(n as u8, NonNull::from(&mut array).cast());
            assert_eq!(array.len(), n);
            assert!(array.allocated() >= n * 64 && array.allocated() <= n * 96 + 512, "{n}");
        }
        for n in (1..most).rev() {
            assert_eq!(array.bucket(n).tag(0), (n + 1) as u8);
            array.shrink();
        }
        assert_eq!(array.allocated(), 64);
        for n in [1, 2, 5, 24, 25, 100] {
            (1..n).for_each(|_| assert_eq!(array.grow().count(), 0));
            array.free();
            assert!(array.is_bare());
            array.first_bucket();
        }
        array.free();
    }
}
