//! One entry of a listpack: encoding and data, then their length for those who come from the right.

use crate::StrRef;

/// The byte after the last entry.
pub(super) const END: u8 = 0xFF;

const STR6_MAX: usize = 63;
const STR12_MAX: usize = 4095;
const INT16: u8 = 0xF1;
const INT24: u8 = 0xF2;
const INT32: u8 = 0xF3;
const INT64: u8 = 0xF4;
const STR32: u8 = 0xF0;

const INT13_MIN: i64 = -4096;
const INT13_MAX: i64 = 4095;
const INT24_MIN: i64 = -(1 << 23);
const INT24_MAX: i64 = (1 << 23) - 1;

/// An element to be written, in its smallest form.
#[derive(Clone, Copy)]
pub(super) struct Coded<'a> {
    value: StrRef<'a>,
    /// Bytes of encoding and data.
    size: usize,
}

impl<'a> Coded<'a> {
    /// Text that is a canonical integer becomes one.
    #[inline]
    pub fn new(value: StrRef<'a>) -> Coded<'a> {
        let value = match value {
            StrRef::Bytes(bytes) => StrRef::compact(bytes),
            number => number,
        };
        let size = match value {
            StrRef::Int(n) => int_size(n),
            StrRef::Bytes(bytes) => match bytes.len() {
                len if len <= STR6_MAX => 1 + len,
                len if len <= STR12_MAX => 2 + len,
                len => 5 + len,
            },
        };
        Coded { value, size }
    }

    /// Bytes of the whole entry.
    #[inline]
    pub fn total(&self) -> usize {
        self.size + backlen_size(self.size)
    }

    /// Writes the entry to the beginning of `out`; returns the rest.
    #[inline]
    pub fn write<'o>(&self, out: &'o mut [u8]) -> &'o mut [u8] {
        let (entry, rest) = out.split_at_mut(self.total());
        match self.value {
            StrRef::Int(n) => write_int(entry, n),
            StrRef::Bytes(bytes) => {
                let data = match bytes.len() {
                    len if len <= STR6_MAX => {
                        entry[0] = 0x80 | len as u8;
                        1
                    }
                    len if len <= STR12_MAX => {
                        entry[0] = 0xE0 | (len >> 8) as u8;
                        entry[1] = len as u8;
                        2
                    }
                    len => {
                        entry[0] = STR32;
                        entry[1..5].copy_from_slice(&(len as u32).to_le_bytes());
                        5
                    }
                };
                entry[data..data + bytes.len()].copy_from_slice(bytes);
            }
        }
        write_backlen(&mut entry[self.size..], self.size);
        rest
    }
}

fn int_size(n: i64) -> usize {
    match n {
        0..=127 => 1,
        INT13_MIN..=INT13_MAX => 2,
        _ if i16::try_from(n).is_ok() => 3,
        INT24_MIN..=INT24_MAX => 4,
        _ if i32::try_from(n).is_ok() => 5,
        _ => 9,
    }
}

fn write_int(entry: &mut [u8], n: i64) {
    let bytes = n.to_le_bytes();
    match int_size(n) {
        1 => entry[0] = n as u8,
        2 => {
            entry[0] = 0xC0 | (n >> 8) as u8 & 0x1F;
            entry[1] = n as u8;
        }
        size => {
            entry[0] = match size {
                3 => INT16,
                4 => INT24,
                5 => INT32,
                _ => INT64,
            };
            entry[1..size].copy_from_slice(&bytes[..size - 1]);
        }
    }
}

/// Bytes that the length of an entry takes behind it (Valkey's bounds; Redis writes one more byte at each bound).
#[inline]
pub(super) fn backlen_size(size: usize) -> usize {
    match size {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        0x20_0000..=0xFFF_FFFF => 4,
        _ => 5,
    }
}

/// Whether other servers write another backlen for an entry of this size.
pub(super) fn is_ambiguous(size: usize) -> bool {
    matches!(size, 0x3FFF | 0x1F_FFFF | 0xFFF_FFFF)
}

fn write_backlen(out: &mut [u8], mut size: usize) {
    let (first, others) = out.split_first_mut().expect("an entry ends with its length");
    for byte in others.iter_mut().rev() {
        *byte = 0x80 | size as u8;
        size >>= 7;
    }
    *first = size as u8;
}

/// The length that ends just before `at`, and how many bytes it takes.
#[inline]
pub(super) fn read_backlen(bytes: &[u8], at: usize) -> (usize, usize) {
    let (mut size, mut read) = (0, 0);
    loop {
        let byte = bytes[at - 1 - read];
        size |= usize::from(byte & 0x7F) << (7 * read);
        read += 1;
        if byte & 0x80 == 0 {
            return (size, read);
        }
    }
}

/// Bytes of encoding and data of the entry that `entry` begins with; `None` if it says nothing sensible, or is cut
/// before its data begins.
#[inline]
pub(super) fn size_of_entry(entry: &[u8]) -> Option<usize> {
    let first = *entry.first()?;
    Some(match first {
        0..=0x7F => 1,
        0x80..=0xBF => 1 + usize::from(first & 0x3F),
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 2 + (usize::from(first & 0x0F) << 8 | usize::from(*entry.get(1)?)),
        STR32 => {
            let len = entry.get(1..5)?.first_chunk()?;
            5 + u32::from_le_bytes(*len) as usize
        }
        INT16 => 3,
        INT24 => 4,
        INT32 => 5,
        INT64 => 9,
        _ => return None,
    })
}

/// The element of a sound entry, and the bytes of its encoding and data.
#[inline]
pub(super) fn decode(entry: &[u8]) -> (StrRef<'_>, usize) {
    let first = entry[0];
    match first {
        0..=0x7F => (StrRef::Int(i64::from(first)), 1),
        0x80..=0xBF => {
            let size = 1 + usize::from(first & 0x3F);
            (StrRef::Bytes(&entry[1..size]), size)
        }
        0xC0..=0xDF => {
            let bits = i64::from(first & 0x1F) << 8 | i64::from(entry[1]);
            (StrRef::Int(bits << 51 >> 51), 2)
        }
        0xE0..=0xEF => {
            let size = 2 + (usize::from(first & 0x0F) << 8 | usize::from(entry[1]));
            (StrRef::Bytes(&entry[2..size]), size)
        }
        STR32 => {
            let size = 5 + u32::from_le_bytes([entry[1], entry[2], entry[3], entry[4]]) as usize;
            (StrRef::Bytes(&entry[5..size]), size)
        }
        _ => decode_int(first, entry),
    }
}

fn decode_int(first: u8, entry: &[u8]) -> (StrRef<'_>, usize) {
    let width = match first {
        INT16 => 2,
        INT24 => 3,
        INT32 => 4,
        INT64 => 8,
        other => unreachable!("no entry begins with {other:#x}"),
    };
    let mut bytes = [0; 8];
    bytes[8 - width..].copy_from_slice(&entry[1..=width]);
    (StrRef::Int(i64::from_le_bytes(bytes) >> (64 - 8 * width)), 1 + width)
}
