//! The buckets of a table by index. Up to `ARRAY_BUCKETS_MAX` they are one block, which is copied when it grows;
//! beyond, a directory lists segments, four for each doubling, that never move.

use super::bucket::Bucket;
use crate::class::{class_of, obtain, release, resize};
use std::ptr::{NonNull, with_exposed_provenance_mut};

/// Buckets of the first block, which alone is ever copied: 4 KiB.
const ARRAY_BUCKETS_MAX: usize = 64;
const ARRAY_LOG2: u32 = ARRAY_BUCKETS_MAX.ilog2();

const BUCKET: usize = size_of::<Bucket>();

/// The directory grows by this many pointers, a cache line.
const DIRECTORY_STEP: usize = 8;

type Segment = NonNull<Bucket>;

/// Owns buckets, by hand: `free` gives them back.
pub(super) struct Array {
    /// Without buckets: a tagged item, or nothing. With some: the first block, or the directory.
    root: u64,
    buckets: u32,
}

/// Segment and offset of a bucket.
#[inline]
fn locate(index: usize) -> (usize, usize) {
    if index < ARRAY_BUCKETS_MAX {
        return (0, index);
    }
    let log2 = index.ilog2();
    let quarter = (index >> (log2 - 2)) & 3;
    (1 + 4 * (log2 - ARRAY_LOG2) as usize + quarter, index & ((1 << (log2 - 2)) - 1))
}

/// Buckets of a segment.
fn segment_len(segment: usize) -> usize {
    match segment {
        0 => ARRAY_BUCKETS_MAX,
        s => (ARRAY_BUCKETS_MAX / 4) << ((s - 1) / 4),
    }
}

/// Pointers that the directory for `buckets` has room for.
fn directory_len(buckets: usize) -> usize {
    (locate(buckets - 1).0 + 1).next_multiple_of(DIRECTORY_STEP)
}

fn block(len: usize) -> NonNull<Bucket> {
    obtain(class_of(len * BUCKET), BUCKET).cast()
}

/// # Safety
/// `block` came from `block(len)`, possibly moved by `resize`, and is not used after this.
unsafe fn release_block(block: NonNull<Bucket>, len: usize) {
    // SAFETY: the caller vouches for it.
    unsafe { release(block.cast(), class_of(len * BUCKET), BUCKET) }
}

/// A new overflow bucket.
pub(super) fn obtain_bucket() -> NonNull<Bucket> {
    let bucket = block(1);
    // SAFETY: room for one bucket.
    unsafe { bucket.write(Bucket::EMPTY) };
    bucket
}

/// # Safety
/// `bucket` came from `obtain_bucket` and is not used after this.
pub(super) unsafe fn release_bucket(bucket: NonNull<Bucket>) {
    // SAFETY: the caller vouches for it.
    unsafe { release_block(bucket, 1) }
}

impl Array {
    pub const EMPTY: Array = Array { root: 0, buckets: 0 };

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

    /// Bytes of blocks and directory.
    #[inline]
    pub fn allocated(&self) -> usize {
        match self.len() {
            0 => 0,
            n if n <= ARRAY_BUCKETS_MAX => class_of(n * BUCKET),
            n => class_of(n * BUCKET) + class_of(directory_len(n) * size_of::<Segment>()),
        }
    }

    /// The one item of a table without buckets.
    #[inline]
    pub fn root_item(&self) -> (u8, NonNull<u8>) {
        debug_assert!(self.is_bare() && self.root != 0);
        let raw = with_exposed_provenance_mut((self.root & ((1 << 48) - 1)) as usize);
        // SAFETY: `set_root_item` wrote a pointer.
        ((self.root >> 56) as u8, unsafe { NonNull::new_unchecked(raw) })
    }

    pub fn set_root_item(&mut self, tag: u8, raw: NonNull<u8>) {
        debug_assert!(self.is_bare());
        let word = raw.as_ptr().expose_provenance() as u64;
        assert!(word >> 48 == 0, "the allocator gives addresses below 2^48");
        self.root = word | u64::from(tag) << 56;
    }

    pub fn clear_root_item(&mut self) {
        debug_assert!(self.is_bare());
        self.root = 0;
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
    pub fn bucket(&self, index: usize) -> NonNull<Bucket> {
        debug_assert!(index < self.len());
        // SAFETY: the root is the first block or the directory, as `len` says, and the index is inside.
        unsafe {
            if self.len() <= ARRAY_BUCKETS_MAX {
                return self.root_ptr().cast::<Bucket>().add(index);
            }
            let (segment, offset) = locate(index);
            self.root_ptr().cast::<Segment>().add(segment).read().add(offset)
        }
    }

    #[inline]
    unsafe fn root_ptr(&self) -> NonNull<u8> {
        // SAFETY: the caller knows that the root is a block or a directory, never null.
        unsafe { NonNull::new_unchecked(with_exposed_provenance_mut(self.root as usize)) }
    }

    fn set_root(&mut self, at: NonNull<u8>) {
        self.root = at.as_ptr().expose_provenance() as u64;
    }

    /// Makes the first bucket, empty.
    pub fn first_bucket(&mut self) -> NonNull<Bucket> {
        debug_assert!(self.is_bare());
        let first = obtain_bucket();
        self.set_root(first.cast());
        self.buckets = 1;
        first
    }

    /// Adds an empty bucket behind the last. May move the buckets of the first block.
    pub fn grow(&mut self) -> NonNull<Bucket> {
        let n = self.len();
        if n < ARRAY_BUCKETS_MAX {
            self.resize_block(n + 1);
        } else {
            self.grow_directory(n);
        }
        self.buckets += 1;
        let bucket = self.bucket(n);
        // SAFETY: there is room for the bucket now.
        unsafe { bucket.write(Bucket::EMPTY) };
        bucket
    }

    /// Drops the last bucket, which is empty and not the only one.
    pub fn shrink(&mut self) {
        let n = self.len() - 1;
        assert!(n > 0);
        if n < ARRAY_BUCKETS_MAX {
            self.resize_block(n);
        } else {
            self.shrink_directory(n);
        }
        self.buckets -= 1;
    }

    /// Gives everything back. Overflow buckets and items are the caller's.
    pub fn free(&mut self) {
        let n = self.len();
        // SAFETY: blocks and directory are ours; nothing refers to them once `buckets` is 0.
        unsafe {
            if n > ARRAY_BUCKETS_MAX {
                let directory = self.root_ptr().cast::<Segment>();
                for segment in 0..=locate(n - 1).0 {
                    release_block(directory.add(segment).read(), segment_len(segment));
                }
                release(directory.cast(), class_of(directory_len(n) * size_of::<Segment>()), BUCKET);
            } else if n > 0 {
                release_block(self.root_ptr().cast(), n);
            }
        }
        *self = Array::EMPTY;
    }

    fn resize_block(&mut self, n: usize) {
        let (old, new) = (class_of(self.len() * BUCKET), class_of(n * BUCKET));
        if old != new {
            // SAFETY: the first block was obtained with the class of `len` buckets.
            let moved = unsafe { resize(self.root_ptr(), old, new, BUCKET) };
            self.set_root(moved);
        }
    }

    /// Makes room for bucket `n`: a segment if `n` is the first of one, the directory if it is the first segment.
    fn grow_directory(&mut self, n: usize) {
        let (segment, offset) = locate(n);
        if offset != 0 {
            return;
        }
        // SAFETY: the directory has room for the segments of `n` buckets, and is grown before one more is written.
        unsafe {
            let word = size_of::<Segment>();
            let directory = if n == ARRAY_BUCKETS_MAX {
                let directory = obtain(class_of(directory_len(n + 1) * word), BUCKET);
                directory.cast::<Segment>().write(self.root_ptr().cast());
                directory
            } else {
                let (old, new) = (class_of(directory_len(n) * word), class_of(directory_len(n + 1) * word));
                if old == new { self.root_ptr() } else { resize(self.root_ptr(), old, new, BUCKET) }
            };
            directory.cast::<Segment>().add(segment).write(block(segment_len(segment)));
            self.set_root(directory);
        }
    }

    /// Undoes `grow_directory(n)`.
    fn shrink_directory(&mut self, n: usize) {
        let (segment, offset) = locate(n);
        if offset != 0 {
            return;
        }
        // SAFETY: as in `grow_directory`; the segment holds no bucket any more.
        unsafe {
            let word = size_of::<Segment>();
            let directory = self.root_ptr();
            release_block(directory.cast::<Segment>().add(segment).read(), segment_len(segment));
            let old = class_of(directory_len(n + 1) * word);
            let root = if n == ARRAY_BUCKETS_MAX {
                let first = directory.cast::<Segment>().read().cast();
                release(directory, old, BUCKET);
                first
            } else {
                let new = class_of(directory_len(n) * word);
                if old == new { directory } else { resize(directory, old, new, BUCKET) }
            };
            self.set_root(root);
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
            array.grow();
            assert_eq!(array.len(), n);
            assert!(array.allocated() >= n * 64 && array.allocated() <= n * 80 + 512);
        }
        for n in (1..most).rev() {
            array.shrink();
            // SAFETY: the last bucket is alive.
            assert_eq!(unsafe { array.bucket(n - 1).as_ref() }.count(), 0);
        }
        array.free();
        assert!(array.is_bare());
    }
}
