//! Packets made of an input's bytes: valid ones, so that what lies behind the decoder is reached, and damaged ones.

use arbitrary::{Result, Unstructured};
use base::{NodeId, Slot, SlotSet};
use cluster::wire::{
    Body, Extension, Gossip, HEADER_LEN, Header, LIGHT, MsgFlags, NodeFlags, Packet, PingKind, encode,
    encode_light,
};

use crate::golden;

/// Gossip entries, and extensions, of a packet made here; more show nothing new.
const ENTRIES_MAX: u8 = 6;
/// Bytes of a packet overwritten at most.
const DAMAGES_MAX: u8 = 4;

const EPOCHS: [u64; 8] = [0, 1, 2, 5, 9, 1 << 40, u64::MAX - 1, u64::MAX];
const TEXTS: [&str; 10] = [
    "",
    "127.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "::1",
    "a.example",
    "255.255.255.255",
    "no address",
    "a,b=c",
    "fe80::1%eth0",
];
/// Where the length, count and kind fields of a header stand.
const FIELDS: [usize; 12] = [0, 4, 6, 8, 10, 12, 14, 2214, 2246, 2248, 2250, 2253];

/// Whose names are used.
pub(crate) struct Cast {
    /// Nodes that matter to the one under test, itself among them.
    pub ids: Vec<NodeId>,
}

impl Cast {
    /// Nobody in particular.
    pub fn strangers() -> Cast {
        Cast { ids: b"abcd".iter().filter_map(|letter| NodeId::parse(&[*letter; 40])).collect() }
    }

    pub fn id(&self, u: &mut Unstructured<'_>) -> Result<NodeId> {
        let n = u.arbitrary::<u8>()?;
        match self.ids.get(usize::from(n & 15)) {
            Some(id) => Ok(*id),
            None => Ok(invented(n)),
        }
    }

    /// A whole packet's bytes, mostly as a peer would make them.
    pub fn bytes(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match u.arbitrary::<u8>()? % 16 {
            0 => encode_light(&self.light(u)?, &mut out),
            1 => {
                let all = golden::bytes();
                out.extend_from_slice(&all[u.choose_index(all.len())?]);
            }
            2..=4 => encode(&self.recorded(u)?, &mut out),
            _ => encode(&self.packet(u)?, &mut out),
        }
        self.damage(u, &mut out)?;
        Ok(out)
    }

    /// A recorded packet in the mouth of one of the cast.
    fn recorded(&self, u: &mut Unstructured<'_>) -> Result<Packet> {
        let all = golden::packets();
        let mut packet = all[u.choose_index(all.len())?].clone();
        packet.header.sender = self.id(u)?;
        if packet.header.replicaof.is_some() {
            packet.header.replicaof = Some(self.id(u)?);
        }
        match &mut packet.body {
            Body::Ping { gossip, .. } => {
                for entry in gossip {
                    entry.node = self.id(u)?;
                }
            }
            Body::Fail(node) | Body::Update { node, .. } => *node = self.id(u)?,
            _ => {}
        }
        Ok(packet)
    }

    pub fn packet(&self, u: &mut Unstructured<'_>) -> Result<Packet> {
        let mut header = self.header(u)?;
        let body = self.body(u)?;
        if matches!(&body, Body::Ping { extensions, .. } if !extensions.is_empty()) {
            header.mflags.insert(MsgFlags::EXT_DATA);
        }
        Ok(Packet { header, body })
    }

    pub fn header(&self, u: &mut Unstructured<'_>) -> Result<Header> {
        let mut header = Header::new(self.id(u)?);
        let shape: u8 = u.arbitrary()?;
        (header.port, header.cport) = (7000 + u16::from(shape & 7), 17000 + u16::from(shape & 7));
        (header.current_epoch, header.config_epoch) = (epoch(u)?, epoch(u)?);
        if shape & 8 != 0 {
            header.slots = slots(u)?;
        }
        if shape & 16 != 0 {
            header.replicaof = Some(self.id(u)?);
        }
        if shape & 32 != 0 {
            header.ip = text(u)?.to_string();
            header.offset = epoch(u)?;
        }
        if shape & 64 != 0 {
            header.flags = NodeFlags(u.arbitrary()?);
            header.mflags = MsgFlags(u.arbitrary()?);
            header.state = u.arbitrary()?;
        }
        if shape & 128 != 0 {
            (header.port, header.pport, header.cport) = (u.arbitrary()?, u.arbitrary()?, u.arbitrary()?);
        }
        Ok(header)
    }

    fn body(&self, u: &mut Unstructured<'_>) -> Result<Body> {
        Ok(match u.arbitrary::<u8>()? % 20 {
            0 => Body::Fail(self.id(u)?),
            1 | 2 => Body::Update { config_epoch: epoch(u)?, node: self.id(u)?, slots: slots(u)? },
            3 | 4 => Body::AuthRequest,
            5 => Body::AuthAck,
            6 => Body::MfStart,
            7 => Body::Unknown(u.arbitrary::<u16>()? % LIGHT),
            8 => self.light(u)?,
            n => {
                let kind = [PingKind::Ping, PingKind::Pong, PingKind::Meet][usize::from(n % 3)];
                Body::Ping { kind, gossip: self.gossip(u)?, extensions: self.extensions(u)? }
            }
        })
    }

    fn light(&self, u: &mut Unstructured<'_>) -> Result<Body> {
        let bytes = |u: &mut Unstructured<'_>| Ok(vec![b'm'; usize::from(u.arbitrary::<u8>()? % 40)]);
        Ok(match u.arbitrary::<u8>()? % 3 {
            0 => Body::Module { id: u.arbitrary()?, kind: u.arbitrary()?, payload: bytes(u)? },
            n => Body::Publish { sharded: n == 1, channel: bytes(u)?, message: bytes(u)? },
        })
    }

    fn gossip(&self, u: &mut Unstructured<'_>) -> Result<Vec<Gossip>> {
        let count = u.arbitrary::<u8>()? % ENTRIES_MAX;
        (0..count).map(|_| self.gossip_entry(u)).collect()
    }

    fn gossip_entry(&self, u: &mut Unstructured<'_>) -> Result<Gossip> {
        let node = self.id(u)?;
        let port: u8 = u.arbitrary()?;
        let flags: u16 = u.arbitrary()?;
        Ok(Gossip {
            node,
            ping_sent_s: u.arbitrary()?,
            pong_received_s: u.arbitrary()?,
            ip: text(u)?.to_string(),
            port: 7000 + u16::from(port),
            cport: if port == 0 { 0 } else { 17000 + u16::from(port) },
            flags: NodeFlags(flags),
            pport: 0,
        })
    }

    fn extensions(&self, u: &mut Unstructured<'_>) -> Result<Vec<Extension>> {
        let count = u.arbitrary::<u8>()? % ENTRIES_MAX;
        (0..count).map(|_| self.extension(u)).collect()
    }

    fn extension(&self, u: &mut Unstructured<'_>) -> Result<Extension> {
        Ok(match u.arbitrary::<u8>()? % 12 {
            0 => Extension::Hostname(text(u)?.to_string()),
            1 => Extension::HumanName(text(u)?.to_string()),
            2 | 3 => Extension::Forgotten { node: self.id(u)?, ttl_s: epoch(u)? },
            4 | 5 => Extension::ShardId(self.id(u)?),
            6 => Extension::Type4(u.bytes(40)?.to_vec()),
            7 => Extension::ClientIpv6(text(u)?.to_string()),
            8 => Extension::ClientPort(u.arbitrary()?),
            9 => Extension::ClientTlsPort(u.arbitrary()?),
            10 => Extension::AvailabilityZone(text(u)?.to_string()),
            _ => Extension::Unknown { kind: u.arbitrary()?, data: vec![7; 16] },
        })
    }

    /// Overwrites fields. The length is mended afterwards or not, so that both checks of it are met.
    fn damage(&self, u: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
        let how: u8 = u.arbitrary()?;
        // Most packets stay whole.
        if how < 192 {
            return Ok(());
        }
        for _ in 0..=how % DAMAGES_MAX {
            let at = match u.arbitrary::<u8>()? {
                n if n < 128 => FIELDS[usize::from(n) % FIELDS.len()],
                n if n < 192 => HEADER_LEN + usize::from(u.arbitrary::<u8>()?),
                _ => usize::from(u.arbitrary::<u16>()?),
            };
            let value: u8 = u.arbitrary()?;
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if how & 16 != 0 {
            let len = usize::from(u.arbitrary::<u16>()?) % (2 * bytes.len());
            bytes.resize(len.max(8), b'0');
        }
        if how & 32 != 0 {
            let total = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            bytes[4..8].copy_from_slice(&total.to_be_bytes());
        }
        Ok(())
    }
}

/// The names of nodes that nobody knows.
fn invented(n: u8) -> NodeId {
    NodeId::parse(format!("{n:040x}").as_bytes()).unwrap_or_else(|| unreachable!("forty digits"))
}

pub(crate) fn epoch(u: &mut Unstructured<'_>) -> Result<u64> {
    let n: u8 = u.arbitrary()?;
    Ok(EPOCHS.get(usize::from(n) % 16).copied().unwrap_or(u64::from(n)))
}

pub(crate) fn slots(u: &mut Unstructured<'_>) -> Result<SlotSet> {
    let (first, len) = (u.arbitrary::<u16>()?, u.arbitrary::<u8>()?);
    // Mostly a few of the low ones, which the nodes of tests own.
    let (first, len) = match first {
        n if n < 0x8000 => (n & 0x1ff, u16::from(len)),
        n => (n & 0x3fff, u16::from(len) * 64),
    };
    Ok((first..first.saturating_add(len).min(16384)).filter_map(Slot::new).collect())
}

pub(crate) fn text(u: &mut Unstructured<'_>) -> Result<&'static str> {
    u.choose(&TEXTS).copied()
}
