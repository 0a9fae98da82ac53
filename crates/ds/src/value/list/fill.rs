//! How much a node takes.

use crate::listpack::ListpackRef;

/// Up to where elements share a node.
#[derive(Clone, Copy, Debug)]
pub struct ListLimits {
    /// `list-max-listpack-size`: elements of a node, or, from -1 to -5, its bytes: 4 KiB to 64 KiB.
    pub node_size: i32,
    /// Elements of so many bytes get a node of their own, even if they fit one with others.
    pub long: usize,
}

impl ListLimits {
    /// The usual `long`.
    pub const LONG: usize = 1 << 30;
}

/// Bytes of a node whose elements are counted.
const COUNTED_BYTES_MAX: usize = 8192;

/// Bytes of a node for -1 to -5.
const BYTES_MAX: [usize; 5] = [4096, 8192, 16384, 32768, 65536];

/// What a node takes at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fill {
    bytes: usize,
    count: usize,
    /// Elements longer than this get a node of their own.
    long: usize,
}

impl Fill {
    pub fn of(limits: ListLimits) -> Fill {
        let long = limits.long.saturating_sub(1);
        match usize::try_from(limits.node_size) {
            Ok(count) => {
                Fill { bytes: COUNTED_BYTES_MAX, count: count.max(1), long: long.min(COUNTED_BYTES_MAX) }
            }
            Err(_) => {
                let level = limits.node_size.unsigned_abs() as usize;
                let bytes = BYTES_MAX[level.min(BYTES_MAX.len()) - 1];
                Fill { bytes, count: usize::MAX, long: long.min(bytes) }
            }
        }
    }

    /// Whether a node may have so many bytes and elements.
    #[inline]
    pub fn takes(self, bytes: usize, count: usize) -> bool {
        bytes <= self.bytes && count <= self.count
    }

    /// Whether two nodes may become one.
    pub fn takes_both(self, a: ListpackRef<'_>, b: ListpackRef<'_>) -> bool {
        self.takes(a.bytes().len() + b.bytes().len(), a.len() + b.len())
    }

    /// Whether an element gets a node of its own.
    #[inline]
    pub fn is_long(self, len: usize) -> bool {
        len > self.long
    }

    /// What a chain becomes a single listpack at, when it is read from outside.
    pub fn whole(self) -> Fill {
        self
    }

    /// What a shrinking chain becomes a single listpack at: half, lest it changes to and fro.
    pub fn half(self, counted: bool) -> Fill {
        let bytes = if counted { usize::MAX } else { self.bytes / 2 };
        Fill { bytes, count: self.count / 2, long: self.long }
    }
}
