//! Gossip: what the sender of a ping thinks of other nodes.

use super::bytes::{Cursor, put_padded};
use super::header::{ADDRESS_FIELD, address};
use super::{GOSSIP_LEN, NodeFlags};
use base::NodeId;

/// Most gossip entries accepted in a packet.
pub const GOSSIP_ENTRIES_MAX: usize = 16384;
/// Most gossip entries that we put into a packet.
pub const GOSSIP_SENT_MAX: usize = 512;

/// One entry (spec `cluster-bus.md` §4.1). Times are Unix seconds, 0 = none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gossip {
    /// The node described.
    pub node: NodeId,
    /// When the sender's outstanding ping to it left.
    pub ping_sent_s: u32,
    /// The last pong the sender knows of.
    pub pong_received_s: u32,
    /// Last known address, [`super::address_ok`]; empty = unusable.
    pub ip: String,
    /// As in [`super::Header`].
    pub port: u16,
    /// Bus port.
    pub cport: u16,
    /// The sender's record of the node's flags.
    pub flags: NodeFlags,
    /// As in [`super::Header`].
    pub pport: u16,
}

/// Reads the entry; `None` if its name is malformed.
pub(super) fn read(bytes: &[u8; GOSSIP_LEN]) -> Option<Gossip> {
    let mut rest = Cursor(bytes);
    Some(Gossip {
        node: rest.id()?,
        ping_sent_s: rest.u32()?,
        pong_received_s: rest.u32()?,
        ip: address(rest.array()?),
        port: rest.u16()?,
        cport: rest.u16()?,
        flags: NodeFlags(rest.u16()?),
        pport: rest.u16()?,
    })
}

/// Appends the entry.
pub(super) fn write(entry: &Gossip, out: &mut Vec<u8>) {
    out.extend_from_slice(entry.node.as_bytes());
    out.extend_from_slice(&entry.ping_sent_s.to_be_bytes());
    out.extend_from_slice(&entry.pong_received_s.to_be_bytes());
    put_padded(out, entry.ip.as_bytes(), ADDRESS_FIELD);
    for field in [entry.port, entry.cport, entry.flags.0, entry.pport, 0] {
        out.extend_from_slice(&field.to_be_bytes());
    }
}
