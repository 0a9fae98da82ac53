//! Ends of ranges: by score, by member, by rank.

use base::num::{parse_f64, parse_i64};
use ds::value::Zset;
use std::cmp::Ordering;

use crate::args::{NOT_INTEGER, Refused};

const BAD_SCORE: Refused = Refused("min or max is not a float");
const BAD_MEMBER: Refused = Refused("min or max not valid string range item");

/// The ranks of a range: from the first to before the second, which is not below it.
pub(super) type Ranks = (usize, usize);

/// What a range is bounded by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Span<'a> {
    /// First and last rank; negative ones count from the end.
    Ranks(i64, i64),
    /// Lowest and highest score.
    Scores(Score, Score),
    /// Lowest and highest member.
    Members(Lex<'a>, Lex<'a>),
}

/// A score, maybe left out itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Score {
    value: f64,
    excluded: bool,
}

/// A member, maybe left out itself, or beyond all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lex<'a> {
    Lowest,
    Including(&'a [u8]),
    Excluding(&'a [u8]),
    Highest,
}

impl Score {
    fn parse(arg: &[u8]) -> Result<Score, Refused> {
        let (excluded, number) = match arg {
            [b'(', number @ ..] => (true, number),
            number => (false, number),
        };
        strtod(number).map(|value| Score { value, excluded }).ok_or(BAD_SCORE)
    }

    /// Whether a score is below the range that begins here.
    fn is_above(self, score: f64) -> bool {
        score < self.value || self.excluded && score == self.value
    }

    /// Whether a score is below the end of the range that ends here.
    fn admits(self, score: f64) -> bool {
        score < self.value || !self.excluded && score == self.value
    }
}

impl<'a> Lex<'a> {
    fn parse(arg: &'a [u8]) -> Result<Lex<'a>, Refused> {
        match arg {
            [b'-'] => Ok(Lex::Lowest),
            [b'+'] => Ok(Lex::Highest),
            [b'(', member @ ..] => Ok(Lex::Excluding(member)),
            [b'[', member @ ..] => Ok(Lex::Including(member)),
            _ => Err(BAD_MEMBER),
        }
    }

    fn is_above(self, member: &[u8]) -> bool {
        match self {
            Lex::Lowest => false,
            Lex::Including(low) => member < low,
            Lex::Excluding(low) => member <= low,
            Lex::Highest => true,
        }
    }

    fn admits(self, member: &[u8]) -> bool {
        match self {
            Lex::Lowest => false,
            Lex::Including(high) => member <= high,
            Lex::Excluding(high) => member < high,
            Lex::Highest => true,
        }
    }

    fn compare(self, other: Lex<'_>) -> Ordering {
        let key = |edge: Lex<'a>| match edge {
            Lex::Lowest => (0, &b""[..]),
            Lex::Including(member) | Lex::Excluding(member) => (1, member),
            Lex::Highest => (2, &b""[..]),
        };
        let (rank, member) = key(self);
        match other {
            Lex::Lowest => rank.cmp(&0),
            Lex::Highest => rank.cmp(&2),
            Lex::Including(other) | Lex::Excluding(other) => rank.cmp(&1).then_with(|| member.cmp(other)),
        }
    }
}

impl<'a> Span<'a> {
    pub fn ranks(first: &[u8], last: &[u8]) -> Result<Span<'a>, Refused> {
        let rank = |arg| parse_i64(arg).ok_or(Refused(NOT_INTEGER));
        Ok(Span::Ranks(rank(first)?, rank(last)?))
    }

    pub fn scores(min: &[u8], max: &[u8]) -> Result<Span<'a>, Refused> {
        Ok(Span::Scores(Score::parse(min)?, Score::parse(max)?))
    }

    pub fn members(min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>, Refused> {
        Ok(Span::Members(Lex::parse(min)?, Lex::parse(max)?))
    }

    /// The ranks in which the range lies, counted from the end if `reverse` (ranges by rank only).
    pub fn locate(&self, zset: &Zset, reverse: bool) -> Ranks {
        let len = zset.len();
        let (start, end) = match *self {
            Span::Ranks(first, last) => {
                let (start, end) = clamp(first, last, len);
                if reverse { (len - end, len - start) } else { (start, end) }
            }
            Span::Scores(min, max) if min.value > max.value => (0, 0),
            Span::Scores(min, max) => {
                (zset.count_scores(|score| min.is_above(score)), zset.count_scores(|score| max.admits(score)))
            }
            Span::Members(min, max) if min.compare(max) == Ordering::Greater => (0, 0),
            Span::Members(min, max) => (
                zset.count_members(|member| min.is_above(member)),
                zset.count_members(|member| max.admits(member)),
            ),
        };
        (start, end.max(start))
    }
}

/// A number as C's `strtod` reads it, which other servers do here without asking more: leading space is passed over,
/// an empty text is zero, and what is out of range becomes infinite or zero.
fn strtod(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return Some(0.0);
    }
    let is_decimal = || text.iter().all(|b| b.is_ascii_digit() || b".+-eE".contains(b));
    parse_f64(text).or_else(|| if is_decimal() { std::str::from_utf8(text).ok()?.parse().ok() } else { None })
}

/// First and last rank, brought into a set of `len`.
fn clamp(first: i64, last: i64, len: usize) -> Ranks {
    let from_start = |rank: i64| if rank < 0 { rank.saturating_add(len as i64) } else { rank };
    let (first, last) = (from_start(first).max(0) as usize, from_start(last));
    match usize::try_from(last) {
        Ok(last) if first <= last && first < len => (first, last.saturating_add(1).min(len)),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_brought_into_the_set() {
        let check = |first, last, expect: Ranks| assert_eq!(clamp(first, last, 5), expect, "{first} {last}");
        check(0, -1, (0, 5));
        check(1, 3, (1, 4));
        check(-2, 100, (3, 5));
        check(-100, 0, (0, 1));
        check(3, 2, (0, 0));
        check(5, 9, (0, 0));
        check(0, -6, (0, 0));
        check(i64::MIN, i64::MAX, (0, 5));
    }

    #[test]
    fn bounds_are_read() {
        assert_eq!(Score::parse(b"(1.5"), Ok(Score { value: 1.5, excluded: true }));
        assert_eq!(Score::parse(b"-inf"), Ok(Score { value: f64::NEG_INFINITY, excluded: false }));
        assert_eq!(Score::parse(b"(1e999"), Ok(Score { value: f64::INFINITY, excluded: true }));
        assert_eq!(Score::parse(b""), Ok(Score { value: 0.0, excluded: false }));
        for bad in ["x", "((1", "nan", "1x", "(nan"] {
            assert_eq!(Score::parse(bad.as_bytes()), Err(BAD_SCORE), "{bad}");
        }
        assert_eq!(Lex::parse(b"[a"), Ok(Lex::Including(b"a")));
        assert_eq!(Lex::parse(b"("), Ok(Lex::Excluding(b"")));
        for bad in ["a", "", "-x", "+1"] {
            assert_eq!(Lex::parse(bad.as_bytes()), Err(BAD_MEMBER), "{bad}");
        }
    }
}
