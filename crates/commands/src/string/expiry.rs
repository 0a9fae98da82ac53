//! The expiry options of SET, GETEX and their kin.

use crate::args::{Refused, integer, is};

/// An option that says when a key expires, its number unread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When<'a> {
    number: &'a [u8],
    seconds: bool,
    absolute: bool,
}

impl<'a> When<'a> {
    pub fn in_seconds(number: &'a [u8]) -> When<'a> {
        When { number, seconds: true, absolute: false }
    }

    pub fn in_milliseconds(number: &'a [u8]) -> When<'a> {
        When { number, seconds: false, absolute: false }
    }

    /// `EX`, `PX`, `EXAT` or `PXAT`, and the argument that follows it.
    pub fn option(word: &[u8], number: Option<&'a [u8]>) -> Option<When<'a>> {
        let number = number?;
        let (seconds, absolute) = match word.len() {
            2 if is(word, "ex") => (true, false),
            2 if is(word, "px") => (false, false),
            4 if is(word, "exat") => (true, true),
            4 if is(word, "pxat") => (false, true),
            _ => return None,
        };
        Some(When { number, seconds, absolute })
    }

    /// One option may be repeated, two may not be combined.
    pub fn may_follow(self, earlier: Option<When<'_>>) -> bool {
        earlier.is_none_or(|e| (e.seconds, e.absolute) == (self.seconds, self.absolute))
    }

    /// The millisecond since the Unix epoch; `invalid` if it is not above zero or does not fit.
    pub fn resolve(self, now_ms: u64, invalid: &'static str) -> Result<u64, Refused> {
        self.resolve_from(1, now_ms, invalid)
    }

    /// [`When::resolve`] of a number that is `least` or more.
    pub fn resolve_from(self, least: i64, now_ms: u64, invalid: &'static str) -> Result<u64, Refused> {
        let number = integer(self.number)?;
        let unit = if self.seconds { 1000 } else { 1 };
        let base = if self.absolute { 0 } else { now_ms as i64 };
        let at = Some(number)
            .filter(|n| *n >= least)
            .and_then(|n| n.checked_mul(unit))
            .and_then(|n| n.checked_add(base));
        at.map(|at| at as u64).ok_or(Refused(invalid))
    }
}
