//! A key, hashed once.

use base::Slot;

/// Number of a database, from 0.
pub type DbId = u32;

/// Where a key belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyHash {
    /// Its hash slot, from CRC16 and the hash tag.
    pub slot: Slot,
    /// Its keyed hash, for the table of the slot.
    pub hash: u64,
}

/// A key and its hashes, from [`Keyspace::key`](crate::Keyspace::key).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key<'a> {
    /// Its name.
    pub bytes: &'a [u8],
    /// Where it belongs.
    pub at: KeyHash,
}
