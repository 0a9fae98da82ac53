//! Ids of entries.

use crate::IntText;

/// Longest text of an id: two numbers of twenty digits, and the dash.
const TEXT_MAX: usize = 41;

/// The id of an entry: milliseconds, and a number within them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct StreamId {
    /// Milliseconds since the Unix epoch, as a rule.
    pub ms: u64,
    /// Tells entries of the same millisecond apart.
    pub seq: u64,
}

impl StreamId {
    /// Below all entries.
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    /// The last that there is.
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    /// From its two parts.
    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// The id that follows; `None` after the last.
    pub fn next(self) -> Option<StreamId> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(StreamId { ms: self.ms, seq }),
            None => Some(StreamId { ms: self.ms.checked_add(1)?, seq: 0 }),
        }
    }

    /// The id before; `None` before the first.
    pub fn previous(self) -> Option<StreamId> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(StreamId { ms: self.ms, seq }),
            None => Some(StreamId { ms: self.ms.checked_sub(1)?, seq: u64::MAX }),
        }
    }

    /// Its text, `ms-seq`.
    #[inline]
    pub fn text(self) -> IdText {
        self.text_with(b'-')
    }

    /// Its text with something else than a dash.
    pub(super) fn text_with(self, dash: u8) -> IdText {
        let mut text = IdText { bytes: [0; TEXT_MAX], len: 0 };
        text.push(IntText::new().format(self.ms).as_bytes());
        text.push(&[dash]);
        text.push(IntText::new().format(self.seq).as_bytes());
        text
    }
}

/// The text of an id.
pub struct IdText {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl IdText {
    fn push(&mut self, part: &[u8]) {
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }
}

impl std::ops::Deref for IdText {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours() {
        let check = |id: StreamId, next: Option<StreamId>| {
            assert_eq!(id.next(), next);
            assert_eq!(next.and_then(StreamId::previous), next.map(|_| id));
        };
        check(StreamId::MIN, Some(StreamId::new(0, 1)));
        check(StreamId::new(7, u64::MAX), Some(StreamId::new(8, 0)));
        check(StreamId::MAX, None);
        assert_eq!(StreamId::MIN.previous(), None);
    }

    #[test]
    fn texts() {
        assert_eq!(&*StreamId::MIN.text(), b"0-0");
        assert_eq!(&*StreamId::MAX.text(), b"18446744073709551615-18446744073709551615");
        assert_eq!(&*StreamId::new(5, 1).text_with(b'.'), b"5.1");
    }
}
