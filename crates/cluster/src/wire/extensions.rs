//! Ping extensions: settings of the sender that came after the header was laid out.

use super::Invalid;
use super::bytes::{Cursor, until_nul};
use base::{NodeId, ShardId};

/// Longest text of an extension, in bytes; longer ones are kept as unknown.
pub const EXTENSION_TEXT_MAX: usize = 255;

const HEAD: usize = 8;

const HOSTNAME: u16 = 0;
const HUMAN_NAME: u16 = 1;
const FORGOTTEN: u16 = 2;
const SHARD_ID: u16 = 3;
const TYPE4: u16 = 4;
const CLIENT_IPV6: u16 = 5;
const CLIENT_PORT: u16 = 6;
const CLIENT_TLS_PORT: u16 = 7;
const AVAILABILITY_ZONE: u16 = 8;

/// One extension (spec `cluster-bus.md` §4.2). One that a PING, PONG or MEET lacks clears what was known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Extension {
    /// Announced host name, [`hostname_ok`] or empty.
    Hostname(String),
    /// Announced name for people, [`text_ok`] or empty.
    HumanName(String),
    /// A node that must not come back through gossip.
    Forgotten {
        /// Which.
        node: NodeId,
        /// For how long, in seconds.
        ttl_s: u64,
    },
    /// The sender's shard.
    ShardId(ShardId),
    /// A secret from Redis, an address from Valkey: see [`super::Type4`]. A multiple of 8 bytes, padding
    /// included.
    Type4(Vec<u8>),
    /// Announced address for clients, empty or an IPv6 address.
    ClientIpv6(String),
    /// Announced TCP port for clients.
    ClientPort(u16),
    /// Announced TLS port for clients.
    ClientTlsPort(u16),
    /// Announced availability zone, [`text_ok`] or empty.
    AvailabilityZone(String),
    /// Of an unknown type, or a text that must not be stored. Padding included, so a multiple of 8 bytes.
    Unknown {
        /// The type number.
        kind: u16,
        /// All that follows the head.
        data: Vec<u8>,
    },
}

/// Whether `text` can be a host name: letters, digits, hyphens and dots, below 256 bytes.
pub fn hostname_ok(text: &[u8]) -> bool {
    text.len() <= EXTENSION_TEXT_MAX && text.iter().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(b))
}

/// Whether `text` can be a node's human name or availability zone: UTF-8 without control characters, below
/// 256 bytes. Valkey announces zones with spaces.
pub fn text_ok(text: &[u8]) -> bool {
    let printable = |text: &str| !text.chars().any(char::is_control);
    text.len() <= EXTENSION_TEXT_MAX && std::str::from_utf8(text).is_ok_and(printable)
}

impl Extension {
    /// The type number.
    pub fn kind(&self) -> u16 {
        match self {
            Extension::Hostname(_) => HOSTNAME,
            Extension::HumanName(_) => HUMAN_NAME,
            Extension::Forgotten { .. } => FORGOTTEN,
            Extension::ShardId(_) => SHARD_ID,
            Extension::Type4(_) => TYPE4,
            Extension::ClientIpv6(_) => CLIENT_IPV6,
            Extension::ClientPort(_) => CLIENT_PORT,
            Extension::ClientTlsPort(_) => CLIENT_TLS_PORT,
            Extension::AvailabilityZone(_) => AVAILABILITY_ZONE,
            Extension::Unknown { kind, .. } => *kind,
        }
    }
}

/// Takes one extension off the front. `message` and `total` are for the log text.
pub(super) fn read(rest: &mut Cursor<'_>, message: u16, total: usize) -> Result<Extension, Invalid> {
    let beyond = Invalid::ExtensionsBeyondEnd { message, total };
    let whole = *rest;
    let (Some(length), Some(kind), Some(_)) = (rest.u32(), rest.u16(), rest.u16()) else {
        return Err(beyond);
    };
    if length % 8 != 0 {
        return Err(Invalid::Padding { message, length });
    }
    let length = length as usize;
    if length < HEAD {
        return Err(Invalid::ExtensionTruncated { message, kind });
    }
    if length > whole.0.len() {
        return Err(beyond);
    }
    parse(kind, rest.slice(length - HEAD).ok_or(beyond)?, message)
}

fn parse(kind: u16, data: &[u8], message: u16) -> Result<Extension, Invalid> {
    let text = |ok: fn(&[u8]) -> bool, make: fn(String) -> Extension| {
        if data.last() != Some(&0) {
            return Err(Invalid::Unterminated { message, kind });
        }
        let text = until_nul(data);
        match std::str::from_utf8(text) {
            Ok(valid) if ok(text) => Ok(make(valid.to_owned())),
            _ => Ok(Extension::Unknown { kind, data: data.to_vec() }),
        }
    };
    let truncated = Invalid::ExtensionTruncated { message, kind };
    let mut rest = Cursor(data);
    match kind {
        HOSTNAME => text(hostname_ok, Extension::Hostname),
        HUMAN_NAME => text(text_ok, Extension::HumanName),
        FORGOTTEN if data.len() < 48 => Err(truncated),
        FORGOTTEN => match (rest.id(), rest.u64()) {
            (Some(node), Some(ttl_s)) => Ok(Extension::Forgotten { node, ttl_s }),
            _ => Err(Invalid::ExtensionName { message, kind }),
        },
        SHARD_ID if data.len() < 40 => Err(truncated),
        SHARD_ID => rest.id().map(Extension::ShardId).ok_or(Invalid::ExtensionName { message, kind }),
        TYPE4 => Ok(Extension::Type4(data.to_vec())),
        CLIENT_IPV6 => text(ipv6_or_empty, Extension::ClientIpv6),
        CLIENT_PORT => rest.u16().map(Extension::ClientPort).ok_or(truncated),
        CLIENT_TLS_PORT => rest.u16().map(Extension::ClientTlsPort).ok_or(truncated),
        AVAILABILITY_ZONE => text(text_ok, Extension::AvailabilityZone),
        _ => Ok(Extension::Unknown { kind, data: data.to_vec() }),
    }
}

fn ipv6_or_empty(text: &[u8]) -> bool {
    let address = std::str::from_utf8(text).ok().and_then(|t| t.parse::<std::net::Ipv6Addr>().ok());
    text.is_empty() || address.is_some()
}

/// Appends the extension, zero-padded to a multiple of 8.
pub(super) fn write(extension: &Extension, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    match extension {
        Extension::Hostname(text)
        | Extension::HumanName(text)
        | Extension::ClientIpv6(text)
        | Extension::AvailabilityZone(text) => {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        }
        Extension::Forgotten { node, ttl_s } => {
            out.extend_from_slice(node.as_bytes());
            out.extend_from_slice(&ttl_s.to_be_bytes());
        }
        Extension::ShardId(id) => out.extend_from_slice(id.as_bytes()),
        Extension::ClientPort(port) | Extension::ClientTlsPort(port) => {
            out.extend_from_slice(&port.to_be_bytes())
        }
        Extension::Type4(data) | Extension::Unknown { data, .. } => out.extend_from_slice(data),
    }
    let length = (out.len() - start).next_multiple_of(8);
    out.resize(start + length, 0);
    let announced = u32::try_from(length).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&announced.to_be_bytes());
    out[start + 4..start + 6].copy_from_slice(&extension.kind().to_be_bytes());
}
