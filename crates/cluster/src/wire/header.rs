//! The full header: 2256 bytes that every message but the light ones starts with.

use super::bytes::{Cursor, put_padded, until_nul};
use super::{MsgFlags, NodeFlags};
use base::id::ID_LEN;
use base::{Epoch, NodeId, ReplOffset, SLOTS, SlotSet};

/// Longest textual address, in bytes.
pub const ADDRESS_MAX: usize = 45;
/// Where the bytes stand that everybody sends as zero and ignores.
pub const RESERVED_AT: usize = 2216;
/// How many they are.
pub const RESERVED_LEN: usize = 30;
/// `Header::state` of a cluster that serves.
pub const STATE_OK: u8 = 0;
/// `Header::state` of a cluster that is down.
pub const STATE_FAIL: u8 = 1;

pub(super) const ADDRESS_FIELD: usize = ADDRESS_MAX + 1;
pub(super) const SIGNATURE: &[u8; 4] = b"RCmb";
pub(super) const VERSION: u16 = 1;

/// Who sends a packet and what it claims (spec `cluster-bus.md` §2). The counts of gossip entries and
/// extensions are those of the body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Client port: the TLS port if the bus is TLS, else the TCP port.
    pub port: u16,
    /// The other client port; 0 if there is none.
    pub pport: u16,
    /// Bus port.
    pub cport: u16,
    /// The sender's cluster-wide epoch.
    pub current_epoch: Epoch,
    /// The sender's epoch, or its primary's if it is a replica.
    pub config_epoch: Epoch,
    /// Produced by a primary, processed by a replica.
    pub offset: ReplOffset,
    /// The sender's name.
    pub sender: NodeId,
    /// Slots of the sender, or of its primary if it is a replica.
    pub slots: SlotSet,
    /// The sender's primary; `None` if it is a primary itself.
    pub replicaof: Option<NodeId>,
    /// Announced address, [`address_ok`]; empty = the socket's peer address.
    pub ip: String,
    /// The sender's own flags.
    pub flags: NodeFlags,
    /// [`STATE_OK`] or [`STATE_FAIL`]; nobody reads it.
    pub state: u8,
    /// What holds for this message.
    pub mflags: MsgFlags,
}

impl Header {
    /// A primary without slots, epochs, ports or address.
    pub fn new(sender: NodeId) -> Header {
        Header {
            port: 0,
            pport: 0,
            cport: 0,
            current_epoch: 0,
            config_epoch: 0,
            offset: 0,
            sender,
            slots: SlotSet::new(),
            replicaof: None,
            ip: String::new(),
            flags: NodeFlags::PRIMARY | NodeFlags::MYSELF,
            state: STATE_OK,
            mflags: MsgFlags::default(),
        }
    }
}

/// Whether a textual address can be stored and printed: 1 to 45 of the characters of addresses and host
/// names. Redis 7 announces whatever it was told to, so a host name may stand there.
pub fn address_ok(text: &[u8]) -> bool {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || b".:-_%".contains(b);
    (1..=ADDRESS_MAX).contains(&text.len()) && text.iter().all(legal)
}

/// The address of a 46-byte field. Text that cannot be one reads as "none": were the packet refused, one node
/// with a broken setting would cut off everybody who gossips about it.
pub(super) fn address(field: &[u8; ADDRESS_FIELD]) -> String {
    let text = until_nul(&field[..ADDRESS_MAX]);
    let text = if address_ok(text) { text } else { b"" };
    String::from_utf8_lossy(text).into_owned()
}

/// What a header holds besides [`Header`]'s own fields.
pub(super) struct Rest {
    pub count: u16,
    pub extensions: u16,
}

/// Reads a header whose signature, length, version and type were checked; `None` if it is too short or a name
/// in it is malformed.
pub(super) fn read(packet: &mut Cursor<'_>) -> Option<(Header, Rest)> {
    packet.slice(10)?;
    let port = packet.u16()?;
    packet.u16()?;
    let count = packet.u16()?;
    let current_epoch = packet.u64()?;
    let config_epoch = packet.u64()?;
    let offset = packet.u64()?;
    let sender = packet.id()?;
    let slots = SlotSet::from_wire(packet.array::<{ SLOTS / 8 }>()?);
    let replicaof = match packet.array::<ID_LEN>()? {
        name if *name == [0; ID_LEN] => None,
        name => Some(NodeId::parse(name)?),
    };
    let ip = address(packet.array()?);
    let extensions = packet.u16()?;
    packet.slice(RESERVED_LEN)?;
    let pport = packet.u16()?;
    let cport = packet.u16()?;
    let flags = NodeFlags(packet.u16()?);
    let [state, mflags, _, _] = *packet.array()?;
    let mflags = MsgFlags(mflags);
    let header = Header {
        port,
        pport,
        cport,
        current_epoch,
        config_epoch,
        offset,
        sender,
        slots,
        replicaof,
        ip,
        flags,
        state,
        mflags,
    };
    Some((header, Rest { count, extensions }))
}

/// Appends the header of a message of type `kind` that is `total` bytes long.
pub(super) fn write(header: &Header, kind: u16, total: u32, rest: &Rest, out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&total.to_be_bytes());
    for field in [VERSION, header.port, kind, rest.count] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    for field in [header.current_epoch, header.config_epoch, header.offset] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(header.sender.as_bytes());
    header.slots.put_wire(out);
    out.extend_from_slice(header.replicaof.as_ref().map_or(&[0; ID_LEN][..], |id| id.as_bytes()));
    put_padded(out, header.ip.as_bytes(), ADDRESS_FIELD);
    out.extend_from_slice(&rest.extensions.to_be_bytes());
    out.extend_from_slice(&[0; RESERVED_LEN]);
    for field in [header.pport, header.cport, header.flags.0] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    out.extend_from_slice(&[header.state, header.mflags.0, 0, 0]);
}
