//! Packets as bytes, read and written by offsets. The crate under test has its own decoder; this one shares nothing
//! with it, so that a mistake there cannot hide here. Layouts: spec `cluster-bus.md`.

use base::{NodeId, SLOTS};

/// Length of the full header, bytes.
pub const HEADER: usize = 2256;
/// Length of a light header, bytes.
pub const LIGHT_HEADER: usize = 16;
/// Length of a gossip entry, bytes.
pub const GOSSIP: usize = 104;
/// The bit of a type that announces a light header.
pub const LIGHT: u16 = 0x8000;

/// Numbers of the types that are looked at.
#[allow(missing_docs)]
pub mod kind {
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
}

/// Bits of a node.
#[allow(missing_docs)]
pub mod flag {
    pub const PRIMARY: u16 = 0x0001;
    pub const REPLICA: u16 = 0x0002;
    pub const PFAIL: u16 = 0x0004;
    pub const FAIL: u16 = 0x0008;
    pub const MYSELF: u16 = 0x0010;
    pub const HANDSHAKE: u16 = 0x0020;
    pub const NOADDR: u16 = 0x0040;
    pub const MEET: u16 = 0x0080;
    pub const MIGRATE_TO: u16 = 0x0100;
    pub const NOFAILOVER: u16 = 0x0200;
    pub const EXTENSIONS: u16 = 0x0400;
    pub const LIGHT_PUBLISH: u16 = 0x0800;
    pub const LIGHT_MODULE: u16 = 0x1000;
    pub const MY_PRIMARY_FAIL: u16 = 0x2000;
}

/// The message flag "I understand extensions".
pub const EXT_DATA: u8 = 4;
/// The message flag "vote even though my primary is up".
pub const FORCEACK: u8 = 2;

/// A packet; reading past its end gives zeros.
#[derive(Clone, Copy)]
pub struct Raw<'a>(pub &'a [u8]);

impl<'a> Raw<'a> {
    /// The bytes at `at`, zeros where there are none.
    pub fn array<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|b| b.first_chunk::<N>()).copied().unwrap_or([0; N])
    }

    /// A number of 16 bits.
    pub fn u16(self, at: usize) -> u16 {
        u16::from_be_bytes(self.array(at))
    }

    /// A number of 32 bits.
    pub fn u32(self, at: usize) -> u32 {
        u32::from_be_bytes(self.array(at))
    }

    /// A number of 64 bits.
    pub fn u64(self, at: usize) -> u64 {
        u64::from_be_bytes(self.array(at))
    }

    /// A name.
    pub fn id(self, at: usize) -> Option<NodeId> {
        NodeId::parse(&self.array::<40>(at))
    }

    /// Text up to the first zero, in a field of 46 bytes.
    pub fn ip(self, at: usize) -> &'a str {
        let field = self.0.get(at..at + 46).unwrap_or_default();
        let end = field.iter().position(|b| *b == 0).unwrap_or(45).min(45);
        std::str::from_utf8(&field[..end]).unwrap_or_default()
    }

    /// The type with the light bit.
    pub fn raw_kind(self) -> u16 {
        self.u16(12)
    }

    /// The type.
    pub fn kind(self) -> u16 {
        self.raw_kind() & !LIGHT
    }

    /// Whether its header is a light one.
    pub fn is_light(self) -> bool {
        self.raw_kind() & LIGHT != 0
    }

    /// Whether it is a PING, PONG or MEET.
    pub fn is_ping(self) -> bool {
        !self.is_light() && self.kind() <= kind::MEET
    }

    /// Gossip entries.
    pub fn count(self) -> usize {
        usize::from(self.u16(14))
    }

    /// The sender's epoch of the cluster.
    pub fn current_epoch(self) -> u64 {
        self.u64(16)
    }

    /// The sender's own epoch, or its primary's.
    pub fn config_epoch(self) -> u64 {
        self.u64(24)
    }

    /// The sender's replication offset.
    pub fn offset(self) -> u64 {
        self.u64(32)
    }

    /// The sender's name.
    pub fn sender(self) -> Option<NodeId> {
        self.id(40)
    }

    /// The sender's slots, or its primary's.
    pub fn slots(self) -> [u8; SLOTS / 8] {
        self.array(80)
    }

    /// The sender's primary.
    pub fn replicaof(self) -> Option<NodeId> {
        self.id(2128)
    }

    /// The sender's flags.
    pub fn flags(self) -> u16 {
        self.u16(2250)
    }

    /// The message's flags.
    pub fn mflags(self) -> u8 {
        self.array::<1>(2253)[0]
    }

    /// A gossip entry, as a packet of its own.
    pub fn entry(self, n: usize) -> Raw<'a> {
        let at = HEADER + n * GOSSIP;
        Raw(self.0.get(at..at + GOSSIP).unwrap_or_default())
    }

    /// Extensions: type and data. Ends at the first that makes no sense.
    pub fn extensions(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        let announced = if self.mflags() & EXT_DATA != 0 { self.u16(2214) } else { 0 };
        let mut at = HEADER + self.count() * GOSSIP;
        (0..announced).map_while(move |_| {
            let length = self.u32(at) as usize;
            let whole = self.0.get(at..at.checked_add(length)?).filter(|e| e.len() >= 8)?;
            at += length;
            Some((Raw(whole).u16(4), &whole[8..]))
        })
    }
}

/// Puts bytes at an offset.
pub fn put(packet: &mut [u8], at: usize, bytes: &[u8]) {
    packet[at..at + bytes.len()].copy_from_slice(bytes);
}
