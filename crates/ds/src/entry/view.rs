//! Reading an entry.

use super::Kind;
use super::layout::{self, ACCESS_AT, ENC_INT, ENC_RAW, Shape};
use crate::StrRef;
use crate::block::bytes_before;
use crate::class::class_of;
use crate::value::{Hash, Object, View, Word};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Longest string that `OBJECT ENCODING` calls `embstr`.
const EMBSTR_MAX: usize = 44;

/// A borrowed entry. Copy.
#[derive(Clone, Copy)]
pub struct EntryRef<'a> {
    raw: NonNull<u8>,
    life: PhantomData<&'a [u8]>,
}

// SAFETY: as a shared reference to bytes.
unsafe impl Send for EntryRef<'_> {}
// SAFETY: as a shared reference to bytes.
unsafe impl Sync for EntryRef<'_> {}

/// A value, by type.
#[derive(Debug)]
pub enum ValueRef<'a> {
    /// A string.
    Str(StrRef<'a>),
    /// Anything that has elements.
    Object(View<'a, Object>),
}

impl<'a> EntryRef<'a> {
    /// # Safety
    /// `raw` is an entry that lives, unchanged, during `'a`.
    #[inline]
    pub(super) unsafe fn new(raw: NonNull<u8>) -> EntryRef<'a> {
        EntryRef { raw, life: PhantomData }
    }

    /// The key.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        // SAFETY: the key's bytes lie in the live entry.
        unsafe {
            let (at, len) = layout::key_span(self.raw);
            std::slice::from_raw_parts(self.raw.add(at).as_ptr(), len)
        }
    }

    /// Where the entry lies: what DEBUG OBJECT shows.
    pub fn address(self) -> usize {
        self.raw.as_ptr() as usize
    }

    /// The data type.
    #[inline]
    pub fn kind(self) -> Kind {
        layout::kind_of(self.kind_byte())
    }

    #[inline]
    fn kind_byte(self) -> u8 {
        // SAFETY: the first byte of a live entry.
        unsafe { self.raw.read() }
    }

    /// The value.
    #[inline]
    pub fn value(self) -> ValueRef<'a> {
        match self.text() {
            Some(text) => ValueRef::Str(text),
            None => ValueRef::Object(self.object()),
        }
    }

    /// The value if it is a string.
    #[inline]
    pub fn text(self) -> Option<StrRef<'a>> {
        let kind = self.kind_byte();
        // SAFETY: the value lies in the live entry, where its shape says.
        unsafe {
            let (key_at, key_len) = layout::key_span(self.raw);
            let at = self.raw.add(key_at + key_len);
            if kind == ENC_INT {
                return Some(StrRef::Int(at.cast::<i64>().read_unaligned()));
            }
            if layout::is_object(kind) {
                return None;
            }
            let len = layout::read_len(at);
            let bytes = at.add(layout::prefix_len(len)).as_ptr();
            Some(StrRef::Bytes(std::slice::from_raw_parts(bytes, len)))
        }
    }

    /// The value if it is of this type.
    #[inline]
    pub fn view_as<T: Word>(self) -> Option<View<'a, T>> {
        if self.kind() != T::KIND {
            return None;
        }
        // SAFETY: the word came from a value of this type, which lives in the entry, unchanged, during `'a`.
        unsafe { Some(View::new(T::from_word(layout::encoding_of(self.kind_byte()), self.word()))) }
    }

    /// Asks the processor for a value that has elements.
    #[inline]
    pub fn prefetch_value(self) {
        if layout::is_object(self.kind_byte()) {
            // SAFETY: the value has elements; it is a live allocation.
            crate::table::prefetch_value(unsafe { self.word().as_ref() });
        }
    }

    /// The value that has elements.
    fn object(self) -> View<'a, Object> {
        let byte = self.kind_byte();
        let (kind, encoding) = (layout::kind_of(byte), layout::encoding_of(byte));
        // SAFETY: as in `view_as`.
        unsafe { View::new(Object::from_word(kind, encoding, self.word())) }
    }

    /// # Safety
    /// The value has elements.
    #[inline]
    unsafe fn word(self) -> NonNull<u8> {
        // SAFETY: the entry is alive.
        unsafe { layout::word(self.raw) }
    }

    /// Number of elements; 0 of a string.
    pub fn elements(self) -> usize {
        if layout::is_object(self.kind_byte()) { self.object().count() } else { 0 }
    }

    /// When the first element of the value expires, in milliseconds since the Unix epoch: a field of a hash.
    #[inline]
    pub fn next_expiry(self) -> Option<u64> {
        self.view_as::<Hash>()?.next_expiry()
    }

    /// The name that `OBJECT ENCODING` answers.
    pub fn encoding(self) -> &'static str {
        match self.value() {
            ValueRef::Str(StrRef::Int(_)) => "int",
            ValueRef::Str(StrRef::Bytes(bytes)) if bytes.len() <= EMBSTR_MAX && !self.is_forced_raw() => {
                "embstr"
            }
            ValueRef::Str(StrRef::Bytes(_)) => "raw",
            ValueRef::Object(object) => object.encoding(),
        }
    }

    /// Whether the string says `raw` at any length.
    pub(super) fn is_forced_raw(self) -> bool {
        // SAFETY: the first byte of a live entry.
        unsafe { self.raw.read() == ENC_RAW }
    }

    /// When the entry expires, in milliseconds since the Unix epoch.
    #[inline]
    pub fn expiry(self) -> Option<u64> {
        // SAFETY: the entry is alive.
        unsafe { layout::read_expiry(self.raw) }
    }

    /// The 24 bits that recency or frequency of access are kept in.
    #[inline]
    pub fn access(self) -> u32 {
        // SAFETY: three bytes of the head.
        let [a, b, c] = unsafe { self.raw.add(ACCESS_AT).cast::<[u8; 3]>().read() };
        u32::from_le_bytes([a, b, c, 0])
    }

    /// Bytes of memory that the entry holds, with its value.
    #[inline]
    pub fn allocated(self) -> usize {
        // SAFETY: the entry is alive.
        let own = class_of(unsafe { Shape::read(self.raw) }.total());
        if layout::is_object(self.kind_byte()) && !self.has_guest() {
            own + self.object().allocated()
        } else {
            own
        }
    }

    #[inline]
    pub(super) fn has_guest(self) -> bool {
        // SAFETY: the entry is alive.
        unsafe { layout::has_guest(self.raw) }
    }

    /// Panics if fields contradict each other.
    pub fn check_invariants(self) {
        // SAFETY: the entry is alive.
        let shape = unsafe { Shape::read(self.raw) };
        assert!(layout::is_object(shape.kind) || matches!(shape.kind, layout::ENC_BYTES | ENC_RAW | ENC_INT));
        assert_eq!(shape.expires, self.expiry().is_some());
        assert_eq!(shape.key_len, self.key().len());
        assert!(shape.total() <= self.allocated());
        match self.value() {
            ValueRef::Str(StrRef::Bytes(bytes)) => assert_eq!(bytes.len(), shape.value_len),
            ValueRef::Str(StrRef::Int(_)) => {}
            ValueRef::Object(object) => {
                object.check_invariants();
                if self.has_guest() {
                    // SAFETY: the guest is alive.
                    let before = unsafe { bytes_before(self.word()) };
                    assert!(before == shape.guest_at() && before <= layout::BEFORE_GUEST_MAX);
                    assert_eq!(object.as_pack().map(|pack| before + pack.bytes().len()), Some(shape.total()));
                }
            }
        }
    }
}

impl fmt::Debug for EntryRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &String::from_utf8_lossy(self.key()))
            .field("value", &self.value())
            .field("expiry", &self.expiry())
            .finish()
    }
}
