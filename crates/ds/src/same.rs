//! Comparing keys: they are short, and a call to the C library costs more than the comparison.

/// Longest slices that are compared here; shorter than a word, and longer, the library does it.
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
        return a == b;
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
