//! Reading a listpack.

use super::codec::{self, END, backlen_size, decode, read_backlen};
use super::{COUNT_UNKNOWN, HEAD};
use crate::StrRef;

/// A borrowed listpack that is known to be sound. Copy. Entries are named by where they begin, in bytes from the start
/// of the whole.
#[derive(Clone, Copy)]
pub struct ListpackRef<'a> {
    bytes: &'a [u8],
}

impl<'a> ListpackRef<'a> {
    /// `bytes` is a whole listpack, written by us or verified.
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> ListpackRef<'a> {
        ListpackRef { bytes }
    }

    /// The whole: head, entries and end.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Number of elements. Counts them if there are 65535 or more, or were.
    pub fn len(self) -> usize {
        match self.stored_count() {
            COUNT_UNKNOWN => self.iter().count(),
            count => usize::from(count),
        }
    }

    /// The count in the head; [`COUNT_UNKNOWN`] if there were too many.
    #[inline]
    pub(super) fn stored_count(self) -> u16 {
        u16::from_le_bytes([self.bytes[4], self.bytes[5]])
    }

    /// Whether there is no element.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.bytes[HEAD] == END
    }

    /// The first entry.
    #[inline]
    pub fn first(self) -> Option<usize> {
        (!self.is_empty()).then_some(HEAD)
    }

    /// The last entry.
    #[inline]
    pub fn last(self) -> Option<usize> {
        self.before(self.end())
    }

    /// Where the entries end.
    #[inline]
    pub fn end(self) -> usize {
        self.bytes.len() - 1
    }

    /// The entry after one.
    #[inline]
    pub fn next(self, at: usize) -> Option<usize> {
        let next = self.after(at);
        (self.bytes[next] != END).then_some(next)
    }

    /// The entry before one, or before the end.
    #[inline]
    pub fn before(self, at: usize) -> Option<usize> {
        if at <= HEAD {
            return None;
        }
        let (size, read) = read_backlen(self.bytes, at);
        Some(at - read - size)
    }

    /// Where the entry ends, which is where the next begins, or the end.
    #[inline]
    pub fn after(self, at: usize) -> usize {
        let (_, size) = decode(&self.bytes[at..]);
        at + size + backlen_size(size)
    }

    /// Where a run of `count` entries from one on ends, and how many there are.
    pub(super) fn run(self, at: usize, count: usize) -> (usize, usize) {
        let (mut to, mut found) = (at, 0);
        while found < count && to < self.end() {
            to = self.after(to);
            found += 1;
        }
        (to, found)
    }

    /// The element of an entry.
    #[inline]
    pub fn get(self, at: usize) -> StrRef<'a> {
        decode(&self.bytes[at..]).0
    }

    /// The entry at an index, negative from the end: -1 is the last.
    pub fn seek(self, index: i64) -> Option<usize> {
        let count = self.stored_count();
        if count != COUNT_UNKNOWN {
            let count = i64::from(count);
            let from_start = if index < 0 { index + count } else { index };
            if !(0..count).contains(&from_start) {
                return None;
            }
            return if from_start * 2 < count {
                self.walk(from_start as usize)
            } else {
                self.walk_back((count - 1 - from_start) as usize)
            };
        }
        match usize::try_from(index) {
            Ok(index) => self.walk(index),
            Err(_) => self.walk_back(usize::try_from(-(index + 1)).unwrap_or(usize::MAX)),
        }
    }

    fn walk(self, steps: usize) -> Option<usize> {
        let mut at = self.first()?;
        for _ in 0..steps {
            at = self.next(at)?;
        }
        Some(at)
    }

    fn walk_back(self, steps: usize) -> Option<usize> {
        let mut at = self.last()?;
        for _ in 0..steps {
            at = self.before(at)?;
        }
        Some(at)
    }

    /// The first entry, from one on, whose element is `needle`; after each one that is compared, `skip` are passed
    /// over: 1 finds fields among fields and values.
    #[inline]
    pub fn find(self, from: Option<usize>, needle: &[u8], skip: usize) -> Option<usize> {
        let number = match StrRef::compact(needle) {
            StrRef::Int(n) => Some(n),
            StrRef::Bytes(_) => None,
        };
        let mut at = from?;
        loop {
            let (value, size) = decode(&self.bytes[at..]);
            let found = match value {
                StrRef::Bytes(bytes) => crate::same::same(bytes, needle),
                StrRef::Int(n) => number == Some(n),
            };
            if found {
                return Some(at);
            }
            at += size + backlen_size(size);
            for _ in 0..skip {
                if self.bytes[at] == END {
                    return None;
                }
                at = self.after(at);
            }
            if self.bytes[at] == END {
                return None;
            }
        }
    }

    /// All elements, from either end.
    #[inline]
    pub fn iter(self) -> Iter<'a> {
        Iter { pack: self, front: HEAD, back: self.end() }
    }

    /// The elements from an entry on, from either end.
    #[inline]
    pub fn iter_from(self, at: usize) -> Iter<'a> {
        Iter { pack: self, front: at, back: self.end() }
    }

    /// The elements before an entry, or before the end: walk it from the back.
    #[inline]
    pub fn iter_until(self, at: usize) -> Iter<'a> {
        Iter { pack: self, front: HEAD, back: at }
    }

    /// Elements two by two: fields and values, members and scores. There must be an even number.
    #[inline]
    pub fn pairs(self) -> impl Iterator<Item = (StrRef<'a>, StrRef<'a>)> + Clone {
        let mut iter = self.iter();
        std::iter::from_fn(move || Some((iter.next()?, iter.next()?)))
    }

    /// Whether every server takes these bytes: the length behind an entry of some rare sizes differs among them.
    pub fn is_portable(self) -> bool {
        let mut at = HEAD;
        while self.bytes[at] != END {
            let (_, size) = decode(&self.bytes[at..]);
            if codec::is_ambiguous(size) {
                return false;
            }
            at += size + backlen_size(size);
        }
        true
    }
}

/// Elements of a listpack, in order; from the back too.
#[derive(Clone)]
pub struct Iter<'a> {
    pack: ListpackRef<'a>,
    front: usize,
    back: usize,
}

impl<'a> Iter<'a> {
    /// Where the next entry begins; the end if there is none.
    #[inline]
    pub fn at(&self) -> usize {
        self.front
    }

    /// With where each entry begins.
    pub fn entries(self) -> impl DoubleEndedIterator<Item = (usize, StrRef<'a>)> + Clone {
        Places(self)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = StrRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<StrRef<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (value, size) = decode(&self.pack.bytes[self.front..]);
        self.front += size + backlen_size(size);
        Some(value)
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<StrRef<'a>> {
        if self.front >= self.back {
            return None;
        }
        self.back = self.pack.before(self.back)?;
        Some(self.pack.get(self.back))
    }
}

/// Elements with where they begin.
#[derive(Clone)]
struct Places<'a>(Iter<'a>);

impl<'a> Iterator for Places<'a> {
    type Item = (usize, StrRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.0.front;
        Some((at, self.0.next()?))
    }
}

impl DoubleEndedIterator for Places<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        let value = self.0.next_back()?;
        Some((self.0.back, value))
    }
}

impl std::fmt::Debug for ListpackRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
