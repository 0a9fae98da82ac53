//! Where each field of an entry lies.

use super::{Kind, NewString};
use crate::block::guest_at;
use crate::value::ENCODINGS_MAX;
use std::ptr::{NonNull, copy_nonoverlapping};

/// Alignment asked of the allocator; the fields themselves need none.
pub(super) const ALIGN: usize = 8;

/// The latest expiry that can be stored (48 bits of milliseconds, some 8,900 years); later ones are cut to it.
pub const EXPIRY_MAX_MS: u64 = (1 << 48) - 1;

const FLAGS_AT: usize = 1;
pub(super) const ACCESS_AT: usize = 2;
const KEY_LEN_AT: usize = 5;
const HEAD: usize = 6;
const HEAD_LONG_KEY: usize = 10;
const EXPIRY_LEN: usize = 6;

/// Key lengths up to here stand in the one byte; above, `KEY_LONG` and four bytes.
const KEY_SHORT_MAX: usize = 250;
const KEY_LONG: u8 = 251;

/// Value lengths up to here stand in one byte; above, a marker says how many bytes follow.
const VALUE_SHORT_MAX: usize = 250;
const VALUE_U16: u8 = 251;
const VALUE_U32: u8 = 252;
const VALUE_U64: u8 = 253;

const FLAG_EXPIRY: u8 = 1;
/// The value is a listpack in the entry's own allocation, not a pointer.
const FLAG_GUEST: u8 = 2;

/// Bytes before a guest, at most: a change of the value sets them aside.
pub(super) const BEFORE_GUEST_MAX: usize = 64;

/// Encoding of a value; the low four bits of the byte are the type, and 0 is string.
pub(super) const ENC_BYTES: u8 = 0;
pub(super) const ENC_RAW: u8 = 1 << 4;
pub(super) const ENC_INT: u8 = 2 << 4;

const KIND_BITS: u8 = 0x0F;
const ENCODING_SHIFT: u32 = 4;

/// Bytes of a value that is no text: an integer, or a pointer.
const WORD_LEN: usize = 8;

/// Whether the value is an integer or a pointer, without a length before it.
#[inline]
fn is_word(kind: u8) -> bool {
    kind == ENC_INT || is_object(kind)
}

/// Whether the value is a pointer to what holds its elements.
#[inline]
pub(super) fn is_object(kind: u8) -> bool {
    kind & KIND_BITS != 0
}

/// The type in the first byte.
#[inline]
pub(super) fn kind_of(byte: u8) -> Kind {
    Kind::from_bits(byte & KIND_BITS)
}

/// The first byte of a value that has elements.
pub(super) fn object_byte(kind: Kind, encoding: u8) -> u8 {
    assert!(encoding < ENCODINGS_MAX && kind != Kind::String);
    kind as u8 | encoding << ENCODING_SHIFT
}

/// The encoding of a value that has elements.
#[inline]
pub(super) fn encoding_of(byte: u8) -> u8 {
    byte >> ENCODING_SHIFT
}

/// The lengths that decide where the fields lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    pub kind: u8,
    pub expires: bool,
    pub key_len: usize,
    /// Bytes of the string, without its length; 8 of an integer or pointer; all of a guest, with what is before it.
    pub value_len: usize,
}

impl Shape {
    pub fn of_string(key_len: usize, expires: bool, value: NewString<'_>) -> Shape {
        assert!(u32::try_from(key_len).is_ok(), "a key is shorter than 4 GiB");
        let (kind, value_len) = match value {
            NewString::Int(_) => (ENC_INT, WORD_LEN),
            NewString::Bytes(bytes) => (ENC_BYTES, bytes.len()),
            NewString::Raw(bytes) => (ENC_RAW, bytes.len()),
        };
        Shape { kind, expires, key_len, value_len }
    }

    pub fn of_object(kind: u8, key_len: usize, expires: bool) -> Shape {
        assert!(u32::try_from(key_len).is_ok(), "a key is shorter than 4 GiB");
        assert!(is_object(kind));
        Shape { kind, expires, key_len, value_len: WORD_LEN }
    }

    /// # Safety
    /// `raw` is a live entry.
    #[inline]
    pub unsafe fn read(raw: NonNull<u8>) -> Shape {
        // SAFETY: head, key and value length are written in every live entry, at the places computed here.
        unsafe {
            let kind = raw.read();
            let expires = raw.add(FLAGS_AT).read() & FLAG_EXPIRY != 0;
            let mut shape = Shape { kind, expires, key_len: key_len(raw), value_len: WORD_LEN };
            if !is_word(kind) {
                shape.value_len = read_len(raw.add(shape.value_at()));
            } else if has_guest(raw) {
                let at = shape.guest_at();
                let total = u32::from_le(raw.add(at).cast::<u32>().read_unaligned());
                shape.value_len = at - shape.value_at() + total as usize;
            }
            shape
        }
    }

    /// Bytes before the expiry.
    #[inline]
    pub fn head(&self) -> usize {
        if self.key_len <= KEY_SHORT_MAX { HEAD } else { HEAD_LONG_KEY }
    }

    #[inline]
    pub fn key_at(&self) -> usize {
        self.head() + if self.expires { EXPIRY_LEN } else { 0 }
    }

    /// Where the value begins: its length, the integer, or the pointer.
    #[inline]
    pub fn value_at(&self) -> usize {
        self.key_at() + self.key_len
    }

    /// Where a guest begins.
    #[inline]
    pub fn guest_at(&self) -> usize {
        guest_at(self.value_at())
    }

    /// Where the bytes of a string begin.
    #[inline]
    pub fn bytes_at(&self) -> usize {
        self.value_at() + if is_word(self.kind) { 0 } else { prefix_len(self.value_len) }
    }

    /// All bytes of the entry.
    #[inline]
    pub fn total(&self) -> usize {
        self.bytes_at() + self.value_len
    }
}

/// The shape that an entry whose value has elements has with a pointer to them.
///
/// # Safety
/// `raw` has a written head.
pub(super) unsafe fn read_as_pointer(raw: NonNull<u8>) -> Shape {
    // SAFETY: all in the head.
    unsafe {
        let expires = raw.add(FLAGS_AT).read() & FLAG_EXPIRY != 0;
        Shape { kind: raw.read(), expires, key_len: key_len(raw), value_len: WORD_LEN }
    }
}

/// Whether the value is a guest.
///
/// # Safety
/// `raw` has a written head.
#[inline]
pub(super) unsafe fn has_guest(raw: NonNull<u8>) -> bool {
    // SAFETY: the flags are in the head.
    unsafe { raw.add(FLAGS_AT).read() & FLAG_GUEST != 0 }
}

/// Says whether the value is a guest.
///
/// # Safety
/// `raw` has a written head, and is ours alone.
pub(super) unsafe fn set_guest(raw: NonNull<u8>, is_guest: bool) {
    // SAFETY: the flags are in the head.
    unsafe {
        let flags = raw.add(FLAGS_AT);
        flags.write(flags.read() & !FLAG_GUEST | if is_guest { FLAG_GUEST } else { 0 });
    }
}

/// Where the elements of a value are: a pointer says it, or they are a guest.
///
/// # Safety
/// `raw` is a live entry whose value has elements.
#[inline]
pub(super) unsafe fn word(raw: NonNull<u8>) -> NonNull<u8> {
    // SAFETY: pointer or guest lie behind the key.
    unsafe {
        let (key_at, key_len) = key_span(raw);
        let at = key_at + key_len;
        if has_guest(raw) {
            raw.add(guest_at(at))
        } else {
            raw.add(at).cast::<NonNull<u8>>().read_unaligned()
        }
    }
}

/// # Safety
/// `raw` has a written head.
#[inline]
pub(super) unsafe fn key_len(raw: NonNull<u8>) -> usize {
    // SAFETY: the four bytes after the marker belong to the head.
    unsafe {
        match raw.add(KEY_LEN_AT).read() {
            KEY_LONG => raw.add(HEAD).cast::<u32>().read_unaligned() as usize,
            short => usize::from(short),
        }
    }
}

/// Offset of the key, and its length.
///
/// # Safety
/// `raw` has a written head.
#[inline]
pub(super) unsafe fn key_span(raw: NonNull<u8>) -> (usize, usize) {
    // SAFETY: flags and key length are in the head.
    unsafe {
        let expiry = usize::from(raw.add(FLAGS_AT).read() & FLAG_EXPIRY) * EXPIRY_LEN;
        let len = key_len(raw);
        (if len <= KEY_SHORT_MAX { HEAD } else { HEAD_LONG_KEY } + expiry, len)
    }
}

/// # Safety
/// `raw` is a live entry.
#[inline]
pub(super) unsafe fn read_expiry(raw: NonNull<u8>) -> Option<u64> {
    // SAFETY: the flag says that six bytes of expiry stand before the key, and the key's start is behind them; the
    // eight bytes read end there and begin inside the head.
    unsafe {
        if raw.add(FLAGS_AT).read() & FLAG_EXPIRY == 0 {
            return None;
        }
        let (key_at, _) = key_span(raw);
        Some(u64::from_le(raw.add(key_at - 8).cast::<u64>().read_unaligned()) >> 16)
    }
}

/// Writes type, flags and key length; the access word becomes 0.
///
/// # Safety
/// `raw` has room for `shape` and is ours alone.
pub(super) unsafe fn write_head(raw: NonNull<u8>, shape: &Shape) {
    // SAFETY: all inside the head, for which there is room.
    unsafe {
        raw.write(shape.kind);
        raw.add(FLAGS_AT).write(if shape.expires { FLAG_EXPIRY } else { 0 });
        raw.add(ACCESS_AT).cast::<[u8; 3]>().write([0; 3]);
        if shape.key_len <= KEY_SHORT_MAX {
            raw.add(KEY_LEN_AT).write(shape.key_len as u8);
        } else {
            raw.add(KEY_LEN_AT).write(KEY_LONG);
            raw.add(HEAD).cast::<u32>().write_unaligned(shape.key_len as u32);
        }
    }
}

/// Writes type and flags, and leaves access word and key length alone.
///
/// # Safety
/// As `write_head`.
#[inline]
pub(super) unsafe fn write_kind(raw: NonNull<u8>, shape: &Shape) {
    // SAFETY: the first two bytes of the head.
    unsafe {
        raw.write(shape.kind);
        let flags = raw.add(FLAGS_AT);
        flags.write(flags.read() & !FLAG_EXPIRY | u8::from(shape.expires));
    }
}

/// # Safety
/// `raw` has room for `shape`, is ours alone, and `key` is not inside it.
pub(super) unsafe fn write_key(raw: NonNull<u8>, shape: &Shape, key: &[u8]) {
    // SAFETY: the shape has `key.len()` bytes at `key_at`.
    unsafe { copy_nonoverlapping(key.as_ptr(), raw.add(shape.key_at()).as_ptr(), key.len()) }
}

/// Writes the six bytes of the expiry, if there is one.
///
/// # Safety
/// `raw` has room for `shape` and is ours alone; `shape.expires` is `expiry.is_some()`.
#[inline]
pub(super) unsafe fn write_expiry(raw: NonNull<u8>, shape: &Shape, expiry: Option<u64>) {
    debug_assert_eq!(shape.expires, expiry.is_some());
    let Some(ms) = expiry else { return };
    let bytes = ms.min(EXPIRY_MAX_MS).to_le_bytes();
    // SAFETY: the six bytes before the key are the expiry's.
    unsafe {
        copy_nonoverlapping(bytes.as_ptr(), raw.add(shape.key_at() - EXPIRY_LEN).as_ptr(), EXPIRY_LEN);
    }
}

/// Writes the value with its length.
///
/// # Safety
/// `raw` has room for `shape`, which is that of `value`; it is ours alone and the value's bytes are not inside it.
#[inline]
pub(super) unsafe fn write_string(raw: NonNull<u8>, shape: &Shape, value: NewString<'_>) {
    // SAFETY: the shape gives the value's place and its room.
    unsafe {
        match value {
            NewString::Int(n) => raw.add(shape.value_at()).cast::<i64>().write_unaligned(n),
            NewString::Bytes(bytes) | NewString::Raw(bytes) => {
                write_len(raw.add(shape.value_at()), bytes.len());
                copy_nonoverlapping(bytes.as_ptr(), raw.add(shape.bytes_at()).as_ptr(), bytes.len());
            }
        }
    }
}

/// Bytes that the length of a value takes.
#[inline]
pub(super) fn prefix_len(len: usize) -> usize {
    if len <= VALUE_SHORT_MAX {
        1
    } else if len <= usize::from(u16::MAX) {
        3
    } else if len <= u32::MAX as usize {
        5
    } else {
        9
    }
}

/// # Safety
/// `at` points to the written length of a value.
#[inline]
pub(super) unsafe fn read_len(at: NonNull<u8>) -> usize {
    // SAFETY: each marker is followed by as many bytes as are read.
    unsafe {
        match at.read() {
            VALUE_U16 => usize::from(at.add(1).cast::<u16>().read_unaligned()),
            VALUE_U32 => at.add(1).cast::<u32>().read_unaligned() as usize,
            VALUE_U64 => at.add(1).cast::<u64>().read_unaligned() as usize,
            short => usize::from(short),
        }
    }
}

/// # Safety
/// There is room for `prefix_len(len)` bytes at `at`.
#[inline]
pub(super) unsafe fn write_len(at: NonNull<u8>, len: usize) {
    // SAFETY: each arm writes `prefix_len(len)` bytes.
    unsafe {
        match prefix_len(len) {
            1 => at.write(len as u8),
            3 => {
                at.write(VALUE_U16);
                at.add(1).cast::<u16>().write_unaligned(len as u16);
            }
            5 => {
                at.write(VALUE_U32);
                at.add(1).cast::<u32>().write_unaligned(len as u32);
            }
            _ => {
                at.write(VALUE_U64);
                at.add(1).cast::<u64>().write_unaligned(len as u64);
            }
        }
    }
}
