//! A run of bytes behind one thin pointer, whose owner knows its length from the bytes themselves: the capacity is the
//! allocation class of the length, and is stored nowhere.
//!
//! A block may be a guest in the allocation of an entry, behind what the entry itself needs: then its address is not
//! aligned, the byte before it says how many bytes are before it, and they stay when the block grows, shrinks and moves.

use crate::class::{class_of, obtain, release, resize};
use std::ops::Range;
use std::ptr::NonNull;

/// Alignment asked of the allocator.
const ALIGN: usize = 8;

/// Where a guest begins in an allocation whose first `before` bytes are its host's.
#[inline]
pub(crate) fn guest_at(before: usize) -> usize {
    let at = before + 1;
    if at.is_multiple_of(ALIGN) { at + 1 } else { at }
}

/// Whether a block at this address is a guest.
#[inline]
pub(crate) fn is_guest(at: NonNull<u8>) -> bool {
    !at.addr().get().is_multiple_of(ALIGN)
}

/// Bytes before the block at this address, in its allocation.
///
/// # Safety
/// A live block begins there.
#[inline]
pub(crate) unsafe fn bytes_before(at: NonNull<u8>) -> usize {
    // SAFETY: a guest is not at the start of its allocation.
    if is_guest(at) { usize::from(unsafe { at.sub(1).read() }) } else { 0 }
}

/// The owner of the bytes. It does not free them by itself: that takes their length.
pub(crate) struct Block(NonNull<u8>);

// SAFETY: a block owns its bytes alone; nothing in them is tied to a thread.
unsafe impl Send for Block {}
// SAFETY: shared access only reads.
unsafe impl Sync for Block {}

impl Block {
    /// A block with these bytes, at least one.
    pub fn new(bytes: &[u8]) -> Block {
        assert!(!bytes.is_empty());
        let raw = obtain(class_of(bytes.len()), ALIGN);
        // SAFETY: the allocation has as many bytes at least, and nobody else has it.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), raw.as_ptr(), bytes.len()) }
        Block(raw)
    }

    /// A block of `len` bytes that has some at a place, and zeros around them.
    pub fn around(bytes: &[u8], at: usize, len: usize) -> Block {
        let end = at + bytes.len();
        assert!(len > 0 && end <= len);
        let raw = obtain(class_of(len), ALIGN);
        // SAFETY: the allocation has as many bytes, and nobody else has it.
        unsafe {
            raw.write_bytes(0, at);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), raw.add(at).as_ptr(), bytes.len());
            raw.add(end).write_bytes(0, len - end);
        }
        Block(raw)
    }

    /// Bytes of memory that the block holds, which has `len` bytes; those of its host are counted.
    #[inline]
    pub fn allocated(&self, len: usize) -> usize {
        class_of(self.before() + len)
    }

    #[inline]
    fn before(&self) -> usize {
        // SAFETY: the block is alive.
        unsafe { bytes_before(self.0) }
    }

    /// Changes the class of the allocation.
    ///
    /// # Safety
    /// `old` is its class.
    #[inline]
    unsafe fn reclass(&mut self, old: usize, new: usize) {
        let before = self.before();
        // SAFETY: the allocation begins so many bytes before the block, and keeps them.
        unsafe { self.0 = resize(self.0.sub(before), old, new, ALIGN).add(before) }
    }

    /// Gives the ownership up.
    #[inline]
    pub fn into_raw(self) -> NonNull<u8> {
        self.0
    }

    /// Takes the ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw`, and is taken back once.
    #[inline]
    pub unsafe fn from_raw(raw: NonNull<u8>) -> Block {
        Block(raw)
    }

    /// The bytes.
    ///
    /// # Safety
    /// The block has `len` bytes.
    #[inline]
    pub unsafe fn bytes(&self, len: usize) -> &[u8] {
        // SAFETY: the caller vouches for the length; every byte of a block is written.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr(), len) }
    }

    /// The bytes, for changes.
    ///
    /// # Safety
    /// The block has `len` bytes.
    #[inline]
    pub unsafe fn bytes_mut(&mut self, len: usize) -> &mut [u8] {
        // SAFETY: as in `bytes`, and the block is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_ptr(), len) }
    }

    /// The first four bytes as a number, little-endian.
    ///
    /// # Safety
    /// The block has four bytes.
    #[inline]
    pub unsafe fn first_u32(&self) -> u32 {
        // SAFETY: the caller vouches for the length.
        u32::from_le(unsafe { self.0.cast::<u32>().read_unaligned() })
    }

    /// Replaces a range by `gap` bytes, zeroed, that the caller fills: the whole block, with its new length.
    ///
    /// # Safety
    /// The block has `len` bytes, and one at least remains.
    pub unsafe fn splice(&mut self, len: usize, range: Range<usize>, gap: usize) -> &mut [u8] {
        assert!(range.start <= range.end && range.end <= len);
        let new = len - (range.end - range.start) + gap;
        assert!(new > 0);
        let (old_class, new_class) = (self.allocated(len), self.allocated(new));
        let (from, to, tail) = (range.end, range.start + gap, len - range.end);
        // SAFETY: the allocation is grown before bytes move up, and shrunk after they moved down; the gap lies between
        // bytes that were there before.
        unsafe {
            if new_class > old_class {
                self.reclass(old_class, new_class);
            }
            if from != to && tail > 0 {
                std::ptr::copy(self.0.add(from).as_ptr(), self.0.add(to).as_ptr(), tail);
            }
            if new_class < old_class {
                self.reclass(old_class, new_class);
            }
            self.0.add(range.start).write_bytes(0, gap);
            self.bytes_mut(new)
        }
    }

    /// Zeroes bytes, which may be some that were never written.
    ///
    /// # Safety
    /// The range lies in the allocation.
    pub unsafe fn clear(&mut self, range: Range<usize>) {
        // SAFETY: as the caller says.
        unsafe { self.0.add(range.start).write_bytes(0, range.len()) }
    }

    /// Makes the block one of `new` bytes, the first of those it had.
    ///
    /// # Safety
    /// The block has `len` bytes, not fewer than `new`, which is not 0.
    pub unsafe fn resize(&mut self, len: usize, new: usize) {
        assert!(new > 0 && new <= len);
        let (old_class, new_class) = (self.allocated(len), self.allocated(new));
        if old_class != new_class {
            // SAFETY: every change of the length keeps the allocation at its class.
            unsafe { self.reclass(old_class, new_class) }
        }
    }

    /// Frees the bytes, and those of the host.
    ///
    /// # Safety
    /// The block has `len` bytes, and is not used after this.
    pub unsafe fn free(&mut self, len: usize) {
        // SAFETY: every change of the length keeps the allocation at its class.
        unsafe { release(self.0.sub(self.before()), self.allocated(len), ALIGN) }
    }
}
