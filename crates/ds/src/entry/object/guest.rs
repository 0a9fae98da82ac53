//! Small values in the allocation of their entry.

use crate::block::{bytes_before, is_guest};
use crate::class::{class_of, obtain};
use crate::entry::Entry;
use crate::entry::layout::{self, ALIGN, BEFORE_GUEST_MAX, Shape};
use crate::listpack::{Listpack, ListpackRef};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, copy_nonoverlapping};

/// An entry with a copy of a listpack as its guest; `None` if its key is too long for that.
pub(super) fn housed(key: &[u8], byte: u8, pack: ListpackRef<'_>, expiry: Option<u64>) -> Option<Entry> {
    let mut shape = Shape::of_object(byte, key.len(), expiry.is_some());
    let at = shape.guest_at();
    if at > BEFORE_GUEST_MAX {
        return None;
    }
    let bytes = pack.bytes();
    shape.value_len = at - shape.value_at() + bytes.len();
    let raw = obtain(class_of(shape.total()), ALIGN);
    // SAFETY: the allocation holds `shape.total()` bytes, which end with the listpack's, and nobody else has it.
    unsafe {
        layout::write_head(raw, &shape);
        layout::write_key(raw, &shape, key);
        layout::write_expiry(raw, &shape, expiry);
        layout::set_guest(raw, true);
        write_before(raw, at);
        copy_nonoverlapping(bytes.as_ptr(), raw.add(at).as_ptr(), bytes.len());
    }
    Some(Entry(raw))
}

/// Says before a guest where it begins.
///
/// # Safety
/// `raw` has a written head and key, and room for a guest at `at`.
unsafe fn write_before(raw: NonNull<u8>, at: usize) {
    // SAFETY: one byte at least lies between the key and the guest.
    unsafe { raw.add(at - 1).write(at as u8) }
}

impl Entry {
    /// A copy with another key and expiry, and the same access word, if the value is a guest.
    pub(in crate::entry) fn with_guest(&self, key: &[u8], expiry: Option<u64>) -> Option<Entry> {
        let view = self.view();
        if !view.has_guest() {
            return None;
        }
        // SAFETY: the guest lives in the entry; a view of it is all that is used.
        let mut copy = unsafe {
            let pack = std::mem::ManuallyDrop::new(Listpack::from_raw(layout::word(self.0)));
            let byte = self.0.read();
            let alone = || Entry::of_word(key, byte, Listpack::copy_of(pack.view()).into_raw(), expiry);
            housed(key, byte, pack.view(), expiry).unwrap_or_else(alone)
        };
        copy.set_access(view.access());
        Some(copy)
    }
}

/// What lies before a guest in an entry: head, expiry and key.
pub(super) struct SetAside {
    bytes: MaybeUninit<[u8; BEFORE_GUEST_MAX]>,
    len: usize,
}

impl SetAside {
    /// # Safety
    /// `raw` is a live entry with a guest.
    #[inline]
    pub unsafe fn of(raw: NonNull<u8>) -> SetAside {
        let mut aside = SetAside { bytes: MaybeUninit::uninit(), len: 0 };
        // SAFETY: as many bytes lie before the guest, no more than there is room for.
        unsafe {
            aside.len = bytes_before(layout::word(raw));
            copy_nonoverlapping(raw.as_ptr(), aside.bytes.as_mut_ptr().cast(), aside.len);
        }
        aside
    }

    fn head(&self) -> NonNull<u8> {
        NonNull::from(&self.bytes).cast()
    }

    /// The shape of the entry with a pointer in place of the guest.
    pub fn shape(&self) -> Shape {
        // SAFETY: the head was copied.
        unsafe { layout::read_as_pointer(self.head()) }
    }

    /// The entry again, with what its guest has become.
    ///
    /// # Safety
    /// `word` is that of a value with this first byte, which the entry gets. If it is a guest, it is a listpack.
    #[inline]
    pub unsafe fn put_back(&self, byte: u8, word: NonNull<u8>) -> NonNull<u8> {
        // SAFETY: the guest still lies behind as many bytes, which are this entry's again.
        unsafe {
            if !is_guest(word) || bytes_before(word) != self.len {
                return self.put_out(byte, word);
            }
            let raw = word.sub(self.len);
            copy_nonoverlapping(self.head().as_ptr(), raw.as_ptr(), self.len);
            raw.write(byte);
            raw
        }
    }

    /// An entry with a pointer to what was a guest.
    ///
    /// # Safety
    /// As `put_back`.
    #[cold]
    unsafe fn put_out(&self, byte: u8, word: NonNull<u8>) -> NonNull<u8> {
        let shape = Shape { kind: byte, ..self.shape() };
        let raw = obtain(class_of(shape.total()), ALIGN);
        // SAFETY: the allocation holds the shape, which is that of what was set aside up to the value.
        unsafe {
            let word = if is_guest(word) { Listpack::from_raw(word).alone().into_raw() } else { word };
            copy_nonoverlapping(self.head().as_ptr(), raw.as_ptr(), shape.value_at());
            raw.write(byte);
            layout::set_guest(raw, false);
            raw.add(shape.value_at()).cast::<NonNull<u8>>().write_unaligned(word);
        }
        raw
    }
}

const _: () = assert!(BEFORE_GUEST_MAX <= u8::MAX as usize);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::guest_at;
    use crate::value::{Hash, HashLimits, List, hash::Ttl};
    use crate::{NewString, StrRef};

    const LIMITS: HashLimits = HashLimits { pack_fields_max: 64, pack_value_max: 64 };

    fn hash(fields: usize) -> Hash {
        let mut hash = Hash::new();
        set(&mut hash, 0..fields);
        hash
    }

    fn set(hash: &mut Hash, fields: std::ops::Range<usize>) {
        for i in fields {
            hash.set(format!("field:{i}").as_bytes(), b"some value", Ttl::Clear, 0, &LIMITS);
        }
    }

    fn check(entry: &Entry, key: &[u8], fields: usize, expiry: Option<u64>, guest: bool) {
        let view = entry.view();
        view.check_invariants();
        assert_eq!((view.key(), view.expiry(), view.access(), view.elements()), (key, expiry, 9, fields));
        assert_eq!(view.has_guest(), guest, "{} bytes of key, {fields} fields", key.len());
        let seen = view.view_as::<Hash>().expect("a hash");
        assert!((0..fields).all(|i| seen.get(format!("field:{i}").as_bytes(), 0).is_some()));
    }

    #[test]
    fn guests_grow_leave_and_are_moved() {
        for key_len in 0..80 {
            let key = vec![b'k'; key_len];
            let is_short = guest_at(6 + key_len) <= BEFORE_GUEST_MAX;
            let mut entry = Entry::composite(&key, hash(1), None);
            entry.set_access(9);
            check(&entry, &key, 1, None, is_short);
            let before = entry.view().allocated();
            let mut value = entry.object_mut::<Hash>().expect("a hash");
            let held = value.held();
            set(&mut value, 1..50);
            let grown = value.held() - held;
            drop(value);
            check(&entry, &key, 50, None, is_short);
            assert_eq!(entry.view().allocated(), before + grown);
            assert!(!entry.set_expiry(Some(77)));
            let guest = entry.view().has_guest();
            check(&entry, &key, 50, Some(77), guest);
            check(&entry.clone(), &key, 50, Some(77), guest_at(12 + key_len) <= BEFORE_GUEST_MAX);
            let mut entry = entry.into_key(b"another");
            check(&entry, b"another", 50, Some(77), guest);
            let before = entry.view().allocated();
            let mut value = entry.object_mut::<Hash>().expect("a hash");
            let held = value.held();
            set(&mut value, 50..100);
            let grown = value.held() - held;
            drop(value);
            check(&entry, b"another", 100, Some(77), false);
            assert_eq!(entry.view().allocated(), before + grown);
            assert!(entry.set_expiry(None));
            check(&entry, b"another", 100, None, false);
        }
    }

    #[test]
    fn a_guest_is_overwritten_taken_or_exchanged() {
        let mut entry = Entry::composite(b"key", hash(3), Some(5));
        let before = entry.view().allocated() as isize;
        let grown = entry.rewrite(NewString::Bytes(b"text"), None);
        assert_eq!(entry.view().allocated() as isize, before + grown);
        assert_eq!(entry.view().text(), Some(StrRef::Bytes(b"text")));
        let entry = Entry::composite(b"key", hash(3), Some(5));
        let object = entry.into_object().expect("a hash");
        object.check_invariants();
        let moved = Entry::object(b"a key that is longer", object, None);
        moved.view().check_invariants();
        assert!(moved.view().has_guest());
        let list = |key: &[u8]| Entry::composite(key, List::of([StrRef::Int(1)].into_iter()), None);
        for (a, b) in
            [(&b"key"[..], &b"yek"[..]), (b"key", b"longer"), (b"key", &[b'x'; 70]), (&[b'x'; 70], b"k")]
        {
            let (mut one, mut other) = (list(a), list(b));
            let (mut x, mut y) =
                (one.object_mut::<List>().expect("a list"), other.object_mut::<List>().expect("a list"));
            std::mem::swap(&mut *x, &mut *y);
            drop((x, y));
            for (entry, key) in [(&one, a), (&other, b)] {
                entry.view().check_invariants();
                assert_eq!(entry.view().key(), key);
            }
        }
    }
}
