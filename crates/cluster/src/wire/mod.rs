//! The cluster bus as bytes: one total decoder, one encoder, one framer.
//!
//! Bytes from a peer become an owned, validated [`Message`] or an [`Invalid`]; nothing else of this crate
//! looks at them. Layouts: spec `cluster-bus.md`.

mod body;
mod bytes;
mod decode;
mod encode;
mod extensions;
mod flags;
mod framer;
mod gossip;
mod header;
mod peer;

pub use body::{Body, LIGHT, PingKind, kind_name, kinds};
pub use decode::{Invalid, decode, kind_of};
pub use encode::{encode, encode_light};
pub use extensions::{EXTENSION_TEXT_MAX, Extension, hostname_ok, text_ok};
pub use flags::{MsgFlags, NodeFlags};
pub use framer::{BadFrame, Framer, PACKET_MAX};
pub use gossip::{GOSSIP_ENTRIES_MAX, GOSSIP_SENT_MAX, Gossip};
pub use header::{ADDRESS_MAX, Header, RESERVED_AT, RESERVED_LEN, STATE_FAIL, STATE_OK, address_ok};
pub use peer::{PeerClass, Type4};

/// Length of a full header, in bytes.
pub const HEADER_LEN: usize = 2256;
/// Length of a light header, in bytes.
pub const LIGHT_HEADER_LEN: usize = 16;
/// Length of a gossip entry, in bytes.
pub const GOSSIP_LEN: usize = 104;

/// A message with a full header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Who sends, and what it claims.
    pub header: Header,
    /// What it says.
    pub body: Body,
}

/// Anything that may come over a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// A full header and a body.
    Full(Box<Packet>),
    /// A light header: the link says who sends. Only [`Body::Publish`] and [`Body::Module`] come this way.
    Light(Body),
}

impl Message {
    /// The base type number, the light bit taken off.
    pub fn kind(&self) -> u16 {
        match self {
            Message::Full(packet) => packet.body.kind(),
            Message::Light(body) => body.kind(),
        }
    }
}
