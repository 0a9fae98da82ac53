//! Strings: bytes behind a length, small integers, or compressed.

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::len::{self, Len};
use crate::lzf::{self, Compressor};
use base::num::format_i64;
use ds::StrRef;
use std::ops::Deref;

const INT8: u8 = 0;
const INT16: u8 = 1;
const INT32: u8 = 2;
const LZF: u8 = 3;

/// Longest text that may be stored as an integer.
const INT_TEXT_MAX: usize = 11;

/// Longest string that is not worth compressing.
const INCOMPRESSIBLE_MAX: usize = 20;

/// Bytes that compression must save.
const SAVED_MIN: usize = 4;

/// A string that was read. It is its bytes.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// As it lies there.
    Plain(&'a [u8]),
    /// Made from a shorter form.
    Made(Vec<u8>),
}

impl<'a> Text<'a> {
    pub(crate) fn read(from: &mut Cursor<'a>) -> Result<Text<'a>, Fault> {
        match len::read(from)? {
            Len::Plain(n) => {
                let n = usize::try_from(n).map_err(|_| Fault::Bad("a string is too long"))?;
                from.take(n).map(Text::Plain)
            }
            Len::Special(INT8) => Ok(number(i8::from_le_bytes(from.array()?).into())),
            Len::Special(INT16) => Ok(number(i16::from_le_bytes(from.array()?).into())),
            Len::Special(INT32) => Ok(number(i32::from_le_bytes(from.array()?).into())),
            Len::Special(LZF) => {
                let (packed, len) = (from.size()?, from.size()?);
                let packed = from.take(packed)?;
                lzf::decompress(packed, len)
                    .map(Text::Made)
                    .ok_or(Fault::Bad("a compressed string is damaged"))
            }
            Len::Special(_) => Err(Fault::Bad("a string is of no known form")),
        }
    }

    /// The bytes, owned.
    pub fn into_vec(self) -> Vec<u8> {
        match self {
            Text::Plain(bytes) => bytes.to_vec(),
            Text::Made(bytes) => bytes,
        }
    }
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Text::Plain(bytes) => bytes,
            Text::Made(bytes) => bytes,
        }
    }
}

fn number(n: i64) -> Text<'static> {
    let mut text = Vec::with_capacity(INT_TEXT_MAX);
    format_i64(&mut text, n);
    Text::Made(text)
}

/// Writes a string in its smallest form; compressed, if there is a compressor and it is worth it.
pub(crate) fn write(out: &mut Vec<u8>, text: StrRef<'_>, compressor: Option<&mut Compressor>) {
    match text {
        StrRef::Int(n) => write_number(out, n),
        StrRef::Bytes(bytes) => {
            if bytes.len() <= INT_TEXT_MAX
                && let StrRef::Int(n) = StrRef::compact(bytes)
            {
                return write_number(out, n);
            }
            if let Some(compressor) = compressor
                && bytes.len() > INCOMPRESSIBLE_MAX
                && let Some(packed) = compressor.compress(bytes, bytes.len() - SAVED_MIN)
            {
                len::write_special(out, LZF);
                len::write(out, packed.len() as u64);
                len::write(out, bytes.len() as u64);
                out.extend_from_slice(packed);
                return;
            }
            write_plain(out, bytes);
        }
    }
}

fn write_plain(out: &mut Vec<u8>, bytes: &[u8]) {
    len::write(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn write_number(out: &mut Vec<u8>, n: i64) {
    if let Ok(n) = i8::try_from(n) {
        len::write_special(out, INT8);
        out.extend_from_slice(&n.to_le_bytes());
    } else if let Ok(n) = i16::try_from(n) {
        len::write_special(out, INT16);
        out.extend_from_slice(&n.to_le_bytes());
    } else if let Ok(n) = i32::try_from(n) {
        len::write_special(out, INT32);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        write_plain(out, ds::IntText::new().format(n).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expect: &[u8]) {
        let mut out = Vec::new();
        write(&mut out, StrRef::Bytes(text), Some(&mut Compressor::new()));
        assert_eq!(out, expect, "{}", String::from_utf8_lossy(text));
        let mut from = Cursor::new(&out);
        assert_eq!(&*from.text().expect("just written"), text);
        assert_eq!(from.left(), 0);
        for cut in 0..out.len() {
            assert_eq!(Cursor::new(&out[..cut]).text().err(), Some(Fault::Short), "{cut}");
        }
    }

    #[test]
    fn numbers_are_short() {
        check(b"0", &[0xC0, 0]);
        check(b"-128", &[0xC0, 0x80]);
        check(b"128", &[0xC1, 128, 0]);
        check(b"32768", &[0xC2, 0, 0x80, 0, 0]);
        check(b"-2147483648", &[0xC2, 0, 0, 0, 0x80]);
        check(b"2147483648", b"\x0a2147483648");
        check(b"007", b"\x03007");
        check(b"-0", b"\x02-0");
        check(b"", b"\0");
    }

    #[test]
    fn runs_are_compressed_from_21_bytes_on() {
        check(&[b'a'; 20], &[&[20][..], &[b'a'; 20]].concat());
        let mut out = Vec::new();
        write(&mut out, StrRef::Bytes(&[b'a'; 21]), Some(&mut Compressor::new()));
        assert_eq!(out[..3], [0xC3, (out.len() - 3) as u8, 21]);
        check(&[b'a'; 21], &out);
    }
}
