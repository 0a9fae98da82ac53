//! Sets: members without order.

mod word;

use crate::listpack::Listpack;

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
    /// Few and short elements: a listpack of members.
    Pack(Listpack),
}

impl Set {
    /// An empty one, which no key may hold.
    pub fn new() -> Set {
        Set::Pack(Listpack::new())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Set::Pack(pack) => pack.is_empty(),
        }
    }
}

impl Default for Set {
    fn default() -> Set {
        Set::new()
    }
}
