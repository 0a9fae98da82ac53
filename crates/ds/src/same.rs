//! Comparing keys: they are short, and a call to the C library costs more than the comparison.

/// Longest slices that are compared here; longer ones the library compares.
const SHORT_MAX: usize = 32;
const WORD: usize = 8;

/// Whether two slices are equal.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let len = a.len();
    if len != b.len() {
        return false;
    }
    if !(WORD..=SHORT_MAX).contains(&len) {
        return if len > SHORT_MAX { a == b } else { tiny(a) == tiny(b) };
    }
    // Words from the front, and the last one, which may overlap them.
    let mut differ = word(a, len - WORD) ^ word(b, len - WORD);
    let mut at = 0;
    while at + WORD < len {
        differ |= word(a, at) ^ word(b, at);
        at += WORD;
    }
    differ == 0
}

/// All bytes of less than a word, given the length.
#[inline(always)]
fn tiny(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(head), Some(tail), _) => {
            u64::from(u32::from_le_bytes(*head)) << 32 | u64::from(u32::from_le_bytes(*tail))
        }
        (_, _, []) => 0,
        (_, _, [first, .., last]) => {
            u64::from(*first) << 16 | u64::from(bytes[bytes.len() / 2]) << 8 | u64::from(*last)
        }
        (_, _, [only]) => u64::from(*only),
    }
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts() {
        for len in 0..70usize {
            let a: Vec<u8> = (0..len as u8).collect();
            assert!(same(&a, &a.clone()));
            assert!(!same(&a, &(0..=len as u8).collect::<Vec<u8>>()));
            for i in 0..len {
                let mut b = a.clone();
                b[i] ^= 0x80;
                assert!(!same(&a, &b), "{len} {i}");
            }
        }
    }
}
