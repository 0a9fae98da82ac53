//! Entries whose value has elements.

use super::Entry;
use super::layout::{self, ALIGN, Shape};
use crate::class::{class_of, obtain, release};
use crate::value::{Object, Word};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

impl Entry {
    /// An entry with a value that has elements. `expiry` in milliseconds since the Unix epoch, cut to
    /// [`EXPIRY_MAX_MS`](super::EXPIRY_MAX_MS). The access word is 0.
    pub fn composite<T: Word>(key: &[u8], value: T, expiry: Option<u64>) -> Entry {
        let (encoding, word) = value.into_word();
        Entry::of_word(key, layout::object_byte(T::KIND, encoding), word, expiry)
    }

    /// As [`Entry::composite`], with a value of any type.
    pub fn object(key: &[u8], value: Object, expiry: Option<u64>) -> Entry {
        let (kind, encoding, word) = value.into_word();
        Entry::of_word(key, layout::object_byte(kind, encoding), word, expiry)
    }

    /// The value, for changes; `None` if it is of another type.
    #[inline]
    pub fn object_mut<T: Word>(&mut self) -> Option<ObjectMut<'_, T>> {
        let view = self.view();
        if view.kind() != T::KIND {
            return None;
        }
        // SAFETY: the word came from a value of this type; it is lent to the guard, which writes it back.
        unsafe {
            let encoding = layout::encoding_of(self.0.read());
            let value = T::from_word(encoding, self.word_at().read_unaligned());
            Some(ObjectMut { value: ManuallyDrop::new(value), entry: self })
        }
    }

    /// The entry under another key, with value, expiry and access word. The value does not move.
    pub fn into_key(self, key: &[u8]) -> Entry {
        let (byte, view) = (self.shape().kind, self.view());
        if !layout::is_object(byte) {
            return self.with_key(key);
        }
        // SAFETY: the value has elements; it is moved to the new entry, and the old one only loses its allocation.
        unsafe {
            let mut moved = Entry::of_word(key, byte, self.word_at().read_unaligned(), view.expiry());
            moved.set_access(view.access());
            ManuallyDrop::new(self).release();
            moved
        }
    }

    /// The value alone, if it has elements.
    pub fn into_object(self) -> Option<Object> {
        let mut entry = ManuallyDrop::new(self);
        // SAFETY: the entry only loses its allocation; its value was moved out.
        unsafe {
            let object = entry.take_object();
            entry.release();
            object
        }
    }

    fn of_word(key: &[u8], byte: u8, word: NonNull<u8>, expiry: Option<u64>) -> Entry {
        let shape = Shape::of_object(byte, key.len(), expiry.is_some());
        let raw = obtain(class_of(shape.total()), ALIGN);
        // SAFETY: the allocation holds `shape.total()` bytes and nobody else has it.
        unsafe {
            layout::write_head(raw, &shape);
            layout::write_key(raw, &shape, key);
            layout::write_expiry(raw, &shape, expiry);
            raw.add(shape.value_at()).cast::<NonNull<u8>>().write_unaligned(word);
        }
        Entry(raw)
    }

    /// The value, if it has elements.
    ///
    /// # Safety
    /// The value is not read from the entry any more: it is overwritten, or the entry goes.
    pub(super) unsafe fn take_object(&mut self) -> Option<Object> {
        // SAFETY: the word came from a value of the type and encoding that the first byte names.
        unsafe {
            let byte = self.0.read();
            layout::is_object(byte).then(|| {
                let (kind, encoding) = (layout::kind_of(byte), layout::encoding_of(byte));
                Object::from_word(kind, encoding, self.word_at().read_unaligned())
            })
        }
    }

    /// Where the pointer of a value with elements lies; it is not aligned.
    fn word_at(&self) -> NonNull<NonNull<u8>> {
        // SAFETY: the value begins behind the key, inside the allocation.
        unsafe { self.0.add(self.shape().value_at()).cast() }
    }

    /// Frees the allocation, but no value.
    ///
    /// # Safety
    /// The entry is not used after this.
    pub(super) unsafe fn release(&self) {
        let class = class_of(self.shape().total());
        // SAFETY: every change of an entry's length keeps its allocation at the class of that length.
        unsafe { release(self.0, class, ALIGN) }
    }
}

/// The value of an entry, borrowed exclusively. Encoding and pointer are written back when it is dropped.
pub struct ObjectMut<'a, T: Word> {
    value: ManuallyDrop<T>,
    entry: &'a mut Entry,
}

impl<T: Word> Deref for ObjectMut<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Word> DerefMut for ObjectMut<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Word> Drop for ObjectMut<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `value` is not used after this; the entry's value has elements, so a pointer lies there.
        unsafe {
            let (encoding, word) = ManuallyDrop::take(&mut self.value).into_word();
            self.entry.0.write(layout::object_byte(T::KIND, encoding));
            self.entry.word_at().write_unaligned(word);
        }
    }
}
