//! Arguments read one way everywhere, and the texts for those that do not fit.

use base::num;
use resp::Reply;
use std::time::Duration;

pub(crate) const WRONG_TYPE: Refused =
    Refused("-WRONGTYPE Operation against a key holding the wrong kind of value");
pub(crate) const SYNTAX: &str = "syntax error";
pub(crate) const NOT_INTEGER: &str = "value is not an integer or out of range";
pub(crate) const NOT_FLOAT: &str = "value is not a valid float";
pub(crate) const SAME_OBJECT: &str = "source and destination objects are the same";
pub(crate) const NO_SUCH_KEY: &str = "no such key";
pub(crate) const DB_OUT_OF_RANGE: &str = "DB index is out of range";

/// The error text for a request that does not fit its command, without the `ERR` code unless it starts with `-`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused(pub &'static str);

/// A canonical 64-bit integer.
pub(crate) fn integer(arg: &[u8]) -> Result<i64, Refused> {
    num::parse_i64(arg).ok_or(Refused(NOT_INTEGER))
}

/// The timeout of a blocking command: seconds, maybe a fraction, not negative; 0 is for ever. `now_ms` in Unix milliseconds: a wait that
/// would end past 64 bits of them is refused.
pub(crate) fn timeout(arg: &[u8], now_ms: u64) -> Result<Option<Duration>, Refused> {
    let seconds = num::parse_f64(arg).ok_or(Refused("timeout is not a float or out of range"))?;
    let ms = (seconds * 1000.0).ceil();
    if ms > i64::MAX as f64 {
        return Err(TIMEOUT_RANGE);
    }
    wait_of(ms as i64, now_ms)
}

/// The timeout of a command that takes it in milliseconds: an integer, else as [`timeout`].
pub(crate) fn timeout_ms(arg: &[u8], now_ms: u64) -> Result<Option<Duration>, Refused> {
    let ms = num::parse_i64(arg).ok_or(Refused("timeout is not an integer or out of range"))?;
    wait_of(ms, now_ms)
}

const TIMEOUT_RANGE: Refused = Refused("timeout is out of range");

fn wait_of(ms: i64, now_ms: u64) -> Result<Option<Duration>, Refused> {
    if ms < 0 {
        return Err(Refused("timeout is negative"));
    }
    ms.checked_add_unsigned(now_ms).ok_or(TIMEOUT_RANGE)?;
    Ok((ms > 0).then(|| Duration::from_millis(ms as u64)))
}

/// A count that is not negative; all else is refused with one text.
pub(crate) fn positive(arg: &[u8]) -> Result<usize, Refused> {
    let count = num::parse_i64(arg).and_then(|n| usize::try_from(n).ok());
    count.ok_or(Refused("value is out of range, must be positive"))
}

/// The pattern of a `MATCH`, unless it is `*`: that fits the empty text too, which no pattern fits.
pub(crate) fn pattern(arg: &[u8]) -> Option<&[u8]> {
    (arg != b"*").then_some(arg)
}

/// Whether an argument is this word, in any case.
pub(crate) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// A number as an argument of a logged command.
pub(crate) fn digits(number: u64) -> Vec<u8> {
    let mut text = Vec::new();
    num::format_u64(&mut text, number);
    text
}

/// The reply of a container's `HELP`.
pub fn help(container: &str, lines: &[&str], out: &mut Reply<'_>) {
    out.array(lines.len() + 3);
    out.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        out.simple(line);
    }
    out.simple("HELP");
    out.simple("    Print this help.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        let ms = |text: &str| timeout(text.as_bytes(), 1_700_000_000_000).map(|t| t.map(|t| t.as_millis()));
        assert_eq!(ms("0"), Ok(None));
        assert_eq!(ms("-0"), Ok(None));
        assert_eq!(ms("1"), Ok(Some(1000)));
        assert_eq!(ms("0.0001"), Ok(Some(1)));
        assert_eq!(ms("1.5"), Ok(Some(1500)));
        assert_eq!(ms("-1"), Err(Refused("timeout is negative")));
        assert_eq!(ms("x"), Err(Refused("timeout is not a float or out of range")));
        assert_eq!(ms("nan"), Err(Refused("timeout is not a float or out of range")));
        assert_eq!(ms("inf"), Err(TIMEOUT_RANGE));
        assert_eq!(ms("9223372036854775"), Err(TIMEOUT_RANGE));
        assert_eq!(ms("9223372036854776000"), Err(TIMEOUT_RANGE));
    }
}
