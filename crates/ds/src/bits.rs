//! Strings as bits: bit 0 is the highest of the first byte. Whole words at a time.

use std::ops::Range;

/// How many bits of a range are set. `range` is in bits, and inside the string.
pub fn count(bytes: &[u8], range: Range<u64>) -> u64 {
    let Some(parts) = Parts::of(bytes, range) else { return 0 };
    let edges = parts.edges().map(|(byte, mask)| u64::from((byte & mask).count_ones()));
    edges.sum::<u64>() + count_bytes(parts.middle)
}

/// The first bit of a range that is set, or is clear. `range` is in bits, and inside the string.
pub fn position(bytes: &[u8], range: Range<u64>, set: bool) -> Option<u64> {
    let parts = Parts::of(bytes, range)?;
    let flip = if set { 0 } else { u8::MAX };
    let lead = |byte: u8, mask: u8| {
        let wanted = (byte ^ flip) & mask;
        (wanted != 0).then(|| u64::from(wanted.leading_zeros()))
    };
    let (byte, mask) = parts.first;
    let at = parts.first_at * 8;
    let middle_at = at + 8;
    lead(byte, mask)
        .map(|bit| at + bit)
        .or_else(|| first_other(parts.middle, flip).map(|bit| middle_at + bit))
        .or_else(|| {
            let (byte, mask) = parts.last?;
            lead(byte, mask).map(|bit| middle_at + parts.middle.len() as u64 * 8 + bit)
        })
}

/// The first bit, from the start of `bytes`, where they are not `skip` after `skip`.
fn first_other(bytes: &[u8], skip: u8) -> Option<u64> {
    let wide = u64::from_ne_bytes([skip; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    let word = words.iter().position(|word| u64::from_ne_bytes(*word) != wide);
    if let Some(at) = word {
        let differing = u64::from_be_bytes(words[at]) ^ wide;
        return Some(at as u64 * 64 + u64::from(differing.leading_zeros()));
    }
    let at = rest.iter().position(|byte| *byte != skip)?;
    Some((words.len() * 8 + at) as u64 * 8 + u64::from((rest[at] ^ skip).leading_zeros()))
}

/// A range cut at bytes: edges with masks, and what lies between.
struct Parts<'a> {
    first_at: u64,
    first: (u8, u8),
    middle: &'a [u8],
    last: Option<(u8, u8)>,
}

impl<'a> Parts<'a> {
    /// `None`: the range is empty.
    fn of(bytes: &'a [u8], range: Range<u64>) -> Option<Parts<'a>> {
        if range.is_empty() {
            return None;
        }
        assert!(range.end <= bytes.len() as u64 * 8);
        let (from, to) = ((range.start / 8) as usize, ((range.end - 1) / 8) as usize);
        let head = u8::MAX >> (range.start % 8);
        let tail = !(u8::MAX >> 1 >> ((range.end - 1) % 8));
        let first_at = from as u64;
        if from == to {
            return Some(Parts { first_at, first: (bytes[from], head & tail), middle: &[], last: None });
        }
        let (middle, last) = (&bytes[from + 1..to], Some((bytes[to], tail)));
        Some(Parts { first_at, first: (bytes[from], head), middle, last })
    }

    fn edges(&self) -> impl Iterator<Item = (u8, u8)> {
        [self.first].into_iter().chain(self.last)
    }
}

fn count_bytes(bytes: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("popcnt") {
        // SAFETY: the processor has the instructions.
        return unsafe { count_wide(bytes) };
    }
    count_words(bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn count_wide(bytes: &[u8]) -> u64 {
    count_words(bytes)
}

#[inline(always)]
fn count_words(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let whole: u64 = words.iter().map(|word| u64::from(u64::from_ne_bytes(*word).count_ones())).sum();
    whole + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// Up to 64 bits at `at`, as an unsigned number with the first bit highest. Bits behind the end are 0.
pub fn get(bytes: &[u8], at: u64, bits: u32) -> u64 {
    let (first, shift) = ((at / 8) as usize, (at % 8) as u32);
    let mut window = [0; 16];
    let there = bytes.get(first..).unwrap_or_default();
    let len = there.len().min(9);
    window[..len].copy_from_slice(&there[..len]);
    let window = u128::from_be_bytes(window) << shift;
    (window >> (128 - bits)) as u64
}

/// Writes the low `bits` of a number at `at`. The string is long enough.
pub fn set(bytes: &mut [u8], at: u64, bits: u32, value: u64) {
    let (first, shift) = ((at / 8) as usize, (at % 8) as u32);
    let len = (shift + bits).div_ceil(8) as usize;
    let there = &mut bytes[first..first + len];
    let mut window = [0; 16];
    window[..len].copy_from_slice(there);
    let place = 128 - bits - shift;
    let mask = (u128::MAX >> (128 - bits)) << place;
    let new = u128::from_be_bytes(window) & !mask | (u128::from(value) << place) & mask;
    there.copy_from_slice(&new.to_be_bytes()[..len]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bit(bytes: &[u8], at: u64) -> bool {
        bytes.get((at / 8) as usize).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
    }

    /// Mostly long runs, so that whole words are skipped.
    fn string() -> impl Strategy<Value = Vec<u8>> {
        let run = (prop_oneof![Just(0), Just(255), any::<u8>()], 0..40_usize);
        let runs = prop::collection::vec(run, 0..8);
        runs.prop_map(|runs| runs.into_iter().flat_map(|(byte, n)| vec![byte; n]).collect())
    }

    proptest! {
        #[test]
        fn ranges_agree_with_bits(bytes in string(), a in any::<u64>(), b in any::<u64>(), set in any::<bool>()) {
            let bits = bytes.len() as u64 * 8;
            let (a, b) = (a % (bits + 1), b % (bits + 1));
            let range = a.min(b)..a.max(b);
            prop_assert_eq!(count(&bytes, range.clone()), range.clone().filter(|i| bit(&bytes, *i)).count() as u64);
            prop_assert_eq!(position(&bytes, range.clone(), set), range.clone().find(|i| bit(&bytes, *i) == set));
        }

        #[test]
        fn numbers_agree_with_bits(bytes in string(), at in any::<u64>(), bits in 1..=64_u32, value in any::<u64>()) {
            let at = at % (bytes.len() as u64 * 8 + 70);
            let naive = |bytes: &[u8]| (at..at + u64::from(bits)).fold(0, |n, i| n << 1 | u64::from(bit(bytes, i)));
            prop_assert_eq!(get(&bytes, at, bits), naive(&bytes));
            let mut longer = bytes.clone();
            longer.resize((at + u64::from(bits)).div_ceil(8).max(bytes.len() as u64) as usize, 0);
            let before = longer.clone();
            set(&mut longer, at, bits, value);
            prop_assert_eq!(get(&longer, at, bits), value & u64::MAX >> (64 - bits));
            let outside = (0..longer.len() as u64 * 8).filter(|i| !(at..at + u64::from(bits)).contains(i));
            prop_assert!(outside.into_iter().all(|i| bit(&longer, i) == bit(&before, i)));
        }
    }
}
