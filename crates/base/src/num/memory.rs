//! Amounts of memory with a unit.

use super::parse_u64;

/// A byte count as configuration writes it: digits, then nothing, `b`, `k` (1000), `kb` (1024), `m`, `mb`, `g` or
/// `gb`, in any case. `None` for anything else, and for what passes `i64::MAX`.
pub fn parse_memory(text: &[u8]) -> Option<i64> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let factor: i64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let zeros = number.iter().take_while(|b| **b == b'0').count();
    let number = if zeros > 0 && zeros == digits { b"0" } else { &number[zeros..] };
    i64::try_from(parse_u64(number)?).ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let check = |text: &str, expect| assert_eq!(parse_memory(text.as_bytes()), expect, "{text:?}");
        check("0", Some(0));
        check("0100", Some(100));
        check("12b", Some(12));
        check("1k", Some(1000));
        check("1Kb", Some(1024));
        check("2m", Some(2_000_000));
        check("2MB", Some(2 << 20));
        check("3g", Some(3_000_000_000));
        check("3gb", Some(3 << 30));
        check("9223372036854775807", Some(i64::MAX));
        for text in [
            "",
            "kb",
            "-1",
            "1t",
            "1 kb",
            "1.5gb",
            "9223372036854775808",
            "9007199254740993k1",
            "9999999999gb",
        ] {
            check(text, None);
        }
    }
}
