//! Ids as arguments.

use base::num::{parse_i64, parse_u64};
use store::value::stream::StreamId;

use crate::args::Refused;

const BAD_ID: Refused = Refused("Invalid stream ID specified as stream command argument");

/// Longest argument that may be an id, bytes.
const TEXT_MAX: usize = 127;

/// The id that a new entry is to have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NewId {
    /// `*`
    Now,
    /// `ms-*`
    At(u64),
    /// All of it.
    This(StreamId),
}

/// `ms-seq`, or `ms` for `ms-0`.
#[inline]
pub(super) fn exact(arg: &[u8]) -> Result<StreamId, Refused> {
    with_seq(arg, 0)
}

/// `ms-seq`, `ms-*`, or `ms` for `ms-0`.
pub(super) fn new_id(arg: &[u8]) -> Result<NewId, Refused> {
    match arg.strip_suffix(b"-*") {
        Some(ms) if !ms.contains(&b'-') && arg.len() <= TEXT_MAX => number(ms).map(NewId::At).ok_or(BAD_ID),
        _ => exact(arg).map(NewId::This),
    }
}

/// Where an interval begins: an id, `-`, `+`, or `(` and an id to begin behind it.
pub(super) fn start(arg: &[u8]) -> Result<StreamId, Refused> {
    match exclusive(arg) {
        Some(id) => exact(id)?.next().ok_or(Refused("invalid start ID for the interval")),
        None => bound(arg, 0),
    }
}

/// Where an interval ends; an id without its second part means all that have the first.
pub(super) fn end(arg: &[u8]) -> Result<StreamId, Refused> {
    match exclusive(arg) {
        Some(id) => with_seq(id, u64::MAX)?.previous().ok_or(Refused("invalid end ID for the interval")),
        None => bound(arg, u64::MAX),
    }
}

fn exclusive(arg: &[u8]) -> Option<&[u8]> {
    arg.strip_prefix(b"(").filter(|id| !id.is_empty())
}

/// An id, or `-` or `+`.
pub(super) fn loose(arg: &[u8]) -> Result<StreamId, Refused> {
    bound(arg, 0)
}

fn bound(arg: &[u8], seq: u64) -> Result<StreamId, Refused> {
    match arg {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => with_seq(arg, seq),
    }
}

/// `seq` stands for a second part that is missing.
#[inline]
fn with_seq(arg: &[u8], seq: u64) -> Result<StreamId, Refused> {
    if arg.len() > TEXT_MAX {
        return Err(BAD_ID);
    }
    let id = match arg.iter().position(|b| *b == b'-') {
        None => number(arg).map(|ms| StreamId { ms, seq }),
        Some(at) => number(&arg[..at]).zip(number(&arg[at + 1..])).map(|(ms, seq)| StreamId { ms, seq }),
    };
    id.ok_or(BAD_ID)
}

/// A canonical number, or what C's `strtoull` makes of other texts: space, a sign and zeros may lead.
#[inline]
fn number(text: &[u8]) -> Option<u64> {
    if let Some(n) = parse_u64(text) {
        return Some(n);
    }
    if parse_i64(text).is_some() {
        return None;
    }
    let text = text.trim_ascii_start();
    let (sign, digits) = match text {
        [sign @ (b'+' | b'-'), digits @ ..] => (*sign, digits),
        digits => (b'+', digits),
    };
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    let n = match &digits[zeros..] {
        [] if zeros > 0 => 0,
        digits => parse_u64(digits)?,
    };
    Some(if sign == b'-' { n.wrapping_neg() } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let check = |arg: &str, expect: Option<(u64, u64)>| {
            let expect = expect.map(|(ms, seq)| StreamId { ms, seq }).ok_or(BAD_ID);
            assert_eq!(exact(arg.as_bytes()), expect, "{arg}");
        };
        check("5", Some((5, 0)));
        check("5-7", Some((5, 7)));
        check("18446744073709551615-18446744073709551615", Some((u64::MAX, u64::MAX)));
        check("01", Some((1, 0)));
        check(" +1-00", Some((1, 0)));
        check("1--01", Some((1, u64::MAX)));
        for bad in ["", "-", "+", "*", "5-", "-5", "5-*", "1--1", "1-2-3", "18446744073709551616", "1x", "(5"]
        {
            check(bad, None);
        }
        check(&"0".repeat(TEXT_MAX), Some((0, 0)));
        check(&"0".repeat(TEXT_MAX + 1), None);
    }

    #[test]
    fn ids_of_new_entries() {
        assert_eq!(new_id(b"5-*"), Ok(NewId::At(5)));
        assert_eq!(new_id(b"5-3"), Ok(NewId::This(StreamId::new(5, 3))));
        assert_eq!(new_id(b"5-3-*"), Err(BAD_ID));
        assert_eq!(new_id(b"-*"), Err(BAD_ID));
    }

    #[test]
    fn intervals() {
        assert_eq!(start(b"-"), Ok(StreamId::MIN));
        assert_eq!(start(b"(5"), Ok(StreamId::new(5, 1)));
        assert_eq!(end(b"5"), Ok(StreamId::new(5, u64::MAX)));
        assert_eq!(end(b"(5"), Ok(StreamId::new(5, u64::MAX - 1)));
        assert_eq!(end(b"(5-0"), Ok(StreamId::new(4, u64::MAX)));
        assert_eq!(start(b"("), Err(BAD_ID));
        assert_eq!(start(b"(+"), Err(BAD_ID));
        let max = b"(18446744073709551615-18446744073709551615";
        assert_eq!(start(max), Err(Refused("invalid start ID for the interval")));
        assert_eq!(end(b"(0-0"), Err(Refused("invalid end ID for the interval")));
    }
}
