//! How far a group has read, estimated as Valkey 9 does.

use super::StreamId;
use super::group::Group;
use super::log::Log;

impl Log {
    /// Whether an entry from this id on may have been deleted by name.
    fn has_gaps_from(&self, id: StreamId) -> bool {
        self.len > 0 && self.max_deleted != StreamId::MIN && id <= self.max_deleted
    }

    /// How many entries were added up to this id, with it; `None` if nobody can tell.
    pub fn entries_until(&self, id: StreamId) -> Option<u64> {
        if self.added == 0 {
            return Some(0);
        }
        if id == self.last || self.len == 0 && id < self.last {
            return Some(self.added);
        }
        let is_before_a_gap = id != StreamId::MIN && id < self.max_deleted;
        if id > self.last || is_before_a_gap {
            return None;
        }
        let before = self.added.wrapping_sub(self.len);
        let is_whole = self.max_deleted == StreamId::MIN || self.max_deleted < self.first;
        match id.cmp(&self.first) {
            std::cmp::Ordering::Less if is_whole => Some(before),
            std::cmp::Ordering::Equal if is_whole => Some(before.wrapping_add(1)),
            _ => None,
        }
    }

    /// How many entries a group has yet to read; `None` if nobody can tell.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        if self.added == 0 {
            return Some(0);
        }
        let read = match group.entries_read() {
            Some(read) if !self.has_gaps_from(group.last_id()) => read,
            _ => self.entries_until(group.last_id())?,
        };
        Some(self.added.wrapping_sub(read) as i64)
    }

    /// The number of entries that a group, which has read up to `last`, has read once it has read the entry of `id`.
    pub(super) fn read_until(&self, read: Option<u64>, last: StreamId, id: StreamId) -> Option<u64> {
        match read {
            Some(read) if last >= self.first && !self.has_gaps_from(last) => Some(read.wrapping_add(1)),
            read if self.added == 0 => read,
            _ => self.entries_until(id),
        }
    }
}
