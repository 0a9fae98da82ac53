//! Entries whose value has elements.

mod guest;

use super::Entry;
use super::layout::{self, ALIGN, Shape};
use crate::block::is_guest;
use crate::class::{class_of, obtain, release};
use crate::listpack::Listpack;
use crate::value::{Object, Word};
use guest::{SetAside, housed};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

impl Entry {
    /// An entry with a value that has elements. `expiry` in milliseconds since the Unix epoch, cut to
    /// [`EXPIRY_MAX_MS`](super::EXPIRY_MAX_MS). The access word is 0.
    pub fn composite<T: Word>(key: &[u8], value: T, expiry: Option<u64>) -> Entry {
        let is_pack = value.as_pack().is_some();
        let (encoding, word) = value.into_word();
        Entry::of_value(key, layout::object_byte(T::KIND, encoding), is_pack, word, expiry)
    }

    /// As [`Entry::composite`], with a value of any type.
    pub fn object(key: &[u8], value: Object, expiry: Option<u64>) -> Entry {
        let is_pack = value.as_pack().is_some();
        let (kind, encoding, word) = value.into_word();
        Entry::of_value(key, layout::object_byte(kind, encoding), is_pack, word, expiry)
    }

    fn of_value(key: &[u8], byte: u8, is_pack: bool, word: NonNull<u8>, expiry: Option<u64>) -> Entry {
        if !is_pack {
            return Entry::of_word(key, byte, word, expiry);
        }
        // SAFETY: the word is that of a listpack.
        let pack = unsafe { Listpack::from_raw(word) };
        match housed(key, byte, pack.view(), expiry) {
            Some(entry) => entry,
            None => Entry::of_word(key, byte, pack.alone().into_raw(), expiry),
        }
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
            let value = T::from_word(encoding, layout::word(self.0));
            let aside = layout::has_guest(self.0).then(|| SetAside::of(self.0));
            Some(ObjectMut { value: ManuallyDrop::new(value), entry: self, aside })
        }
    }

    /// The entry under another key, with value, expiry and access word. A big value does not move.
    pub fn into_key(self, key: &[u8]) -> Entry {
        if let Some(moved) = self.with_guest(key, self.view().expiry()) {
            return moved;
        }
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
        // SAFETY: the entry only loses its allocation, which a guest goes on living in; its value was moved out.
        unsafe {
            let object = entry.take_object();
            if !layout::has_guest(entry.0) {
                entry.release();
            }
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
                Object::from_word(kind, encoding, layout::word(self.0))
            })
        }
    }

    /// Where the pointer of a value with elements that is no guest lies; it is not aligned.
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
    /// What lay before the value if it was a guest. The entry itself is not read then: whoever changes or drops the
    /// value moves or frees it.
    aside: Option<SetAside>,
}

impl<T: Word> ObjectMut<'_, T> {
    /// Bytes of memory that the value holds, and the entry too if it may grow or shrink meanwhile.
    #[inline]
    pub fn held(&self) -> usize {
        match &self.aside {
            None => self.value.allocated(),
            Some(aside) => self.held_with_host(aside),
        }
    }

    fn held_with_host(&self, aside: &SetAside) -> usize {
        let is_guest = self.value.as_pack().is_some_and(|pack| is_guest(NonNull::from(&pack.bytes()[0])));
        let own = if is_guest { 0 } else { class_of(aside.shape().total()) };
        own + self.value.allocated()
    }
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
        // SAFETY: `value` is not used after this; the entry's value has elements, so a pointer lies there, or it was a
        // guest, and then the entry's allocation is where the guest is, or gone.
        unsafe {
            let (encoding, word) = ManuallyDrop::take(&mut self.value).into_word();
            let byte = layout::object_byte(T::KIND, encoding);
            match &self.aside {
                None => {
                    let word =
                        if is_guest(word) { Listpack::from_raw(word).alone().into_raw() } else { word };
                    self.entry.0.write(byte);
                    self.entry.word_at().write_unaligned(word);
                }
                Some(aside) => self.entry.0 = aside.put_back(byte, word),
            }
        }
    }
}
