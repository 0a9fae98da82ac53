//! A member with its score, in one allocation:
//!
//! ```text
//! score 8 | length 1 or 5 | bytes
//! ```
//!
//! The tree and the index by member point to the same allocation, which never moves: a change of score is written
//! where it is.

use crate::class::{class_of, obtain, release};
use crate::table::Item;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{NonNull, copy_nonoverlapping};

const ALIGN: usize = 8;
pub(crate) const LEN_AT: usize = 8;
const HEAD: usize = 9;
const HEAD_LONG: usize = 13;
/// Lengths up to here stand in the one byte; above, `LONG` and four bytes.
pub(crate) const SHORT_MAX: usize = 250;
pub(crate) const LONG: u8 = 251;

/// An owned member.
pub(super) struct Member(NonNull<u8>);

// SAFETY: a member owns its bytes alone; nothing in them is tied to a thread.
unsafe impl Send for Member {}
// SAFETY: shared access only reads.
unsafe impl Sync for Member {}

/// A borrowed member of a sorted set, with its score. Copy.
#[derive(Clone, Copy)]
pub struct MemberRef<'a> {
    raw: NonNull<u8>,
    life: PhantomData<&'a [u8]>,
}

// SAFETY: as a shared reference to bytes.
unsafe impl Send for MemberRef<'_> {}
// SAFETY: as a shared reference to bytes.
unsafe impl Sync for MemberRef<'_> {}

fn head(len: usize) -> usize {
    if len <= SHORT_MAX { HEAD } else { HEAD_LONG }
}

impl Member {
    /// `bytes` shorter than 4 GiB.
    pub fn new(bytes: &[u8], score: f64) -> Member {
        let len = u32::try_from(bytes.len()).expect("a member is shorter than 4 GiB");
        let head = head(bytes.len());
        let raw = obtain(class_of(head + bytes.len()), ALIGN);
        // SAFETY: the allocation has room for head and bytes, and nobody else has it.
        unsafe {
            raw.cast::<f64>().write(score);
            if head == HEAD {
                raw.add(LEN_AT).write(len as u8);
            } else {
                raw.add(LEN_AT).write(LONG);
                raw.add(HEAD).cast::<u32>().write_unaligned(len);
            }
            copy_nonoverlapping(bytes.as_ptr(), raw.add(head).as_ptr(), bytes.len());
        }
        Member(raw)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let class = self.view().allocated();
        // SAFETY: the allocation was made with the class of its length, which never changes.
        unsafe { release(self.0, class, ALIGN) }
    }
}

impl<'a> MemberRef<'a> {
    /// # Safety
    /// `raw` is a member that lives during `'a`.
    #[inline]
    pub(crate) unsafe fn new(raw: NonNull<u8>) -> MemberRef<'a> {
        MemberRef { raw, life: PhantomData }
    }

    #[inline]
    pub(super) fn raw(self) -> NonNull<u8> {
        self.raw
    }

    /// Its score; never NaN.
    #[inline]
    pub fn score(self) -> f64 {
        // SAFETY: the first eight bytes of a live member.
        unsafe { self.raw.cast::<f64>().read() }
    }

    /// Its bytes.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: length and bytes lie in the live member, and are never written again.
        unsafe {
            let (at, len) = match self.raw.add(LEN_AT).read() {
                LONG => (HEAD_LONG, self.raw.add(HEAD).cast::<u32>().read_unaligned() as usize),
                short => (HEAD, usize::from(short)),
            };
            std::slice::from_raw_parts(self.raw.add(at).as_ptr(), len)
        }
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub(super) fn allocated(self) -> usize {
        let len = self.bytes().len();
        class_of(head(len) + len)
    }

    /// # Safety
    /// Nobody else reads or writes the member's score at the same time.
    #[inline]
    pub(super) unsafe fn set_score(self, score: f64) {
        debug_assert!(!score.is_nan());
        // SAFETY: as the caller says.
        unsafe { self.raw.cast::<f64>().write(score) }
    }
}

impl std::fmt::Debug for MemberRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.score(), String::from_utf8_lossy(self.bytes()))
    }
}

/// The order of scores; neither is NaN. Zeros of both signs are equal.
#[inline]
pub(crate) fn compare_scores(a: f64, b: f64) -> Ordering {
    debug_assert!(!a.is_nan() && !b.is_nan());
    if a < b {
        Ordering::Less
    } else if a > b {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

/// Asks the processor for a member.
#[inline]
pub(super) fn prefetch(raw: NonNull<u8>) {
    // SAFETY: a member's first byte; a prefetch reads nothing.
    crate::table::prefetch_value(unsafe { raw.as_ref() });
}

// SAFETY: the pointer comes from the allocator, aligned to 8, and stays put while the member lives; its bytes are
// part of the allocation and never change.
unsafe impl Item for Member {
    type Ref<'a> = MemberRef<'a>;

    #[inline]
    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).0
    }

    #[inline]
    unsafe fn from_raw(raw: NonNull<u8>) -> Member {
        Member(raw)
    }

    #[inline]
    unsafe fn borrow<'a>(raw: NonNull<u8>) -> MemberRef<'a> {
        // SAFETY: the caller vouches for a live item during `'a`.
        unsafe { MemberRef::new(raw) }
    }

    #[inline]
    fn view(&self) -> MemberRef<'_> {
        // SAFETY: the member lives as long as `self` is borrowed.
        unsafe { MemberRef::new(self.0) }
    }

    #[inline]
    fn key<'a>(item: MemberRef<'a>) -> &'a [u8]
    where
        Self: 'a,
    {
        item.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_it_was_given() {
        for len in [0, 1, 17, 23, 250, 251, 252, 70_000] {
            let bytes = vec![len as u8; len];
            let member = Member::new(&bytes, -1.5);
            assert_eq!((member.view().score(), member.view().bytes()), (-1.5, &bytes[..]), "{len}");
            // SAFETY: nobody else has the member.
            unsafe { member.view().set_score(f64::INFINITY) }
            assert_eq!((member.view().score(), member.view().bytes()), (f64::INFINITY, &bytes[..]), "{len}");
        }
        assert_eq!(Member::new(b"member:0000000001", 1.0).view().allocated(), 32);
    }
}
