//! Big-endian fields and C strings.

use base::NodeId;
use base::id::ID_LEN;

/// The unread rest of a packet.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next `N` bytes, or `None` with nothing consumed.
    pub fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(head)
    }

    /// The next `len` bytes, or `None` with nothing consumed.
    pub fn slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(|b| u16::from_be_bytes(*b))
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(|b| u32::from_be_bytes(*b))
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(|b| u64::from_be_bytes(*b))
    }

    /// `None` for too few bytes and for a name outside the alphabet.
    pub fn id(&mut self) -> Option<NodeId> {
        self.array::<ID_LEN>().and_then(|b| NodeId::parse(b))
    }
}

/// What stands before the first NUL, or everything.
pub(super) fn until_nul(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    &field[..end]
}

/// Appends `text` and NULs up to `width` bytes; always at least one NUL.
pub(super) fn put_padded(out: &mut Vec<u8>, text: &[u8], width: usize) {
    let kept = &text[..text.len().min(width - 1)];
    out.extend_from_slice(kept);
    out.resize(out.len() + width - kept.len(), 0);
}
