//! The chain of nodes. They are kept in runs of a few hundred, so that neither an insertion in the middle nor the growth
//! of an array moves more than that many nodes.

use super::fill::Fill;
use super::node::Node;
use super::{End, NodeRef};
use crate::StrRef;
use crate::class::class_of;
use crate::listpack::Listpack;
use std::collections::VecDeque;

/// Most nodes of a run.
const RUN_NODES_MAX: usize = 256;

/// A chain of nodes.
#[derive(Default, Debug)]
pub struct Quick {
    pub(super) runs: VecDeque<Run>,
    len: usize,
    /// Bytes of nodes, and of the arrays of runs.
    bytes: usize,
}

/// Neighbouring nodes; never none.
#[derive(Clone, Default, Debug)]
pub(super) struct Run {
    pub nodes: VecDeque<Node>,
    /// Elements of all nodes.
    pub len: usize,
}

impl Run {
    fn bytes(&self) -> usize {
        array_bytes(&self.nodes)
    }

    /// With the nodes'.
    fn held(&self) -> usize {
        self.bytes() + self.nodes.iter().map(Node::allocated).sum::<usize>()
    }
}

fn array_bytes<T>(array: &VecDeque<T>) -> usize {
    if array.capacity() == 0 { 0 } else { class_of(array.capacity() * size_of::<T>()) }
}

/// A node's place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub run: usize,
    pub node: usize,
}

impl Clone for Quick {
    /// Arrays of the copy may be smaller.
    fn clone(&self) -> Quick {
        let runs = self.runs.clone();
        let bytes = runs.iter().map(Run::held).sum();
        Quick { runs, len: self.len, bytes }
    }
}

impl Quick {
    /// A chain of one node.
    pub(super) fn of(pack: Listpack) -> Quick {
        let mut quick = Quick::default();
        if !pack.is_empty() {
            quick.add(End::Right, Node::of_pack(pack));
        }
        quick
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory behind the chain's own.
    pub(super) fn held(&self) -> usize {
        array_bytes(&self.runs) + self.bytes
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.runs.iter().flat_map(|run| &run.nodes)
    }

    pub(super) fn node(&self, at: Place) -> &Node {
        &self.runs[at.run].nodes[at.node]
    }

    /// The node that has an element, and the element's index there; for the length, one behind the last element of the
    /// last node.
    pub(super) fn seek(&self, index: usize) -> Option<(Place, usize)> {
        if index > self.len || self.len == 0 {
            return None;
        }
        let from_right = index * 2 > self.len;
        let mut before = 0;
        let mut run = 0;
        if from_right {
            (run, before) = (self.runs.len() - 1, self.len - self.runs[self.runs.len() - 1].len);
            while before > index {
                run -= 1;
                before -= self.runs[run].len;
            }
        } else {
            while before + self.runs[run].len < index
                || before + self.runs[run].len == index && index < self.len
            {
                before += self.runs[run].len;
                run += 1;
            }
        }
        self.seek_in_run(run, index - before)
    }

    fn seek_in_run(&self, run: usize, index: usize) -> Option<(Place, usize)> {
        let (nodes, mut left) = (&self.runs[run].nodes, index);
        let last = nodes.len() - 1;
        if index * 2 > self.runs[run].len {
            let mut before = self.runs[run].len;
            for node in (0..=last).rev() {
                before -= nodes[node].count as usize;
                if before <= index {
                    return Some((Place { run, node }, index - before));
                }
            }
        }
        for (node, count) in nodes.iter().map(|node| node.count as usize).enumerate() {
            if left < count || node == last {
                return Some((Place { run, node }, left));
            }
            left -= count;
        }
        None
    }

    /// The element at an index.
    pub(super) fn get(&self, index: usize) -> Option<StrRef<'_>> {
        let (at, index) = self.seek(index).filter(|_| index < self.len)?;
        Some(self.node(at).get(index))
    }

    /// The node at an end.
    pub(super) fn end(&self, end: End) -> Option<Place> {
        let run = match end {
            End::Left => 0,
            End::Right => self.runs.len().checked_sub(1)?,
        };
        let nodes = self.runs.get(run)?.nodes.len();
        Some(Place { run, node: if end == End::Left { 0 } else { nodes - 1 } })
    }

    /// Adds an element at an end.
    pub(super) fn push(&mut self, end: End, value: StrRef<'_>, fill: Fill) {
        if let Some(at) = self.end(end)
            && self.change(at, |node| node.push(end, value, fill))
        {
            return;
        }
        self.add(end, Node::of_one(value, fill));
    }

    /// Adds a copy of a node at the right.
    pub(super) fn push_node(&mut self, node: NodeRef<'_>) {
        let node = Node::of_view(node);
        if node.count > 0 {
            self.add(End::Right, node);
        }
    }

    /// Makes a node no larger than it must be: only at the ends of the chain others are worth their memory.
    pub(super) fn close(&mut self, at: Place) {
        self.change(at, |node| {
            node.close();
        });
    }

    /// Adds a node at an end.
    pub(super) fn add(&mut self, end: End, node: Node) {
        if let Some(at) = self.end(end) {
            self.close(at);
        }
        let full = |run: Option<&Run>| run.is_none_or(|run| run.nodes.len() == RUN_NODES_MAX);
        match end {
            End::Left => {
                if full(self.runs.front()) {
                    self.runs.push_front(Run::default());
                }
                self.insert(Place { run: 0, node: 0 }, node);
            }
            End::Right => {
                if full(self.runs.back()) {
                    self.runs.push_back(Run::default());
                }
                let run = self.runs.len() - 1;
                self.insert(Place { run, node: self.runs[run].nodes.len() }, node);
            }
        }
    }

    /// Puts a node before the one at a place, or at the end of its run.
    pub(super) fn insert(&mut self, mut at: Place, node: Node) {
        if self.runs[at.run].nodes.len() == RUN_NODES_MAX {
            self.split_run(at.run);
            if at.node > RUN_NODES_MAX / 2 {
                at = Place { run: at.run + 1, node: at.node - RUN_NODES_MAX / 2 };
            }
        }
        let run = &mut self.runs[at.run];
        let before = run.bytes();
        self.bytes += node.allocated();
        self.len += node.count as usize;
        run.len += node.count as usize;
        run.nodes.insert(at.node, node);
        self.bytes = self.bytes + run.bytes() - before;
    }

    fn split_run(&mut self, at: usize) {
        let run = &mut self.runs[at];
        let before = run.bytes();
        let nodes = run.nodes.split_off(RUN_NODES_MAX / 2);
        let len = nodes.iter().map(|node| node.count as usize).sum();
        run.len -= len;
        let half = Run { nodes, len };
        self.bytes = self.bytes + half.bytes() + run.bytes() - before;
        self.runs.insert(at + 1, half);
    }

    /// Changes a node, which may become empty: then it is removed. The books are kept.
    pub(super) fn change<R>(&mut self, at: Place, change: impl FnOnce(&mut Node) -> R) -> R {
        let run = &mut self.runs[at.run];
        let node = &mut run.nodes[at.node];
        let (bytes, count) = (node.allocated(), node.count as usize);
        let result = change(node);
        self.bytes = self.bytes + node.allocated() - bytes;
        self.len = self.len + node.count as usize - count;
        run.len = run.len + node.count as usize - count;
        if node.count == 0 {
            self.remove(at);
        }
        result
    }

    /// Takes a node out.
    pub(super) fn remove(&mut self, at: Place) -> Node {
        let run = &mut self.runs[at.run];
        let node = run.nodes.remove(at.node).expect("the place is taken");
        self.bytes -= node.allocated();
        self.len -= node.count as usize;
        run.len -= node.count as usize;
        if run.nodes.is_empty() {
            self.bytes -= run.bytes();
            self.runs.remove(at.run);
        }
        node
    }

    /// Frees runs until `budget` elements are gone; whether all are.
    pub(super) fn shed(&mut self, budget: usize) -> bool {
        let aim = self.len.saturating_sub(budget);
        while self.len > aim
            && let Some(run) = self.runs.pop_front()
        {
            self.len -= run.len;
            self.bytes -= run.held();
        }
        self.runs.is_empty()
    }

    /// Joins a node with the next of its run if both fit one.
    pub(super) fn join(&mut self, at: Place, fill: Fill) {
        let Some(nodes) = self.runs.get(at.run).map(|run| &run.nodes) else { return };
        let (Some(a), Some(b)) = (nodes.get(at.node), nodes.get(at.node + 1)) else { return };
        if let (NodeRef::Pack(a), NodeRef::Pack(b)) = (a.view(), b.view())
            && fill.takes_both(a, b)
        {
            let next = self.remove(Place { node: at.node + 1, ..at });
            self.change(at, |node| {
                if let (Some(a), NodeRef::Pack(b)) = (node.close(), next.view()) {
                    a.append(b);
                    node.count += next.count;
                }
            });
        }
    }

    /// The only node's listpack, if there is just one node, it is one, and it fits.
    pub(super) fn take_only_pack(&mut self, fill: Fill) -> Option<Listpack> {
        let [run] = self.runs.make_contiguous() else { return None };
        let node = if run.nodes.len() == 1 { run.nodes.front_mut()? } else { return None };
        match node.view() {
            NodeRef::Pack(pack) if fill.takes(pack.bytes().len(), node.count as usize) => {
                let pack = node.close().map(std::mem::take);
                *self = Quick::default();
                pack
            }
            _ => None,
        }
    }

    pub(super) fn check_invariants(&self) {
        let mut total = (0, 0);
        for run in &self.runs {
            assert!((1..=RUN_NODES_MAX).contains(&run.nodes.len()));
            run.nodes.iter().for_each(Node::check_invariants);
            assert_eq!(run.len, run.nodes.iter().map(|node| node.count as usize).sum());
            total.0 += run.len;
            total.1 += run.held();
        }
        assert_eq!(total, (self.len, self.bytes));
    }
}
