//! Doubles: read as `strtod` reads them, written as shortly as they read back.

use super::format_i64;
use super::text::{self, Format, Rounded, Shape};

/// IEEE 754 binary64.
const BINARY64: Format = Format { bits: 53, exp_min: -1074, exp_max: 971 };

/// Integers up to this magnitude are written with all their digits.
const INTEGER_MAX: f64 = (1u64 << 62) as f64;

/// Digits of the longest shortest form.
const DIGITS_MAX: usize = 17;

/// A double: the whole text as C's `strtod` reads it, `inf` and hexadecimal included. `None` for not-a-number, for
/// leading space, for anything left over, and for magnitudes that overflow or vanish.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let (negative, shape) = text::parse(text)?;
    let magnitude = match shape {
        Shape::Infinite => f64::INFINITY,
        Shape::Decimal { digits: [], .. } => 0.0,
        Shape::Decimal { .. } => {
            let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
            (value != 0.0 && value.is_finite()).then_some(value.abs())?
        }
        Shape::Hex { mantissa, sticky, exp } => match BINARY64.round(mantissa, exp, sticky) {
            Rounded::Finite { mantissa: 0, .. } if mantissa != 0 => return None,
            Rounded::Finite { mantissa, exp } => from_parts(mantissa, exp),
            Rounded::Overflow => return None,
        },
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// `mantissa × 2^exp`, which must be exact.
fn from_parts(mantissa: u64, exp: i64) -> f64 {
    if mantissa >> 52 == 0 {
        return f64::from_bits(mantissa);
    }
    f64::from_bits((exp + 1075) as u64 * (1 << 52) + (mantissa - (1 << 52)))
}

/// Appends `value` as replies carry it: integers up to 2^62 in full, else the shortest digits that read back.
pub fn format_f64(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if value.is_sign_negative() && (value == 0.0 || value.is_infinite() || !is_integer(value)) {
        out.push(b'-');
    }
    if value.is_infinite() {
        out.extend_from_slice(b"inf");
    } else if is_integer(value) {
        format_i64(out, value as i64);
    } else {
        shortest(out, value.abs());
    }
}

/// Appends the shortest digits that read back as `value`, of integers too: `1e+17`.
pub fn format_shortest(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() || value.is_infinite() {
        return format_f64(out, value);
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    if value == 0.0 {
        out.push(b'0');
    } else {
        shortest(out, value.abs());
    }
}

fn is_integer(value: f64) -> bool {
    value.abs() <= INTEGER_MAX && value.trunc() == value
}

/// Appends the shortest digits of a positive finite number, as an integer, decimal or scientific by their place.
fn shortest(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    let (mantissa, mark_exp) = match text.iter().position(|b| *b == b'e') {
        Some(mark) => (&text[..mark], exponent(&text[mark + 1..])),
        None => (text, 0),
    };
    let integer = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len()) as i64;
    // Plain decimals come with zeros around the digits that count.
    let mut digits = [0u8; DIGITS_MAX + 1];
    let (mut len, mut leading) = (0, 0);
    for b in mantissa.iter().filter(|b| **b != b'.') {
        if len == 0 && *b == b'0' {
            leading += 1;
        } else {
            digits[len] = *b;
            len += 1;
        }
    }
    while digits[len - 1] == b'0' {
        len -= 1;
    }
    layout(out, &digits[..len], mark_exp + integer - leading - 1);
}

fn exponent(text: &[u8]) -> i64 {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] => (1, digits),
        digits => (1, digits),
    };
    sign * digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'))
}

/// Lays out `digits`, the first of which stands at 10^`point_exp`.
fn layout(out: &mut Vec<u8>, digits: &[u8], point_exp: i64) {
    let len = digits.len() as i64;
    let last_exp = point_exp - (len - 1);
    let zeros = |out: &mut Vec<u8>, n: i64| out.extend(std::iter::repeat_n(b'0', n as usize));
    if last_exp >= 0 && point_exp.abs() < len + 7 {
        out.extend_from_slice(digits);
        zeros(out, last_exp);
    } else if last_exp < 0 && (last_exp > -7 || point_exp.abs() < 4) {
        let integer = len + last_exp;
        if integer <= 0 {
            out.extend_from_slice(b"0.");
            zeros(out, -integer);
            out.extend_from_slice(digits);
        } else {
            out.extend_from_slice(&digits[..integer as usize]);
            out.push(b'.');
            out.extend_from_slice(&digits[integer as usize..]);
        }
    } else {
        out.push(digits[0]);
        if len > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        out.extend_from_slice(if point_exp < 0 { b"e-" } else { b"e+" });
        format_i64(out, point_exp.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        format_f64(&mut out, value);
        String::from_utf8(out).expect("ascii")
    }

    #[test]
    fn written_as_the_table_says() {
        let rows = [
            (0.1, "0.1"),
            (1.1, "1.1"),
            (1e15, "1000000000000000"),
            (1e16, "10000000000000000"),
            (1e17, "100000000000000000"),
            (1234567890123456789.0, "1234567890123456768"),
            (9e18, "9e+18"),
            (1e20, "1e+20"),
            (1e100, "1e+100"),
            (1e-5, "0.00001"),
            (0.000001234, "1.234e-6"),
            (1e-7, "1e-7"),
            (5e-324, "5e-324"),
            (1e300, "1e+300"),
            (-1.5, "-1.5"),
            (-3.0, "-3"),
            (-0.0, "-0"),
            (0.0, "0"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (-1e-7, "-1e-7"),
            (123.4567891234, "123.4567891234"),
            (1234567.1234567891, "1.2345671234567892e+6"),
            (4611686018427387904.0, "4611686018427387904"),
            (4611686018427388928.0, "4611686018427389000"),
        ];
        for (value, expect) in rows {
            assert_eq!(text(value), expect);
        }
    }

    #[test]
    fn read_as_strtod_reads() {
        let check =
            |text: &str, expect: Option<f64>| assert_eq!(parse_f64(text.as_bytes()), expect, "{text:?}");
        check("1", Some(1.0));
        check("+1.5", Some(1.5));
        check(".5", Some(0.5));
        check("5.", Some(5.0));
        check("1e3", Some(1000.0));
        check("1E-3", Some(0.001));
        check("0e999999999999999999999", Some(0.0));
        check("-Inf", Some(f64::NEG_INFINITY));
        check("infinity", Some(f64::INFINITY));
        check("0x10", Some(16.0));
        check("-0x1.8p1", Some(-3.0));
        check("0x.8", Some(0.5));
        check("0x1.fffffffffffff8p0", Some(2.0));
        check("0x1.0000000000000800000000000000000000001p0", Some(1.0 + f64::EPSILON));
        check("0x1p-1074", Some(5e-324));
        check("0x0p-9999999999", Some(0.0));
        check("1e-320", Some(1e-320));
        let rejected = [
            "", " 1", "1 ", "nan", "-nan", "1e", "1e+", ".", "-", "+-1", "e5", "0x", "0x1p", "1.2.3", "infi",
        ];
        for text in rejected.into_iter().chain([
            "1e400",
            "-1e400",
            "1e-400",
            "0x1p1024",
            "0x1p-1080",
            "1\0",
            "1_0",
            "١",
        ]) {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(!value.is_nan());
            prop_assert_eq!(parse_f64(text(value).as_bytes()), Some(value));
        }

        #[test]
        fn no_longer_than_the_standard_librarys_digits(bits: u64, small in -1_000_000i32..1_000_000, scale in 0i32..9) {
            for value in [f64::from_bits(bits).abs(), (f64::from(small) / 10f64.powi(scale)).abs()] {
                if value.is_finite() && value != 0.0 {
                    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                    shortest(&mut ours, value);
                    let text = format!("{value:e}");
                    let (mantissa, exp) = text.split_once('e').expect("scientific");
                    let digits: Vec<u8> = mantissa.bytes().filter(|b| *b != b'.').collect();
                    layout(&mut theirs, &digits, exp.parse().expect("a number"));
                    // Two shortest forms may be equally near: only the last digit may differ.
                    prop_assert_eq!(ours.len(), theirs.len());
                    prop_assert_eq!(parse_f64(&ours), Some(value));
                }
            }
        }

        #[test]
        fn hexadecimal_is_exact(bits: u64) {
            let value = f64::from_bits(bits & !(1 << 63));
            prop_assume!(value.is_finite() && value.is_normal());
            let hex = format!("0x{:x}p{}", bits & ((1 << 52) - 1) | 1 << 52, (bits >> 52 & 0x7ff) as i64 - 1075);
            prop_assert_eq!(parse_f64(hex.as_bytes()), Some(value));
        }

        #[test]
        fn any_bytes_end(text: Vec<u8>) {
            let _ = parse_f64(&text);
        }
    }
}
