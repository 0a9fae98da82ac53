//! Numbers as the C of Lua and its libraries converts them.

use std::io::Write;

use base::num::format_i64;

const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// Digits that `format_general` can be asked for.
const PRECISION_MAX: usize = 17;

/// As C casts on this hardware: towards zero, everything out of range to the smallest integer.
pub(super) fn to_integer(n: f64) -> i64 {
    if (-TWO_63..TWO_63).contains(&n) { n as i64 } else { i64::MIN }
}

/// As C casts to an unsigned integer on this hardware: what is out of range folds.
pub(super) fn to_unsigned(n: f64) -> u64 {
    if n >= TWO_63 { to_integer(n - TWO_63) as u64 ^ 1 << 63 } else { to_integer(n) as u64 }
}

/// As C casts to `int` on this hardware.
pub(super) fn to_int(n: f64) -> i32 {
    let whole = n.trunc();
    if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&whole) { whole as i32 } else { i32::MIN }
}

/// Appends `n` as C's `%.{precision}g`; not-a-number without its sign.
pub(super) fn format_general(out: &mut Vec<u8>, n: f64, precision: usize) {
    assert!((1..=PRECISION_MAX).contains(&precision));
    if n.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    let is_short = n.abs() < 10f64.powi(precision as i32);
    if n.trunc() == n && is_short && (n != 0.0 || n.is_sign_positive()) {
        return format_i64(out, n as i64);
    }
    if n.is_sign_negative() {
        out.push(b'-');
    }
    if n.is_infinite() {
        return out.extend_from_slice(b"inf");
    }
    let (digits, exponent) = digits(n.abs(), precision);
    let kept = precision - digits.iter().rev().take_while(|b| **b == b'0').count().min(precision - 1);
    layout(out, &digits[..kept], exponent, precision);
}

/// Exactly `precision` digits, rounded from the exact value, and the power of ten of the first.
fn digits(n: f64, precision: usize) -> (Vec<u8>, i32) {
    let mut text = Vec::with_capacity(PRECISION_MAX + 8);
    // Writing into memory does not fail.
    let _ = write!(text, "{n:.*e}", precision - 1);
    let mark = text.iter().position(|b| *b == b'e').unwrap_or(text.len());
    let exponent = std::str::from_utf8(&text[mark..]).ok().and_then(|text| text.get(1..)?.parse().ok());
    text.truncate(mark);
    text.retain(|b| *b != b'.');
    (text, exponent.unwrap_or(0))
}

fn layout(out: &mut Vec<u8>, digits: &[u8], exponent: i32, precision: usize) {
    if exponent < -4 || exponent >= precision as i32 {
        out.push(digits[0]);
        if digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.abs());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', -exponent as usize - 1));
        out.extend_from_slice(digits);
    } else {
        let integer = exponent as usize + 1;
        out.extend_from_slice(&digits[..integer.min(digits.len())]);
        out.extend(std::iter::repeat_n(b'0', integer.saturating_sub(digits.len())));
        if digits.len() > integer {
            out.push(b'.');
            out.extend_from_slice(&digits[integer..]);
        }
    }
}

/// The number in front of `text` as C's `strtod` finds it, and its length; `None` if there is none.
pub(super) fn parse_prefix(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text, [b'-' | b'+', ..]));
    let rest = &text[sign..];
    let (magnitude, len) = match rest {
        [b'i' | b'I' | b'n' | b'N', ..] => word(rest)?,
        [b'0', b'x' | b'X', ..] => hexadecimal(rest),
        _ => decimal(rest)?,
    };
    let n = if text.first() == Some(&b'-') { -magnitude } else { magnitude };
    Some((n, sign + len))
}

fn word(text: &[u8]) -> Option<(f64, usize)> {
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    if begins(b"infinity") {
        return Some((f64::INFINITY, 8));
    }
    if begins(b"inf") {
        return Some((f64::INFINITY, 3));
    }
    if !begins(b"nan") {
        return None;
    }
    let payload = text.get(4..).unwrap_or_default();
    let inner = payload.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let has_payload = text.get(3) == Some(&b'(') && payload.get(inner) == Some(&b')');
    Some((f64::NAN, if has_payload { inner + 5 } else { 3 }))
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let mantissa = mantissa(text, u8::is_ascii_digit)?;
    let len = mantissa + exponent(&text[mantissa..], b'e');
    // All digits, so this reads: to infinity and zero too.
    let n = std::str::from_utf8(&text[..len]).ok()?.parse().ok()?;
    Some((n, len))
}

/// A lone `0` if no digit follows the `x`.
fn hexadecimal(text: &[u8]) -> (f64, usize) {
    let Some(mantissa) = mantissa(&text[2..], u8::is_ascii_hexdigit) else { return (0.0, 1) };
    let len = 2 + mantissa + exponent(&text[2 + mantissa..], b'p');
    let n = base::num::parse_f64(&text[..len]).unwrap_or_else(|| extreme(&text[2..len]));
    (n, len)
}

/// Length of digits with at most one point; `None` without a digit.
fn mantissa(text: &[u8], is_digit: impl Fn(&u8) -> bool) -> Option<usize> {
    let integer = text.iter().take_while(|b| is_digit(b)).count();
    if text.get(integer) != Some(&b'.') {
        return (integer > 0).then_some(integer);
    }
    let fraction = text[integer + 1..].iter().take_while(|b| is_digit(b)).count();
    (integer + fraction > 0).then_some(integer + 1 + fraction)
}

/// Length of an exponent, 0 if it lacks digits.
fn exponent(text: &[u8], mark: u8) -> usize {
    if !text.first().is_some_and(|b| b.eq_ignore_ascii_case(&mark)) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    let digits = text[1 + sign..].iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { 0 } else { 1 + sign + digits }
}

/// A hexadecimal magnitude that overflows or vanishes: infinity or zero.
fn extreme(text: &[u8]) -> f64 {
    let negative = text.windows(2).any(|pair| pair[0].eq_ignore_ascii_case(&b'p') && pair[1] == b'-');
    if negative || text.first() == Some(&b'.') { 0.0 } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(n: f64, precision: usize, expect: &str) {
        let mut out = Vec::new();
        format_general(&mut out, n, precision);
        assert_eq!(String::from_utf8_lossy(&out), expect, "{n:?} with {precision} digits");
    }

    #[test]
    fn numbers_are_written_as_by_printf() {
        check(0.0, 14, "0");
        check(-0.0, 14, "-0");
        check(1e14, 14, "1e+14");
        check(99_999_999_999_999.0, 14, "99999999999999");
        check(0.1 + 0.2, 14, "0.3");
        check(0.000_1, 14, "0.0001");
        check(0.000_01, 14, "1e-05");
        check(123_456.789, 8, "123456.79");
        check(99.5, 2, "1e+02");
        check(9.5, 1, "1e+01");
        check(100.25, 3, "100");
        check(-1.5e-300, 14, "-1.5e-300");
        check(f64::NEG_INFINITY, 14, "-inf");
        check(-f64::NAN, 14, "nan");
    }

    #[test]
    fn casts_fold_as_the_hardware_does() {
        assert_eq!([to_integer(1e300), to_integer(f64::NAN), to_integer(-1.9)], [i64::MIN, i64::MIN, -1]);
        assert_eq!([to_unsigned(-2.0), to_unsigned(TWO_63), to_unsigned(1e300)], [u64::MAX - 1, 1 << 63, 0]);
        assert_eq!([to_int(2_147_483_648.0), to_int(-2_147_483_648.9), to_int(5.9)], [i32::MIN, i32::MIN, 5]);
    }

    fn check_prefix(text: &str, expect: Option<(f64, usize)>) {
        assert_eq!(parse_prefix(text.as_bytes()), expect, "{text:?}");
    }

    #[test]
    fn numbers_are_found_as_by_strtod() {
        check_prefix("12.5e1x", Some((125.0, 6)));
        check_prefix("1e+", Some((1.0, 1)));
        check_prefix("-.5", Some((-0.5, 3)));
        check_prefix("5.", Some((5.0, 2)));
        check_prefix(".", None);
        check_prefix("+-1", None);
        check_prefix("0x", Some((0.0, 1)));
        check_prefix("0x1.8p1p", Some((3.0, 7)));
        check_prefix("0x1p99999", Some((f64::INFINITY, 9)));
        check_prefix("-0x1p-99999", Some((-0.0, 11)));
        check_prefix("infinit", Some((f64::INFINITY, 3)));
        check_prefix("1e999", Some((f64::INFINITY, 5)));
        assert!(parse_prefix(b"nan(a_1)x").is_some_and(|(n, len)| n.is_nan() && len == 8));
        assert!(parse_prefix(b"nan(-)").is_some_and(|(n, len)| n.is_nan() && len == 3));
    }

    proptest! {
        #[test]
        fn seventeen_digits_read_back(bits: u64) {
            let n = f64::from_bits(bits);
            prop_assume!(n.is_finite());
            let mut out = Vec::new();
            format_general(&mut out, n, 17);
            let read = parse_prefix(&out).map(|(n, len)| (n.to_bits(), len));
            prop_assert_eq!(read, Some((n.to_bits(), out.len())));
        }
    }
}
