//! The entries of a stream, and what is remembered of those that went.

use super::entries::{Cursor, Range, RangeBack, StreamEntry};
use super::node::{self, Pair};
use super::runs::{Place, Runs};
use super::{StreamId, StreamLimits};
use crate::listpack::{LISTPACK_BYTES_MAX, Listpack, ListpackRef};

/// The fields and values of an entry are too long for a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge;

/// The entries of a stream: nodes by their master ids, and counters.
#[derive(Clone, Debug)]
pub struct Log {
    pub(super) nodes: Runs<Listpack>,
    /// Bytes of the nodes' listpacks.
    pub(super) packs_bytes: usize,
    pub(super) len: u64,
    /// The first entry that is there.
    pub(super) first: StreamId,
    pub(super) last: StreamId,
    pub(super) max_deleted: StreamId,
    pub(super) added: u64,
}

impl Log {
    pub(super) const fn new() -> Log {
        let none = StreamId::MIN;
        Log {
            nodes: Runs::new(),
            packs_bytes: 0,
            len: 0,
            first: none,
            last: none,
            max_deleted: none,
            added: 0,
        }
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The id of the first entry; 0-0 if there is none.
    pub fn first_id(&self) -> StreamId {
        self.first
    }

    /// Greatest id that an entry ever had, or was set to be the greatest; 0-0 if there was none.
    #[inline]
    pub fn last_id(&self) -> StreamId {
        self.last
    }

    /// Greatest id that was deleted by name; 0-0 if none was.
    pub fn max_deleted_id(&self) -> StreamId {
        self.max_deleted
    }

    /// How many entries were ever added.
    pub fn entries_added(&self) -> u64 {
        self.added
    }

    /// Nodes: their master ids and listpacks, in order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (StreamId, ListpackRef<'_>)> {
        self.nodes.iter().map(|(master, pack)| (master, pack.view()))
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The greatest id of an entry that is there.
    #[inline]
    pub fn last_entry(&self) -> Option<StreamId> {
        self.range_back(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id)
    }

    /// The greatest id of an entry that takes place, deleted or not: none may come before it.
    pub fn end_id(&self) -> StreamId {
        let Some(place) = self.nodes.last() else { return StreamId::MIN };
        let (master, pack) = self.nodes.at(place);
        node::last_id(pack.view(), master)
    }

    /// Entries from an id to another, both included, ascending.
    #[inline]
    pub fn range(&self, from: StreamId, to: StreamId) -> Range<'_> {
        Range::new(self, from, to)
    }

    /// The same, descending.
    #[inline]
    pub fn range_back(&self, from: StreamId, to: StreamId) -> RangeBack<'_> {
        RangeBack::new(self, from, to)
    }

    /// An entry.
    #[inline]
    pub fn get(&self, id: StreamId) -> Option<StreamEntry<'_>> {
        self.range(id, id).next()
    }

    /// Bytes of memory.
    #[inline]
    pub(super) fn allocated(&self) -> usize {
        self.nodes.allocated() + self.packs_bytes
    }

    /// Adds an entry. Its id is greater than the last one.
    #[inline]
    pub fn append<'v>(
        &mut self,
        id: StreamId,
        pairs: impl ExactSizeIterator<Item = Pair<'v>> + Clone,
        limits: &StreamLimits,
    ) -> Result<(), TooLarge> {
        assert!(id > self.last, "{id:?} after {:?}", self.last);
        let bytes = pairs.clone().fold(0usize, |sum, (field, value)| sum + field.len() + value.len());
        if bytes > LISTPACK_BYTES_MAX {
            return Err(TooLarge);
        }
        match self.nodes.last_mut() {
            Some((master, pack)) if has_room(pack, bytes, limits) => {
                let before = pack.allocated();
                node::push(pack, master, id, pairs);
                self.packs_bytes = self.packs_bytes - before + pack.allocated();
            }
            _ => {
                let pack = node::create(pairs);
                self.packs_bytes += pack.allocated();
                self.nodes.push(id, pack);
            }
        }
        self.len += 1;
        // From outside it may be anything.
        self.added = self.added.wrapping_add(1);
        self.last = id;
        if self.len == 1 {
            self.first = id;
        }
        Ok(())
    }

    /// Deletes an entry by name; true if it was there.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let Some(place) = self.nodes.floor(id) else { return false };
        let (master, pack) = self.nodes.at(place);
        let found = Cursor::walk(pack.view(), master).find(|(_, item)| item.id >= id);
        let Some((at, item)) = found else { return false };
        if item.id != id || item.is_deleted() {
            return false;
        }
        if node::head(pack.view()).live == 1 {
            self.drop_node(place);
        } else {
            self.edit_node(master, |pack| node::delete(pack, at));
            self.len -= 1;
        }
        self.max_deleted = self.max_deleted.max(id);
        if id == self.first {
            self.find_first();
        }
        true
    }

    /// Sets what is remembered of entries that went. The caller has seen that it fits the entries.
    pub fn set_ids(&mut self, last: StreamId, added: Option<u64>, max_deleted: Option<StreamId>) {
        assert!(self.end_id() <= last);
        self.last = last;
        self.added = added.unwrap_or(self.added);
        self.max_deleted = max_deleted.unwrap_or(self.max_deleted);
    }

    /// Removes a node with all its entries; returns how many.
    pub(super) fn drop_node(&mut self, place: Place) -> u64 {
        let pack = self.nodes.remove_at(place);
        self.packs_bytes -= pack.allocated();
        let live = node::head(pack.view()).live;
        self.len -= live;
        live
    }

    /// Changes a node; the account follows.
    pub(super) fn edit_node(&mut self, master: StreamId, edit: impl FnOnce(&mut Listpack)) {
        if let Some(pack) = self.nodes.get_mut(master) {
            let before = pack.allocated();
            edit(pack);
            self.packs_bytes = self.packs_bytes - before + pack.allocated();
        }
    }

    /// After removals.
    pub(super) fn find_first(&mut self) {
        let first = self.range(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id);
        self.first = first.unwrap_or_default();
    }

    /// Frees about so many entries, from the end; true if none are left.
    pub(super) fn shed(&mut self, budget: usize) -> bool {
        let mut freed = 0;
        while freed < budget {
            let Some((_, pack)) = self.nodes.pop_last() else { return true };
            self.packs_bytes -= pack.allocated();
            let head = node::head(pack.view());
            freed += (head.live + head.deleted) as usize;
            self.len -= head.live;
        }
        self.nodes.is_empty()
    }

    /// Panics if the entries contradict each other or the counters.
    pub(super) fn check_invariants(&self) {
        self.nodes.check_invariants();
        assert_eq!(self.packs_bytes, self.nodes.iter().map(|(_, pack)| pack.allocated()).sum::<usize>());
        let (mut len, mut end) = (0, None);
        for (master, pack) in self.nodes.iter() {
            pack.check_invariants();
            let node = super::load::verify(pack.view(), master, end);
            let node = node.unwrap_or_else(|why| panic!("{why}: {pack:?}"));
            (len, end) = (len + node.live, Some(node.last));
        }
        assert_eq!(len, self.len);
        assert!(end.is_none_or(|end| end <= self.last), "{end:?} after {:?}", self.last);
        let first = self.range(StreamId::MIN, StreamId::MAX).next().map(|entry| entry.id);
        assert_eq!(first.unwrap_or_default(), self.first);
    }
}

/// Whether a node takes one more entry, with so many bytes of fields and values.
#[inline]
fn has_room(pack: &Listpack, bytes: usize, limits: &StreamLimits) -> bool {
    let bytes_max = match limits.node_bytes_max {
        0 => LISTPACK_BYTES_MAX,
        max => max.min(LISTPACK_BYTES_MAX),
    };
    if pack.total() + bytes >= bytes_max {
        return false;
    }
    let head = node::head(pack.view());
    limits.node_entries_max == 0 || head.live + head.deleted < limits.node_entries_max as u64
}
