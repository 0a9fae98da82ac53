//! Lists: one listpack while that is small, else a chain of them.

mod edit;
mod fill;
mod node;
mod quick;
mod scan;
mod word;

pub use fill::ListLimits;

use crate::listpack::Listpack;
use crate::{StrRef, Thin};
use fill::Fill;
use quick::Quick;

/// A list, by encoding.
#[derive(Clone, Debug)]
pub enum List {
    /// What fits one node.
    Pack(Listpack),
    /// A chain of nodes.
    Quick(Thin<Quick>),
}

/// An end of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Where the first element is.
    Left,
    /// Where the last element is.
    Right,
}

impl List {
    /// An empty one, which no key may hold.
    pub fn new() -> List {
        List::Pack(Listpack::new())
    }

    /// One node with these elements, few and short.
    pub fn of<'v>(elements: impl Iterator<Item = StrRef<'v>> + Clone) -> List {
        List::Pack(Listpack::of(elements))
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            List::Pack(pack) => pack.len(),
            List::Quick(quick) => quick.len(),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            List::Pack(pack) => pack.is_empty(),
            List::Quick(quick) => quick.len() == 0,
        }
    }

    /// The element at an index below the length, from the left.
    pub fn get(&self, index: usize) -> Option<StrRef<'_>> {
        match self {
            List::Pack(pack) => {
                let view = pack.view();
                view.seek(i64::try_from(index).ok()?).map(|at| view.get(at))
            }
            List::Quick(quick) => quick.get(index),
        }
    }

    /// The bytes of each node for dumps: a listpack, or a long element by itself.
    pub fn for_each_node(&self, mut show: impl FnMut(NodeRef<'_>)) {
        match self {
            List::Pack(pack) => show(NodeRef::Pack(pack.view())),
            List::Quick(quick) => quick.nodes().for_each(|node| show(node.view())),
        }
    }

    /// Adds a node that came from a dump at the right: a sound listpack, or a long element by itself. [`List::settle`]
    /// follows the last.
    pub fn push_node(&mut self, node: NodeRef<'_>) {
        self.chain().push_node(node);
    }

    /// Takes the encoding that fits, after nodes were added.
    pub fn settle(&mut self, limits: ListLimits) {
        self.shrink(Fill::of(limits).whole());
    }

    /// The chain, made from the one node if need be.
    fn chain(&mut self) -> &mut Quick {
        if let List::Pack(pack) = self {
            let pack = std::mem::take(pack).alone();
            *self = List::Quick(Thin::new(Quick::of(pack)));
        }
        match self {
            List::Quick(quick) => quick,
            List::Pack(_) => unreachable!("it was just replaced"),
        }
    }

    /// Becomes a single listpack if all is in one node that fits.
    fn shrink(&mut self, fill: Fill) {
        if let List::Quick(quick) = self
            && let Some(pack) = quick.take_only_pack(fill)
        {
            *self = List::Pack(pack);
        }
    }
}

/// A node of a list, for dumps.
#[derive(Clone, Copy, Debug)]
pub enum NodeRef<'a> {
    /// Elements.
    Pack(crate::ListpackRef<'a>),
    /// One long element.
    Plain(&'a [u8]),
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

#[cfg(test)]
mod tests;
