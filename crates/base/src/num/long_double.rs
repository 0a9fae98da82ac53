//! The 80-bit floating point of x86, in software: INCRBYFLOAT adds in it and prints seventeen decimals of it.

use super::big::Big;
use super::text::{self, Format, Rounded, Shape};

/// Longest text that is read as a number, in bytes: the reference servers read into a buffer of 5 KiB.
pub const LONG_DOUBLE_TEXT_MAX: usize = 5 * 1024 - 1;

/// Decimals printed before trailing zeros are cut.
const DECIMALS: usize = 17;

const X87: Format = Format { bits: 64, exp_min: -16445, exp_max: 16320 };

/// Decimal exponents of the first digit beyond which numbers overflow or vanish; the limits are 4933 and -4950.
const DECIMAL_EXP_MAX: i64 = 4940;
const DECIMAL_EXP_MIN: i64 = -4960;

/// A number of the x87's extended format: sign, 15 bits of exponent, 64 of mantissa.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LongDouble {
    negative: bool,
    class: Class,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Class {
    /// `mantissa × 2^exp`; the mantissa's top bit is set unless `exp` is the least, which is zero's, too.
    Finite {
        mantissa: u64,
        exp: i64,
    },
    Infinite,
    NotANumber,
}

impl LongDouble {
    /// The whole text as `strtold` reads it, with the rules of [`super::parse_f64`], and no longer than
    /// [`LONG_DOUBLE_TEXT_MAX`].
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() > LONG_DOUBLE_TEXT_MAX {
            return None;
        }
        let (negative, shape) = text::parse(text)?;
        let (rounded, zero) = match shape {
            Shape::Infinite => return Some(LongDouble { negative, class: Class::Infinite }),
            Shape::Decimal { digits: [], .. } => (X87.round(0, 0, false), true),
            Shape::Decimal { digits, exp } => (round_decimal(digits, exp)?, false),
            Shape::Hex { mantissa, sticky, exp } => (X87.round(mantissa, exp, sticky), mantissa == 0),
        };
        match rounded {
            Rounded::Finite { mantissa, .. } if mantissa == 0 && !zero => None,
            Rounded::Finite { mantissa, exp } => {
                Some(LongDouble { negative, class: Class::Finite { mantissa, exp } })
            }
            Rounded::Overflow => None,
        }
    }

    /// Exact.
    pub fn from_f64(value: f64) -> LongDouble {
        let negative = value.is_sign_negative();
        let (field, fraction) = ((value.to_bits() >> 52 & 0x7ff) as i64, value.to_bits() & ((1 << 52) - 1));
        let class = match field {
            0x7ff if fraction == 0 => Class::Infinite,
            0x7ff => Class::NotANumber,
            0 => return LongDouble::rounded(negative, fraction.into(), -1074, false),
            _ => return LongDouble::rounded(negative, (fraction | 1 << 52).into(), field - 1075, false),
        };
        LongDouble { negative, class }
    }

    /// Exact.
    pub fn from_i64(value: i64) -> LongDouble {
        LongDouble::rounded(value < 0, value.unsigned_abs().into(), 0, false)
    }

    fn rounded(negative: bool, mantissa: u128, exp: i64, sticky: bool) -> LongDouble {
        let class = match X87.round(mantissa, exp, sticky) {
            Rounded::Finite { mantissa, exp } => Class::Finite { mantissa, exp },
            Rounded::Overflow => Class::Infinite,
        };
        LongDouble { negative, class }
    }

    /// Neither infinite nor not-a-number.
    pub fn is_finite(self) -> bool {
        matches!(self.class, Class::Finite { .. })
    }

    /// The sum, rounded to nearest, ties to even; not-a-number for infinities of opposite signs.
    #[expect(clippy::should_implement_trait, reason = "rounding is worth a name at the call")]
    pub fn add(self, other: LongDouble) -> LongDouble {
        match (self.class, other.class) {
            (Class::Finite { mantissa: a, exp: a_exp }, Class::Finite { mantissa: b, exp: b_exp }) => {
                if (a_exp, a) >= (b_exp, b) {
                    add_smaller((self.negative, a, a_exp), (other.negative, b, b_exp))
                } else {
                    add_smaller((other.negative, b, b_exp), (self.negative, a, a_exp))
                }
            }
            (Class::NotANumber, _) | (_, Class::Finite { .. }) => self,
            (Class::Infinite, Class::Infinite) if self.negative != other.negative => {
                LongDouble { negative: false, class: Class::NotANumber }
            }
            _ => other,
        }
    }

    /// Appends the number as `%.17Lf` prints it, without trailing zeros and point, and `0` for `-0`.
    pub fn format_human(self, out: &mut Vec<u8>) {
        let (mantissa, exp) = match self.class {
            Class::NotANumber => return out.extend_from_slice(b"nan"),
            Class::Infinite if self.negative => return out.extend_from_slice(b"-inf"),
            Class::Infinite => return out.extend_from_slice(b"inf"),
            Class::Finite { mantissa, exp } => (mantissa, exp),
        };
        if exp >= 0 {
            out.extend_from_slice(if self.negative { b"-" } else { b"" });
            return Big::from_shifted(mantissa, exp as usize).format(out);
        }
        let scaled = shift_right_to_even(u128::from(mantissa) * 10u128.pow(DECIMALS as u32), -exp);
        if scaled == 0 {
            return out.push(b'0');
        }
        out.extend_from_slice(if self.negative { b"-" } else { b"" });
        let (integer, fraction) =
            (scaled / 10u128.pow(DECIMALS as u32), scaled % 10u128.pow(DECIMALS as u32));
        out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
        if fraction != 0 {
            let text = format!(".{fraction:017}");
            out.extend_from_slice(text.trim_end_matches('0').as_bytes());
        }
    }
}

/// `0.digits × 10^exp` rounded; `None` where it vanishes. Exact for any number of digits.
fn round_decimal(digits: &[u8], exp: i64) -> Option<Rounded> {
    if exp > DECIMAL_EXP_MAX {
        return Some(Rounded::Overflow);
    }
    if exp < DECIMAL_EXP_MIN {
        return None;
    }
    let count = digits.iter().filter(|d| **d != b'.').count();
    let last_exp = exp - count as i64;
    // Eighteen zeros at most keep both ways below in 128 bits.
    if count <= 19 && (-18..=18).contains(&last_exp) {
        return Some(round_small(digits, last_exp));
    }
    let mut numerator = Big::from_digits(digits);
    if last_exp >= 0 {
        numerator.mul_power_of_ten(last_exp as usize);
        let (top, exp, below) = numerator.top_bits();
        return Some(X87.round(top, exp as i64, below));
    }
    Some(round_quotient(numerator, Big::power_of_ten(-last_exp as usize)))
}

/// At most 19 digits with the last one at 10^`last_exp`, -18 to 18.
fn round_small(digits: &[u8], last_exp: i64) -> Rounded {
    let number = digits.iter().filter(|d| **d != b'.').fold(0, |n: u64, d| n * 10 + u64::from(d - b'0'));
    let ten = 10u64.pow(last_exp.unsigned_abs() as u32);
    if last_exp >= 0 {
        return X87.round(u128::from(number) * u128::from(ten), 0, false);
    }
    let shift = number.leading_zeros();
    let numerator = u128::from(number << shift) << 64;
    let (quotient, rest) = (numerator / u128::from(ten), numerator % u128::from(ten));
    X87.round(quotient, -64 - i64::from(shift), rest != 0)
}

/// Long division, one bit a step, for as many bits as rounding needs.
fn round_quotient(mut numerator: Big, mut denominator: Big) -> Rounded {
    const BITS: i64 = 68;
    let lead = numerator.bit_len() as i64 - denominator.bit_len() as i64;
    if lead >= 0 {
        denominator.shift_left(lead as usize);
    } else {
        numerator.shift_left(-lead as usize);
    }
    let mut quotient = 0u128;
    for _ in 0..BITS {
        quotient <<= 1;
        if numerator.compare(&denominator).is_ge() {
            numerator.subtract(&denominator);
            quotient |= 1;
        }
        numerator.shift_left(1);
    }
    X87.round(quotient, lead - (BITS - 1), !numerator.is_zero())
}

/// Adds (sign, mantissa, exponent) pairs, the greater magnitude first.
fn add_smaller((a_neg, a, a_exp): (bool, u64, i64), (b_neg, b, b_exp): (bool, u64, i64)) -> LongDouble {
    if b == 0 {
        // Only the sum of two negative zeros is a negative zero.
        let negative = if a == 0 { a_neg && b_neg } else { a_neg };
        return LongDouble { negative, class: Class::Finite { mantissa: a, exp: a_exp } };
    }
    // 62 bits below the greater mantissa, one above for the carry.
    const ROOM: i64 = 62;
    let distance = a_exp - b_exp;
    let a_wide = u128::from(a) << ROOM;
    let b_wide = u128::from(b) << ROOM;
    let (b_shifted, lost) = match distance {
        0..128 => (b_wide >> distance, b_wide & ((1 << distance) - 1) != 0),
        _ => (0, true),
    };
    if a_neg == b_neg {
        return LongDouble::rounded(a_neg, a_wide + b_shifted, a_exp - ROOM, lost);
    }
    // Bits were lost from what is taken away: the exact difference is below, so step down and be above it.
    let difference = a_wide - b_shifted - u128::from(lost);
    LongDouble::rounded(a_neg && difference != 0, difference, a_exp - ROOM, lost)
}

/// `value / 2^by`, `by` > 0, rounded to nearest, ties to even.
fn shift_right_to_even(value: u128, by: i64) -> u128 {
    if by > 127 {
        // Products of a mantissa and 10^17 are below 2^121: less than a half.
        return 0;
    }
    let half = 1u128 << (by - 1);
    let (kept, rest) = (value >> by, value & ((half << 1) - 1));
    kept + u128::from(rest > half || rest == half && kept & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> LongDouble {
        LongDouble::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text:?} is a number"))
    }

    fn text(n: LongDouble) -> String {
        let mut out = Vec::new();
        n.format_human(&mut out);
        String::from_utf8(out).expect("ascii")
    }

    #[test]
    fn printed_as_the_x87_prints() {
        let check = |input: &str, expect: &str| assert_eq!(text(number(input)), expect, "{input:?}");
        check("0", "0");
        check("-0", "0");
        check("-1e-30", "0");
        check("3.0e3", "3000");
        check("0.1", "0.1");
        check("5.1e-18", "0.00000000000000001");
        check("13.361389338970184", "13.361389338970184");
        check("1e19", "10000000000000000000");
        check("1e20", "100000000000000000000");
        check("1e25", "10000000000000000000000000");
        check("123456789012345678901234567890", "123456789012345678899921813504");
        check("18446744073709551615.5", "18446744073709551616");
        check("inf", "inf");
        check("-infinity", "-inf");
        check("0x1.8p1", "3");
        assert_eq!(text(LongDouble::from_f64(13.361389338970184)), "13.36138933897018433");
    }

    #[test]
    fn limits() {
        assert!(LongDouble::parse(b"1e4933").is_none());
        assert_eq!(text(number("1e4932")).len(), 4933);
        assert!(LongDouble::parse(b"1e-4960").is_none());
        assert!(LongDouble::parse(b"3.6e-4951").is_some());
        assert!(LongDouble::parse(b"1e-4951").is_none());
        assert!(LongDouble::parse("9".repeat(5120).as_bytes()).is_none());
        assert!(LongDouble::parse(format!("0.{}", "9".repeat(5000)).as_bytes()).is_some());
        let most = number("1.18973149535723176502e4932");
        assert!(most.is_finite() && !most.add(most).is_finite());
        let (inf, minus) = (number("inf"), number("-inf"));
        assert!(!inf.add(minus).is_finite());
        assert_eq!(text(inf.add(number("5"))), "inf");
        for text in ["", " 1", "1 ", "nan", "0x", "1e", "--1"] {
            assert!(LongDouble::parse(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn sums() {
        let check =
            |a: &str, b: &str, expect: &str| assert_eq!(text(number(a).add(number(b))), expect, "{a} + {b}");
        check("10.5", "0.1", "10.6");
        check("5.0e3", "2.0e2", "5200");
        check("1.2", "-1.2", "0");
        check("-0", "-0", "0");
        check("17179869184", "1.5", "17179869185.5");
        check("9223372036854775807", "1", "9223372036854775808");
        check("18446744073709551615", "1", "18446744073709551616");
        check("1", "-1e-4940", "1");
        check("3", "1e-30", "3");
    }

    proptest! {
        #[test]
        fn integers_are_exact(a: i64, b: i64) {
            let sum = LongDouble::from_i64(a).add(LongDouble::from_i64(b));
            let exact = i128::from(a) + i128::from(b);
            if exact.unsigned_abs() <= u128::from(u64::MAX) {
                prop_assert_eq!(text(sum), exact.to_string());
            }
            prop_assert_eq!(number(&a.to_string()), LongDouble::from_i64(a));
        }

        #[test]
        fn sums_commute_and_both_ways_of_reading_agree(n: u64, exp in -18i64..=18, m: u64) {
            let digits = n.max(1).to_string();
            if digits.len() <= 19 {
                let last_exp = exp;
                let mut numerator = Big::from_digits(digits.as_bytes());
                let big = if exp >= 0 {
                    numerator.mul_power_of_ten(exp as usize);
                    let (top, exp, below) = numerator.top_bits();
                    X87.round(top, exp as i64, below)
                } else {
                    round_quotient(numerator, Big::power_of_ten(-exp as usize))
                };
                prop_assert_eq!(round_small(digits.as_bytes(), last_exp), big);
            }
            let (a, b) = (number(&format!("{n}e{exp}")), number(&format!("-{m}e{}", exp / 2)));
            prop_assert_eq!(a.add(b), b.add(a));
        }

        #[test]
        fn any_bytes_end(text in "[-+0-9.eExXpP]{0,30}") {
            if let Some(n) = LongDouble::parse(text.as_bytes()) {
                n.format_human(&mut Vec::new());
            }
        }
    }
}
