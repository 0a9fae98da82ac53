//! Elements of a sorted set, in order.

use super::pack::score_of;
use crate::StrRef;
use crate::listpack::{Iter, ListpackRef};
use crate::ranked::{MemberRef, Walk};
use crate::text::IntText;

/// A member with its score.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Element<'a> {
    /// As it is stored: a number perhaps.
    pub member: StrRef<'a>,
    /// Never NaN.
    pub score: f64,
}

impl Element<'_> {
    /// Shows the member's text.
    #[inline]
    pub fn with_bytes<R>(&self, show: impl FnOnce(&[u8]) -> R) -> R {
        show(self.member.text(&mut IntText::new()))
    }
}

impl<'a> From<MemberRef<'a>> for Element<'a> {
    #[inline]
    fn from(member: MemberRef<'a>) -> Element<'a> {
        Element { member: StrRef::Bytes(member.bytes()), score: member.score() }
    }
}

/// Elements of a range, from either end.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "it is used where it is made")]
pub enum Elements<'a> {
    /// Of a small set.
    Pack(PackRange<'a>),
    /// Of a large one.
    Tree(Walk<'a>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        match self {
            Elements::Pack(range) => range.next(),
            Elements::Tree(walk) => walk.next().map(Element::from),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self {
            Elements::Pack(range) => range.left,
            Elements::Tree(walk) => walk.len(),
        };
        (left, Some(left))
    }
}

impl DoubleEndedIterator for Elements<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Elements::Pack(range) => range.next_back(),
            Elements::Tree(walk) => walk.next_back().map(Element::from),
        }
    }
}

impl ExactSizeIterator for Elements<'_> {}

/// A range of a listpack of members and scores.
#[derive(Clone)]
pub struct PackRange<'a> {
    front: Iter<'a>,
    back: Iter<'a>,
    left: usize,
}

impl<'a> PackRange<'a> {
    /// The elements between two entries; `left` is their number.
    pub(super) fn new(pack: ListpackRef<'a>, start: usize, end: usize, left: usize) -> PackRange<'a> {
        PackRange { front: pack.iter_from(start), back: pack.iter_until(end), left }
    }
}

impl<'a> Iterator for PackRange<'a> {
    type Item = Element<'a>;

    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        self.left = self.left.checked_sub(1)?;
        let member = self.front.next()?;
        Some(Element { member, score: score_of(self.front.next()?) })
    }
}

impl DoubleEndedIterator for PackRange<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let score = score_of(self.back.next_back()?);
        Some(Element { member: self.back.next_back()?, score })
    }
}
