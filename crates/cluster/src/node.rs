//! What this node knows about one node of the cluster.

use crate::event::LinkId;
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::wire::{NodeFlags, PeerClass};
use base::{Epoch, Mono, NodeId, ReplOffset, ShardId, SlotSet};

/// Another primary's word that a node does not answer it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub by: NodeKey,
    pub at: Mono,
}

/// Announced properties that ping extensions carry. Empty and zero mean none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Announced {
    pub hostname: String,
    pub human: String,
    pub client_ipv4: String,
    pub client_ipv6: String,
    pub client_port: u16,
    pub client_tls_port: u16,
    pub zone: String,
}

/// One record. Times are `None` until the thing happened.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub id: NodeId,
    pub flags: NodeFlags,
    /// Its family, once a packet showed it.
    pub class: Option<PeerClass>,
    pub config_epoch: Epoch,
    /// Slots whose owner this node is in the table of slots.
    pub slots: SlotSet,
    pub replicaof: Option<NodeKey>,
    pub shard: ShardId,
    pub repl_offset: ReplOffset,
    pub addr: Place,
    pub announced: Announced,

    pub created: Mono,
    /// When the oldest unanswered PING was sent.
    pub ping_sent: Option<Mono>,
    pub pong_received: Option<Mono>,
    /// Anything at all from this node, on any link.
    pub data_received: Option<Mono>,
    /// The last answer on the link that we dialled; others' reports do not move it. Zero if there was none.
    pub answered_at: Mono,
    pub fail_time: Mono,
    pub meet_sent: Option<Mono>,
    pub update_sent: Option<Mono>,

    /// The link we dialled.
    pub outbound: Option<LinkId>,
    /// The link it dialled.
    pub inbound: Option<LinkId>,
    pub inbound_lost: Mono,
    /// It dialled us at least once: it knew us then.
    pub was_mutual: bool,
    /// It said that this node is forgotten, and has not dialled us since.
    pub forgot_us: bool,
    /// Not dialled again before.
    pub redial_at: Mono,
    /// Dials that failed in a row.
    pub dial_failures: u32,

    /// We shook hands and it is to be told of all nodes: of those from this key on.
    pub owed: Option<u32>,
    pub reports: Vec<Report>,
    /// Stamp of the gossip section that mentioned it last: keeps one section free of doubles.
    pub gossip_stamp: u64,
}

impl Node {
    pub fn new(id: NodeId, flags: NodeFlags, addr: Place, now: Mono) -> Node {
        Node {
            id,
            flags,
            class: None,
            config_epoch: 0,
            slots: SlotSet::new(),
            replicaof: None,
            // Until the node says otherwise it is a shard of its own.
            shard: id,
            repl_offset: 0,
            addr,
            announced: Announced::default(),
            created: now,
            ping_sent: None,
            pong_received: None,
            data_received: None,
            answered_at: Mono(0),
            fail_time: now,
            meet_sent: None,
            update_sent: None,
            outbound: None,
            inbound: None,
            inbound_lost: now,
            was_mutual: false,
            forgot_us: false,
            redial_at: now,
            dial_failures: 0,
            owed: None,
            reports: Vec::new(),
            gossip_stamp: 0,
        }
    }

    pub fn is(&self, flag: NodeFlags) -> bool {
        self.flags.contains(flag)
    }

    /// Sets or clears one flag; true if that changed it.
    pub fn put(&mut self, flag: NodeFlags, on: bool) -> bool {
        let before = self.flags;
        if on {
            self.flags.insert(flag);
        } else {
            self.flags.remove(flag);
        }
        self.flags != before
    }

    pub fn is_primary(&self) -> bool {
        self.is(NodeFlags::PRIMARY)
    }

    pub fn is_replica(&self) -> bool {
        self.is(NodeFlags::REPLICA)
    }

    pub fn is_failed(&self) -> bool {
        self.is(NodeFlags::FAIL)
    }

    pub fn in_handshake(&self) -> bool {
        self.is(NodeFlags::HANDSHAKE)
    }

    /// A primary with slots: counts in every quorum.
    pub fn votes(&self) -> bool {
        self.is_primary() && !self.slots.is_empty()
    }

    /// What logs call it: its human name, or its address.
    pub fn human(&self) -> String {
        match self.announced.human.is_empty() {
            false => self.announced.human.clone(),
            true => self.addr.ip_port(),
        }
    }
}
