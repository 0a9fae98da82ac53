//! SipHash-1-3 over byte strings (Aumasson and Bernstein, 2012): keyed, so that clients cannot choose keys that
//! collide. It runs for every key of every command, and for elements.

/// A hash function: a key, expanded.
#[derive(Clone, Copy)]
pub struct SipHash {
    v: [u64; 4],
}

impl SipHash {
    /// The function of a key of 128 bits.
    pub fn new(key: (u64, u64)) -> SipHash {
        let (k0, k1) = key;
        SipHash {
            v: [
                k0 ^ 0x736F_6D65_7073_6575,
                k1 ^ 0x646F_7261_6E64_6F6D,
                k0 ^ 0x6C79_6765_6E65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
        }
    }

    /// The hash of some bytes.
    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        let mut v = self.v;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            absorb(&mut v, u64::from_le_bytes(*word));
        }
        absorb(&mut v, (bytes.len() as u64) << 56 | tail(bytes, rest));
        v[2] ^= 0xFF;
        for _ in 0..3 {
            round(&mut v);
        }
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

/// The bytes of `rest`, the end of `bytes`, as a number.
#[inline]
fn tail(bytes: &[u8], rest: &[u8]) -> u64 {
    if rest.is_empty() {
        return 0;
    }
    match bytes.last_chunk::<8>() {
        // The last eight bytes end with the rest; what is before it is shifted out.
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[inline(always)]
fn absorb(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    round(v);
    v[0] ^= word;
}

#[inline(always)]
fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32).wrapping_add(v[3]);
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_siphash_1_3(bytes: Vec<u8>, key: (u64, u64)) {
            let expect = siphasher::sip::SipHasher13::new_with_keys(key.0, key.1).hash(&bytes);
            prop_assert_eq!(SipHash::new(key).hash(&bytes), expect);
        }
    }

    #[test]
    fn lengths_around_a_word() {
        let bytes: Vec<u8> = (0..40).collect();
        for len in 0..40 {
            let expect = siphasher::sip::SipHasher13::new_with_keys(3, 5).hash(&bytes[..len]);
            assert_eq!(SipHash::new((3, 5)).hash(&bytes[..len]), expect, "{len}");
        }
    }
}
