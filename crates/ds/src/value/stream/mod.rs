//! Streams: entries by ascending id, each with fields and values, and groups of consumers.

mod consumers;
mod entries;
mod group;
mod id;
mod lag;
mod load;
mod log;
mod node;
mod runs;
mod trim;
mod word;

pub use consumers::{Consumer, ConsumerId};
pub use entries::{Pairs, Range, RangeBack, StreamEntry};
pub use group::{Count, Group, Pending};
pub use id::{IdText, StreamId};
pub use load::{BadStream, Counters, GroupLoader, Loader};
pub use log::{Log, TooLarge};
pub use trim::{Keep, Trim};

use crate::Thin;
use crate::class::class_of;

/// Up to where entries share a node.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// `stream-node-max-bytes`; 0 for no limit.
    pub node_bytes_max: usize,
    /// `stream-node-max-entries`; 0 for no limit.
    pub node_entries_max: usize,
}

/// A stream. A key may hold an empty one.
#[derive(Clone, Debug)]
pub struct Stream(Thin<Body>);

#[derive(Debug)]
struct Body {
    log: Log,
    /// By name.
    #[expect(clippy::vec_box, reason = "to insert one moves pointers, not groups")]
    groups: Vec<Box<Group>>,
    /// Bytes of the groups.
    groups_bytes: usize,
}

impl Stream {
    /// An empty one.
    pub fn new() -> Stream {
        Stream(Thin::new(Body { log: Log::new(), groups: Vec::new(), groups_bytes: 0 }))
    }

    /// Its entries.
    #[inline]
    pub fn log(&self) -> &Log {
        &self.0.log
    }

    /// Its entries, for changes.
    #[inline]
    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.0.log
    }

    /// Its groups by name, in order.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.0.groups.iter().map(|group| &**group)
    }

    /// A group by name.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.search(name).ok().map(|at| &*self.0.groups[at])
    }

    /// Makes a group that has read up to an id, so many entries; false if the name is taken.
    pub fn create_group(&mut self, name: &[u8], last: StreamId, read: Option<u64>) -> bool {
        self.add_group(Group::new(name, last, read))
    }

    /// Removes a group; false if there is none.
    pub fn destroy_group(&mut self, name: &[u8]) -> bool {
        let Ok(at) = self.search(name) else { return false };
        let group = self.0.groups.remove(at);
        self.0.groups_bytes -= group.allocated();
        true
    }

    /// Lets `edit` change a group while it sees the entries; `None` if there is no such group.
    #[inline]
    pub fn edit_group<R>(&mut self, name: &[u8], edit: impl FnOnce(&mut Group, &Log) -> R) -> Option<R> {
        let at = self.search(name).ok()?;
        let body = &mut *self.0;
        let group = &mut body.groups[at];
        let before = group.allocated();
        let result = edit(group, &body.log);
        body.groups_bytes = body.groups_bytes - before + group.allocated();
        Some(result)
    }

    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.0.groups.binary_search_by(|group| group.name().cmp(name))
    }

    fn add_group(&mut self, group: Group) -> bool {
        let Err(at) = self.search(group.name()) else { return false };
        self.0.groups_bytes += group.allocated();
        self.0.groups.insert(at, Box::new(group));
        true
    }

    fn body(&mut self) -> &mut Body {
        &mut self.0
    }
}

impl Body {
    fn allocated(&self) -> usize {
        let array = self.groups.capacity() * size_of::<Box<Group>>();
        self.log.allocated() + self.groups_bytes + if array == 0 { 0 } else { class_of(array) }
    }

    fn shed(&mut self, budget: usize) -> bool {
        while let Some(group) = self.groups.last_mut() {
            let before = group.allocated();
            let is_empty = group.shed(budget);
            self.groups_bytes = self.groups_bytes - before + group.allocated();
            if !is_empty {
                return false;
            }
            self.groups_bytes -= group.allocated();
            self.groups.pop();
        }
        self.log.shed(budget)
    }

    fn check_invariants(&self) {
        self.log.check_invariants();
        assert!(self.groups.is_sorted_by(|a, b| a.name() < b.name()));
        assert_eq!(self.groups_bytes, self.groups.iter().map(|group| group.allocated()).sum::<usize>());
        self.groups.iter().for_each(|group| group.check_invariants());
    }
}

impl Clone for Body {
    /// Arrays of the copy may be smaller.
    fn clone(&self) -> Body {
        let groups = self.groups.clone();
        let groups_bytes = groups.iter().map(|group| group.allocated()).sum();
        Body { log: self.log.clone(), groups, groups_bytes }
    }
}

impl Default for Stream {
    fn default() -> Stream {
        Stream::new()
    }
}

#[cfg(test)]
mod tests;
