//! Bytes to messages. Total: any bytes give a validated message or an error (spec `cluster-bus.md` §5, the
//! union of the strict checks of the peers).

use super::bytes::Cursor;
use super::header::{self, SIGNATURE, VERSION};
use super::{
    Body, Extension, GOSSIP_ENTRIES_MAX, GOSSIP_LEN, Gossip, HEADER_LEN, LIGHT, LIGHT_HEADER_LEN, Message,
    MsgFlags, Packet, PingKind, extensions, gossip, kind_name, kinds,
};
use base::{SLOTS, SlotSet};

/// Why a packet is thrown away; the link is kept. Displays as the log text of the peers, where they have one.
/// In all of them `message` is the base type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Invalid {
    #[error("Received a packet of {got} bytes that announces another length")]
    Framing { got: usize },
    #[error("Received a packet of protocol version {0}")]
    Version(u16),
    #[error("Received a lightweight {} packet, which has no lightweight form", kind_name(*message))]
    LightNotAllowed { message: u16 },
    #[error("Received invalid {} packet with a malformed node name", kind_name(*message))]
    NodeName { message: u16 },
    #[error("Received invalid {} packet of length {got} but expected length {expected}", kind_name(*message))]
    Length { message: u16, got: usize, expected: usize },
    #[error("Received invalid {} packet with gossip count {count} that exceeds total packet length ({total})", kind_name(*message))]
    GossipBeyondEnd { message: u16, count: u16, total: usize },
    #[error("Received invalid {} packet with gossip count {count}, more than accepted", kind_name(*message))]
    GossipCount { message: u16, count: u16 },
    #[error("Received invalid {} packet with extension data that exceeds total packet length ({total})", kind_name(*message))]
    ExtensionsBeyondEnd { message: u16, total: usize },
    #[error("Received a {} packet without proper padding ({length} bytes)", kind_name(*message))]
    Padding { message: u16, length: u32 },
    #[error("Received {} packet with missing null terminator in extension type {kind}", kind_name(*message))]
    Unterminated { message: u16, kind: u16 },
    #[error("Received {} packet with truncated extension type {kind}", kind_name(*message))]
    ExtensionTruncated { message: u16, kind: u16 },
    #[error("Received {} packet with invalid {} id in extension type {kind}", kind_name(*message), if *kind == 3 { "shard" } else { "node" })]
    ExtensionName { message: u16, kind: u16 },
    #[error("Received invalid {} packet with {part} length that exceeds total packet length ({total})", kind_name(*message))]
    PayloadBeyondEnd { message: u16, part: &'static str, total: usize },
}

impl Invalid {
    /// One word for counters and records.
    pub fn name(&self) -> &'static str {
        match self {
            Invalid::Framing { .. } => "frame",
            Invalid::Version(_) => "version",
            Invalid::LightNotAllowed { .. } => "light",
            Invalid::NodeName { .. } => "node-name",
            Invalid::Length { .. } => "length",
            Invalid::GossipBeyondEnd { .. } | Invalid::GossipCount { .. } => "gossip",
            Invalid::ExtensionsBeyondEnd { .. }
            | Invalid::Padding { .. }
            | Invalid::Unterminated { .. }
            | Invalid::ExtensionTruncated { .. }
            | Invalid::ExtensionName { .. } => "extension",
            Invalid::PayloadBeyondEnd { .. } => "payload",
        }
    }
}

/// The base type that the bytes announce, for counting what arrives before it is checked.
pub fn kind_of(packet: &[u8]) -> Option<u16> {
    let mut rest = Cursor(packet.get(12..)?);
    rest.u16().map(|kind| kind & !LIGHT)
}

/// Decodes exactly one packet, as [`super::Framer`] cuts it. Allocates no more than a small multiple of the
/// bytes given.
pub fn decode(packet: &[u8]) -> Result<Message, Invalid> {
    let got = packet.len();
    let framing = Invalid::Framing { got };
    let mut rest = Cursor(packet);
    let signature = rest.array::<4>().ok_or(framing)?;
    let total = rest.u32().ok_or(framing)?;
    let version = rest.u16().ok_or(framing)?;
    rest.u16().ok_or(framing)?;
    let raw_kind = rest.u16().ok_or(framing)?;
    let message = raw_kind & !LIGHT;
    let light = raw_kind & LIGHT != 0;
    if light && !matches!(message, kinds::PUBLISH | kinds::PUBLISHSHARD | kinds::MODULE) {
        return Err(Invalid::LightNotAllowed { message });
    }
    if signature != SIGNATURE || total as usize != got || got < LIGHT_HEADER_LEN {
        return Err(framing);
    }
    if version != VERSION {
        return Err(Invalid::Version(version));
    }
    let shape = Shape { message, total: got };
    if light {
        let body = shape.body(Cursor(&packet[LIGHT_HEADER_LEN..]), None)?;
        return Ok(Message::Light(body));
    }
    if got < HEADER_LEN {
        return Err(shape.expected(HEADER_LEN));
    }
    let mut rest = Cursor(packet);
    let (header, counts) = header::read(&mut rest).ok_or(Invalid::NodeName { message })?;
    let announced = header.mflags.contains(MsgFlags::EXT_DATA).then_some(counts.extensions);
    let body = shape.body(rest, Some((counts.count, announced.unwrap_or(0))))?;
    Ok(Message::Full(Box::new(Packet { header, body })))
}

/// What every check needs to know of the packet.
#[derive(Clone, Copy)]
struct Shape {
    message: u16,
    total: usize,
}

impl Shape {
    fn expected(self, expected: usize) -> Invalid {
        Invalid::Length { message: self.message, got: self.total, expected }
    }

    /// Nothing may follow.
    fn end<T>(self, rest: Cursor<'_>, value: T) -> Result<T, Invalid> {
        if rest.0.is_empty() { Ok(value) } else { Err(self.expected(self.total - rest.0.len())) }
    }

    /// `counts`: gossip entries and extensions, unless the header is a light one.
    fn body(self, rest: Cursor<'_>, counts: Option<(u16, u16)>) -> Result<Body, Invalid> {
        match self.message {
            kinds::PING => self.ping(PingKind::Ping, rest, counts),
            kinds::PONG => self.ping(PingKind::Pong, rest, counts),
            kinds::MEET => self.ping(PingKind::Meet, rest, counts),
            kinds::FAIL => self.fail(rest),
            kinds::PUBLISH | kinds::PUBLISHSHARD => self.publish(rest),
            kinds::AUTH_REQUEST => self.end(rest, Body::AuthRequest),
            kinds::AUTH_ACK => self.end(rest, Body::AuthAck),
            kinds::UPDATE => self.update(rest),
            kinds::MFSTART => self.end(rest, Body::MfStart),
            kinds::MODULE => self.module(rest),
            unknown => Ok(Body::Unknown(unknown)),
        }
    }

    fn ping(self, kind: PingKind, mut rest: Cursor<'_>, counts: Option<(u16, u16)>) -> Result<Body, Invalid> {
        let Shape { message, total } = self;
        let (count, announced) = counts.unwrap_or_default();
        let beyond = Invalid::GossipBeyondEnd { message, count, total };
        let section = rest.slice(usize::from(count) * GOSSIP_LEN).ok_or(beyond)?;
        if usize::from(count) > GOSSIP_ENTRIES_MAX {
            return Err(Invalid::GossipCount { message, count });
        }
        let gossip = read_gossip(section);
        let mut extensions: Vec<Extension> = Vec::new();
        for _ in 0..announced {
            extensions.push(extensions::read(&mut rest, message, total)?);
        }
        self.end(rest, Body::Ping { kind, gossip, extensions })
    }

    fn fail(self, mut rest: Cursor<'_>) -> Result<Body, Invalid> {
        let name = rest.slice(40).ok_or(self.expected(HEADER_LEN + 40))?;
        let node = Cursor(name).id().ok_or(Invalid::NodeName { message: self.message })?;
        self.end(rest, Body::Fail(node))
    }

    fn publish(self, mut rest: Cursor<'_>) -> Result<Body, Invalid> {
        let Shape { message, total } = self;
        let beyond = |part| Invalid::PayloadBeyondEnd { message, part, total };
        let short = self.expected(total - rest.0.len() + 8);
        let (Some(channel), Some(text)) = (rest.u32(), rest.u32()) else { return Err(short) };
        let channel = rest.slice(channel as usize).ok_or(beyond("channel"))?;
        let text = rest.slice(text as usize).ok_or(beyond("message"))?;
        self.end(rest, ())?;
        let sharded = message == kinds::PUBLISHSHARD;
        Ok(Body::Publish { sharded, channel: channel.to_vec(), message: text.to_vec() })
    }

    fn update(self, mut rest: Cursor<'_>) -> Result<Body, Invalid> {
        const LEN: usize = 8 + 40 + SLOTS / 8;
        if rest.0.len() != LEN {
            return Err(self.expected(HEADER_LEN + LEN));
        }
        let short = self.expected(HEADER_LEN + LEN);
        let config_epoch = rest.u64().ok_or(short)?;
        let node = rest.id().ok_or(Invalid::NodeName { message: self.message })?;
        let slots = SlotSet::from_wire(rest.array().ok_or(short)?);
        Ok(Body::Update { config_epoch, node, slots })
    }

    fn module(self, mut rest: Cursor<'_>) -> Result<Body, Invalid> {
        let Shape { message, total } = self;
        let short = self.expected(total - rest.0.len() + 13);
        let (Some(id), Some(len), Some([kind])) = (rest.array(), rest.u32(), rest.array()) else {
            return Err(short);
        };
        let beyond = Invalid::PayloadBeyondEnd { message, part: "module", total };
        let payload = rest.slice(len as usize).ok_or(beyond)?;
        self.end(rest, ())?;
        Ok(Body::Module { id: *id, kind: *kind, payload: payload.to_vec() })
    }
}

/// All entries, or none if one names a malformed node.
fn read_gossip(section: &[u8]) -> Vec<Gossip> {
    let (entries, _) = section.as_chunks::<GOSSIP_LEN>();
    entries.iter().map(gossip::read).collect::<Option<Vec<Gossip>>>().unwrap_or_default()
}
