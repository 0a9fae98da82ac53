//! The hash of elements: fields of hashes, members of sets and sorted sets. One key for the whole process, so that a
//! value may be moved, copied and dropped by whoever has it.

use crate::siphash::SipHash;
use std::sync::OnceLock;

/// Set once, or what tests and simulations get: the same in every run.
static KEY: OnceLock<SipHash> = OnceLock::new();

/// Sets the key of the hash, which clients must not know: they choose the elements. To be called before there is any
/// value; false, and without effect, if it came too late.
pub fn set_element_key(key: (u64, u64)) -> bool {
    KEY.set(SipHash::new(key)).is_ok()
}

/// The hash of an element.
#[inline]
pub fn hash(element: &[u8]) -> u64 {
    KEY.get_or_init(|| SipHash::new((0, 0))).hash(element)
}
