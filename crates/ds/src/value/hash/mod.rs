//! Hashes: fields with values.

mod word;

use crate::listpack::Listpack;

/// Up to where a hash stays a listpack.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`
    pub pack_fields_max: usize,
    /// `hash-max-listpack-value`, bytes of a field or value.
    pub pack_value_max: usize,
}

/// Hash values, by encoding.
#[derive(Clone, Debug)]
pub enum Hash {
    /// Few and short elements: a listpack of fields and values.
    Pack(Listpack),
}

impl Hash {
    /// An empty one, which no key may hold.
    pub fn new() -> Hash {
        Hash::Pack(Listpack::new())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Hash::Pack(pack) => pack.is_empty(),
        }
    }
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::new()
    }
}
