//! Numbers as text and as integers, as C does both.

/// What converting from a number that no 64-bit integer holds gives on x86-64.
const NO_INTEGER: i64 = i64::MIN;

/// Digits of `%.17g`.
const DIGITS: i32 = 17;

/// Integers with more digits than `%.17g` has get an exponent.
const PLAIN_MAX: u64 = 100_000_000_000_000_000;

/// Cuts the fraction off.
pub(crate) fn truncated(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        NO_INTEGER
    }
}

/// An integer that Lua holds as a double, as `%.17g` prints it.
pub(crate) fn push_integer(out: &mut Vec<u8>, number: i64) {
    if number.unsigned_abs() < PLAIN_MAX {
        base::num::format_i64(out, number);
    } else {
        push_double(out, number as f64);
    }
}

/// A double as `%.17g` prints it.
pub(crate) fn push_double(out: &mut Vec<u8>, number: f64) {
    if number.is_sign_negative() {
        out.push(b'-');
    }
    if number.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if number.is_infinite() {
        return out.extend_from_slice(b"inf");
    }
    let text = format!("{:.*e}", DIGITS as usize - 1, number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if (-4..DIGITS).contains(&exponent) {
        push_plain(out, digits, exponent);
    } else {
        push_scientific(out, digits, exponent);
    }
}

/// `digits` with the point behind digit `exponent`.
fn push_plain(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', exponent.unsigned_abs() as usize - 1));
        return out.extend_from_slice(digits.as_bytes());
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        out.extend_from_slice(digits.as_bytes());
        out.extend(std::iter::repeat_n(b'0', whole - digits.len()));
    } else {
        out.extend_from_slice(&digits.as_bytes()[..whole]);
        out.push(b'.');
        out.extend_from_slice(&digits.as_bytes()[whole..]);
    }
}

fn push_scientific(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    let (first, rest) = digits.split_at(1);
    out.extend_from_slice(first.as_bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    out.push(b'e');
    out.push(if exponent < 0 { b'-' } else { b'+' });
    let exponent = exponent.unsigned_abs();
    if exponent < 10 {
        out.push(b'0');
    }
    out.extend_from_slice(exponent.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: f64, expect: &str) {
        let mut out = Vec::new();
        push_double(&mut out, number);
        assert_eq!(String::from_utf8_lossy(&out), expect);
    }

    #[test]
    fn seventeen_digits() {
        check(0.1, "0.10000000000000001");
        check(1.5, "1.5");
        check(1.0 / 3.0, "0.33333333333333331");
        check(1e20, "1e+20");
        check(1e300, "1.0000000000000001e+300");
        check(9_007_199_254_740_992.0, "9007199254740992");
        check(-9_223_372_036_854_775_808.0, "-9.2233720368547758e+18");
        check(0.0001, "0.0001");
        check(0.00001, "1.0000000000000001e-05");
        check(f64::INFINITY, "inf");
        check(-f64::NAN, "-nan");
        check(100.0, "100");
    }

    #[test]
    fn integers() {
        let text = |number| {
            let mut out = Vec::new();
            push_integer(&mut out, number);
            String::from_utf8(out).expect("ASCII")
        };
        assert_eq!(text(-3), "-3");
        assert_eq!(text(9_007_199_254_740_991), "9007199254740991");
        assert_eq!(text(1_000_000_000_000_000_000), "1e+18");
        assert_eq!(
            (truncated(-1.9), truncated(1e15), truncated(1e19)),
            (-1, 1_000_000_000_000_000, i64::MIN)
        );
        assert_eq!((truncated(f64::NAN), truncated(f64::NEG_INFINITY)), (i64::MIN, i64::MIN));
    }
}
