//! Sets: members without order. Integers only, and few of them, are an intset; few and short members a listpack; more
//! of them a hash table.

mod common;
mod iter;
mod member;
mod members;
mod word;

pub use common::{apart, common};
pub use iter::Iter;
pub use members::Members;

use crate::intset::Intset;
use crate::listpack::Listpack;
use crate::table::SCAN_END;
use crate::text::IntText;
use crate::{StrRef, Thin};
use base::Rng;
use std::collections::HashSet;

/// Up to where a set keeps a small encoding.
#[derive(Clone, Copy, Debug)]
pub struct SetLimits {
    /// `set-max-intset-entries`
    pub ints_max: usize,
    /// `set-max-listpack-entries`
    pub pack_members_max: usize,
    /// `set-max-listpack-value`, bytes.
    pub pack_value_max: usize,
}

/// Set values, by encoding.
#[derive(Clone, Debug)]
pub enum Set {
    /// Few members, all of them integers.
    Ints(Intset),
    /// Few and short members, in the order in which they came.
    Pack(Listpack),
    /// Any members.
    Table(Thin<Members>),
}

impl SetLimits {
    /// Whether a listpack takes one more member.
    fn pack_takes(&self, pack: &Listpack, member: &[u8]) -> bool {
        pack.len() < self.pack_members_max && member.len() <= self.pack_value_max && pack.fits(member.len())
    }
}

impl Set {
    /// An empty one, which no key may hold.
    pub fn new() -> Set {
        Set::Ints(Intset::new())
    }

    /// An empty one that so many members will be put into, the first of them this.
    pub fn for_members(first: &[u8], members: usize, limits: &SetLimits) -> Set {
        if members <= limits.ints_max && matches!(StrRef::compact(first), StrRef::Int(_)) {
            Set::Ints(Intset::new())
        } else if members <= limits.pack_members_max {
            Set::Pack(Listpack::new())
        } else {
            Set::Table(Thin::new(Members::default()))
        }
    }

    /// So many members will be put into it, the first of them this: takes the encoding that this asks for.
    pub fn expect(&mut self, first: &[u8], members: usize, limits: &SetLimits) {
        match self {
            Set::Table(_) => {}
            _ if self.is_empty() => *self = Set::for_members(first, members, limits),
            Set::Ints(_) if members <= limits.ints_max => {}
            Set::Pack(_) if members <= limits.pack_members_max => {}
            Set::Ints(_) | Set::Pack(_) => {
                self.make_table();
            }
        }
    }

    /// Number of members.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Set::Ints(ints) => ints.len(),
            Set::Pack(pack) => pack.len(),
            Set::Table(members) => members.len(),
        }
    }

    /// Whether nothing is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match self {
            Set::Ints(ints) => ints.is_empty(),
            Set::Pack(pack) => pack.is_empty(),
            Set::Table(members) => members.is_empty(),
        }
    }

    /// Whether a member is there.
    #[inline]
    pub fn contains(&self, member: &[u8]) -> bool {
        match self {
            Set::Table(members) => members.contains(member),
            Set::Ints(ints) => match StrRef::compact(member) {
                StrRef::Int(n) => ints.contains(n),
                StrRef::Bytes(_) => false,
            },
            Set::Pack(pack) => find(pack, member).is_some(),
        }
    }

    /// Adds a member; false if it was there.
    #[inline]
    pub fn insert(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        match self {
            Set::Table(members) => members.insert(member),
            _ => self.insert_small(member, limits),
        }
    }

    fn insert_small(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        if let Set::Ints(ints) = self {
            if let StrRef::Int(n) = StrRef::compact(member) {
                let is_new = ints.insert(n);
                if is_new && ints.len() > limits.ints_max {
                    self.make_table();
                }
                return is_new;
            }
            self.leave_ints(member, limits);
        }
        if let Set::Pack(pack) = self {
            if find(pack, member).is_some() {
                return false;
            }
            if limits.pack_takes(pack, member) {
                pack.push_back(StrRef::compact(member));
                return true;
            }
        }
        self.make_table().insert(member)
    }

    /// Makes integers something that takes any other member.
    fn leave_ints(&mut self, member: &[u8], limits: &SetLimits) {
        let Set::Ints(ints) = self else { return };
        let pack = Listpack::of(ints.iter().map(StrRef::Int));
        let texts = [ints.get(0), ints.get(ints.len().wrapping_sub(1))];
        let are_short = texts.iter().flatten().all(|n| StrRef::Int(*n).len() <= limits.pack_value_max);
        if are_short && limits.pack_takes(&pack, member) {
            *self = Set::Pack(pack);
        } else {
            self.make_table();
        }
    }

    /// Removes a member; false if it was not there.
    #[inline]
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Table(members) => members.remove(member),
            Set::Ints(ints) => match StrRef::compact(member) {
                StrRef::Int(n) => ints.remove(n),
                StrRef::Bytes(_) => false,
            },
            Set::Pack(pack) => match find(pack, member) {
                Some(at) => {
                    pack.remove(at, 1);
                    true
                }
                None => false,
            },
        }
    }

    /// All members, in an order that means nothing.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        match self {
            Set::Ints(ints) => Iter::ints(ints),
            Set::Pack(pack) => Iter::pack(pack.view()),
            Set::Table(members) => Iter::table(members),
        }
    }

    /// A member at random, each with the same chance.
    pub fn random(&self, rng: &mut Rng) -> Option<StrRef<'_>> {
        let index = rng.below(self.len() as u64);
        match self {
            Set::Ints(ints) => ints.get(index as usize).map(StrRef::Int),
            Set::Pack(pack) => pack.view().seek(index as i64).map(|at| pack.view().get(at)),
            Set::Table(members) => members.random(rng).map(StrRef::Bytes),
        }
    }

    /// Takes a member out at random, each with the same chance, and shows it.
    pub fn pop<R>(&mut self, rng: &mut Rng, show: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        match self {
            Set::Table(members) => members.pop(rng, |member| show(StrRef::Bytes(member))),
            Set::Ints(ints) => {
                let n = ints.get(rng.below(ints.len() as u64) as usize)?;
                ints.remove(n);
                Some(show(StrRef::Int(n)))
            }
            Set::Pack(pack) => {
                let at = pack.view().seek(rng.below(pack.len() as u64) as i64)?;
                let shown = show(pack.view().get(at));
                pack.remove(at, 1);
                Some(shown)
            }
        }
    }

    /// Emits members at a position below [`SCAN_END`]; returns the next one, `SCAN_END` after the last. A small set is
    /// emitted whole.
    pub fn scan<'a>(&'a self, position: u64, mut emit: impl FnMut(StrRef<'a>)) -> u64 {
        match self {
            Set::Table(members) => members.scan(position, |member| emit(StrRef::Bytes(member))),
            Set::Ints(_) | Set::Pack(_) => {
                self.iter().for_each(emit);
                SCAN_END
            }
        }
    }

    /// Takes the smallest encoding that the limits allow: results of commands that store are as small as they can be.
    pub fn compact(&mut self, limits: &SetLimits) {
        let number = |member| match member {
            StrRef::Int(n) => Some(n),
            StrRef::Bytes(bytes) => match StrRef::compact(bytes) {
                StrRef::Int(n) => Some(n),
                StrRef::Bytes(_) => None,
            },
        };
        if self.len() <= limits.ints_max
            && let Some(numbers) = self.iter().map(number).collect::<Option<Vec<i64>>>()
        {
            *self = Set::Ints(Intset::of(numbers));
        } else if let Set::Table(members) = self
            && members.len() <= limits.pack_members_max
            && members.iter().all(|member| member.len() <= limits.pack_value_max)
        {
            let mut pack = Listpack::new();
            if pack.fits(members.iter().map(<[u8]>::len).sum()) {
                pack.extend(members.iter().map(StrRef::compact));
                *self = Set::Pack(pack);
            }
        }
    }

    /// Makes it a hash table, if it is none.
    fn make_table(&mut self) -> &mut Members {
        if !matches!(self, Set::Table(_)) {
            let mut members = Members::default();
            for member in self.iter() {
                members.insert(member.text(&mut IntText::new()));
            }
            *self = Set::Table(Thin::new(members));
        }
        match self {
            Set::Table(members) => members,
            _ => unreachable!("just made one"),
        }
    }

    /// From a sound intset that is not empty.
    pub fn from_ints(ints: Intset, limits: &SetLimits) -> Set {
        let mut set = Set::Ints(ints);
        if set.len() > limits.ints_max {
            set.make_table();
        }
        set
    }

    /// From a listpack that came from outside: `None` if it has a member twice.
    pub fn from_pack(pack: Listpack, limits: &SetLimits) -> Option<Set> {
        if !is_distinct(&pack) {
            return None;
        }
        let longest = pack.view().iter().map(StrRef::len).max().unwrap_or(0);
        let mut set = Set::Pack(pack);
        if set.len() > limits.pack_members_max || longest > limits.pack_value_max {
            set.make_table();
        }
        Some(set)
    }
}

fn find(pack: &Listpack, member: &[u8]) -> Option<usize> {
    pack.view().find(pack.view().first(), member, 0)
}

/// Whether no member is there twice, as a number or as bytes.
fn is_distinct(pack: &Listpack) -> bool {
    let mut seen = HashSet::with_capacity(pack.len());
    pack.view().iter().all(|member| seen.insert(member.to_vec()))
}

impl Default for Set {
    fn default() -> Set {
        Set::new()
    }
}

#[cfg(test)]
mod tests;
