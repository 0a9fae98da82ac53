//! Numbers as text and as integers, as C does both.

/// What converting from a number that no 64-bit integer holds gives on x86-64.
const NO_INTEGER: i64 = i64::MIN;

/// Integers beyond it are printed as doubles: with the digits that tell them apart, not with all that C would compute.
const PLAIN_MAX: u64 = 1 << 62;

/// Cuts the fraction off.
pub(crate) fn truncated(number: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        NO_INTEGER
    }
}

/// An integer that Lua holds as a double, as an argument of a command.
pub(crate) fn push_integer(out: &mut Vec<u8>, number: i64) {
    if number.unsigned_abs() <= PLAIN_MAX {
        base::num::format_i64(out, number);
    } else {
        push_double(out, number as f64);
    }
}

/// A double as an argument of a command, as Valkey 9 writes it: the shortest digits that read back, integers without an exponent as far as [`PLAIN_MAX`], so that commands that
/// take integers take them.
pub(crate) fn push_double(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() && number.is_sign_negative() {
        out.push(b'-');
    }
    // Commands that take integers refuse `-0`.
    base::num::format_f64(out, if number == 0.0 { 0.0 } else { number });
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
    fn shortest_digits() {
        check(0.1, "0.1");
        check(1.5, "1.5");
        check(-3.99, "-3.99");
        check(1.0 / 3.0, "0.3333333333333333");
        check(1e17, "100000000000000000");
        check(1e20, "1e+20");
        check(1e300, "1e+300");
        check(-0.0, "0");
        check(9_007_199_254_740_992.0, "9007199254740992");
        check(4_611_686_018_427_387_904.0, "4611686018427387904");
        check(-4_611_686_018_427_388_928.0, "-4611686018427389000");
        check(-9_223_372_036_854_775_808.0, "-9223372036854776000");
        check(0.00001, "0.00001");
        check(f64::INFINITY, "inf");
        check(f64::NAN, "nan");
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
        assert_eq!(text(1_000_000_000_000_000_000), "1000000000000000000");
        assert_eq!(text(1 << 62), "4611686018427387904");
        assert_eq!(text(i64::MIN), "-9223372036854776000");
        assert_eq!(
            (truncated(-1.9), truncated(1e15), truncated(1e19)),
            (-1, 1_000_000_000_000_000, i64::MIN)
        );
        assert_eq!((truncated(f64::NAN), truncated(f64::NEG_INFINITY)), (i64::MIN, i64::MIN));
    }
}
