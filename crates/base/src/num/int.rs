//! Integers: only the canonical text of a number is one.

/// Decimal digits of `u64::MAX`.
const U64_DIGITS: usize = 20;

/// A canonical decimal `i64`: no sign but `-`, no leading zero, no `-0`, no space.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', b'0', ..] => None,
        [b'-', digits @ ..] => 0i64.checked_sub_unsigned(parse_u64(digits)?),
        digits => i64::try_from(parse_u64(digits)?).ok(),
    }
}

/// A canonical decimal `u64`: digits only, no leading zero.
#[inline]
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        [] => return None,
        [b'0', rest @ ..] => return rest.is_empty().then_some(0),
        _ => {}
    }
    if text.len() < U64_DIGITS {
        // Nineteen digits cannot overflow.
        return text.iter().try_fold(0u64, |n, b| Some(n * 10 + digit(*b)?));
    }
    if text.len() > U64_DIGITS {
        return None;
    }
    text.iter().try_fold(0u64, |n, b| n.checked_mul(10)?.checked_add(digit(*b)?))
}

#[inline]
fn digit(b: u8) -> Option<u64> {
    let d = b.wrapping_sub(b'0');
    (d < 10).then_some(u64::from(d))
}

/// Appends `n` in decimal.
#[inline]
pub fn format_i64(out: &mut Vec<u8>, n: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

/// Appends `n` in decimal.
#[inline]
pub fn format_u64(out: &mut Vec<u8>, n: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_canonical_text() {
        let rejected = [
            "",
            "-",
            "+1",
            "-0",
            "00",
            "01",
            "-01",
            " 1",
            "1 ",
            "1a",
            "0x1",
            "1.0",
            "--1",
            "9223372036854775808",
        ];
        for text in rejected.into_iter().chain([
            "-9223372036854775809",
            "99999999999999999999",
            "100000000000000000000",
        ]) {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"-1"), None);
    }

    proptest! {
        #[test]
        fn canonical_means_it_prints_the_same(text in "-?[0-9]{1,21}") {
            let expect = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
            prop_assert_eq!(parse_i64(text.as_bytes()), expect);
            let expect = text.parse::<u64>().ok().filter(|n| n.to_string() == text);
            prop_assert_eq!(parse_u64(text.as_bytes()), expect);
        }

        #[test]
        fn round_trip(n: i64) {
            let mut out = Vec::new();
            format_i64(&mut out, n);
            prop_assert_eq!(parse_i64(&out), Some(n));
        }
    }
}
