//! What a model knows: records of nodes, owners of slots, epochs.

use crate::bus::raw::flag;
use base::{NodeId, SLOTS, Slot, SlotSet};
use cluster::LinkId;
use std::collections::BTreeMap;

/// One record. Times are microseconds of the monotonic clock, 0 = never.
#[derive(Clone)]
pub struct Known {
    pub id: NodeId,
    pub flags: u16,
    pub epoch: u64,
    pub slots: SlotSet,
    pub replicaof: Option<NodeId>,
    pub shard: NodeId,
    pub offset: u64,
    pub ip: String,
    pub port: u16,
    pub cport: u16,
    pub created: u64,
    pub ping_sent: u64,
    pub pong_received: u64,
    pub data_received: u64,
    pub fail_time: u64,
    pub meet_sent: u64,
    pub inbound_lost: u64,
    /// When a vote was given for a replica of it.
    pub voted: u64,
    pub outbound: Option<LinkId>,
    pub inbound: Option<LinkId>,
    pub reports: BTreeMap<NodeId, u64>,
}

impl Known {
    pub fn new(id: NodeId, flags: u16, now: u64) -> Known {
        Known {
            id,
            flags,
            epoch: 0,
            slots: SlotSet::new(),
            replicaof: None,
            shard: id,
            offset: 0,
            ip: String::new(),
            port: 0,
            cport: 0,
            created: now,
            ping_sent: 0,
            pong_received: 0,
            data_received: 0,
            fail_time: 0,
            meet_sent: 0,
            inbound_lost: now,
            voted: 0,
            outbound: None,
            inbound: None,
            reports: BTreeMap::new(),
        }
    }

    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }

    pub fn is_primary(&self) -> bool {
        self.has(flag::PRIMARY)
    }

    /// A primary with slots.
    pub fn counts(&self) -> bool {
        self.is_primary() && !self.slots.is_empty()
    }
}

/// All that survives a restart.
#[derive(Clone)]
pub struct State {
    pub me: NodeId,
    pub nodes: BTreeMap<NodeId, Known>,
    owners: Vec<u32>,
    names: Vec<NodeId>,
    /// Slots whose owner stopped claiming them.
    pub unclaimed: SlotSet,
    pub current_epoch: u64,
    pub last_vote: u64,
    /// Forgotten, until then.
    pub forgotten: BTreeMap<NodeId, u64>,
    pub importing: BTreeMap<Slot, NodeId>,
}

impl State {
    pub fn new(me: NodeId, flags: u16, now: u64) -> State {
        State {
            me,
            nodes: BTreeMap::from([(me, Known::new(me, flags | flag::MYSELF, now))]),
            owners: vec![0; SLOTS],
            names: vec![me],
            unclaimed: SlotSet::new(),
            current_epoch: 0,
            last_vote: 0,
            forgotten: BTreeMap::new(),
            importing: BTreeMap::new(),
        }
    }

    pub fn me(&self) -> &Known {
        &self.nodes[&self.me]
    }

    pub fn me_mut(&mut self) -> &mut Known {
        let me = self.me;
        self.at(me)
    }

    /// A record that is there.
    pub fn at(&mut self, id: NodeId) -> &mut Known {
        match self.nodes.get_mut(&id) {
            Some(node) => node,
            None => panic!("no record of {id}"),
        }
    }

    pub fn owner(&self, slot: Slot) -> Option<NodeId> {
        let index = self.owners[slot.index()] as usize;
        (index > 0).then(|| self.names[index - 1])
    }

    pub fn is_unclaimed(&self, slot: Slot) -> bool {
        self.owner(slot).is_none() || self.unclaimed.contains(slot)
    }

    pub fn give(&mut self, slot: Slot, to: NodeId) {
        self.take(slot);
        let index = match self.names.iter().position(|name| *name == to) {
            Some(index) => index,
            None => {
                self.names.push(to);
                self.names.len() - 1
            }
        };
        self.owners[slot.index()] = index as u32 + 1;
        self.at(to).slots.insert(slot);
    }

    pub fn take(&mut self, slot: Slot) {
        if let Some(owner) = self.owner(slot) {
            self.at(owner).slots.remove(slot);
        }
        self.owners[slot.index()] = 0;
        self.unclaimed.remove(slot);
    }

    pub fn take_all(&mut self, from: NodeId) {
        let slots: Vec<Slot> = self.at(from).slots.iter().collect();
        slots.into_iter().for_each(|slot| self.take(slot));
    }

    pub fn give_all(&mut self, from: NodeId, to: NodeId) {
        let slots: Vec<Slot> = self.at(from).slots.iter().collect();
        slots.into_iter().for_each(|slot| self.give(slot, to));
    }

    /// Slots that somebody owns.
    pub fn assigned(&self) -> usize {
        self.nodes.values().map(|n| n.slots.len()).sum()
    }

    /// The record and all mention of it go. Its links are the caller's.
    pub fn forget(&mut self, id: NodeId) {
        self.take_all(id);
        self.nodes.remove(&id);
        self.importing.retain(|_, from| *from != id);
        for node in self.nodes.values_mut() {
            node.reports.remove(&id);
            if node.replicaof == Some(id) {
                node.replicaof = None;
            }
        }
    }

    /// Primaries with slots.
    pub fn size(&self) -> usize {
        self.nodes.values().filter(|n| n.counts()).count()
    }

    pub fn greatest_epoch(&self) -> u64 {
        self.nodes.values().map(|n| n.epoch).fold(self.current_epoch, u64::max)
    }
}
