//! The few operations on big natural numbers that exact conversion between decimal and binary needs.

use std::cmp::Ordering;

/// Greatest power of ten in a word, and its exponent.
const WORD_TEN: u64 = 10_000_000_000_000_000_000;
const WORD_DIGITS: usize = 19;

/// A natural number, least significant word first, no zero word at the top.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Big(Vec<u64>);

impl Big {
    /// From digits; a point among them is skipped.
    pub fn from_digits(digits: &[u8]) -> Big {
        let mut big = Big(Vec::with_capacity(digits.len() / WORD_DIGITS + 2));
        let (mut word, mut factor) = (0, 1);
        for d in digits.iter().filter(|d| **d != b'.') {
            word = word * 10 + u64::from(d - b'0');
            factor *= 10;
            if factor == WORD_TEN {
                big.mul_add(factor, word);
                (word, factor) = (0, 1);
            }
        }
        big.mul_add(factor, word);
        big
    }

    pub fn power_of_ten(exp: usize) -> Big {
        let mut big = Big(vec![1]);
        big.mul_power_of_ten(exp);
        big
    }

    pub fn mul_power_of_ten(&mut self, exp: usize) {
        for _ in 0..exp / WORD_DIGITS {
            self.mul_add(WORD_TEN, 0);
        }
        self.mul_add(10u64.pow((exp % WORD_DIGITS) as u32), 0);
    }

    fn mul_add(&mut self, factor: u64, add: u64) {
        let mut carry = add;
        for word in &mut self.0 {
            let wide = u128::from(*word) * u128::from(factor) + u128::from(carry);
            (*word, carry) = (wide as u64, (wide >> 64) as u64);
        }
        if carry != 0 {
            self.0.push(carry);
        }
    }

    /// `mantissa × 2^exp`.
    pub fn from_shifted(mantissa: u64, exp: usize) -> Big {
        let mut big = Big(if mantissa == 0 { vec![] } else { vec![mantissa] });
        big.shift_left(exp);
        big
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bit_len(&self) -> usize {
        self.0.last().map_or(0, |top| self.0.len() * 64 - top.leading_zeros() as usize)
    }

    pub fn shift_left(&mut self, by: usize) {
        if !by.is_multiple_of(64) && !self.is_zero() {
            let mut carry = 0;
            for word in &mut self.0 {
                (*word, carry) = (*word << (by % 64) | carry, *word >> (64 - by % 64));
            }
            if carry != 0 {
                self.0.push(carry);
            }
        }
        if !self.is_zero() {
            self.0.splice(0..0, std::iter::repeat_n(0, by / 64));
        }
    }

    pub fn compare(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes `other` away; it must not be greater.
    pub fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        for (i, word) in self.0.iter_mut().enumerate() {
            let (a, b1) = word.overflowing_sub(other.0.get(i).copied().unwrap_or(0));
            let (a, b2) = a.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (a, b1 || b2);
        }
        assert!(!borrow);
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// The top 128 bits (fewer only if there are fewer), the exponent of the last of them, and whether anything
    /// below is set.
    pub fn top_bits(&self) -> (u128, usize, bool) {
        let drop = self.bit_len().saturating_sub(128);
        let word = |i: usize| u128::from(self.0.get(i).copied().unwrap_or(0));
        let (at, shift) = (drop / 64, drop % 64);
        let mut top = word(at) >> shift | word(at + 1) << (64 - shift);
        if shift > 0 {
            top |= word(at + 2) << (128 - shift);
        }
        let below = self.0.iter().take(at).any(|w| *w != 0) || word(at) & ((1 << shift) - 1) != 0;
        (top, drop, below)
    }

    /// Appends the decimal digits.
    pub fn format(mut self, out: &mut Vec<u8>) {
        let mut groups = Vec::new();
        while !self.is_zero() {
            let mut rest = 0u128;
            for word in self.0.iter_mut().rev() {
                let wide = rest << 64 | u128::from(*word);
                *word = (wide / u128::from(WORD_TEN)) as u64;
                rest = wide % u128::from(WORD_TEN);
            }
            while self.0.last() == Some(&0) {
                self.0.pop();
            }
            groups.push(rest as u64);
        }
        let mut buffer = itoa::Buffer::new();
        for (i, group) in groups.iter().rev().enumerate() {
            let digits = buffer.format(*group).as_bytes();
            let pad = if i == 0 { 0 } else { WORD_DIGITS - digits.len() };
            out.extend(std::iter::repeat_n(b'0', pad));
            out.extend_from_slice(digits);
        }
        if groups.is_empty() {
            out.push(b'0');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(big: Big) -> String {
        let mut out = Vec::new();
        big.format(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn powers() {
        assert_eq!(text(Big::power_of_ten(57)), format!("1{}", "0".repeat(57)));
        assert_eq!(text(Big::from_shifted(1, 100)), (1u128 << 100).to_string());
        assert_eq!(text(Big::from_shifted(0, 100)), "0");
    }

    proptest! {
        #[test]
        fn digits_go_through(digits in "[1-9][0-9]{0,100}") {
            prop_assert_eq!(text(Big::from_digits(digits.as_bytes())), digits);
        }

        #[test]
        fn as_u128_does(a: u128, b: u128, shift in 0usize..300) {
            let (a, b) = (a.max(b), a.min(b));
            let big = |n: u128| Big::from_digits(n.to_string().trim_start_matches('0').as_bytes());
            let mut difference = big(a);
            difference.subtract(&big(b));
            prop_assert_eq!(text(difference), (a - b).to_string());
            prop_assert_eq!(big(a).compare(&big(b)), a.cmp(&b));
            let mut shifted = big(a);
            shifted.shift_left(shift);
            let zero_bits = a.leading_zeros() as usize;
            prop_assert_eq!(shifted.bit_len(), if a == 0 { 0 } else { 128 - zero_bits + shift });
            let (top, drop, below) = shifted.top_bits();
            if a != 0 && shift >= zero_bits {
                prop_assert_eq!((top, drop, below), (a << zero_bits, shift - zero_bits, false));
            }
            let mut odd = shifted.clone();
            odd.shift_left(1);
            odd.mul_add(1, 1);
            prop_assert_eq!(odd.top_bits().2, odd.bit_len() > 128);
        }
    }
}
