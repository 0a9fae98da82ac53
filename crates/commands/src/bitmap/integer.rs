//! Integers of any width up to 64 bits, and what becomes of those that do not fit.

use base::num::parse_i64;

/// What to do with a number that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// Keep its low bits.
    Wrap,
    /// Take the nearest that fits.
    Saturate,
    /// Change nothing.
    Fail,
}

/// A type of integer: `i1` to `i64`, `u1` to `u63`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Width {
    /// Whether the first bit is the sign.
    pub signed: bool,
    /// Its bits.
    pub bits: u32,
}

impl Width {
    /// A letter and a number.
    pub fn parse(arg: &[u8]) -> Option<Width> {
        let (letter, number) = arg.split_first()?;
        let (signed, bits_max) = match letter {
            b'i' => (true, 64),
            b'u' => (false, 63),
            _ => return None,
        };
        let bits = parse_i64(number).filter(|bits| (1..=bits_max).contains(bits))?;
        Some(Width { signed, bits: bits as u32 })
    }

    /// The number that raw bits are.
    pub fn read(self, raw: u64) -> i64 {
        let shift = 64 - self.bits;
        if self.signed { (raw << shift) as i64 >> shift } else { raw as i64 }
    }

    /// A number, exact, made to fit. `None`: it does not, and is not to be made.
    pub fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = match (self.signed, self.bits) {
            (true, bits) => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
            (false, bits) => (0, (1_i128 << bits) - 1),
        };
        if (min..=max).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.read(value as u64 & u64::MAX >> (64 - self.bits))),
            Overflow::Saturate => Some(value.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }

    /// An argument to be stored, exact: that of an unsigned type is taken as one of 64 bits first. So is a signed one that is too low for the difference to
    /// the greatest number to be one of 64 bits: Redis saturates it to the greatest.
    pub fn exact(self, arg: i64) -> i128 {
        let max = i64::MAX >> (64 - self.bits);
        let low = self.bits < 64 && max.checked_sub(arg).is_none();
        if self.signed && !low { i128::from(arg) } else { i128::from(arg as u64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        let check = |text: &str, expect: Option<(bool, u32)>| {
            assert_eq!(Width::parse(text.as_bytes()).map(|w| (w.signed, w.bits)), expect, "{text}");
        };
        check("i64", Some((true, 64)));
        check("u63", Some((false, 63)));
        check("u1", Some((false, 1)));
        for bad in ["u64", "i65", "i0", "u-1", "x8", "I8", "u08", "i", "", "u8 "] {
            check(bad, None);
        }
    }

    #[test]
    fn what_does_not_fit() {
        let check = |width: &str, value: i128, expect: [Option<i64>; 3]| {
            let width = Width::parse(width.as_bytes()).expect("a width");
            let fits = [Overflow::Wrap, Overflow::Saturate, Overflow::Fail].map(|o| width.fit(value, o));
            assert_eq!(fits, expect, "{width:?} {value}");
        };
        check("u8", 255, [Some(255); 3]);
        check("u8", 256, [Some(0), Some(255), None]);
        check("u8", -1, [Some(255), Some(0), None]);
        check("i8", 128, [Some(-128), Some(127), None]);
        check("i8", -129, [Some(127), Some(-128), None]);
        check("i64", i64::MAX as i128 + 1, [Some(i64::MIN), Some(i64::MAX), None]);
        check("i64", 2 * i64::MIN as i128, [Some(0), Some(i64::MIN), None]);
        check("u63", 1 << 63, [Some(0), Some(i64::MAX), None]);
        check("i1", 1, [Some(-1), Some(0), None]);
        let i40 = Width { signed: true, bits: 40 };
        assert_eq!(i40.fit(i40.exact(i64::MIN), Overflow::Saturate), Some((1 << 39) - 1));
        assert_eq!(i40.fit(i40.exact(i64::MIN), Overflow::Wrap), Some(0));
        assert_eq!(i40.fit(i40.exact(-1 << 50), Overflow::Saturate), Some(-1 << 39));
    }
}
