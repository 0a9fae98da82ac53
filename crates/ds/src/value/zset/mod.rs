//! Sorted sets: members with scores, in order of score, then of member.

mod word;

use crate::listpack::Listpack;

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
    /// Few and short elements: a listpack of members and scores, ascending.
    Pack(Listpack),
}

impl Zset {
    /// An empty one, which no key may hold.
    pub fn new() -> Zset {
        Zset::Pack(Listpack::new())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Zset::Pack(pack) => pack.is_empty(),
        }
    }
}

impl Default for Zset {
    fn default() -> Zset {
        Zset::new()
    }
}
