//! A field of a big hash with its value, in one allocation:
//!
//! ```text
//! [expiry 8] | length 1 or 5 | field | length 1 or 5 | value
//! ```
//!
//! One that expires begins as a member of a sorted set does, with its expiry for the score: so the tree that has
//! members in order has fields in the order in which they expire. An address tells which of the two forms is behind it:
//! fields that expire are known by theirs with [`MARK`] added.

use crate::class::{class_of, obtain, release};
use crate::entry::EXPIRY_MAX_MS;
use crate::ranked::member::{LEN_AT, LONG, SHORT_MAX};
use crate::table::Item;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{NonNull, copy_nonoverlapping};

const ALIGN: usize = 8;
/// Bytes of an expiry: milliseconds since the Unix epoch, as a double.
const EXPIRY: usize = LEN_AT;
/// Added to the address of a field that expires.
const MARK: usize = 4;

// So twice the mark leads from the allocation to what follows the expiry.
const _: () = assert!(EXPIRY == 2 * MARK && MARK < ALIGN);
// Doubles have every expiry exactly.
const _: () = assert!(EXPIRY_MAX_MS < 1 << f64::MANTISSA_DIGITS);

/// An owned field, by its marked address.
pub struct Field(NonNull<u8>);

// SAFETY: a field owns its bytes alone; nothing in them is tied to a thread.
unsafe impl Send for Field {}
// SAFETY: shared access only reads.
unsafe impl Sync for Field {}

/// A borrowed field of a big hash. Copy.
#[derive(Clone, Copy)]
pub struct FieldRef<'a> {
    raw: NonNull<u8>,
    life: PhantomData<&'a [u8]>,
}

// SAFETY: as a shared reference to bytes.
unsafe impl Send for FieldRef<'_> {}
// SAFETY: as a shared reference to bytes.
unsafe impl Sync for FieldRef<'_> {}

/// Bytes of a text with its length.
#[inline]
fn text_size(len: usize) -> usize {
    if len <= SHORT_MAX { 1 + len } else { 5 + len }
}

/// Writes a text with its length; returns where it ends.
///
/// # Safety
/// There is room, and nobody else uses it.
#[inline]
unsafe fn write_text(at: NonNull<u8>, text: &[u8]) -> NonNull<u8> {
    let len = u32::try_from(text.len()).expect("a text is shorter than 4 GiB");
    // SAFETY: as the caller says.
    unsafe {
        let bytes = if text.len() <= SHORT_MAX {
            at.write(len as u8);
            at.add(1)
        } else {
            at.write(LONG);
            at.add(1).cast::<u32>().write_unaligned(len);
            at.add(5)
        };
        copy_nonoverlapping(text.as_ptr(), bytes.as_ptr(), text.len());
        bytes.add(text.len())
    }
}

/// Where the bytes of a text begin, and how many there are.
///
/// # Safety
/// A text lies there.
#[inline]
unsafe fn read_text(at: NonNull<u8>) -> (NonNull<u8>, usize) {
    // SAFETY: as the caller says.
    unsafe {
        match at.read() {
            LONG => (at.add(5), at.add(1).cast::<u32>().read_unaligned() as usize),
            short => (at.add(1), usize::from(short)),
        }
    }
}

impl Field {
    /// `name` and `value` shorter than 4 GiB; `expiry` at most [`EXPIRY_MAX_MS`].
    pub fn new(name: &[u8], value: &[u8], expiry: Option<u64>) -> Field {
        let head = if expiry.is_some() { EXPIRY } else { 0 };
        let total = head + text_size(name.len()) + text_size(value.len());
        let base = obtain(class_of(total), ALIGN);
        // SAFETY: the allocation has `total` bytes, and nobody else has it.
        unsafe {
            if let Some(at) = expiry {
                debug_assert!(at <= EXPIRY_MAX_MS);
                base.cast::<f64>().write(at as f64);
            }
            let at = write_text(base.add(head), name);
            write_text(at, value);
            Field(base.add(head / 2))
        }
    }

    /// For reading.
    #[inline]
    pub fn view(&self) -> FieldRef<'_> {
        FieldRef { raw: self.0, life: PhantomData }
    }

    /// Writes a value over the old one, if the allocation is of the right size for it.
    #[inline]
    pub fn rewrite(&mut self, value: &[u8]) -> bool {
        let (at, old) = self.view().value_at();
        // SAFETY: both lie in the allocation.
        let start = unsafe { at.offset_from(self.view().base()) } as usize;
        let fits = class_of(start + text_size(old)) == class_of(start + text_size(value.len()));
        if fits {
            // SAFETY: the new value ends inside the allocation, which is borrowed exclusively.
            unsafe { write_text(at, value) };
        }
        fits
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let (base, class) = (self.view().base(), self.view().allocated());
        // SAFETY: the allocation has the class of its length, and is not used after this.
        unsafe { release(base, class, ALIGN) }
    }
}

impl Clone for Field {
    fn clone(&self) -> Field {
        let view = self.view();
        Field::new(view.name(), view.value(), view.expiry())
    }
}

impl<'a> FieldRef<'a> {
    #[inline]
    fn mark(self) -> usize {
        self.raw.addr().get() & MARK
    }

    /// The allocation; of a field that expires, what the tree knows it by.
    #[inline]
    pub(super) fn base(self) -> NonNull<u8> {
        // SAFETY: inside the allocation.
        unsafe { self.raw.sub(self.mark()) }
    }

    /// Where the name lies, with its length.
    #[inline]
    fn name_at(self) -> NonNull<u8> {
        // SAFETY: behind the expiry, inside the allocation.
        unsafe { self.raw.add(self.mark()) }
    }

    /// Where the value lies, with its length, and that length.
    #[inline]
    fn value_at(self) -> (NonNull<u8>, usize) {
        // SAFETY: the value follows the name in the live field.
        unsafe {
            let (name, len) = read_text(self.name_at());
            let at = name.add(len);
            (at, read_text(at).1)
        }
    }

    /// The field's name.
    #[inline]
    pub fn name(self) -> &'a [u8] {
        // SAFETY: the bytes lie in the live field, and are never written again.
        unsafe {
            let (at, len) = read_text(self.name_at());
            std::slice::from_raw_parts(at.as_ptr(), len)
        }
    }

    /// Its value.
    #[inline]
    pub fn value(self) -> &'a [u8] {
        // SAFETY: the bytes lie in the live field, which does not change during `'a`.
        unsafe {
            let (at, len) = read_text(self.value_at().0);
            std::slice::from_raw_parts(at.as_ptr(), len)
        }
    }

    /// When it expires, in milliseconds since the Unix epoch.
    #[inline]
    pub fn expiry(self) -> Option<u64> {
        // SAFETY: a live field that expires begins with its expiry.
        (self.mark() != 0).then(|| unsafe { self.base().cast::<f64>().read() } as u64)
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(self) -> usize {
        let (at, len) = self.value_at();
        // SAFETY: both lie in the allocation.
        let start = unsafe { at.offset_from(self.base()) } as usize;
        class_of(start + text_size(len))
    }
}

impl std::fmt::Debug for FieldRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        write!(f, "{:?}: {:?} until {:?}", text(self.name()), text(self.value()), self.expiry())
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

// SAFETY: the pointer lies in an allocation aligned to 8, 0 or 4 bytes from its beginning; the field stays put while it
// lives; its name is part of the allocation and never changes.
unsafe impl Item for Field {
    type Ref<'a> = FieldRef<'a>;

    #[inline]
    fn into_raw(self) -> NonNull<u8> {
        ManuallyDrop::new(self).0
    }

    #[inline]
    unsafe fn from_raw(raw: NonNull<u8>) -> Field {
        Field(raw)
    }

    #[inline]
    unsafe fn borrow<'a>(raw: NonNull<u8>) -> FieldRef<'a> {
        FieldRef { raw, life: PhantomData }
    }

    #[inline]
    fn view(&self) -> FieldRef<'_> {
        Field::view(self)
    }

    #[inline]
    fn key<'a>(item: FieldRef<'a>) -> &'a [u8]
    where
        Self: 'a,
    {
        item.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranked::MemberRef;

    #[test]
    fn keeps_what_it_was_given() {
        for len in [0, 1, 17, 250, 251, 70_000] {
            for expiry in [None, Some(0), Some(1_700_000_000_123), Some(EXPIRY_MAX_MS)] {
                let (name, value) = (vec![b'n'; len], vec![b'v'; len / 2]);
                let mut field = Field::new(&name, &value, expiry);
                let view = field.view();
                assert_eq!((view.name(), view.value(), view.expiry()), (&name[..], &value[..], expiry));
                if let Some(at) = expiry {
                    // SAFETY: a live field that expires begins as a member does.
                    let member = unsafe { MemberRef::new(view.base()) };
                    assert_eq!((member.score(), member.bytes()), (at as f64, &name[..]));
                }
                assert!(!field.rewrite(&vec![b'w'; 2 * len + 100]));
                assert!(field.rewrite(&vec![b'w'; len / 2]));
                let copy = field.clone();
                assert_eq!((copy.view().value(), copy.view().expiry()), (&vec![b'w'; len / 2][..], expiry));
            }
        }
        let size = |expiry| Field::new(b"field:0000000001", b"value0000000001", expiry).view().allocated();
        assert_eq!((size(None), size(Some(1))), (48, 48));
    }
}
