//! Streams: entries by ascending id, each with fields and values, and groups of consumers.

mod word;

use crate::Thin;

/// Up to where entries share a node.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// `stream-node-max-bytes`; 0 for no limit.
    pub node_bytes_max: usize,
    /// `stream-node-max-entries`; 0 for no limit.
    pub node_entries_max: usize,
}

/// The id of an entry: milliseconds, and a number within them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct StreamId {
    /// Milliseconds since the Unix epoch, as a rule.
    pub ms: u64,
    /// Tells entries of the same millisecond apart.
    pub seq: u64,
}

/// A stream. A key may hold an empty one.
#[derive(Clone, Debug)]
pub struct Stream(Thin<Body>);

#[derive(Clone, Default, Debug)]
struct Body {
    /// Greatest id that an entry ever had.
    last: StreamId,
}

impl Stream {
    /// An empty one.
    pub fn new() -> Stream {
        Stream(Thin::new(Body::default()))
    }

    /// Greatest id that an entry ever had; 0-0 if there was none.
    pub fn last_id(&self) -> StreamId {
        self.0.last
    }
}

impl Default for Stream {
    fn default() -> Stream {
        Stream::new()
    }
}
