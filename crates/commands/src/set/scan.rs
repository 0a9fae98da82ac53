//! SSCAN.

use base::glob;
use resp::Args;
use store::value::Set;
use store::{IntText, StrRef};

use super::member;
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;
use ds::table::SCAN_END;

/// Members that a call without COUNT looks at.
const COUNT_DEFAULT: usize = 10;
/// Positions that a call looks at for each member it may reply: empty stretches of the table end a call early.
const POSITIONS_PER_MEMBER: usize = 10;

struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn sscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_sscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_sscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let cursor = std::str::from_utf8(cmd.args.at(2)).ok().and_then(|text| text.parse::<u64>().ok());
    let cursor = cursor.ok_or(Refused("invalid cursor"))?;
    let set = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let (next, found) = match &set {
        Some(set) => collect(set, cursor, &filter(cmd.args.sub(3))?),
        None => (0, Vec::new()),
    };
    cmd.out.array(2);
    cmd.out.bulk(next.to_string().as_bytes());
    cmd.out.array(found.len());
    found.into_iter().for_each(|value| member(cmd.out, value));
    Ok(())
}

fn filter(options: Args<'_>) -> Result<Filter<'_>, Refused> {
    let mut filter = Filter { pattern: None, count: COUNT_DEFAULT };
    let mut words = options.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(Refused(SYNTAX))?;
        if is(word, "count") {
            let count = integer(value)?;
            filter.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Refused(SYNTAX))?;
        } else if is(word, "match") {
            filter.pattern = Some(value);
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok(filter)
}

/// The members from a position on, and the cursor that goes on there, 0 at the end.
fn collect<'s>(set: &'s Set, from: u64, filter: &Filter<'_>) -> (u64, Vec<StrRef<'s>>) {
    let (mut position, mut seen, mut found) = (from, 0, Vec::new());
    for _ in 0..filter.count.saturating_mul(POSITIONS_PER_MEMBER) {
        if position >= SCAN_END || seen >= filter.count {
            break;
        }
        position = set.scan(position, |value| {
            seen += 1;
            let fits = |pattern| glob::matches(pattern, value.text(&mut IntText::new()), false);
            if filter.pattern.is_none_or(fits) {
                found.push(value);
            }
        });
    }
    (if position >= SCAN_END { 0 } else { position }, found)
}
