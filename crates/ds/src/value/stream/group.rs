//! Groups of consumers: what was delivered to whom and is not acknowledged yet.

use super::StreamId;
use super::consumers::{Consumer, ConsumerId, Consumers};
use super::log::Log;
use super::runs::Runs;
use crate::class::class_of;

/// A delivered entry that is not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Whose it is.
    pub consumer: ConsumerId,
    /// When it was delivered last, Unix milliseconds.
    pub time: i64,
    /// How often it was delivered.
    pub count: u64,
}

/// What a claim makes of the number of deliveries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Count {
    /// It stays.
    Keep,
    /// One more.
    Add,
    /// This many.
    Set(u64),
}

/// A group of consumers.
#[derive(Clone, Debug)]
pub struct Group {
    name: Box<[u8]>,
    last: StreamId,
    read: Option<u64>,
    pending: Runs<Pending>,
    consumers: Consumers,
}

impl Group {
    pub(super) fn new(name: &[u8], last: StreamId, read: Option<u64>) -> Group {
        Group { name: name.into(), last, read, pending: Runs::new(), consumers: Consumers::new() }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The last id that was delivered.
    #[inline]
    pub fn last_id(&self) -> StreamId {
        self.last
    }

    /// How many entries were delivered; `None` if nobody can tell.
    pub fn entries_read(&self) -> Option<u64> {
        self.read
    }

    /// Sets the last id that was delivered, and how many entries were.
    pub fn set_position(&mut self, last: StreamId, read: Option<u64>) {
        (self.last, self.read) = (last, read);
    }

    /// Moves the last delivered id forward, not back; true if it moved.
    pub fn advance_to(&mut self, last: StreamId) -> bool {
        let moves = last > self.last;
        self.last = self.last.max(last);
        moves
    }

    /// Number of pending entries.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// A pending entry.
    pub fn pending(&self, id: StreamId) -> Option<&Pending> {
        self.pending.get(id)
    }

    /// The pending entries from an id on, in order.
    pub fn pending_from(&self, id: StreamId) -> impl Iterator<Item = (StreamId, &Pending)> + Clone {
        self.pending.from(id)
    }

    /// The first and the last pending entry.
    pub fn pending_ends(&self) -> Option<(StreamId, StreamId)> {
        let (first, last) = (self.pending.first()?, self.pending.last()?);
        Some((self.pending.at(first).0, self.pending.at(last).0))
    }

    /// Its consumers by name, in order.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.consumers.iter()
    }

    /// A consumer by name.
    pub fn find_consumer(&self, name: &[u8]) -> Option<ConsumerId> {
        self.consumers.find(name)
    }

    /// A consumer.
    pub fn consumer(&self, id: ConsumerId) -> &Consumer {
        self.consumers.get(id)
    }

    /// Makes a consumer, first seen at this time; `None` if the name is taken.
    pub fn create_consumer(&mut self, name: &[u8], now: i64) -> Option<ConsumerId> {
        self.consumers.create(name, now, None)
    }

    /// As [`Group::create_consumer`], with all that is known of it.
    pub(super) fn load_consumer(
        &mut self,
        name: &[u8],
        seen: i64,
        active: Option<i64>,
    ) -> Option<ConsumerId> {
        self.consumers.create(name, seen, active)
    }

    /// A pending entry that was not there.
    pub(super) fn load_pending(&mut self, id: StreamId, pending: Pending) {
        self.pending.insert(id, pending);
        self.consumers.edit_pending(pending.consumer, |of_consumer| of_consumer.insert(id, ()));
    }

    /// Removes a consumer with its pending entries; returns their number, `None` if there is no such consumer.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        let ids = consumer.pending_from(StreamId::MIN);
        Some(ids.map(|id| self.pending.remove(id)).filter(Option::is_some).count())
    }

    /// A consumer asked for something.
    pub fn saw(&mut self, consumer: ConsumerId, now: i64) {
        self.consumers.get_mut(consumer).seen = now;
    }

    /// A consumer got something.
    pub fn was_active(&mut self, consumer: ConsumerId, now: i64) {
        self.consumers.get_mut(consumer).active = Some(now);
    }

    /// Goes on to the next entry, which is in the log.
    #[inline]
    pub fn read_entry(&mut self, log: &Log, id: StreamId) {
        if id > self.last {
            self.read = log.read_until(self.read, self.last, id);
            self.last = id;
        }
    }

    /// An entry is delivered to a consumer for the first time, or as if it were.
    #[inline]
    pub fn deliver(&mut self, id: StreamId, consumer: ConsumerId, now: i64) {
        let new = Pending { consumer, time: now, count: 1 };
        if let Some(old) = self.pending.insert(id, new) {
            self.consumers.edit_pending(old.consumer, |pending| pending.remove(id));
        }
        self.consumers.edit_pending(consumer, |pending| pending.insert(id, ()));
    }

    /// A pending entry is shown to its consumer again.
    pub fn redeliver(&mut self, id: StreamId, now: i64) {
        if let Some(pending) = self.pending.get_mut(id) {
            (pending.time, pending.count) = (now, pending.count.wrapping_add(1));
        }
    }

    /// A pending entry, or one that is made so, becomes a consumer's.
    pub fn claim(&mut self, id: StreamId, consumer: ConsumerId, time: i64, count: Count) {
        let old = self.pending.get(id).copied();
        let before = old.map_or(1, |old| old.count);
        let count = match count {
            Count::Keep => before,
            Count::Add => before.wrapping_add(1),
            Count::Set(count) => count,
        };
        self.pending.insert(id, Pending { consumer, time, count });
        if old.is_some_and(|old| old.consumer == consumer) {
            return;
        }
        if let Some(old) = old {
            self.consumers.edit_pending(old.consumer, |pending| pending.remove(id));
        }
        self.consumers.edit_pending(consumer, |pending| pending.insert(id, ()));
    }

    /// Forgets a pending entry; true if it was one.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(old) = self.pending.remove(id) else { return false };
        self.consumers.edit_pending(old.consumer, |pending| pending.remove(id));
        true
    }

    /// Bytes of memory, its own included.
    pub(super) fn allocated(&self) -> usize {
        class_of(size_of::<Group>())
            + class_of(self.name.len())
            + self.pending.allocated()
            + self.consumers.allocated()
    }

    /// Frees about so many pending entries; true if none are left.
    pub(super) fn shed(&mut self, budget: usize) -> bool {
        for _ in 0..budget {
            let Some((id, pending)) = self.pending.pop_last() else { return true };
            self.consumers.edit_pending(pending.consumer, |pending| pending.remove(id));
        }
        self.pending.is_empty()
    }

    /// Panics if the group's pending entries are not its consumers'.
    pub(super) fn check_invariants(&self) {
        self.pending.check_invariants();
        self.consumers.check_invariants();
        let owned: usize = self.consumers().map(Consumer::pending_len).sum();
        assert_eq!(owned, self.pending.len());
        for (id, pending) in self.pending.iter() {
            assert!(self.consumer(pending.consumer).has(id), "{id:?} is nobody's");
        }
    }
}
