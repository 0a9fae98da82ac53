//! The consumers of a group.

use super::StreamId;
use super::runs::Runs;
use crate::class::class_of;

/// Names a consumer within its group, as long as it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsumerId(u32);

/// A consumer.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Box<[u8]>,
    pub(super) seen: i64,
    pub(super) active: Option<i64>,
    pending: Runs<()>,
}

impl Consumer {
    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// When it asked for something last, Unix milliseconds.
    pub fn seen(&self) -> i64 {
        self.seen
    }

    /// When it got something last, Unix milliseconds; `None` if it never did.
    pub fn active(&self) -> Option<i64> {
        self.active
    }

    /// Number of its pending entries.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Its pending entries from an id on, in order.
    pub fn pending_from(&self, id: StreamId) -> impl Iterator<Item = StreamId> {
        self.pending.from(id).map(|(id, ())| id)
    }

    /// Whether a pending entry is its.
    pub fn has(&self, id: StreamId) -> bool {
        self.pending.get(id).is_some()
    }

    fn held(&self) -> usize {
        class_of(self.name.len()) + self.pending.allocated()
    }
}

/// All of them: in slots whose numbers pending entries hold, and by name.
#[derive(Debug)]
pub(super) struct Consumers {
    slots: Vec<Option<Consumer>>,
    free: Vec<u32>,
    /// Slots in the order of the names.
    order: Vec<u32>,
    /// Bytes of names and pending entries.
    held: usize,
}

impl Consumers {
    pub const fn new() -> Consumers {
        Consumers { slots: Vec::new(), free: Vec::new(), order: Vec::new(), held: 0 }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.order.iter().map(|slot| self.get(ConsumerId(*slot)))
    }

    #[inline]
    pub fn get(&self, id: ConsumerId) -> &Consumer {
        self.slots[id.0 as usize].as_ref().expect("a consumer outlives its id")
    }

    #[inline]
    pub fn get_mut(&mut self, id: ConsumerId) -> &mut Consumer {
        self.slots[id.0 as usize].as_mut().expect("a consumer outlives its id")
    }

    pub fn find(&self, name: &[u8]) -> Option<ConsumerId> {
        self.search(name).ok().map(|at| ConsumerId(self.order[at]))
    }

    fn search(&self, name: &[u8]) -> Result<usize, usize> {
        self.order.binary_search_by(|slot| (*self.get(ConsumerId(*slot)).name).cmp(name))
    }

    /// A new consumer; `None` if the name is taken.
    pub fn create(&mut self, name: &[u8], seen: i64, active: Option<i64>) -> Option<ConsumerId> {
        let Err(at) = self.search(name) else { return None };
        let consumer = Consumer { name: name.into(), seen, active, pending: Runs::new() };
        self.held += consumer.held();
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(consumer);
                slot
            }
            None => {
                self.slots.push(Some(consumer));
                u32::try_from(self.slots.len() - 1).expect("names alone would fill the memory")
            }
        };
        self.order.insert(at, slot);
        Some(ConsumerId(slot))
    }

    /// Removes a consumer. No pending entry of the group may name it any more.
    pub fn remove(&mut self, name: &[u8]) -> Option<Consumer> {
        let at = self.search(name).ok()?;
        let slot = self.order.remove(at);
        let consumer = self.slots[slot as usize].take()?;
        self.held -= consumer.held();
        self.free.push(slot);
        Some(consumer)
    }

    /// Changes the pending entries of a consumer; the account follows.
    #[inline]
    pub fn edit_pending<R>(&mut self, id: ConsumerId, edit: impl FnOnce(&mut Runs<()>) -> R) -> R {
        let pending = &mut self.get_mut(id).pending;
        let before = pending.allocated();
        let result = edit(pending);
        let after = pending.allocated();
        self.held = self.held - before + after;
        result
    }

    pub fn allocated(&self) -> usize {
        let array = |bytes: usize| if bytes == 0 { 0 } else { class_of(bytes) };
        self.held
            + array(self.slots.capacity() * size_of::<Option<Consumer>>())
            + array(self.free.capacity() * size_of::<u32>())
            + array(self.order.capacity() * size_of::<u32>())
    }

    pub fn check_invariants(&self) {
        assert!(self.iter().is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(self.slots.iter().flatten().count(), self.order.len());
        assert_eq!(self.slots.len(), self.order.len() + self.free.len());
        assert_eq!(self.held, self.iter().map(Consumer::held).sum::<usize>());
        self.iter().for_each(|consumer| consumer.pending.check_invariants());
    }
}

impl Clone for Consumers {
    /// Arrays of the copy may be smaller.
    fn clone(&self) -> Consumers {
        let slots = self.slots.clone();
        let held = slots.iter().flatten().map(Consumer::held).sum();
        Consumers { slots, free: self.free.clone(), order: self.order.clone(), held }
    }
}
