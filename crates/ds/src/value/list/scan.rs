//! Walking a list.

use super::node::Node;
use super::quick::Quick;
use super::{End, List, NodeRef};
use crate::StrRef;
use crate::listpack::ListpackRef;

impl List {
    /// Shows elements from an index on, towards the end opposite to `from`, until `show` says that it has enough. From
    /// the right, index 0 is the last element.
    #[inline]
    pub fn scan(&self, from: End, index: usize, mut show: impl FnMut(StrRef<'_>) -> bool) {
        match self {
            List::Pack(pack) => {
                let enough = scan_pack(pack.view(), from, index, &mut show);
                let _ = enough;
            }
            List::Quick(quick) => quick.scan(from, index, show),
        }
    }

    /// Shows `count` elements from an index on, or those that are there.
    #[inline]
    pub fn range(&self, from: End, index: usize, count: usize, mut show: impl FnMut(StrRef<'_>)) {
        let mut left = count;
        if left > 0 {
            self.scan(from, index, |element| {
                show(element);
                left -= 1;
                left > 0
            });
        }
    }

    /// The index of the first element that equals `value`.
    pub fn position(&self, value: &[u8]) -> Option<usize> {
        let number = StrRef::compact(value);
        let (mut index, mut found) = (0, None);
        self.scan(End::Left, 0, |element| {
            if element == number || element == StrRef::Bytes(value) {
                found = Some(index);
            }
            index += 1;
            found.is_none()
        });
        found
    }
}

impl Quick {
    fn scan(&self, from: End, index: usize, mut show: impl FnMut(StrRef<'_>) -> bool) {
        if index >= self.len() {
            return;
        }
        let first = if from == End::Left { index } else { self.len() - 1 - index };
        let Some((at, inside)) = self.seek(first) else { return };
        let mut skip = match from {
            End::Left => inside,
            End::Right => self.node(at).count as usize - 1 - inside,
        };
        let mut goes_on = |node: &Node, skip: usize| match node.view() {
            NodeRef::Pack(pack) => scan_pack(pack, from, skip, &mut show),
            NodeRef::Plain(bytes) => show(StrRef::Bytes(bytes)),
        };
        match from {
            End::Left => {
                let mut start = at.node;
                for run in self.runs.range(at.run..) {
                    for node in run.nodes.range(start..) {
                        if !goes_on(node, skip) {
                            return;
                        }
                        skip = 0;
                    }
                    start = 0;
                }
            }
            End::Right => {
                let mut end = at.node + 1;
                for run in (0..=at.run).rev() {
                    let nodes = &self.runs[run].nodes;
                    for node in nodes.range(..end.min(nodes.len())).rev() {
                        if !goes_on(node, skip) {
                            return;
                        }
                        skip = 0;
                    }
                    end = usize::MAX;
                }
            }
        }
    }
}

/// Shows the elements of a listpack but the first few. False if `show` had enough.
#[inline]
fn scan_pack(
    pack: ListpackRef<'_>,
    from: End,
    skip: usize,
    show: &mut impl FnMut(StrRef<'_>) -> bool,
) -> bool {
    match from {
        End::Left => match pack.seek(skip as i64) {
            Some(at) => pack.iter_from(at).all(show),
            None => true,
        },
        End::Right => match pack.seek(-1 - skip as i64) {
            Some(at) => pack.iter_until(pack.after(at)).rev().all(show),
            None => true,
        },
    }
}
