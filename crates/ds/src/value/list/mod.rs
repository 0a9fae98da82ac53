//! Lists.

mod word;

use crate::StrRef;
use crate::listpack::Listpack;

/// Up to where elements share a node.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// `list-max-listpack-size`: elements of a node, or, from -1 to -5, its bytes: 4 KiB to 64 KiB.
    pub node_size: i32,
}

/// List values, by encoding.
#[derive(Clone, Debug)]
pub enum List {
    /// What fits one node.
    Pack(Listpack),
}

impl List {
    /// An empty one, which no key may hold.
    pub fn new() -> List {
        List::Pack(Listpack::new())
    }

    /// One with these elements.
    pub fn of<'v>(elements: impl Iterator<Item = StrRef<'v>> + Clone) -> List {
        List::Pack(Listpack::of(elements))
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            List::Pack(pack) => pack.is_empty(),
        }
    }
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}
