//! Work on all registers at once: six bits each and a byte each, and back. Plain loops, and the same with instructions
//! that not every processor has.

use super::REGISTERS;

const BITS: usize = 6;
const MASK: u64 = 0x3F3F_3F3F_3F3F_3F3F;

/// Registers that are handled together, and their bytes.
const GROUP: usize = 32;
const GROUP_BYTES: usize = GROUP * BITS / 8;
/// Those that a word of bytes has.
const EIGHT: usize = 8;
const EIGHT_BYTES: usize = EIGHT * BITS / 8;

/// Registers that are counted together: a byte does not overflow.
const COUNTED: usize = 128;

fn groups(body: &[u8]) -> &[[u8; GROUP_BYTES]] {
    let (groups, rest) = body.as_chunks::<GROUP_BYTES>();
    assert!(groups.len() == REGISTERS / GROUP && rest.is_empty());
    groups
}

/// Raises each register to that of six bits.
pub fn raise(registers: &mut [u8; REGISTERS], body: &[u8]) {
    let groups = groups(body);
    let (registers, _) = registers.as_chunks_mut::<GROUP>();
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        return unsafe { wide::raise(registers, groups) };
    }
    for (ours, group) in registers.iter_mut().zip(groups) {
        for (ours, six) in ours.as_chunks_mut::<EIGHT>().0.iter_mut().zip(group.as_chunks::<EIGHT_BYTES>().0)
        {
            let theirs = spread(*six).to_le_bytes();
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours = theirs.max(*ours));
        }
    }
}

/// Writes each register as six bits.
pub fn pack(registers: &[u8; REGISTERS], body: &mut [u8]) {
    assert_eq!(groups(body).len(), REGISTERS / GROUP);
    let (groups, _) = body.as_chunks_mut::<GROUP_BYTES>();
    let (registers, _) = registers.as_chunks::<GROUP>();
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        return unsafe { wide::pack(registers, groups) };
    }
    for (ours, group) in registers.iter().zip(groups) {
        for (ours, six) in ours.as_chunks::<EIGHT>().0.iter().zip(group.as_chunks_mut::<EIGHT_BYTES>().0) {
            *six = gather(u64::from_le_bytes(*ours));
        }
    }
}

/// Counts how often each value below 64 occurs.
pub fn tally(registers: &[u8; REGISTERS], histogram: &mut [u32; 64]) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has the instructions.
        return unsafe { wide::tally(registers, histogram) };
    }
    count(registers, histogram);
}

/// A pass over all registers for each value that there is: quicker than one pass that counts each register, as few
/// values occur, and a vector is compared at once.
#[inline(always)]
fn count(registers: &[u8; REGISTERS], histogram: &mut [u32; 64]) {
    let greatest = registers.iter().fold(0, |greatest, value| greatest.max(*value));
    for (value, total) in histogram.iter_mut().enumerate().take(usize::from(greatest) + 1) {
        let wanted = value as u8;
        let part = |part: &[u8; COUNTED]| part.iter().fold(0u8, |n, value| n + u8::from(*value == wanted));
        *total = registers.as_chunks::<COUNTED>().0.iter().map(|chunk| u32::from(part(chunk))).sum();
    }
}

/// Eight registers of six bits, a byte each.
#[inline]
fn spread(six: [u8; EIGHT_BYTES]) -> u64 {
    let [a, b, c, d, e, f] = six;
    let word = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    let word = (word & 0xFF_FFFF) | (word & 0xFFFF_FF00_0000) << 8;
    let word = (word & 0x0000_0FFF_0000_0FFF) | (word & 0x00FF_F000_00FF_F000) << 4;
    ((word & 0x003F_003F_003F_003F) | (word & 0x0FC0_0FC0_0FC0_0FC0) << 2) & MASK
}

/// The reverse.
#[inline]
fn gather(word: u64) -> [u8; EIGHT_BYTES] {
    let word = word & MASK;
    let word = (word & 0x003F_003F_003F_003F) | (word & 0x3F00_3F00_3F00_3F00) >> 2;
    let word = (word & 0x0000_0FFF_0000_0FFF) | (word & 0x0FFF_0000_0FFF_0000) >> 4;
    let word = (word & 0xFF_FFFF) | (word & 0x00FF_FFFF_0000_0000) >> 8;
    let [a, b, c, d, e, f, _, _] = word.to_le_bytes();
    [a, b, c, d, e, f]
}

/// The same with vectors of 32 bytes.
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod wide {
    use super::{GROUP, GROUP_BYTES, REGISTERS, count};
    use std::arch::x86_64::*;

    /// Four registers of three bytes in each word of four.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn spread(group: &[u8; GROUP_BYTES]) -> __m256i {
        // SAFETY: 16 bytes from the start and 16 up to the end of 24.
        let (low, high) = unsafe {
            let at = group.as_ptr();
            (_mm_loadu_si128(at.cast()), _mm_loadu_si128(at.add(GROUP_BYTES - 16).cast()))
        };
        let three = _mm256_shuffle_epi8(
            _mm256_set_m128i(high, low),
            _mm256_setr_epi8(
                0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, //
                4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1,
            ),
        );
        let part = |mask: i32| _mm256_and_si256(three, _mm256_set1_epi32(mask));
        let first = _mm256_or_si256(part(0x3F), _mm256_slli_epi32::<2>(part(0xFC0)));
        let last =
            _mm256_or_si256(_mm256_slli_epi32::<4>(part(0x3_F000)), _mm256_slli_epi32::<6>(part(0xFC_0000)));
        _mm256_or_si256(first, last)
    }

    #[target_feature(enable = "avx2")]
    pub fn raise(registers: &mut [[u8; GROUP]], groups: &[[u8; GROUP_BYTES]]) {
        for (ours, group) in registers.iter_mut().zip(groups) {
            // SAFETY: 32 bytes are read and written.
            unsafe {
                let raised = _mm256_max_epu8(_mm256_loadu_si256(ours.as_ptr().cast()), spread(group));
                _mm256_storeu_si256(ours.as_mut_ptr().cast(), raised);
            }
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn pack(registers: &[[u8; GROUP]], groups: &mut [[u8; GROUP_BYTES]]) {
        let together = _mm256_setr_epi8(
            0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1, //
            0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,
        );
        for (ours, group) in registers.iter().zip(groups) {
            // SAFETY: 32 bytes are read.
            let bytes = unsafe { _mm256_loadu_si256(ours.as_ptr().cast()) };
            let bytes = _mm256_and_si256(bytes, _mm256_set1_epi8(0x3F));
            // Neighbours are joined: twelve bits in sixteen, then 24 in 32.
            let twelve = _mm256_maddubs_epi16(bytes, _mm256_set1_epi16(64 << 8 | 1));
            let three = _mm256_madd_epi16(twelve, _mm256_set1_epi32(4096 << 16 | 1));
            let packed = _mm256_shuffle_epi8(three, together);
            let mut all = [0; GROUP];
            // SAFETY: 32 bytes are written.
            unsafe { _mm256_storeu_si256(all.as_mut_ptr().cast(), packed) }
            group[..GROUP_BYTES / 2].copy_from_slice(&all[..GROUP_BYTES / 2]);
            group[GROUP_BYTES / 2..].copy_from_slice(&all[GROUP / 2..][..GROUP_BYTES / 2]);
        }
    }

    #[target_feature(enable = "avx2")]
    pub fn tally(registers: &[u8; REGISTERS], histogram: &mut [u32; 64]) {
        count(registers, histogram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_agree() {
        let mut rng = base::Rng::new(5);
        for _ in 0..1000 {
            let registers: [u8; EIGHT] = std::array::from_fn(|_| rng.below(64) as u8);
            let six = gather(u64::from_le_bytes(registers));
            let by_hand = registers.iter().rev().fold(0u64, |word, value| word << BITS | u64::from(*value));
            assert_eq!(six, by_hand.to_le_bytes()[..EIGHT_BYTES]);
            assert_eq!(spread(six).to_le_bytes(), registers);
        }
        let registers: Box<[u8; REGISTERS]> = Box::new(std::array::from_fn(|_| rng.below(64) as u8));
        let (mut body, mut back) = (vec![0; REGISTERS * BITS / 8], Box::new([0; REGISTERS]));
        pack(&registers, &mut body);
        let by_eights =
            registers.as_chunks::<EIGHT>().0.iter().flat_map(|eight| gather(u64::from_le_bytes(*eight)));
        assert!(by_eights.eq(body.iter().copied()));
        raise(&mut back, &body);
        assert_eq!(back, registers);
        let (mut histogram, mut plain) = ([0; 64], [0; 64]);
        tally(&registers, &mut histogram);
        count(&registers, &mut plain);
        let naive = |value: u8| registers.iter().filter(|v| **v == value).count() as u32;
        assert!((0..64).all(|value| histogram[usize::from(value)] == naive(value)));
        assert_eq!(histogram, plain);
    }
}
