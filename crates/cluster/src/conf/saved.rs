//! What nodes.conf says, whatever its dialect.

use crate::address::NodeAddress;
use crate::wire::NodeFlags;
use base::{Epoch, NodeId, ShardId, Slot, SlotSet};

/// Most tombstones written and read; the oldest go first.
pub const TOMBSTONES_MAX: usize = 1024;

/// The content of nodes.conf. The same lines are CLUSTER NODES: [`Saved::client_text`].
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Saved {
    /// Exactly one has [`NodeFlags::MYSELF`].
    pub nodes: Vec<SavedNode>,
    /// Our slots on their way to another node, ascending.
    pub migrating: Vec<(Slot, NodeId)>,
    /// Slots on their way to us, ascending.
    pub importing: Vec<(Slot, NodeId)>,
    /// The cluster-wide epoch.
    pub current_epoch: Epoch,
    /// The last epoch in which we voted.
    pub last_vote_epoch: Epoch,
    /// Nodes that were forgotten.
    pub forgotten: Vec<Tombstone>,
    /// Grows with each save; 0 = written by another program, or changed by one. Redis and Valkey skip it.
    pub generation: u64,
}

/// A node that must not come back by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// Which.
    pub node: NodeId,
    /// Until when, in Unix seconds.
    pub until_s: u64,
}

/// One node. Times are Unix milliseconds, 0 = none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedNode {
    /// Its name.
    pub id: NodeId,
    /// Where it is; nodes.conf has all of it, CLUSTER NODES what concerns the client.
    pub address: NodeAddress,
    /// Its name for people.
    pub human_name: String,
    /// Its shard; `None` in a file of Redis 7.
    pub shard: Option<ShardId>,
    /// Only those that [`SavedNode::FLAGS`] has are written.
    pub flags: NodeFlags,
    /// The primary of a replica.
    pub primary: Option<NodeId>,
    /// When the outstanding ping left.
    pub ping_sent_ms: u64,
    /// When the last pong came.
    pub pong_received_ms: u64,
    /// Its own epoch. A replica's line shows its primary's, so a replica with a primary reads as 0.
    pub config_epoch: Epoch,
    /// Whether our link to it is up; read as it stands, means nothing then.
    pub connected: bool,
    /// What it owns.
    pub slots: SlotSet,
}

impl SavedNode {
    /// The flags that have a word.
    pub const FLAGS: NodeFlags = NodeFlags(
        NodeFlags::MYSELF.0
            | NodeFlags::PRIMARY.0
            | NodeFlags::REPLICA.0
            | NodeFlags::PFAIL.0
            | NodeFlags::FAIL.0
            | NodeFlags::HANDSHAKE.0
            | NodeFlags::NOADDR.0
            | NodeFlags::NOFAILOVER.0,
    );

    /// A node of which nothing is known but its name and what it is.
    pub fn new(id: NodeId, flags: NodeFlags) -> SavedNode {
        SavedNode {
            id,
            address: NodeAddress::default(),
            human_name: String::new(),
            shard: None,
            flags,
            primary: None,
            ping_sent_ms: 0,
            pong_received_ms: 0,
            config_epoch: 0,
            connected: false,
            slots: SlotSet::new(),
        }
    }
}

impl Saved {
    /// This node; `None` only before it was filled in.
    pub fn myself(&self) -> Option<&SavedNode> {
        self.nodes.iter().find(|node| node.flags.contains(NodeFlags::MYSELF))
    }
}

/// The words of flags, in the order of a line; Valkey reads `primary` and `replica` too.
pub(super) const FLAG_WORDS: [(NodeFlags, &str); 8] = [
    (NodeFlags::MYSELF, "myself"),
    (NodeFlags::PRIMARY, "master"),
    (NodeFlags::REPLICA, "slave"),
    (NodeFlags::PFAIL, "fail?"),
    (NodeFlags::FAIL, "fail"),
    (NodeFlags::HANDSHAKE, "handshake"),
    (NodeFlags::NOADDR, "noaddr"),
    (NodeFlags::NOFAILOVER, "nofailover"),
];
