//! One node of the chain.

use super::NodeRef;
use super::fill::Fill;
use crate::StrRef;
use crate::class::class_of;
use crate::listpack::Listpack;

/// Bytes that an element takes in a listpack beyond its own, at most.
const ENTRY_EXTRA_MAX: usize = 10;

#[derive(Clone, Debug)]
pub(super) enum Body {
    Pack(Listpack),
    Plain(Box<[u8]>),
}

/// Elements that lie together; never none, but while the node is changed.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub body: Body,
    pub count: u32,
}

impl Node {
    /// A node with one element.
    pub fn of_one(value: StrRef<'_>, fill: Fill) -> Node {
        match value {
            StrRef::Bytes(bytes) if fill.is_long(bytes.len()) => {
                Node { body: Body::Plain(bytes.into()), count: 1 }
            }
            _ => Node { body: Body::Pack(Listpack::of(std::iter::once(value))), count: 1 },
        }
    }

    pub fn of_pack(pack: Listpack) -> Node {
        Node { count: pack.len() as u32, body: Body::Pack(pack) }
    }

    pub fn of_view(node: NodeRef<'_>) -> Node {
        match node {
            NodeRef::Pack(pack) => Node::of_pack(Listpack::copy_of(pack)),
            NodeRef::Plain(bytes) => Node { body: Body::Plain(bytes.into()), count: 1 },
        }
    }

    pub fn view(&self) -> NodeRef<'_> {
        match &self.body {
            Body::Pack(pack) => NodeRef::Pack(pack.view()),
            Body::Plain(bytes) => NodeRef::Plain(bytes),
        }
    }

    #[inline]
    pub fn allocated(&self) -> usize {
        match &self.body {
            Body::Pack(pack) => pack.allocated(),
            Body::Plain(bytes) => class_of(bytes.len()),
        }
    }

    /// The listpack, if it takes one more element: it is asked before each push.
    #[inline]
    pub fn admits(&mut self, value: StrRef<'_>, fill: Fill) -> Option<&mut Listpack> {
        let len = match value {
            StrRef::Int(_) => 0,
            StrRef::Bytes(bytes) if fill.is_long(bytes.len()) => return None,
            StrRef::Bytes(bytes) => bytes.len(),
        };
        match &mut self.body {
            Body::Pack(pack)
                if fill.takes(pack.total() + len + ENTRY_EXTRA_MAX, self.count as usize + 1)
                    || pack.is_empty() =>
            {
                Some(pack)
            }
            _ => None,
        }
    }

    /// The element at an index.
    pub fn get(&self, index: usize) -> StrRef<'_> {
        match &self.body {
            Body::Pack(pack) => pack.view().get(entry(pack, index)),
            Body::Plain(bytes) => StrRef::Bytes(bytes),
        }
    }

    /// Removes a run of elements, which are there.
    pub fn remove(&mut self, index: usize, count: usize) {
        assert!(index + count <= self.count as usize);
        match &mut self.body {
            Body::Pack(pack) => pack.remove(entry(pack, index), count),
            Body::Plain(bytes) => *bytes = Box::default(),
        }
        self.count -= count as u32;
    }

    /// Takes the elements from an index on, which is neither the first nor behind the last, into another node.
    pub fn split_off(&mut self, index: usize) -> Node {
        let Body::Pack(pack) = &mut self.body else { unreachable!("one element is not split") };
        let tail = pack.split_off(entry(pack, index));
        let tail = Node { count: self.count - index as u32, body: Body::Pack(tail) };
        self.count = index as u32;
        tail
    }

    pub fn check_invariants(&self) {
        assert!(self.count > 0);
        match &self.body {
            Body::Pack(pack) => {
                pack.check_invariants();
                assert_eq!(pack.len(), self.count as usize);
            }
            Body::Plain(_) => assert_eq!(self.count, 1),
        }
    }
}

/// Where the entry at an index begins, which is there.
pub(super) fn entry(pack: &Listpack, index: usize) -> usize {
    match pack.view().seek(index as i64) {
        Some(at) => at,
        None => panic!("a node has no element {index}"),
    }
}
