//! Names and counters of the cluster.

use crate::Rng;
use std::fmt;

/// Length of a node name and of a shard id, in bytes.
pub const ID_LEN: usize = 40;

/// A cluster epoch: a counter that only grows.
pub type Epoch = u64;

/// A byte position in a replication stream.
pub type ReplOffset = u64;

/// A node's name: 40 characters out of `[0-9a-z]` (spec `cluster-bus.md`, conventions).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; ID_LEN]);

/// A shard's name: same alphabet and length as a node's.
pub type ShardId = NodeId;

impl NodeId {
    /// Takes exactly 40 bytes out of `[0-9a-z]`; anything else is `None`.
    pub fn parse(bytes: &[u8]) -> Option<NodeId> {
        let id: [u8; ID_LEN] = bytes.try_into().ok()?;
        id.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()).then_some(NodeId(id))
    }

    /// Forty random lower-case hexadecimal digits.
    pub fn random(rng: &mut Rng) -> NodeId {
        let mut id = [0; ID_LEN];
        for chunk in id.chunks_mut(8) {
            let word = rng.next_u64();
            for (i, byte) in chunk.iter_mut().enumerate() {
                *byte = b"0123456789abcdef"[(word >> (4 * i)) as usize & 15];
            }
        }
        NodeId(id)
    }

    /// The forty bytes as they stand on the wire.
    pub fn as_bytes(&self) -> &[u8; ID_LEN] {
        &self.0
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forty_of_the_alphabet() {
        assert!(NodeId::parse(&[b'a'; 40]).is_some());
        assert!(NodeId::parse(&[b'z'; 40]).is_some());
        assert!(NodeId::parse(&[b'A'; 40]).is_none());
        assert!(NodeId::parse(&[b'a'; 39]).is_none());
        assert!(NodeId::parse(&[0; 40]).is_none());
        let id = NodeId::random(&mut Rng::new(1));
        assert_eq!(NodeId::parse(id.as_bytes()), Some(id));
    }
}
