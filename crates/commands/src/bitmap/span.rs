//! Ranges in bytes or bits, negative ends counted from the end of the string.

use std::ops::Range;

use resp::Args;

use crate::args::{Refused, SYNTAX, integer, is};

/// A range as it is written: both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    start: i64,
    end: Option<i64>,
    in_bits: bool,
}

impl Span {
    /// `[start [end [BYTE|BIT]]]`, at the end of a request.
    pub fn parse(args: Args<'_>) -> Result<Span, Refused> {
        if args.len() > 3 {
            return Err(Refused(SYNTAX));
        }
        // In this order: of two mistakes, others name the first of these.
        let start = args.get(0).map_or(Ok(0), integer)?;
        let in_bits = match args.get(2) {
            Some(unit) if is(unit, "bit") => true,
            Some(unit) if !is(unit, "byte") => return Err(Refused(SYNTAX)),
            _ => false,
        };
        let end = args.get(1).map(integer).transpose()?;
        Ok(Span { start, end, in_bits })
    }

    /// Whether the end was given.
    pub fn is_closed(self) -> bool {
        self.end.is_some()
    }

    /// Whether both ends are negative, and in the wrong order.
    pub fn is_reversed(self) -> bool {
        self.start < 0 && self.end.is_some_and(|end| end < 0 && self.start > end)
    }

    /// The range in bits of a string of `len` bytes; empty if it lies outside.
    pub fn resolve(self, len: usize) -> Range<u64> {
        let (units, bits) = if self.in_bits { (len as i64 * 8, 1) } else { (len as i64, 8) };
        let end = self.end.unwrap_or(-1);
        let from_end = |at: i64| if at < 0 { units.saturating_add(at).max(0) } else { at };
        let (start, end) = (from_end(self.start), from_end(end).min(units - 1));
        if start > end { 0..0 } else { start as u64 * bits..(end as u64 + 1) * bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_clamped() {
        let check = |start, end, in_bits, len, expect: Range<u64>| {
            assert_eq!(Span { start, end, in_bits }.resolve(len), expect, "{start} {end:?} {in_bits}");
        };
        check(0, None, false, 3, 0..24);
        check(0, Some(-1), false, 3, 0..24);
        check(1, Some(1), false, 3, 8..16);
        check(1, Some(1), true, 3, 1..2);
        check(-2, Some(-1), true, 3, 22..24);
        check(-100, Some(100), true, 3, 0..24);
        check(-1, Some(-2), false, 3, 0..0);
        check(-7, Some(-8), false, 3, 0..8);
        check(3, None, false, 3, 0..0);
        check(0, Some(-100), false, 3, 0..8);
        check(i64::MIN, Some(i64::MAX), true, 3, 0..24);
        check(i64::MIN, Some(i64::MIN), false, 3, 0..8);
        check(0, Some(-1), false, 0, 0..0);
    }
}
