//! A sorted set: distinct members, each with a score, in the order of scores and then of bytes.
//!
//! A counted B+tree has the order, a hash table finds members; both point to the same small allocations. So a
//! member's score is found at once, and rank, element of a rank, and the ends of a range in a few steps down the tree.

mod check;
pub(crate) mod member;
mod node;
mod tree;
mod walk;

pub use member::MemberRef;
pub(crate) use member::compare_scores;
pub(crate) use tree::Tree;
pub use walk::Walk;

use crate::table::{Hints, Item, Table, TableStats};
use base::Rng;
use member::Member;
use std::cmp::Ordering;

/// A sorted set. Scores are never NaN.
#[derive(Default)]
pub struct Ranked {
    tree: Tree,
    /// Owns the members.
    index: Table<Member>,
    /// Bytes of all members.
    members: usize,
}

// SAFETY: a set owns members and nodes; nothing in them is tied to a thread.
unsafe impl Send for Ranked {}
// SAFETY: shared access only reads.
unsafe impl Sync for Ranked {}

/// What [`Ranked::update`] did.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Updated {
    /// The member is new.
    Added,
    /// It has another score now; this was the old one.
    Rescored(f64),
    /// Nothing: it had this score already, or the caller kept it; `None` if it is not a member.
    Kept(Option<f64>),
}

impl Ranked {
    /// An empty set.
    pub fn new() -> Ranked {
        Ranked::default()
    }

    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether there is no member.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory, this struct not counted.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.members + self.index.allocated() + self.tree.allocated()
    }

    /// The score of a member.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.index.get(hash(member), member).map(MemberRef::score)
    }

    /// For asking for members ahead.
    #[inline]
    pub fn hints(&self) -> Hints<'_> {
        self.index.hints()
    }

    /// How many members stand before this one.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let found = self.index.get(hash(member), member)?;
        // SAFETY: members of the index are in the tree.
        Some(unsafe { self.tree.rank(found.raw()) })
    }

    /// Lets `decide` choose the score of a member from the one it has: `None` leaves things as they are. NaN is a
    /// mistake of the caller.
    pub fn update(&mut self, member: &[u8], decide: impl FnOnce(Option<f64>) -> Option<f64>) -> Updated {
        let hash = hash(member);
        let found = self.index.get(hash, member);
        let old = found.map(MemberRef::score);
        let Some(score) = decide(old) else { return Updated::Kept(old) };
        assert!(!score.is_nan());
        match found.map(MemberRef::raw) {
            None => {
                self.add(hash, Member::new(member, score));
                Updated::Added
            }
            Some(_) if old == Some(score) => Updated::Kept(old),
            Some(raw) => {
                // SAFETY: members of the index are in the tree; the set is borrowed exclusively.
                unsafe { self.tree.rescore(raw, score) };
                old.map_or(Updated::Added, Updated::Rescored)
            }
        }
    }

    /// Gives a member a score; true if it is new.
    pub fn insert(&mut self, member: &[u8], score: f64) -> bool {
        self.update(member, |_| Some(score)) == Updated::Added
    }

    /// Removes a member; returns the score it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let hash = hash(member);
        let raw = self.index.get(hash, member)?.raw();
        // SAFETY: members of the index are in the tree. The tree lets go of it before it is dropped.
        unsafe { self.tree.remove(raw) };
        let removed = self.index.remove(hash, member)?;
        self.members -= removed.view().allocated();
        Some(removed.view().score())
    }

    /// Removes members from the rank `start` to before `end`, and shows each, in order.
    pub fn remove_range(&mut self, start: usize, end: usize, mut each: impl FnMut(MemberRef<'_>)) {
        for _ in start..end.min(self.len()) {
            let raw = self.tree.remove_at(start);
            // SAFETY: the index owns it still.
            let bytes = unsafe { MemberRef::new(raw) }.bytes();
            let removed =
                self.index.remove(hash(bytes), bytes).expect("members of the tree are in the index");
            self.members -= removed.view().allocated();
            each(removed.view());
        }
    }

    /// Number of members whose score `is_before` says yes to: yes to any means yes to all lower ones.
    pub fn count_scores(&self, is_before: impl Fn(f64) -> bool) -> usize {
        self.tree.partition_point(|score, _| is_before(score))
    }

    /// Number of members that `is_before` says yes to: yes to any means yes to all that stand before it.
    pub fn count_members(&self, is_before: impl Fn(&[u8]) -> bool) -> usize {
        // SAFETY: what the tree points to is alive.
        self.tree.partition_point(|_, raw| is_before(unsafe { MemberRef::new(raw) }.bytes()))
    }

    /// Members from the rank `start` to before `end`, as far as there are any.
    pub fn range(&self, start: usize, end: usize) -> Walk<'_> {
        let end = end.min(self.len());
        // SAFETY: the set is borrowed as long as the walk.
        unsafe { Walk::new(&self.tree, start.min(end), end) }
    }

    /// All members.
    pub fn iter(&self) -> Walk<'_> {
        self.range(0, self.len())
    }

    /// Emits members at a position of the index below [`crate::table::SCAN_END`]; returns the next position, with the
    /// guarantees of [`Table::scan`].
    pub fn scan<'a>(&'a self, position: u64, emit: impl FnMut(MemberRef<'a>)) -> u64 {
        self.index.scan(position, emit)
    }

    /// Counts the index by member.
    pub(crate) fn add_table_stats(&self, stats: &mut TableStats) {
        self.index.add_stats(stats);
    }

    /// A member at random.
    pub fn random(&self, rng: &mut Rng) -> Option<MemberRef<'_>> {
        let rank = rng.below(self.len() as u64) as usize;
        self.range(rank, rank + 1).next()
    }

    /// Adds a member that is not there.
    fn add(&mut self, hash: u64, member: Member) {
        let raw = member.view().raw();
        self.members += member.view().allocated();
        self.index.insert(hash, member, self::hash);
        // SAFETY: alive in the index, which gives it up only after the tree did.
        unsafe { self.tree.insert(raw) };
    }

    /// Panics if tree, index and counts contradict each other, or elements are out of order.
    pub fn check_invariants(&self) {
        self.index.check_invariants(hash);
        self.tree.check_invariants();
        assert_eq!(self.index.len(), self.len());
        let mut bytes = 0;
        let mut last: Option<MemberRef<'_>> = None;
        for member in self.iter() {
            let found = self.index.get(hash(member.bytes()), member.bytes()).expect("in the index");
            assert_eq!(found.raw(), member.raw());
            bytes += member.allocated();
            let order = last
                .map(|l| (member::compare_scores(l.score(), member.score()), l.bytes().cmp(member.bytes())));
            assert!(
                order.is_none_or(|(score, bytes)| score.then(bytes) == Ordering::Less),
                "{last:?} {member:?}"
            );
            last = Some(member);
        }
        assert_eq!(bytes, self.members);
    }
}

impl Drop for Ranked {
    fn drop(&mut self) {
        // The index drops the members.
        self.tree.drain(|_| {});
    }
}

impl Clone for Ranked {
    fn clone(&self) -> Ranked {
        let mut copy = Ranked::new();
        for member in self.iter() {
            copy.add(hash(member.bytes()), Member::new(member.bytes(), member.score()));
        }
        copy
    }
}

impl std::fmt::Debug for Ranked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The hash of a member.
fn hash(member: &[u8]) -> u64 {
    crate::keyed::hash(member)
}

#[cfg(test)]
mod tests;
