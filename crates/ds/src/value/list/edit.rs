//! Changing a list.

use super::fill::{Fill, ListLimits};
use super::node::{Body, Node, entry};
use super::quick::{Place, Quick};
use super::{End, List};
use crate::StrRef;
use crate::listpack::{Listpack, ListpackRef};
use std::ops::Range;

/// Bytes that the values of an addition have in all.
fn size_of<'v>(values: impl Iterator<Item = &'v [u8]>) -> (usize, usize) {
    values.fold((0, 0), |(bytes, count), value| (bytes + value.len(), count + 1))
}

impl List {
    /// Adds elements at an end, one after the other.
    pub fn push<'v>(&mut self, end: End, values: impl Iterator<Item = &'v [u8]> + Clone, limits: ListLimits) {
        let fill = Fill::of(limits);
        self.make_room(values.clone(), fill);
        match (self, end) {
            (List::Pack(pack), End::Right) => pack.extend(values.map(StrRef::Bytes)),
            (List::Pack(pack), End::Left) => values.for_each(|value| pack.push_front(StrRef::Bytes(value))),
            (List::Quick(quick), end) => {
                values.for_each(|value| quick.push(end, StrRef::compact(value), fill));
            }
        }
    }

    /// Removes the elements of a range of indexes, which are there.
    pub fn remove(&mut self, range: Range<usize>, limits: ListLimits) {
        match self {
            List::Pack(pack) if !range.is_empty() => pack.remove_range(range.start as i64, range.len()),
            List::Pack(_) => {}
            List::Quick(quick) => {
                quick.remove_range(range, Fill::of(limits));
                self.shrink_half(limits);
            }
        }
    }

    /// Puts another element in the place of that at an index, which is there.
    pub fn set(&mut self, index: usize, value: &[u8], limits: ListLimits) {
        let fill = Fill::of(limits);
        self.make_room(std::iter::once(value), fill);
        match self {
            List::Pack(pack) => pack.replace(entry(pack.view(), index), StrRef::Bytes(value)),
            List::Quick(quick) => {
                quick.set(index, StrRef::compact(value), fill);
                self.shrink_half(limits);
            }
        }
    }

    /// Inserts an element before that at an index, or at the end.
    pub fn insert(&mut self, index: usize, value: &[u8], limits: ListLimits) {
        let fill = Fill::of(limits);
        self.make_room(std::iter::once(value), fill);
        match self {
            List::Pack(pack) => {
                let at = pack.view().seek(index as i64).unwrap_or(pack.view().end());
                pack.insert(at, StrRef::Bytes(value));
            }
            List::Quick(quick) => quick.insert_at(index, StrRef::compact(value), fill),
        }
    }

    /// Removes up to `count` elements that equal `value`, beginning at an end. Returns how many.
    pub fn remove_equal(&mut self, value: &[u8], from: End, count: usize, limits: ListLimits) -> usize {
        let removed = match self {
            List::Pack(pack) => remove_from_pack(pack, value, from, count),
            List::Quick(quick) => quick.remove_equal(value, from, count, Fill::of(limits)),
        };
        self.shrink_half(limits);
        removed
    }

    /// Becomes a chain if so much more does not fit a single node.
    fn make_room<'v>(&mut self, values: impl Iterator<Item = &'v [u8]>, fill: Fill) {
        if let List::Pack(pack) = self {
            let (bytes, count) = size_of(values);
            if !fill.takes(pack.total() + bytes, pack.len() + count) {
                self.chain();
            }
        }
    }

    fn shrink_half(&mut self, limits: ListLimits) {
        self.shrink(Fill::of(limits).half(limits.node_size >= 0));
    }
}

/// Removes elements from a listpack; returns how many.
fn remove_from_pack(pack: &mut Listpack, value: &[u8], from: End, count: usize) -> usize {
    let mut removed = 0;
    match from {
        End::Left => {
            let mut at = pack.view().first();
            while removed < count
                && let Some(found) = pack.view().find(at, value, 0)
            {
                pack.remove(found, 1);
                removed += 1;
                at = Some(found).filter(|at| *at < pack.view().end());
            }
        }
        End::Right => {
            let mut end = pack.view().end();
            while removed < count
                && let Some(found) = find_back(pack.view(), end, value)
            {
                pack.remove(found, 1);
                removed += 1;
                end = found;
            }
        }
    }
    removed
}

/// The last entry before `end` whose element is `value`.
fn find_back(pack: ListpackRef<'_>, end: usize, value: &[u8]) -> Option<usize> {
    let number = StrRef::compact(value);
    let equals = |found: StrRef<'_>| found == number || found == StrRef::Bytes(value);
    pack.iter_until(end).entries().rev().find(|(_, found)| equals(*found)).map(|(at, _)| at)
}

impl Quick {
    fn remove_range(&mut self, range: Range<usize>, fill: Fill) {
        let (start, mut left) = (range.start, range.len());
        while left > 0 {
            let (at, index) = self.seek(start).expect("the range is in the list");
            let here = (self.node(at).count as usize - index).min(left);
            if here == self.node(at).count as usize {
                self.remove(at);
            } else {
                let is_popped = start == 0;
                self.change(at, |node| {
                    if is_popped {
                        node.open();
                    }
                    node.remove(index, here);
                });
            }
            left -= here;
        }
        if let Some((at, _)) = self.seek(start) {
            self.join(at, fill);
        }
    }

    fn set(&mut self, index: usize, value: StrRef<'_>, fill: Fill) {
        let (at, inside) = self.seek(index).expect("the index is in the list");
        let fits = self.change(at, |node| {
            let Some(pack) = node.admits(value, fill) else { return false };
            let entry = entry(pack.view(), inside);
            pack.replace(entry, value);
            true
        });
        if !fits {
            self.change(at, |node| node.remove(inside, 1));
            self.insert_at(index, value, fill);
        }
    }

    fn insert_at(&mut self, index: usize, value: StrRef<'_>, fill: Fill) {
        let Some((at, inside)) = self.seek(index) else {
            return self.push(End::Right, value, fill);
        };
        let inserted = self.change(at, |node| {
            let Some(pack) = node.admits(value, fill) else { return false };
            let entry = pack.view().seek(inside as i64).unwrap_or(pack.view().end());
            pack.insert(entry, value);
            node.count += 1;
            true
        });
        if !inserted {
            self.insert_beside(at, inside, value, fill);
        }
    }

    /// Inserts an element into a node that does not take it: it goes between its halves.
    fn insert_beside(&mut self, at: Place, inside: usize, value: StrRef<'_>, fill: Fill) {
        let next = Place { node: at.node + 1, ..at };
        self.close(at);
        if inside == 0 {
            self.insert(at, Node::of_one(value, fill));
        } else if inside == self.node(at).count as usize {
            self.insert(next, Node::of_one(value, fill));
        } else {
            let mut tail = self.change(at, |node| node.split_off(inside));
            if let Some(pack) = tail.admits(value, fill) {
                pack.push_front(value);
                tail.count += 1;
                self.insert(next, tail);
            } else {
                self.insert(next, tail);
                self.insert_at_seam(at, value, fill);
            }
        }
    }

    /// Puts an element that shares no node behind a node; inserting the tail may have moved it to another run.
    fn insert_at_seam(&mut self, at: Place, value: StrRef<'_>, fill: Fill) {
        let half = self.runs[at.run].nodes.len();
        let seam = if at.node < half {
            Place { node: at.node + 1, ..at }
        } else {
            Place { run: at.run + 1, node: at.node - half + 1 }
        };
        self.insert(seam, Node::of_one(value, fill));
    }

    fn remove_equal(&mut self, value: &[u8], from: End, count: usize, fill: Fill) -> usize {
        let mut removed = 0;
        let mut place = self.end(from);
        while removed < count
            && let Some(at) = place
        {
            let (runs, nodes) = (self.runs.len(), self.runs[at.run].nodes.len());
            let here = self.change(at, |node| remove_from_node(node, value, from, count - removed));
            removed += here;
            let node_gone = runs != self.runs.len() || nodes != self.runs[at.run].nodes.len();
            place = match from {
                End::Left if node_gone => self.at_or_after(at),
                End::Left => {
                    let before = Place { node: at.node.wrapping_sub(1), ..at };
                    let joined = here > 0 && at.node > 0 && self.joins(before, fill);
                    self.at_or_after(if joined { at } else { Place { node: at.node + 1, ..at } })
                }
                End::Right => self.before(at),
            };
        }
        removed
    }

    /// Joins a node with the next; whether they fitted.
    fn joins(&mut self, at: Place, fill: Fill) -> bool {
        let nodes = self.runs[at.run].nodes.len();
        self.join(at, fill);
        self.runs[at.run].nodes.len() < nodes
    }

    /// The node at a place, or the first of the next run if the run ends before it.
    fn at_or_after(&self, at: Place) -> Option<Place> {
        let run = self.runs.get(at.run)?;
        if at.node < run.nodes.len() {
            return Some(at);
        }
        (at.run + 1 < self.runs.len()).then_some(Place { run: at.run + 1, node: 0 })
    }

    /// The node before a place, whether there still is one there or not.
    fn before(&self, at: Place) -> Option<Place> {
        if at.node > 0 {
            return Some(Place { node: at.node - 1, ..at });
        }
        let run = at.run.checked_sub(1)?;
        Some(Place { run, node: self.runs[run].nodes.len() - 1 })
    }
}

fn remove_from_node(node: &mut Node, value: &[u8], from: End, count: usize) -> usize {
    let removed = match &node.body {
        Body::Plain(bytes) => usize::from(**bytes == *value),
        _ => node.close().map_or(0, |pack| remove_from_pack(pack, value, from, count)),
    };
    node.count -= removed as u32;
    removed
}
