//! A place in bytes that came from outside.

use crate::fault::Fault;
use crate::len::{self, Len};
use crate::text::Text;

/// A place in bytes from outside. Each read takes all of what it is for, or fails; [`Cursor::rewind`] goes back.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning.
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0 }
    }

    /// How many bytes were taken.
    pub fn at(&self) -> usize {
        self.at
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Goes back to where it was.
    pub fn rewind(&mut self, at: usize) {
        assert!(at <= self.at);
        self.at = at;
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let taken = self.bytes[self.at..].get(..n).ok_or(Fault::Short)?;
        self.at += n;
        Ok(taken)
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, Fault> {
        self.array().map(|[byte]| byte)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let taken = self.bytes[self.at..].first_chunk().ok_or(Fault::Short)?;
        self.at += N;
        Ok(*taken)
    }

    /// Eight bytes of a signed number.
    pub fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_le_bytes)
    }

    /// Eight bytes of a double.
    pub fn f64(&mut self) -> Result<f64, Fault> {
        self.array().map(f64::from_le_bytes)
    }

    /// A number in the coding of lengths.
    pub fn number(&mut self) -> Result<u64, Fault> {
        match len::read(self)? {
            Len::Plain(n) => Ok(n),
            Len::Special(_) => Err(Fault::Bad("a length is the mark of a string")),
        }
    }

    /// A number that is the size of something in memory.
    pub fn size(&mut self) -> Result<usize, Fault> {
        usize::try_from(self.number()?).map_err(|_| Fault::Bad("a length is out of range"))
    }

    /// A string, in any of its forms.
    pub fn text(&mut self) -> Result<Text<'a>, Fault> {
        Text::read(self)
    }
}
