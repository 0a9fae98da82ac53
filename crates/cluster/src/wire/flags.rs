//! Bits of a node and of a message.

use std::ops::{BitOr, BitOrAssign};

/// What a node is, as it stands in headers and gossip (spec `cluster-bus.md` §2.2). Unknown bits are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct NodeFlags(pub u16);

impl NodeFlags {
    /// Owns slots, or may.
    pub const PRIMARY: NodeFlags = NodeFlags(0x0001);
    /// Copies a primary.
    pub const REPLICA: NodeFlags = NodeFlags(0x0002);
    /// Not reachable as the sender sees it.
    pub const PFAIL: NodeFlags = NodeFlags(0x0004);
    /// Not reachable as a majority sees it.
    pub const FAIL: NodeFlags = NodeFlags(0x0008);
    /// The sender itself; never in gossip.
    pub const MYSELF: NodeFlags = NodeFlags(0x0010);
    /// Not known by its real name yet; never in gossip.
    pub const HANDSHAKE: NodeFlags = NodeFlags(0x0020);
    /// Address unknown; never in gossip.
    pub const NOADDR: NodeFlags = NodeFlags(0x0040);
    /// A MEET is still to be sent: a local mark that leaks into Valkey's gossip.
    pub const MEET: NodeFlags = NodeFlags(0x0080);
    /// A primary that may receive migrating replicas.
    pub const MIGRATE_TO: NodeFlags = NodeFlags(0x0100);
    /// Will not start a failover by itself.
    pub const NOFAILOVER: NodeFlags = NodeFlags(0x0200);
    /// Understands ping extensions.
    pub const EXTENSIONS: NodeFlags = NodeFlags(0x0400);
    /// Takes published messages under a light header.
    pub const LIGHT_PUBLISH: NodeFlags = NodeFlags(0x0800);
    /// Takes module messages under a light header.
    pub const LIGHT_MODULE: NodeFlags = NodeFlags(0x1000);
    /// A replica that sees its primary as failed. The winner of an election goes on showing it.
    pub const MY_PRIMARY_FAIL: NodeFlags = NodeFlags(0x2000);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: NodeFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any bit of `other` is set.
    pub const fn intersects(self, other: NodeFlags) -> bool {
        self.0 & other.0 != 0
    }

    /// Sets the bits of `other`.
    pub fn insert(&mut self, other: NodeFlags) {
        self.0 |= other.0;
    }

    /// Clears the bits of `other`.
    pub fn remove(&mut self, other: NodeFlags) {
        self.0 &= !other.0;
    }

    /// Sets or clears the bits of `other`.
    pub fn set(&mut self, other: NodeFlags, on: bool) {
        if on { self.insert(other) } else { self.remove(other) }
    }

    /// Only the bits that `mask` has too.
    pub const fn masked(self, mask: NodeFlags) -> NodeFlags {
        NodeFlags(self.0 & mask.0)
    }
}

impl BitOr for NodeFlags {
    type Output = NodeFlags;
    fn bitor(self, other: NodeFlags) -> NodeFlags {
        NodeFlags(self.0 | other.0)
    }
}

impl BitOrAssign for NodeFlags {
    fn bitor_assign(&mut self, other: NodeFlags) {
        self.0 |= other.0;
    }
}

/// The first byte of a header's message flags (spec `cluster-bus.md` §2.1). Unknown bits are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct MsgFlags(pub u8);

impl MsgFlags {
    /// A primary that has paused its clients for a manual failover.
    pub const PAUSED: MsgFlags = MsgFlags(0x01);
    /// Vote for me even though my primary is up.
    pub const FORCEACK: MsgFlags = MsgFlags(0x02);
    /// The sender understands extensions; some may follow.
    pub const EXT_DATA: MsgFlags = MsgFlags(0x04);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: MsgFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets the bits of `other`.
    pub fn insert(&mut self, other: MsgFlags) {
        self.0 |= other.0;
    }
}

impl BitOr for MsgFlags {
    type Output = MsgFlags;
    fn bitor(self, other: MsgFlags) -> MsgFlags {
        MsgFlags(self.0 | other.0)
    }
}
