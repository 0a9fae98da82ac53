//! A string that may be stored as a number.

/// Scratch space for the text of an integer value.
pub type IntText = itoa::Buffer;

/// Longest text that can be that of an integer.
const INT_TEXT_MAX: usize = 20;

/// A string as it is stored, or is to be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StrRef<'a> {
    /// Stored as a number; its text is the canonical decimal.
    Int(i64),
    /// Stored as bytes.
    Bytes(&'a [u8]),
}

impl<'a> StrRef<'a> {
    /// The number if the bytes are the canonical decimal of one, else the bytes.
    #[inline]
    pub fn compact(bytes: &'a [u8]) -> StrRef<'a> {
        let number = if bytes.len() <= INT_TEXT_MAX { base::num::parse_i64(bytes) } else { None };
        number.map_or(StrRef::Bytes(bytes), StrRef::Int)
    }

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
