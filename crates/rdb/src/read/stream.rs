//! Streams: nodes, counters, then groups with their pending entries and consumers.

use super::{Build, Rules, Step, pack};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::value::Value;
use ds::Object;
use ds::value::stream::{ConsumerId, Counters, GroupLoader, Loader, StreamId};

/// Bytes of an id that is a key.
const ID: usize = 16;

/// What stands for a number of entries that nobody knows.
pub(crate) const UNKNOWN: u64 = u64::MAX;

/// Versions that have counters, and when a consumer was active.
const WITH_COUNTERS: u8 = 2;
const WITH_ACTIVE: u8 = 3;

/// A stream of which some has been read.
pub(super) struct Loading {
    version: u8,
    phase: Phase,
    stream: Loader,
    /// The last group and consumer, as long as something of theirs is to come.
    group: Option<GroupLoader>,
    consumer: Option<ConsumerId>,
}

/// What comes next; numbers are of those that are still to come.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Start,
    Nodes(u64),
    Counters,
    Groups(u64),
    Pending { left: u64, groups: u64 },
    Consumers { left: u64, groups: u64 },
    Owned { left: u64, consumers: u64, groups: u64 },
}

impl Loading {
    pub fn new(version: u8) -> Loading {
        Loading { version, phase: Phase::Start, stream: Loader::default(), group: None, consumer: None }
    }

    fn node(&mut self, from: &mut Cursor<'_>) -> Result<(), Fault> {
        let (key, bytes) = (from.text()?, from.text()?);
        let id = key.first_chunk().filter(|_| key.len() == ID).ok_or(Fault::Bad("a node's key is no id"))?;
        Ok(self.stream.node(id_of(id), pack::parse(&bytes)?)?)
    }

    /// Returns the number of groups.
    fn counters(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        let (len, last) = (from.number()?, id(from)?);
        let mut counters = Counters { len, last, max_deleted: StreamId::MIN, added: len };
        if self.version >= WITH_COUNTERS {
            // The first id is seen from the entries.
            id(from)?;
            (counters.max_deleted, counters.added) = (id(from)?, from.number()?);
        }
        let groups = from.number()?;
        self.stream.counters(counters)?;
        Ok(groups)
    }

    /// Returns how many entries are pending.
    fn group(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        let (name, last) = (from.text()?, id(from)?);
        let read = if self.version >= WITH_COUNTERS {
            Some(from.number()?).filter(|read| *read != UNKNOWN)
        } else {
            self.stream.stream().log().entries_until(last)
        };
        let pending = from.number()?;
        self.group = Some(self.stream.group(&name, last, read)?);
        Ok(pending)
    }

    fn pending(&mut self, from: &mut Cursor<'_>) -> Result<(), Fault> {
        let (id, delivered_ms, deliveries) = (id_of(&from.array()?), from.i64()?, from.number()?);
        Ok(last(&mut self.group).pending(id, delivered_ms, deliveries)?)
    }

    /// Returns how many entries it owns.
    fn consumer(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        let (name, seen_ms) = (from.text()?, from.i64()?);
        let active_ms = if self.version >= WITH_ACTIVE { from.i64()? } else { seen_ms };
        let owned = from.number()?;
        let active_ms = Some(active_ms).filter(|ms| *ms >= 0);
        self.consumer = Some(last(&mut self.group).consumer(&name, seen_ms, active_ms)?);
        Ok(owned)
    }

    fn owned(&mut self, from: &mut Cursor<'_>) -> Result<(), Fault> {
        let id = id_of(&from.array()?);
        Ok(last(&mut self.group).owner(*last(&mut self.consumer), id)?)
    }

    fn group_ends(&mut self) -> Result<(), Fault> {
        match self.group.take() {
            Some(group) => Ok(self.stream.add_group(group)?),
            None => Ok(()),
        }
    }
}

/// What comes of a group or consumer follows it.
fn last<T>(one: &mut Option<T>) -> &mut T {
    one.as_mut().expect("a phase follows what it belongs to")
}

impl Build for Loading {
    fn step(&mut self, from: &mut Cursor<'_>, _: &Rules) -> Result<Step, Fault> {
        self.phase = match self.phase {
            Phase::Start => Phase::Nodes(from.number()?),
            Phase::Nodes(0) => Phase::Counters,
            Phase::Nodes(left) => {
                self.node(from)?;
                Phase::Nodes(left - 1)
            }
            Phase::Counters => Phase::Groups(self.counters(from)?),
            Phase::Groups(0) => return Ok(Step::Last),
            Phase::Groups(left) => Phase::Pending { left: self.group(from)?, groups: left - 1 },
            Phase::Pending { left: 0, groups } => Phase::Consumers { left: from.number()?, groups },
            Phase::Pending { left, groups } => {
                self.pending(from)?;
                Phase::Pending { left: left - 1, groups }
            }
            Phase::Consumers { left: 0, groups } => {
                self.group_ends()?;
                Phase::Groups(groups)
            }
            Phase::Consumers { left, groups } => {
                Phase::Owned { left: self.consumer(from)?, consumers: left - 1, groups }
            }
            Phase::Owned { left: 0, consumers, groups } => Phase::Consumers { left: consumers, groups },
            Phase::Owned { left, consumers, groups } => {
                self.owned(from)?;
                Phase::Owned { left: left - 1, consumers, groups }
            }
        };
        Ok(Step::More)
    }

    fn finish(self: Box<Self>, _: &Rules) -> Result<Value, Fault> {
        Ok(Value::Object(Object::Stream(self.stream.finish())))
    }
}

fn id(from: &mut Cursor<'_>) -> Result<StreamId, Fault> {
    Ok(StreamId { ms: from.number()?, seq: from.number()? })
}

fn id_of(bytes: &[u8; ID]) -> StreamId {
    let number = u128::from_be_bytes(*bytes);
    StreamId { ms: (number >> 64) as u64, seq: number as u64 }
}
