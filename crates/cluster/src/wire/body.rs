//! What a message says.

use super::{Extension, Gossip};
use base::{Epoch, NodeId, SlotSet};

/// The bit of a type that announces a light header.
pub const LIGHT: u16 = 0x8000;

/// Message type numbers (spec `cluster-bus.md` §3).
#[allow(missing_docs)]
pub mod kinds {
    pub const PING: u16 = 0;
    pub const PONG: u16 = 1;
    pub const MEET: u16 = 2;
    pub const FAIL: u16 = 3;
    pub const PUBLISH: u16 = 4;
    pub const AUTH_REQUEST: u16 = 5;
    pub const AUTH_ACK: u16 = 6;
    pub const UPDATE: u16 = 7;
    pub const MFSTART: u16 = 8;
    pub const MODULE: u16 = 9;
    pub const PUBLISHSHARD: u16 = 10;
    /// How many types there are.
    pub const COUNT: u16 = 11;
}

/// The name of a type in statistics and logs.
pub fn kind_name(kind: u16) -> &'static str {
    const NAMES: [&str; kinds::COUNT as usize] = [
        "ping",
        "pong",
        "meet",
        "fail",
        "publish",
        "auth-req",
        "auth-ack",
        "update",
        "mfstart",
        "module",
        "publishshard",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("unknown")
}

/// Which of the messages with gossip and extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PingKind {
    /// Asks for a PONG.
    Ping,
    /// Answers, or announces unasked.
    Pong,
    /// Asks for a PONG and to be taken into the cluster.
    Meet,
}

/// What follows the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Body {
    /// PING, PONG or MEET.
    Ping {
        /// Which.
        kind: PingKind,
        /// In the order sent. Empty too if the peer's section names a malformed node: then none of it counts.
        gossip: Vec<Gossip>,
        /// In the order sent; empty if the header has not [`super::MsgFlags::EXT_DATA`].
        extensions: Vec<Extension>,
    },
    /// The named node has failed.
    Fail(NodeId),
    /// A message of a client for all subscribers.
    Publish {
        /// Only for the nodes of the channel's shard.
        sharded: bool,
        /// Any bytes.
        channel: Vec<u8>,
        /// Any bytes.
        message: Vec<u8>,
    },
    /// Asks for a vote.
    AuthRequest,
    /// Gives a vote.
    AuthAck,
    /// Somebody has newer slots than the receiver claims.
    Update {
        /// The owner's epoch.
        config_epoch: Epoch,
        /// The owner.
        node: NodeId,
        /// All it owns.
        slots: SlotSet,
    },
    /// Asks a primary to pause for a manual failover.
    MfStart,
    /// A message of a module.
    Module {
        /// In the sender's byte order, so kept as bytes.
        id: [u8; 8],
        /// Chosen by the module.
        kind: u8,
        /// Any bytes.
        payload: Vec<u8>,
    },
    /// A type from the future: its header counts, its body is not looked at.
    Unknown(u16),
}

impl Body {
    /// The base type number.
    pub fn kind(&self) -> u16 {
        match self {
            Body::Ping { kind: PingKind::Ping, .. } => kinds::PING,
            Body::Ping { kind: PingKind::Pong, .. } => kinds::PONG,
            Body::Ping { kind: PingKind::Meet, .. } => kinds::MEET,
            Body::Fail(_) => kinds::FAIL,
            Body::Publish { sharded: false, .. } => kinds::PUBLISH,
            Body::Publish { sharded: true, .. } => kinds::PUBLISHSHARD,
            Body::AuthRequest => kinds::AUTH_REQUEST,
            Body::AuthAck => kinds::AUTH_ACK,
            Body::Update { .. } => kinds::UPDATE,
            Body::MfStart => kinds::MFSTART,
            Body::Module { .. } => kinds::MODULE,
            Body::Unknown(kind) => *kind,
        }
    }
}
