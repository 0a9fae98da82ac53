//! A member of a big set, in one allocation:
//!
//! ```text
//! length 1 or 5 | bytes
//! ```

use crate::class::{class_of, obtain, release};
use crate::table::Item;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{NonNull, copy_nonoverlapping};

const ALIGN: usize = 8;
const HEAD: usize = 1;
const HEAD_LONG: usize = 5;
/// Lengths up to here stand in the one byte; above, `LONG` and four bytes.
const SHORT_MAX: usize = 250;
const LONG: u8 = 251;

/// An owned member.
pub(super) struct Member(NonNull<u8>);

// SAFETY: a member owns its bytes alone; nothing in them is tied to a thread.
unsafe impl Send for Member {}
// SAFETY: shared access only reads.
unsafe impl Sync for Member {}

/// A borrowed member. Copy.
#[derive(Clone, Copy)]
pub(super) struct MemberRef<'a> {
    raw: NonNull<u8>,
    life: PhantomData<&'a [u8]>,
}

fn head(len: usize) -> usize {
    if len <= SHORT_MAX { HEAD } else { HEAD_LONG }
}

impl Member {
    /// `bytes` shorter than 4 GiB.
    pub fn new(bytes: &[u8]) -> Member {
        let len = u32::try_from(bytes.len()).expect("a member is shorter than 4 GiB");
        let head = head(bytes.len());
        let raw = obtain(class_of(head + bytes.len()), ALIGN);
        // SAFETY: the allocation has room for head and bytes, and nobody else has it.
        unsafe {
            if head == HEAD {
                raw.write(len as u8);
            } else {
                raw.write(LONG);
                raw.add(HEAD).cast::<u32>().write_unaligned(len);
            }
            copy_nonoverlapping(bytes.as_ptr(), raw.add(head).as_ptr(), bytes.len());
        }
        Member(raw)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.view().bytes()
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.view().allocated()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let class = self.allocated();
        // SAFETY: the allocation was made with the class of its length, which never changes.
        unsafe { release(self.0, class, ALIGN) }
    }
}

impl<'a> MemberRef<'a> {
    /// Its bytes.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: length and bytes lie in the live member, and are never written again.
        unsafe {
            let (at, len) = match self.raw.read() {
                LONG => (HEAD_LONG, self.raw.add(HEAD).cast::<u32>().read_unaligned() as usize),
                short => (HEAD, usize::from(short)),
            };
            std::slice::from_raw_parts(self.raw.add(at).as_ptr(), len)
        }
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(self) -> usize {
        let len = self.bytes().len();
        class_of(head(len) + len)
    }
}

// SAFETY: the pointer comes from the allocator, aligned to 8, and stays put while the member lives; its bytes are the
// key and never change.
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
        MemberRef { raw, life: PhantomData }
    }

    #[inline]
    fn view(&self) -> MemberRef<'_> {
        MemberRef { raw: self.0, life: PhantomData }
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
        for len in [0, 1, 7, 15, 17, 250, 251, 252, 70_000] {
            let bytes = vec![len as u8; len];
            let member = Member::new(&bytes);
            assert_eq!(member.view().bytes(), &bytes[..], "{len}");
        }
        assert_eq!(Member::new(b"member:0000000001").view().allocated(), 32);
        assert_eq!(Member::new(b"seven b").view().allocated(), 8);
    }
}
