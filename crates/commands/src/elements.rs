//! What HSCAN, SSCAN and ZSCAN have in common: a walk over the elements of one value.

use base::glob;
use ds::table::SCAN_END;
use resp::{Args, Reply};

use crate::args::{Refused, SYNTAX, integer, is, pattern};

/// Elements that a call without COUNT looks at.
const COUNT_DEFAULT: usize = 10;
/// Positions that a call looks at for each element it may reply: empty stretches of the index end a call early.
const POSITIONS_PER_ELEMENT: usize = 10;

/// The options of a walk.
pub(crate) struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    /// What belongs to an element is left out.
    pub bare: bool,
}

impl<'a> Filter<'a> {
    /// Reads `[MATCH pattern] [COUNT count]`, and the word that leaves out what belongs to an element, if there is one.
    pub fn parse(options: Args<'a>, bare_word: Option<&str>) -> Result<Filter<'a>, Refused> {
        let mut filter = Filter { pattern: None, count: COUNT_DEFAULT, bare: false };
        let mut words = options.iter();
        while let Some(word) = words.next() {
            if bare_word.is_some_and(|bare| is(word, bare)) {
                filter.bare = true;
            } else if is(word, "count") {
                let count = integer(words.next().ok_or(Refused(SYNTAX))?)?;
                filter.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Refused(SYNTAX))?;
            } else if is(word, "match") {
                filter.pattern = pattern(words.next().ok_or(Refused(SYNTAX))?);
            } else {
                return Err(Refused(SYNTAX));
            }
        }
        Ok(filter)
    }

    /// Whether an element of this name is to be shown.
    pub fn shows(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, name, false))
    }

    /// Goes on from a position until enough was seen; the cursor that goes on there, 0 at the end. `step` looks at one
    /// position, counts the elements there, and says which is next.
    pub fn walk(&self, from: u64, mut step: impl FnMut(u64, &mut usize) -> u64) -> u64 {
        let (mut position, mut seen) = (from, 0);
        for _ in 0..self.count.saturating_mul(POSITIONS_PER_ELEMENT) {
            if position >= SCAN_END || seen >= self.count {
                break;
            }
            position = step(position, &mut seen);
        }
        if position >= SCAN_END { 0 } else { position }
    }
}

/// Reads a cursor.
pub(crate) fn cursor(text: &[u8]) -> Result<u64, Refused> {
    let cursor = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    cursor.ok_or(Refused("invalid cursor"))
}

/// The head of the reply: the next cursor, and an array of so many items.
pub(crate) fn reply_head(out: &mut Reply<'_>, next: u64, items: usize) {
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(items);
}
