//! Changing an entry. Every change keeps the allocation at the class of the length in use, so a change within a
//! class moves nothing and calls no allocator.

use super::layout::{self, ACCESS_AT, ALIGN, ENC_INT, ENC_RAW, Shape};
use super::{Entry, NewString};
use crate::class::{class_of, obtain, release, resize};
use crate::{IntText, StrRef};
use std::ptr::{copy, copy_nonoverlapping};

impl Entry {
    /// Stores the low 24 bits of `access`. Writes nothing if they are there already: the line stays clean.
    #[inline]
    pub fn set_access(&mut self, access: u32) {
        if self.view().access() != access & 0xFF_FFFF {
            let [a, b, c, _] = access.to_le_bytes();
            // SAFETY: three bytes of the head.
            unsafe { self.0.add(ACCESS_AT).cast::<[u8; 3]>().write([a, b, c]) }
        }
    }

    /// Replaces value and expiry. In place if the class stays the same. Returns by how many bytes the memory grew.
    pub fn rewrite(&mut self, value: NewString<'_>, expiry: Option<u64>) -> isize {
        if self.view().has_guest() {
            return self.replace_guest(value, expiry);
        }
        let old = self.shape();
        let new = Shape::of_string(old.key_len, expiry.is_some(), value);
        // SAFETY: the value is overwritten below.
        let object = unsafe { self.take_object() };
        let freed = object.map_or(0, |object| object.allocated() as isize);
        let grown = if old == new { 0 } else { self.reshape(&old, &new) };
        // SAFETY: the allocation has room for `new`; `value` borrows from elsewhere since `self` is borrowed exclusively.
        unsafe {
            layout::write_expiry(self.0, &new, expiry);
            layout::write_string(self.0, &new, value);
        }
        grown - freed
    }

    #[cold]
    fn replace_guest(&mut self, value: NewString<'_>, expiry: Option<u64>) -> isize {
        let mut fresh = Entry::string(self.view().key(), value, expiry);
        fresh.set_access(self.view().access());
        let old = std::mem::replace(self, fresh);
        self.view().allocated() as isize - old.view().allocated() as isize
    }

    /// Makes room for `new`, moves the key to its place there, and leaves expiry and value to be written.
    fn reshape(&mut self, old: &Shape, new: &Shape) -> isize {
        let (old_class, new_class) = (class_of(old.total()), class_of(new.total()));
        // SAFETY: whichever allocation is written has room for `new`, and the key is in both.
        unsafe {
            if old_class != new_class {
                let fresh = obtain(new_class, ALIGN);
                copy_nonoverlapping(self.0.as_ptr(), fresh.as_ptr(), old.head());
                let from = self.0.add(old.key_at()).as_ptr();
                copy_nonoverlapping(from, fresh.add(new.key_at()).as_ptr(), old.key_len);
                release(self.0, old_class, ALIGN);
                self.0 = fresh;
            } else if old.expires != new.expires {
                copy(self.0.add(old.key_at()).as_ptr(), self.0.add(new.key_at()).as_ptr(), old.key_len);
            }
            layout::write_kind(self.0, new);
        }
        new_class as isize - old_class as isize
    }

    /// Replaces the value and keeps the expiry.
    pub fn set_string(&mut self, value: NewString<'_>) -> isize {
        self.rewrite(value, self.view().expiry())
    }

    /// Sets or takes away the expiry, in milliseconds since the Unix epoch. True if there was one before.
    pub fn set_expiry(&mut self, expiry: Option<u64>) -> bool {
        let old = self.shape();
        let new = Shape { expires: expiry.is_some(), ..old };
        if old.expires == new.expires {
            // SAFETY: the expiry has its place already.
            unsafe { layout::write_expiry(self.0, &new, expiry) }
            return old.expires;
        }
        if let Some(moved) = self.with_guest(self.view().key(), expiry) {
            *self = moved;
            return old.expires;
        }
        let (old_class, new_class) = (class_of(old.total()), class_of(new.total()));
        let len = old.key_len + (old.total() - old.value_at());
        // SAFETY: the allocation is grown before key and value move up, and shrunk after they moved down.
        unsafe {
            if new_class > old_class {
                self.0 = resize(self.0, old_class, new_class, ALIGN);
            }
            if old.expires != new.expires {
                copy(self.0.add(old.key_at()).as_ptr(), self.0.add(new.key_at()).as_ptr(), len);
            }
            if new_class < old_class {
                self.0 = resize(self.0, old_class, new_class, ALIGN);
            }
            layout::write_kind(self.0, &new);
            layout::write_expiry(self.0, &new, expiry);
        }
        old.expires
    }

    /// Appends to the string, which becomes `raw`; an integer becomes its text first. Amortised: allocations grow by
    /// a fifth or more. Returns the new length.
    pub fn append(&mut self, bytes: &[u8]) -> usize {
        let at = self.make_raw();
        let spare = self.extend(at + bytes.len());
        spare.copy_from_slice(bytes);
        at + bytes.len()
    }

    /// Writes `bytes` at `offset` of the string, which becomes `raw`, with zero bytes up to there if it was shorter.
    /// Returns the new length.
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let len = self.make_raw().max(offset + bytes.len());
        let text = self.bytes_mut(len);
        text[offset..offset + bytes.len()].copy_from_slice(bytes);
        len
    }

    /// The bytes of the string, which becomes `raw`, for changes in place; grown with zero bytes to `min_len`.
    pub fn bytes_mut(&mut self, min_len: usize) -> &mut [u8] {
        if self.make_raw() < min_len {
            self.extend(min_len).fill(0);
        }
        let shape = self.shape();
        // SAFETY: the string's bytes lie there, all written, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(shape.bytes_at()).as_ptr(), shape.value_len) }
    }

    /// Turns the string into one that says `raw`; returns its length.
    fn make_raw(&mut self) -> usize {
        match self.view().text() {
            Some(StrRef::Int(n)) => {
                let mut text = IntText::new();
                self.set_string(NewString::Raw(text.format(n).as_bytes()));
            }
            Some(StrRef::Bytes(_)) => {}
            None => panic!("only strings have bytes"),
        }
        // SAFETY: the first byte of the head.
        unsafe { self.0.write(ENC_RAW) };
        self.shape().value_len
    }

    /// Grows the string to `len` bytes, not less than it has, and gives the new ones, zeroed where they lie in fresh
    /// memory or not: the caller fills them all.
    fn extend(&mut self, len: usize) -> &mut [u8] {
        let old = self.shape();
        assert!(old.kind != ENC_INT && len >= old.value_len);
        let new = Shape { value_len: len, ..old };
        let (old_class, new_class) = (class_of(old.total()), class_of(new.total()));
        // SAFETY: the allocation is grown first; then the bytes move up if their length takes more room now. The new
        // bytes are zeroed before a slice of them exists.
        unsafe {
            if new_class != old_class {
                self.0 = resize(self.0, old_class, new_class, ALIGN);
            }
            let to = self.0.add(new.bytes_at()).as_ptr();
            if new.bytes_at() != old.bytes_at() {
                copy(self.0.add(old.bytes_at()).as_ptr(), to, old.value_len);
            }
            layout::write_len(self.0.add(new.value_at()), len);
            let spare = to.add(old.value_len);
            spare.write_bytes(0, len - old.value_len);
            std::slice::from_raw_parts_mut(spare, len - old.value_len)
        }
    }
}
