//! Sorted sets: members with scores, in order of score, then of member. Few and short members are a listpack of members
//! and scores; more of them a [`Ranked`], which `OBJECT ENCODING` calls `skiplist` as clients expect.

mod pack;
mod range;
mod word;

pub use crate::ranked::Updated;
pub use range::{Element, Elements};

use crate::listpack::Listpack;
use crate::ranked::Ranked;
use crate::table::SCAN_END;
use crate::{StrRef, Thin};

/// Up to where a sorted set stays a listpack.
#[derive(Clone, Copy, Debug)]
pub struct ZsetLimits {
    /// `zset-max-listpack-entries`
    pub pack_members_max: usize,
    /// `zset-max-listpack-value`, bytes of a member.
    pub pack_value_max: usize,
}

/// Zset values, by encoding.
#[derive(Clone, Debug)]
pub enum Zset {
    /// Few and short members: a listpack of members and scores, ascending.
    Pack(Listpack),
    /// Any number of members.
    Tree(Thin<Ranked>),
}

impl Zset {
    /// An empty one, which no key may hold.
    pub fn new() -> Zset {
        Zset::Pack(Listpack::new())
    }

    /// An empty one that so many members, the longest of so many bytes, will be put into.
    pub fn for_members(members: usize, longest: usize, limits: &ZsetLimits) -> Zset {
        if members > limits.pack_members_max || longest > limits.pack_value_max {
            Zset::Tree(Thin::new(Ranked::new()))
        } else {
            Zset::new()
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Zset::Pack(pack) => pack.len() / 2,
            Zset::Tree(tree) => tree.len(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Zset::Pack(pack) => pack.is_empty(),
            Zset::Tree(tree) => tree.is_empty(),
        }
    }

    /// The score of a member.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Pack(pack) => pack::find(pack.view(), member).map(|found| found.score),
            Zset::Tree(tree) => tree.score(member),
        }
    }

    /// How many members stand before this one, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        match self {
            Zset::Pack(pack) => pack::rank(pack.view(), member),
            Zset::Tree(tree) => Some((tree.rank(member)?, tree.score(member)?)),
        }
    }

    /// Lets `decide` choose the score of a member from the one it has: `None` leaves things as they are. NaN is a
    /// mistake of the caller.
    #[inline]
    pub fn update(
        &mut self,
        member: &[u8],
        limits: &ZsetLimits,
        decide: impl FnOnce(Option<f64>) -> Option<f64>,
    ) -> Updated {
        match self {
            Zset::Tree(tree) => tree.update(member, decide),
            Zset::Pack(pack) => {
                let found = pack::find(pack.view(), member);
                let old = found.map(|found| found.score);
                match decide(old) {
                    None => Updated::Kept(old),
                    Some(score) if old == Some(score) => Updated::Kept(old),
                    Some(score) => self.put_small(member, found, score, limits),
                }
            }
        }
    }

    /// Gives a member a score; true if it is new.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: &ZsetLimits) -> bool {
        self.update(member, limits, |_| Some(score)) == Updated::Added
    }

    /// Stores a score that is not the one that a small set has.
    fn put_small(
        &mut self,
        member: &[u8],
        found: Option<pack::Found>,
        score: f64,
        limits: &ZsetLimits,
    ) -> Updated {
        assert!(!score.is_nan());
        let Zset::Pack(pack) = self else { unreachable!("small sets are listpacks") };
        if let Some(found) = found {
            pack.remove(found.at, 2);
            pack::insert(pack, member, score);
            return Updated::Rescored(found.score);
        }
        let stays = pack.len() / 2 < limits.pack_members_max
            && member.len() <= limits.pack_value_max
            && pack.fits(member.len());
        if stays {
            pack::insert(pack, member, score);
        } else {
            self.make_tree().insert(member, score);
        }
        Updated::Added
    }

    /// Removes a member; returns the score it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Tree(tree) => tree.remove(member),
            Zset::Pack(pack) => {
                let found = pack::find(pack.view(), member)?;
                pack.remove(found.at, 2);
                Some(found.score)
            }
        }
    }

    /// Removes members from the rank `start` to before `end`, as far as there are any, and shows each, in order.
    pub fn remove_range(&mut self, start: usize, end: usize, mut each: impl FnMut(Element<'_>)) {
        let end = end.min(self.len());
        if start >= end {
            return;
        }
        match self {
            Zset::Tree(tree) => tree.remove_range(start, end, |member| each(member.into())),
            Zset::Pack(pack) => {
                pack::range(pack.view(), start, end).for_each(each);
                pack.remove_range(2 * start as i64, 2 * (end - start));
            }
        }
    }

    /// Number of members whose score `is_before` says yes to: yes to any means yes to all lower ones.
    pub fn count_scores(&self, is_before: impl Fn(f64) -> bool) -> usize {
        match self {
            Zset::Pack(_) => self.iter().take_while(|element| is_before(element.score)).count(),
            Zset::Tree(tree) => tree.count_scores(is_before),
        }
    }

    /// Number of members that `is_before` says yes to: yes to any means yes to all that stand before it.
    pub fn count_members(&self, is_before: impl Fn(&[u8]) -> bool) -> usize {
        match self {
            Zset::Pack(_) => self.iter().take_while(|element| element.with_bytes(&is_before)).count(),
            Zset::Tree(tree) => tree.count_members(is_before),
        }
    }

    /// Members from the rank `start` to before `end`, as far as there are any, from either end.
    pub fn range(&self, start: usize, end: usize) -> Elements<'_> {
        match self {
            Zset::Pack(pack) => Elements::Pack(pack::range(pack.view(), start, end)),
            Zset::Tree(tree) => Elements::Tree(tree.range(start, end)),
        }
    }

    /// All members, in order.
    pub fn iter(&self) -> Elements<'_> {
        self.range(0, usize::MAX)
    }

    /// The member of a rank.
    pub fn nth(&self, rank: usize) -> Option<Element<'_>> {
        self.range(rank, rank.saturating_add(1)).next()
    }

    /// Emits members at a position below [`SCAN_END`]; returns the next one, `SCAN_END` after the last. A small set
    /// is emitted whole.
    pub fn scan<'a>(&'a self, position: u64, mut emit: impl FnMut(Element<'a>)) -> u64 {
        match self {
            Zset::Pack(_) => {
                self.iter().for_each(emit);
                SCAN_END
            }
            Zset::Tree(tree) => tree.scan(position, |member| emit(member.into())),
        }
    }

    /// Makes it a listpack if the limits allow that: results of commands that store are as small as they can be.
    pub fn compact(&mut self, limits: &ZsetLimits) {
        let Zset::Tree(tree) = self else { return };
        let is_short = |element: Element<'_>| element.member.len() <= limits.pack_value_max;
        if tree.len() > limits.pack_members_max || !tree.iter().map(Element::from).all(is_short) {
            return;
        }
        let bytes = tree.iter().map(|member| member.bytes().len()).sum();
        let mut pack = Listpack::new();
        if pack.fits(bytes) {
            tree.iter().for_each(|member| pack::push(&mut pack, member.bytes(), member.score()));
            *self = Zset::Pack(pack);
        }
    }

    /// Makes it a tree, if it is none.
    fn make_tree(&mut self) -> &mut Ranked {
        if let Zset::Pack(_) = self {
            let mut tree = Ranked::new();
            for element in self.iter() {
                element.with_bytes(|member| tree.insert(member, element.score));
            }
            *self = Zset::Tree(Thin::new(tree));
        }
        match self {
            Zset::Tree(tree) => tree,
            Zset::Pack(_) => unreachable!("just made one"),
        }
    }

    /// From a listpack of members and scores that came from outside: `None` unless it is in order, without NaN and
    /// without a member twice.
    pub fn from_pack(pack: Listpack, limits: &ZsetLimits) -> Option<Zset> {
        if !pack::is_sound(pack.view()) {
            return None;
        }
        let longest = pack.view().pairs().map(|(member, _)| member.len()).max().unwrap_or(0);
        let mut zset = Zset::Pack(pack);
        if zset.len() > limits.pack_members_max || longest > limits.pack_value_max {
            zset.make_tree();
        }
        Some(zset)
    }
}

impl Default for Zset {
    fn default() -> Zset {
        Zset::new()
    }
}

/// A score as the text that listpacks, digests and other servers have for it, handed to `show`.
pub fn with_score_text<R>(score: f64, show: impl FnOnce(StrRef<'_>) -> R) -> R {
    pack::with_text(score, show)
}

#[cfg(test)]
mod tests;
