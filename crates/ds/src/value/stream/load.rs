//! Streams from outside, part by part: nothing is believed.

use super::consumers::ConsumerId;
use super::group::{Group, Pending};
use super::node::{DELETED, SAME_FIELDS};
use super::{Stream, StreamId};
use crate::StrRef;
use crate::listpack::{Iter, Listpack, ListpackRef};

/// What is wrong with something that ought to be a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadStream {
    /// A node's listpack is not one of a stream.
    #[error("a node is damaged")]
    Node,
    /// Ids do not ascend.
    #[error("ids are out of order")]
    Order,
    /// The stated number of entries is not theirs.
    #[error("the number of entries is wrong")]
    Length,
    /// The stated last id is lower than an entry's.
    #[error("the last id is lower than an entry's")]
    LastId,
    /// Two groups or two consumers have one name.
    #[error("a name is there twice")]
    Name,
    /// A pending entry is there twice, is nobody's, or two consumers'.
    #[error("a pending entry is not one consumer's")]
    Pending,
}

/// What is known of a stream besides its entries and groups.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    /// Number of entries.
    pub len: u64,
    /// Greatest id that an entry ever had.
    pub last: StreamId,
    /// Greatest id that was deleted by name.
    pub max_deleted: StreamId,
    /// How many entries were ever added.
    pub added: u64,
}

/// A stream that is being put together: nodes, then counters, then groups.
#[derive(Default)]
pub struct Loader {
    stream: Stream,
    /// The last id of the nodes so far.
    end: Option<StreamId>,
}

/// A group that is being put together: pending entries, then consumers with theirs.
pub struct GroupLoader {
    group: Group,
    /// Pending entries that no consumer has claimed yet.
    orphans: super::runs::Runs<(i64, u64)>,
}

impl Loader {
    /// Adds a node behind the others.
    pub fn node(&mut self, master: StreamId, pack: Listpack) -> Result<(), BadStream> {
        let node = verify(pack.view(), master, self.end)?;
        self.end = Some(node.last);
        let log = &mut self.stream.body().log;
        log.len += node.live;
        log.packs_bytes += pack.allocated();
        log.nodes.push(master, pack);
        Ok(())
    }

    /// Sets the counters, once all nodes are there.
    pub fn counters(&mut self, counters: Counters) -> Result<(), BadStream> {
        let log = &mut self.stream.body().log;
        if log.len != counters.len {
            return Err(BadStream::Length);
        }
        if log.last_entry().is_some_and(|last| last > counters.last) {
            return Err(BadStream::LastId);
        }
        // Redis 7.0 lets XSETID go back behind an entry that was deleted; new ones must not.
        log.last = counters.last.max(self.end.unwrap_or_default());
        (log.max_deleted, log.added) = (counters.max_deleted, counters.added);
        log.find_first();
        Ok(())
    }

    /// Begins a group.
    pub fn group(&self, name: &[u8], last: StreamId, read: Option<u64>) -> Result<GroupLoader, BadStream> {
        if self.stream.group(name).is_some() {
            return Err(BadStream::Name);
        }
        Ok(GroupLoader { group: Group::new(name, last, read), orphans: super::runs::Runs::new() })
    }

    /// Adds a group that is whole: every pending entry is a consumer's.
    pub fn add_group(&mut self, loader: GroupLoader) -> Result<(), BadStream> {
        if !loader.orphans.is_empty() {
            return Err(BadStream::Pending);
        }
        if self.stream.add_group(loader.group) { Ok(()) } else { Err(BadStream::Name) }
    }

    /// The stream so far, to be asked about: the first id and the like.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The whole stream.
    pub fn finish(self) -> Stream {
        self.stream
    }
}

impl GroupLoader {
    /// Adds a pending entry, delivered at this time (Unix milliseconds) for the so manieth time.
    pub fn pending(&mut self, id: StreamId, time: i64, count: u64) -> Result<(), BadStream> {
        match self.orphans.insert(id, (time, count)) {
            None => Ok(()),
            Some(_) => Err(BadStream::Pending),
        }
    }

    /// Adds a consumer; times in Unix milliseconds.
    pub fn consumer(&mut self, name: &[u8], seen: i64, active: Option<i64>) -> Result<ConsumerId, BadStream> {
        self.group.load_consumer(name, seen, active).ok_or(BadStream::Name)
    }

    /// Says whose a pending entry is.
    pub fn owner(&mut self, consumer: ConsumerId, id: StreamId) -> Result<(), BadStream> {
        let (time, count) = self.orphans.remove(id).ok_or(BadStream::Pending)?;
        self.group.load_pending(id, Pending { consumer, time, count });
        Ok(())
    }
}

/// What [`verify`] found.
pub(super) struct Verified {
    pub live: u64,
    /// Greatest id, of a deleted entry too.
    pub last: StreamId,
}

/// Checks that a sound listpack is a node whose ids all follow `after`.
pub(super) fn verify(
    pack: ListpackRef<'_>,
    master: StreamId,
    after: Option<StreamId>,
) -> Result<Verified, BadStream> {
    let mut iter = pack.iter();
    let (live, deleted) = (count(&mut iter)?, count(&mut iter)?);
    let fields = count(&mut iter)?;
    pass(&mut iter, fields)?;
    if count(&mut iter)? != 0 {
        return Err(BadStream::Node);
    }
    if after.is_some_and(|after| after >= master) {
        return Err(BadStream::Order);
    }
    let (mut seen, mut gone, mut last) = (0, 0, None);
    while iter.at() < pack.end() {
        let (id, is_deleted) = verify_entry(&mut iter, master, fields)?;
        if last.map_or(id < master, |last| id <= last) {
            return Err(BadStream::Order);
        }
        last = Some(id);
        *(if is_deleted { &mut gone } else { &mut seen }) += 1;
    }
    if (seen, gone) != (live, deleted) {
        return Err(BadStream::Node);
    }
    Ok(Verified { live, last: last.unwrap_or(master) })
}

/// Checks an entry: its id, and whether it is deleted.
fn verify_entry(iter: &mut Iter<'_>, master: StreamId, fields: u64) -> Result<(StreamId, bool), BadStream> {
    let flags = number(iter)?;
    if !(0..=DELETED | SAME_FIELDS).contains(&flags) {
        return Err(BadStream::Node);
    }
    let (ms, seq) = (number(iter)?, number(iter)?);
    let id = StreamId { ms: master.ms.wrapping_add(ms as u64), seq: master.seq.wrapping_add(seq as u64) };
    let elements = if flags & SAME_FIELDS != 0 {
        pass(iter, fields)?;
        fields + 3
    } else {
        let fields = count(iter)?;
        pass(iter, fields.checked_mul(2).ok_or(BadStream::Node)?)?;
        2 * fields + 4
    };
    if count(iter)? != elements {
        return Err(BadStream::Node);
    }
    Ok((id, flags & DELETED != 0))
}

fn number(iter: &mut Iter<'_>) -> Result<i64, BadStream> {
    match iter.next() {
        Some(StrRef::Int(n)) => Ok(n),
        _ => Err(BadStream::Node),
    }
}

fn count(iter: &mut Iter<'_>) -> Result<u64, BadStream> {
    u64::try_from(number(iter)?).map_err(|_| BadStream::Node)
}

/// Passes over elements that must be there.
fn pass(iter: &mut Iter<'_>, elements: u64) -> Result<(), BadStream> {
    (0..elements).try_for_each(|_| iter.next().map(drop).ok_or(BadStream::Node))
}
