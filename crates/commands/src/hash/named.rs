//! `FIELDS numfields field [field ...]`, with which requests end that name fields beside options.

use resp::Args;

use crate::args::{Refused, SYNTAX, integer, is};

/// The count is not that of the fields.
pub(super) const NUMFIELDS: Refused =
    Refused("numfields should be greater than 0 and match the provided number of fields");

/// Options before the word FIELDS, and what follows the count.
pub(super) struct Named<'a> {
    /// Where FIELDS stands.
    at: usize,
    args: Args<'a>,
}

impl<'a> Named<'a> {
    /// Looks for FIELDS from an argument on.
    pub fn find(args: Args<'a>, from: usize) -> Result<Named<'a>, Refused> {
        let at = (from..args.len()).find(|i| is(args.at(*i), "fields")).ok_or(NUMFIELDS)?;
        Ok(Named { at, args })
    }

    /// The arguments from one on that stand before FIELDS.
    pub fn options(&self, from: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.args.iter().take(self.at).skip(from)
    }

    /// The arguments behind the count, `width` for each field.
    pub fn fields(&self, width: usize) -> Result<Args<'a>, Refused> {
        counted(self.args, self.at + 1, width, NUMFIELDS)
    }
}

/// The fields of a request without options: FIELDS follows the key.
pub(super) fn named<'a>(args: Args<'a>, mismatch: Refused) -> Result<Args<'a>, Refused> {
    if !is(args.at(2), "fields") {
        return Err(Refused(SYNTAX));
    }
    counted(args, 3, 1, mismatch)
}

/// What follows a count, `width` arguments for each that it counts.
fn counted(args: Args<'_>, at: usize, width: usize, mismatch: Refused) -> Result<Args<'_>, Refused> {
    let count = usize::try_from(integer(args.get(at).ok_or(mismatch)?)?).unwrap_or(0);
    let rest = args.sub(at + 1);
    if count == 0 || count.checked_mul(width) != Some(rest.len()) {
        return Err(mismatch);
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Words;

    #[test]
    fn counts_must_be_those_of_the_fields() {
        let check = |line: &str, width, expect: Result<(usize, usize), Refused>| {
            let words = Words::new(line);
            let found = Named::find(words.args(), 2);
            let found = found.and_then(|named| Ok((named.options(2).count(), named.fields(width)?.len())));
            assert_eq!(found, expect, "{line}");
        };
        check("hgetex h fields 1 a", 1, Ok((0, 1)));
        check("hgetex h ex 5 FIELDS 2 a b", 1, Ok((2, 2)));
        check("hsetex h FIELDS 2 a 1 b 2", 2, Ok((0, 4)));
        check("hsetex h FIELDS 2 a 1 b", 2, Err(NUMFIELDS));
        check("hgetex h fields", 1, Err(NUMFIELDS));
        check("hgetex h 1 a", 1, Err(NUMFIELDS));
        check("hgetex h fields 0", 1, Err(NUMFIELDS));
        check("hgetex h fields -1 a", 1, Err(NUMFIELDS));
        check("hgetex h fields 1 a b", 1, Err(NUMFIELDS));
        check("hsetex h fields 9223372036854775807 a b", 2, Err(NUMFIELDS));
    }
}
