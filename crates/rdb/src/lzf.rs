//! LZF: literals, and references to what came before.
//!
//! ```text
//! 000lllll                       l + 1 literal bytes follow
//! lllddddd dddddddd              l + 2 bytes from d + 1 before (l below 7)
//! 111ddddd llllllll dddddddd     l + 9 bytes from d + 1 before
//! ```

/// Longest run of literals behind one control byte.
const LITERALS_MAX: usize = 32;
/// Longest reference, and how far back it reaches.
const MATCH_MAX: usize = 264;
const MATCH_MIN: usize = 3;
const DISTANCE_MAX: usize = 8192;

/// The length that says that another byte has the rest of it.
const LONG: usize = 7;

/// Bits of the table of places, at most and at least.
const BITS_MAX: u32 = 14;
const BITS_MIN: u32 = 6;

/// Bytes that one byte can stand for, at most: what claims more is not LZF.
const GAIN_MAX: usize = MATCH_MAX / 3;

/// A compressor with its working memory.
pub struct Compressor {
    /// Where three bytes of some hash were seen last, plus one.
    places: Vec<u32>,
    packed: Vec<u8>,
}

impl Compressor {
    /// One without memory yet.
    pub fn new() -> Compressor {
        Compressor { places: Vec::new(), packed: Vec::new() }
    }

    /// The input, compressed to `limit` bytes at most; `None` if it does not become so small.
    pub fn compress(&mut self, input: &[u8], limit: usize) -> Option<&[u8]> {
        u32::try_from(input.len()).ok()?;
        let bits = (usize::BITS - input.len().leading_zeros()).clamp(BITS_MIN, BITS_MAX);
        self.places.clear();
        self.places.resize(1 << bits, 0);
        self.packed.clear();
        let (mut at, mut literals) = (0, 0);
        while at + MATCH_MIN <= input.len() {
            let place = &mut self.places[hash(&input[at..], bits)];
            let seen = std::mem::replace(place, at as u32 + 1) as usize;
            let len = seen.checked_sub(1).map_or(0, |seen| match_len(input, seen, at));
            if len < MATCH_MIN {
                at += 1;
                continue;
            }
            put_literals(&mut self.packed, &input[literals..at]);
            put_match(&mut self.packed, at + 1 - seen, len);
            if self.packed.len() > limit {
                return None;
            }
            let next = at + len;
            for at in at + 1..next.min(input.len() - MATCH_MIN + 1) {
                self.places[hash(&input[at..], bits)] = at as u32 + 1;
            }
            (at, literals) = (next, next);
        }
        put_literals(&mut self.packed, &input[literals..]);
        (self.packed.len() <= limit).then_some(&self.packed)
    }
}

impl Default for Compressor {
    fn default() -> Compressor {
        Compressor::new()
    }
}

fn hash(bytes: &[u8], bits: u32) -> usize {
    let three = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
    (three.wrapping_mul(0x9E37_79B1) >> (32 - bits)) as usize
}

/// How many bytes at two places are the same; none if the places are too far apart.
fn match_len(input: &[u8], seen: usize, at: usize) -> usize {
    if at - seen > DISTANCE_MAX {
        return 0;
    }
    let max = MATCH_MAX.min(input.len() - at);
    input[seen..].iter().zip(&input[at..at + max]).take_while(|(a, b)| a == b).count()
}

fn put_literals(out: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERALS_MAX) {
        out.push(run.len() as u8 - 1);
        out.extend_from_slice(run);
    }
}

fn put_match(out: &mut Vec<u8>, distance: usize, len: usize) {
    let (distance, len) = (distance - 1, len - 2);
    let high = (distance >> 8) as u8;
    if len < LONG {
        out.push((len << 5) as u8 | high);
    } else {
        out.push((LONG << 5) as u8 | high);
        out.push((len - LONG) as u8);
    }
    out.push(distance as u8);
}

/// The `len` bytes that `packed` stands for; `None` if it stands for something else.
pub(crate) fn decompress(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    if len > packed.len().saturating_mul(GAIN_MAX) {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut rest = packed.iter();
    while let Some(control) = rest.next() {
        let control = usize::from(*control);
        if control < LITERALS_MAX {
            let (literals, after) = rest.as_slice().split_at_checked(control + 1)?;
            out.extend_from_slice(literals);
            rest = after.iter();
        } else {
            let mut count = control >> 5;
            if count == LONG {
                count += usize::from(*rest.next()?);
            }
            let distance = (control & 0x1F) << 8 | usize::from(*rest.next()?);
            let from = out.len().checked_sub(distance + 1)?;
            copy_within(&mut out, from, count + 2);
        }
        if out.len() > len {
            return None;
        }
    }
    (out.len() == len).then_some(out)
}

/// Appends bytes from a place on, which may run into those that it appends.
fn copy_within(out: &mut Vec<u8>, from: usize, count: usize) {
    let end = out.len();
    if from + count <= end {
        out.extend_from_within(from..from + count);
    } else {
        for at in from..from + count {
            out.push(out[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(input: &[u8]) {
        let mut compressor = Compressor::new();
        if let Some(packed) = compressor.compress(input, input.len()) {
            assert_eq!(decompress(packed, input.len()).as_deref(), Some(input));
            assert_eq!(decompress(packed, input.len() + 1), None);
            assert_eq!(decompress(&packed[..packed.len() - 1], input.len()), None);
        }
    }

    proptest! {
        #[test]
        fn there_and_back(input in proptest::collection::vec(0..4u8, 1..2000)) {
            check(&input);
        }

        #[test]
        fn any_bytes_are_taken_or_refused(packed in any::<Vec<u8>>(), len in 0..5000usize) {
            if let Some(out) = decompress(&packed, len) {
                prop_assert_eq!(out.len(), len);
            }
        }
    }

    #[test]
    fn runs_and_distances() {
        for len in [1, 2, 3, 20, 21, 100, 263, 264, 265, 266, 267, 1000, 100_000] {
            check(&vec![b'a'; len]);
        }
        let far: Vec<u8> =
            (0..DISTANCE_MAX as u32 + 40).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        check(&[&far[..], &far[..]].concat());
        check(&[&far[..DISTANCE_MAX - 1], &far[..100]].concat());
    }

    #[test]
    fn what_others_wrote() {
        let packed = [0x01, 0x61, 0x61, 0xE0, 0x57, 0x00, 0x01, 0x61, 0x61];
        assert_eq!(decompress(&packed, 100), Some(vec![b'a'; 100]));
    }

    #[test]
    fn what_claims_too_much_takes_no_memory() {
        assert_eq!(decompress(&[0xE0, 0xFF, 0x00], usize::MAX), None);
        assert_eq!(decompress(&[], 1), None);
        assert_eq!(decompress(&[0x20, 0x00], 3), None, "nothing to refer to");
    }

    #[test]
    fn what_does_not_shrink_is_refused() {
        let noise: Vec<u8> = (0..100u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert!(Compressor::new().compress(&noise, noise.len() - 4).is_none());
    }
}
