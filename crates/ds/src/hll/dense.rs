//! Six bits for each register, the lowest bits of a byte first.

use super::{REGISTERS, estimate, lanes};

/// Bytes of all registers.
pub const BYTES: usize = REGISTERS * BITS / 8;
const BITS: usize = 6;
const MASK: u8 = (1 << BITS) - 1;

/// The value of a register.
pub fn get(body: &[u8], index: usize) -> u8 {
    let (byte, shift) = (index * BITS / 8, index * BITS % 8);
    let high = body.get(byte + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([body[byte], high]) >> shift) as u8 & MASK
}

/// Sets a register.
pub fn set(body: &mut [u8], index: usize, value: u8) {
    let (byte, shift) = (index * BITS / 8, index * BITS % 8);
    let (mask, value) = (u16::from(MASK) << shift, u16::from(value & MASK) << shift);
    body[byte] = body[byte] & !(mask as u8) | value as u8;
    if mask >> 8 != 0 {
        body[byte + 1] = body[byte + 1] & !((mask >> 8) as u8) | (value >> 8) as u8;
    }
}

/// Raises a register to at least `value`; whether it was lower.
pub fn raise(body: &mut [u8], index: usize, value: u8) -> bool {
    let lower = get(body, index) < value;
    if lower {
        set(body, index, value);
    }
    lower
}

/// Counts how often each value occurs.
pub fn count(body: &[u8], histogram: &mut [u32; 64]) {
    let mut registers = [0; REGISTERS];
    lanes::raise(&mut registers, body);
    lanes::tally(&registers, histogram);
}

/// All registers, a byte each: where sketches are merged.
pub struct Registers(Box<[u8; REGISTERS]>);

impl Default for Registers {
    /// All of them 0.
    fn default() -> Registers {
        Registers(Box::new([0; REGISTERS]))
    }
}

impl Registers {
    /// The values.
    pub fn values(&self) -> &[u8; REGISTERS] {
        &self.0
    }

    /// The estimated cardinality.
    pub fn count(&self) -> u64 {
        let mut histogram = [0; 64];
        lanes::tally(&self.0, &mut histogram);
        estimate::cardinality(&histogram)
    }

    /// Raises registers to at least `value`.
    pub(super) fn raise(&mut self, which: std::ops::Range<usize>, value: u8) {
        self.0[which].iter_mut().for_each(|register| *register = value.max(*register));
    }

    /// Raises each register to that of a dense sketch.
    pub(super) fn raise_to(&mut self, body: &[u8]) {
        lanes::raise(&mut self.0, body);
    }

    /// Writes them as those of a dense sketch.
    pub(super) fn pack(&self, body: &mut [u8]) {
        lanes::pack(&self.0, body);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_do_not_touch_each_other() {
        let mut rng = base::Rng::new(7);
        let (mut body, mut model) = (vec![0; BYTES], Registers::default());
        for _ in 0..100_000 {
            let (index, value) = (rng.below(REGISTERS as u64) as usize, rng.below(64) as u8);
            assert_eq!(raise(&mut body, index, value), value > model.0[index]);
            model.raise(index..index + 1, value);
            assert_eq!(get(&body, index), model.0[index]);
        }
        let mut packed = vec![0; BYTES];
        model.pack(&mut packed);
        assert_eq!(packed, body);
        let mut merged = Registers::default();
        merged.raise_to(&body);
        assert_eq!(merged.values(), model.values());
        let mut histogram = [0; 64];
        count(&body, &mut histogram);
        let naive = |value| model.0.iter().filter(|v| **v == value).count() as u32;
        assert!((0..64).all(|value| histogram[usize::from(value)] == naive(value)));
        assert_eq!(estimate::cardinality(&histogram), model.count());
    }
}
