//! Numbers of directives: ranges, memory units, percentages, octal permissions.

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Decimal, canonical: no plus sign, no leading zeros.
    None,
    /// Bytes, with an optional unit.
    Memory,
    /// Bytes, or a percentage, which is held as a negative number.
    MemoryOrPercent,
    /// File permissions.
    Octal,
    /// Decimal; values out of `lowest..=highest` are pulled in, not refused.
    Clamped {
        /// What lower values become.
        lowest: i128,
        /// What higher values become.
        highest: i128,
    },
}

/// Reads a number; the error is Redis's text.
pub(super) fn parse(text: &[u8], min: i128, max: i128, unit: Unit) -> Result<i128, String> {
    let n = match unit {
        Unit::None | Unit::Clamped { .. } => base::num::parse_i64(text)
            .map(i128::from)
            .or_else(|| base::num::parse_u64(text).map(i128::from))
            .ok_or("argument couldn't be parsed into an integer")?,
        Unit::Memory => parse_memory(text).ok_or("argument must be a memory value")?,
        Unit::MemoryOrPercent => return parse_percent(text),
        Unit::Octal => parse_octal(text).ok_or("argument couldn't be parsed as an octal number")?,
    };
    if n < min || n > max {
        let show = |n: i128| if unit == Unit::Octal { format!("{n:o}") } else { n.to_string() };
        return Err(format!("argument must be between {} and {} inclusive", show(min), show(max)));
    }
    match unit {
        Unit::Clamped { lowest, highest } => Ok(n.clamp(lowest, highest)),
        _ => Ok(n),
    }
}

/// Bytes: decimal digits, then `b`, `k`, `kb`, `m`, `mb`, `g`, `gb` or nothing. No digits mean 0, as in Redis.
pub(super) fn parse_memory(text: &[u8]) -> Option<i128> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let scale: u64 = match text[digits..].to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let n =
        text[..digits].iter().try_fold(0u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b - b'0')))?;
    n.checked_mul(scale).map(i128::from)
}

fn parse_percent(text: &[u8]) -> Result<i128, String> {
    let wrong = || "argument must be a memory or percent value".to_owned();
    let Some(number) = text.strip_suffix(b"%") else {
        return parse_memory(text).filter(|n| *n <= i128::from(i64::MAX)).ok_or_else(wrong);
    };
    let percent = base::num::parse_u64(number).ok_or_else(wrong)?;
    if percent > 100 {
        return Err("percentage argument must be less or equal to 100".to_owned());
    }
    Ok(-i128::from(percent))
}

fn parse_octal(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?;
    i64::from_str_radix(text, 8).ok().map(i128::from)
}

/// As `CONFIG GET` shows it: memory in plain bytes.
pub(super) fn print(n: i128, unit: Unit) -> String {
    match unit {
        Unit::MemoryOrPercent if n < 0 => format!("{}%", -n),
        Unit::Octal => format!("{n:o}"),
        _ => n.to_string(),
    }
}

/// As `CONFIG REWRITE` writes it: memory in the largest unit that divides it.
pub(super) fn print_for_file(n: i128, unit: Unit) -> String {
    match unit {
        Unit::Memory | Unit::MemoryOrPercent if n > 0 => memory_text(n),
        _ => print(n, unit),
    }
}

/// Bytes in the largest binary unit that divides them.
pub(super) fn memory_text(n: i128) -> String {
    for (shift, name) in [(30, "gb"), (20, "mb"), (10, "kb")] {
        if n > 0 && n % (1 << shift) == 0 {
            return format!("{}{name}", n >> shift);
        }
    }
    n.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(text: &str, expect: Option<i128>) {
        assert_eq!(parse_memory(text.as_bytes()), expect, "{text:?}");
    }

    #[test]
    fn memory_units() {
        memory("", Some(0));
        memory("10", Some(10));
        memory("010", Some(10));
        memory("10B", Some(10));
        memory("10k", Some(10_000));
        memory("10Kb", Some(10_240));
        memory("1m", Some(1_000_000));
        memory("1mb", Some(1 << 20));
        memory("3G", Some(3_000_000_000));
        memory("3gB", Some(3 << 30));
        memory("18446744073709551615", Some(i128::from(u64::MAX)));
        for bad in
            ["1x", "-1", "+1", "0x10", "10 k", "1.5gb", "1gb1", "18446744073709551616", "99999999999gb"]
        {
            memory(bad, None);
        }
    }

    #[test]
    fn memory_is_written_in_the_largest_exact_unit() {
        for (n, text) in
            [(0, "0"), (1, "1"), (1024, "1kb"), (1500 << 10, "1500kb"), (1 << 30, "1gb"), (1025, "1025")]
        {
            assert_eq!(print_for_file(n, Unit::Memory), text);
        }
        assert_eq!(print_for_file(-5, Unit::MemoryOrPercent), "5%");
    }
}
