//! One node of the chain.

use super::fill::Fill;
use super::{End, NodeRef};
use crate::StrRef;
use crate::class::class_of;
use crate::listpack::{Listpack, ListpackRef, Roomy};

/// Bytes that an element takes in a listpack beyond its own, at most.
const ENTRY_EXTRA_MAX: usize = 10;

#[derive(Clone, Debug)]
pub(super) enum Body {
    Pack(Listpack),
    /// The same, at an end of the chain where elements come and go.
    Open(Roomy),
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
            Body::Open(roomy) => NodeRef::Pack(roomy.view()),
            Body::Plain(bytes) => NodeRef::Plain(bytes),
        }
    }

    #[inline]
    pub fn allocated(&self) -> usize {
        match &self.body {
            Body::Pack(pack) => pack.allocated(),
            Body::Open(roomy) => roomy.allocated(),
            Body::Plain(bytes) => class_of(bytes.len()),
        }
    }

    /// The listpack, if it takes one more element.
    pub fn admits(&mut self, value: StrRef<'_>, fill: Fill) -> Option<&mut Listpack> {
        if self.has_room(value, fill) { self.close() } else { None }
    }

    /// Whether it takes one more element: it is asked before each push.
    #[inline]
    fn has_room(&self, value: StrRef<'_>, fill: Fill) -> bool {
        let len = match value {
            StrRef::Int(_) => 0,
            StrRef::Bytes(bytes) if fill.is_long(bytes.len()) => return false,
            StrRef::Bytes(bytes) => bytes.len(),
        };
        let total = match &self.body {
            Body::Pack(pack) => pack.total(),
            Body::Open(roomy) => roomy.total(),
            Body::Plain(_) => return false,
        };
        fill.takes(total + len + ENTRY_EXTRA_MAX, self.count as usize + 1) || self.count == 0
    }

    /// Adds an element at an end, if it takes one more. It is open then.
    #[inline]
    pub fn push(&mut self, end: End, value: StrRef<'_>, fill: Fill) -> bool {
        if !self.has_room(value, fill) {
            return false;
        }
        self.open();
        let Body::Open(roomy) = &mut self.body else { unreachable!("it has room: it is a listpack") };
        match end {
            End::Left => roomy.push_front(value),
            End::Right => roomy.push_back(value),
        }
        self.count += 1;
        true
    }

    /// Lets elements come and go at the ends of a listpack without moving the others.
    #[inline]
    pub fn open(&mut self) {
        if let Body::Pack(pack) = &mut self.body {
            self.body = Body::Open(Roomy::of(std::mem::take(pack)));
        }
    }

    /// The listpack, no larger than it must be, if it is one.
    pub fn close(&mut self) -> Option<&mut Listpack> {
        if let Body::Open(_) = self.body
            && let Body::Open(roomy) = std::mem::replace(&mut self.body, Body::Plain(Box::default()))
        {
            self.body = Body::Pack(roomy.into_pack());
        }
        match &mut self.body {
            Body::Pack(pack) => Some(pack),
            _ => None,
        }
    }

    /// The element at an index.
    pub fn get(&self, index: usize) -> StrRef<'_> {
        match &self.body {
            Body::Pack(pack) => pack.view().get(entry(pack.view(), index)),
            Body::Open(roomy) => roomy.view().get(entry(roomy.view(), index)),
            Body::Plain(bytes) => StrRef::Bytes(bytes),
        }
    }

    /// Removes a run of elements, which are there.
    pub fn remove(&mut self, index: usize, count: usize) {
        assert!(index + count <= self.count as usize);
        match &mut self.body {
            Body::Open(roomy) if index == 0 => roomy.remove_front(count),
            Body::Open(roomy) if index + count == self.count as usize => roomy.remove_back(count),
            Body::Plain(bytes) => *bytes = Box::default(),
            _ => {
                if let Some(pack) = self.close() {
                    pack.remove(entry(pack.view(), index), count);
                }
            }
        }
        if matches!(&self.body, Body::Open(roomy) if roomy.is_wasteful()) {
            self.close();
        }
        self.count -= count as u32;
    }

    /// Takes the elements from an index on, which is neither the first nor behind the last, into another node.
    pub fn split_off(&mut self, index: usize) -> Node {
        let Some(pack) = self.close() else { unreachable!("one element is not split") };
        let tail = pack.split_off(entry(pack.view(), index));
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
            Body::Open(roomy) => {
                roomy.check_invariants();
                assert_eq!(roomy.view().len(), self.count as usize);
            }
            Body::Plain(_) => assert_eq!(self.count, 1),
        }
    }
}

/// Where the entry at an index begins, which is there.
pub(super) fn entry(pack: ListpackRef<'_>, index: usize) -> usize {
    match pack.seek(index as i64) {
        Some(at) => at,
        None => panic!("a node has no element {index}"),
    }
}
