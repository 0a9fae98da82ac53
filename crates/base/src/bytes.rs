//! Searching bytes, eight at a time.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Position of the first `needle` in `bytes`.
#[inline]
pub fn find(bytes: &[u8], needle: u8) -> Option<usize> {
    let pattern = LOW * u64::from(needle);
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (i, chunk) in chunks.iter().enumerate() {
        let x = u64::from_le_bytes(*chunk) ^ pattern;
        // The lowest set bit marks the first zero byte of x; borrows only disturb the bytes above it.
        let zeros = x.wrapping_sub(LOW) & !x & HIGH;
        if zeros != 0 {
            return Some(i * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|b| *b == needle).map(|i| bytes.len() - rest.len() + i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_loop_finds(bytes in prop::collection::vec(0u8..4, 0..64), needle in 0u8..5, high: bool) {
            let flip = if high { 0x80 } else { 0 };
            let bytes: Vec<u8> = bytes.iter().map(|b| b ^ flip).collect();
            let needle = needle ^ flip;
            prop_assert_eq!(find(&bytes, needle), bytes.iter().position(|b| *b == needle));
        }
    }
}
