//! Big sets: a hash table of members.

use super::member::{Member, MemberRef};
use crate::keyed::hash;
use crate::table::{Hints, Iter, Table, TableStats};
use base::Rng;

/// Any number of members.
#[derive(Default)]
pub struct Members {
    table: Table<Member>,
    /// Memory of all members, bytes.
    bytes: usize,
}

impl Members {
    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Bytes of memory, this struct not counted.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.bytes + self.table.allocated()
    }

    /// Whether a member is there.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.contains_hashed(hash(member), member)
    }

    /// Whether a member is there whose hash is known: all sets hash alike.
    #[inline]
    pub(super) fn contains_hashed(&self, hash: u64, member: &[u8]) -> bool {
        self.table.get(hash, member).is_some()
    }

    /// Adds a member; false if it was there.
    #[inline]
    pub fn insert(&mut self, member: &[u8]) -> bool {
        let hashed = hash(member);
        if self.contains_hashed(hashed, member) {
            return false;
        }
        let member = Member::new(member);
        self.bytes += member.allocated();
        self.table.insert(hashed, member, hash);
        true
    }

    /// Removes a member; false if it was not there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let removed = self.table.remove(hash(member), member);
        self.bytes -= removed.as_ref().map_or(0, Member::allocated);
        removed.is_some()
    }

    /// For asking for members ahead.
    #[inline]
    pub fn hints(&self) -> Hints<'_> {
        self.table.hints()
    }

    /// All members, in no order that means anything.
    pub fn iter(&self) -> MembersIter<'_> {
        MembersIter(self.table.iter())
    }

    /// A member at random.
    pub fn random(&self, rng: &mut Rng) -> Option<&[u8]> {
        self.table.random(rng).map(MemberRef::bytes)
    }

    /// Takes a member out at random, and shows it.
    pub fn pop<R>(&mut self, rng: &mut Rng, show: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let member = self.table.take_random(rng)?;
        self.bytes -= member.allocated();
        Some(show(member.bytes()))
    }

    /// Emits members at a position below [`crate::table::SCAN_END`]; returns the next position, with the guarantees of
    /// [`Table::scan`].
    pub fn scan<'a>(&'a self, position: u64, mut emit: impl FnMut(&'a [u8])) -> u64 {
        self.table.scan(position, |member| emit(member.bytes()))
    }

    /// Shows the members that another has too, as long as `show` wants more.
    pub(super) fn common<'a>(&'a self, other: &Members, mut show: impl FnMut(&'a [u8]) -> bool) {
        if self.table.joins(&other.table) {
            return self.table.join(&other.table, |member| show(member.bytes()));
        }
        for member in self.iter() {
            if other.contains(member) && !show(member) {
                return;
            }
        }
    }

    /// Frees about `budget` members; true when dropping the rest is quick.
    pub fn shed(&mut self, budget: usize) -> bool {
        let bytes = &mut self.bytes;
        self.table.shed(budget, |member| *bytes -= member.allocated())
    }

    pub(super) fn add_table_stats(&self, stats: &mut TableStats) {
        self.table.add_stats(stats);
    }

    /// Panics if table and account contradict each other or themselves.
    pub fn check_invariants(&self) {
        self.table.check_invariants(hash);
        let members = self.table.iter();
        assert_eq!(members.map(MemberRef::allocated).sum::<usize>(), self.bytes);
    }
}

impl Clone for Members {
    fn clone(&self) -> Members {
        let mut copy = Members::default();
        self.iter().for_each(|member| {
            copy.insert(member);
        });
        copy
    }
}

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(String::from_utf8_lossy)).finish()
    }
}

/// Members of a [`Members`].
#[derive(Clone)]
pub struct MembersIter<'a>(Iter<'a, Member>);

impl<'a> Iterator for MembersIter<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.next().map(MemberRef::bytes)
    }
}
