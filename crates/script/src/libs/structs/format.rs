//! Format strings.

use crate::libs::failure::Failure;

/// Bytes of the longest integer.
const INTEGER_BYTES_MAX: usize = 32;

/// Greatest alignment of C's types, which a lone `!` asks for.
const NATURAL_ALIGN_MAX: usize = 8;

/// What an option stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Signed,
    Unsigned,
    Float,
    Double,
    /// So many bytes; all that there are if 0.
    Chars,
    /// Up to a NUL byte.
    Text,
    Padding,
    /// No bytes: it changes how what follows is read.
    Control,
    /// None of these: nothing, or an error.
    Unknown,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub option: u8,
    pub kind: Kind,
    /// In bytes; 0 for texts.
    pub size: usize,
    /// In bytes; items of an alignment of at most 1 stand anywhere.
    pub align: usize,
    pub is_big: bool,
}

/// Reads a format from left to right.
pub(super) struct Formatter<'a> {
    rest: &'a [u8],
    align_max: usize,
    is_big: bool,
}

impl<'a> Formatter<'a> {
    /// Up to the first NUL byte, as in C. Little-endian and unaligned, until it says otherwise.
    pub fn new(format: &'a [u8]) -> Formatter<'a> {
        let end = format.iter().position(|b| *b == 0).unwrap_or(format.len());
        Formatter { rest: &format[..end], align_max: 1, is_big: false }
    }

    /// The next item; `None` behind the last.
    pub fn next(&mut self) -> Result<Option<Item>, Failure> {
        let Some((option, rest)) = self.rest.split_first() else { return Ok(None) };
        self.rest = rest;
        self.item(*option).map(Some)
    }

    /// Does what an item of `Kind::Control` asks for.
    pub fn control(&mut self, item: Item) -> Result<(), Failure> {
        match item.option {
            b'<' => self.is_big = false,
            b'>' => self.is_big = true,
            b'!' => self.align_max = self.alignment()?,
            _ => {}
        }
        Ok(())
    }

    fn item(&mut self, option: u8) -> Result<Item, Failure> {
        let (kind, size) = match option {
            b'b' => (Kind::Signed, 1),
            b'B' => (Kind::Unsigned, 1),
            b'h' => (Kind::Signed, 2),
            b'H' => (Kind::Unsigned, 2),
            b'i' => (Kind::Signed, self.integer_size()?),
            b'I' => (Kind::Unsigned, self.integer_size()?),
            b'l' => (Kind::Signed, 8),
            b'L' | b'T' => (Kind::Unsigned, 8),
            b'f' => (Kind::Float, 4),
            b'd' => (Kind::Double, 8),
            b'x' => (Kind::Padding, 1),
            b'c' => (Kind::Chars, self.digits()?.unwrap_or(1)),
            b's' => (Kind::Text, 0),
            b' ' | b'<' | b'>' | b'!' => (Kind::Control, 0),
            _ => (Kind::Unknown, 0),
        };
        let align = if kind == Kind::Chars { 0 } else { size.min(self.align_max) };
        Ok(Item { option, kind, size, align, is_big: self.is_big })
    }

    fn integer_size(&mut self) -> Result<usize, Failure> {
        let size = self.digits()?.unwrap_or(4);
        if size > INTEGER_BYTES_MAX {
            let text = format!("integral size {size} is larger than limit of {INTEGER_BYTES_MAX}");
            return Err(Failure::text(text));
        }
        Ok(size)
    }

    fn alignment(&mut self) -> Result<usize, Failure> {
        let align = self.digits()?.unwrap_or(NATURAL_ALIGN_MAX);
        if !align.is_power_of_two() {
            return Err(Failure::text(format!("alignment {align} is not a power of 2")));
        }
        Ok(align)
    }

    /// A number, which is an `int` in C.
    fn digits(&mut self) -> Result<Option<usize>, Failure> {
        let len = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(len);
        let mut n = 0i32;
        for digit in digits {
            let next = n.checked_mul(10).and_then(|n| n.checked_add(i32::from(digit - b'0')));
            n = next.ok_or_else(|| Failure::text("integral size overflow"))?;
        }
        self.rest = rest;
        Ok((len > 0).then_some(n as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, expect: &[(Kind, usize, usize, bool)]) {
        let mut formatter = Formatter::new(format.as_bytes());
        let mut found = Vec::new();
        while let Some(item) = formatter.next().unwrap() {
            if item.kind == Kind::Control {
                formatter.control(item).unwrap();
            } else {
                found.push((item.kind, item.size, item.align, item.is_big));
            }
        }
        assert_eq!(found, expect, "{format}");
    }

    #[test]
    fn options_have_sizes_and_alignments() {
        check("b >i3", &[(Kind::Signed, 1, 1, false), (Kind::Signed, 3, 1, true)]);
        check("!dc0", &[(Kind::Double, 8, 8, false), (Kind::Chars, 0, 0, false)]);
        check(
            "!4Lcs",
            &[(Kind::Unsigned, 8, 4, false), (Kind::Chars, 1, 0, false), (Kind::Text, 0, 0, false)],
        );
        check("x\0b", &[(Kind::Padding, 1, 1, false)]);
    }

    #[test]
    fn sizes_have_limits() {
        for format in ["i33", "i2147483648", "c99999999999"] {
            assert!(Formatter::new(format.as_bytes()).next().is_err(), "{format}");
        }
    }
}
