//! Families of commands.

use super::{Acl, Category};

/// The documentation group of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Keys of any type.
    Generic,
    /// Strings.
    String,
    /// Lists.
    List,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Hashes.
    Hash,
    /// Channels and messages.
    Pubsub,
    /// MULTI and EXEC.
    Transactions,
    /// The client's own connection.
    Connection,
    /// Operating the server.
    Server,
    /// Lua scripts and functions.
    Scripting,
    /// Cardinality sketches.
    Hyperloglog,
    /// The cluster.
    Cluster,
    /// Coordinates in sorted sets.
    Geo,
    /// Streams.
    Stream,
    /// Strings as bits.
    Bitmap,
}

impl Group {
    /// As `COMMAND DOCS` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::Pubsub => "pubsub",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Scripting => "scripting",
            Group::Hyperloglog => "hyperloglog",
            Group::Cluster => "cluster",
            Group::Geo => "geo",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
        }
    }

    /// The category that nearly all commands of the group carry.
    pub(super) const fn usual_category(self) -> Acl {
        match self {
            Group::Generic => Acl::of(&[Category::Keyspace]),
            Group::String => Acl::of(&[Category::String]),
            Group::List => Acl::of(&[Category::List]),
            Group::Set => Acl::of(&[Category::Set]),
            Group::SortedSet => Acl::of(&[Category::Sortedset]),
            Group::Hash => Acl::of(&[Category::Hash]),
            Group::Transactions => Acl::of(&[Category::Transaction]),
            Group::Connection => Acl::of(&[Category::Connection]),
            Group::Scripting => Acl::of(&[Category::Scripting]),
            Group::Hyperloglog => Acl::of(&[Category::Hyperloglog]),
            Group::Geo => Acl::of(&[Category::Geo]),
            Group::Stream => Acl::of(&[Category::Stream]),
            Group::Bitmap => Acl::of(&[Category::Bitmap]),
            // What publishes or listens has a flag that says so; PUBSUB itself does neither.
            Group::Server | Group::Cluster | Group::Pubsub => Acl::of(&[]),
        }
    }
}
