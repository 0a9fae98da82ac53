//! From an element to its register.

use super::INDEX_BITS;

const SEED: u64 = 0xadc8_3b19;
const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;

/// The register of an element, and the value that the element raises it to: one more than the zeros that the rest of its hash ends in.
pub fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur64a(element);
    let index = hash & ((1 << INDEX_BITS) - 1);
    // The bit above the rest ends the zeros, if nothing else does.
    let rest = hash >> INDEX_BITS | 1 << (64 - INDEX_BITS);
    (index as usize, rest.trailing_zeros() as u8 + 1)
}

/// MurmurHash64A, reading little-endian words whatever the machine is.
fn murmur64a(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(FACTOR);
        word ^= word >> SHIFT;
        hash = (hash ^ word.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR);
    }
    hash ^= hash >> SHIFT;
    hash = hash.wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_redis() {
        // As `PFADD` and `PFDEBUG DECODE` of Redis 7.0.15 show them.
        assert_eq!(place(b"a"), (12711, 2));
    }

    #[test]
    fn values_are_in_bounds() {
        for i in 0..100_000_u32 {
            let (index, value) = place(&i.to_le_bytes());
            assert!(index < super::super::REGISTERS && (1..=super::super::VALUE_MAX).contains(&value));
        }
    }
}
