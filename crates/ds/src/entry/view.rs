//! Reading an entry.

use super::Kind;
use super::layout::{self, ACCESS_AT, ENC_INT, ENC_RAW, Shape};
use crate::class::class_of;
use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Longest string that `OBJECT ENCODING` calls `embstr`.
const EMBSTR_MAX: usize = 44;

/// Scratch space for the text of an integer value.
pub type IntText = itoa::Buffer;

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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// A string.
    Str(StrRef<'a>),
}

/// A string value as it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StrRef<'a> {
    /// Stored as a number; its text is the canonical decimal.
    Int(i64),
    /// Stored as bytes.
    Bytes(&'a [u8]),
}

impl<'a> StrRef<'a> {
    /// Length of the text, in bytes.
    pub fn len(self) -> usize {
        match self {
            StrRef::Int(n) => IntText::new().format(n).len(),
            StrRef::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether the text is empty.
    pub fn is_empty(self) -> bool {
        matches!(self, StrRef::Bytes([]))
    }

    /// Appends the text.
    pub fn write_to(self, out: &mut Vec<u8>) {
        match self {
            StrRef::Int(n) => out.extend_from_slice(IntText::new().format(n).as_bytes()),
            StrRef::Bytes(bytes) => out.extend_from_slice(bytes),
        }
    }

    /// The text, in `scratch` if the value is a number.
    pub fn text<'b>(self, scratch: &'b mut IntText) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            StrRef::Int(n) => scratch.format(n).as_bytes(),
            StrRef::Bytes(bytes) => bytes,
        }
    }

    /// The text, owned.
    pub fn to_vec(self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }
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
        Kind::String
    }

    /// The value.
    #[inline]
    pub fn value(self) -> ValueRef<'a> {
        // SAFETY: the value lies in the live entry, where its shape says.
        unsafe {
            let (key_at, key_len) = layout::key_span(self.raw);
            let at = self.raw.add(key_at + key_len);
            if self.raw.read() == ENC_INT {
                return ValueRef::Str(StrRef::Int(at.cast::<i64>().read_unaligned()));
            }
            let len = layout::read_len(at);
            let bytes = at.add(layout::prefix_len(len)).as_ptr();
            ValueRef::Str(StrRef::Bytes(std::slice::from_raw_parts(bytes, len)))
        }
    }

    /// The name that `OBJECT ENCODING` answers.
    pub fn encoding(self) -> &'static str {
        match self.value() {
            ValueRef::Str(StrRef::Int(_)) => "int",
            ValueRef::Str(StrRef::Bytes(bytes)) if bytes.len() <= EMBSTR_MAX && !self.is_forced_raw() => {
                "embstr"
            }
            ValueRef::Str(StrRef::Bytes(_)) => "raw",
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

    /// Bytes of memory that the entry holds.
    #[inline]
    pub fn allocated(self) -> usize {
        // SAFETY: the entry is alive.
        class_of(unsafe { Shape::read(self.raw) }.total())
    }

    /// Panics if fields contradict each other.
    pub fn check_invariants(self) {
        // SAFETY: the entry is alive.
        let shape = unsafe { Shape::read(self.raw) };
        assert!(matches!(shape.kind, layout::ENC_BYTES | ENC_RAW | ENC_INT));
        assert_eq!(shape.expires, self.expiry().is_some());
        assert_eq!(shape.key_len, self.key().len());
        assert!(shape.total() <= self.allocated());
        if let ValueRef::Str(StrRef::Bytes(bytes)) = self.value() {
            assert_eq!(bytes.len(), shape.value_len);
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
