//! HSCAN.

use base::glob;
use ds::table::SCAN_END;
use ds::value::Hash;
use ds::value::hash::Pair;
use resp::Args;
use store::IntText;

use super::reply_text;
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;

/// Fields that a call without COUNT looks at.
const COUNT_DEFAULT: usize = 10;
/// Positions that a call looks at for each field it may reply: empty stretches of the table end a call early.
const POSITIONS_PER_FIELD: usize = 10;

struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    values: bool,
    /// Fields that expired before it are not shown.
    now: u64,
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
pub fn hscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_hscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_hscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let cursor = std::str::from_utf8(cmd.args.at(2)).ok().and_then(|text| text.parse::<u64>().ok());
    let cursor = cursor.ok_or(Refused("invalid cursor"))?;
    let now = cmd.keys.clock.horizon();
    let Some(hash) = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.array(2);
        cmd.out.bulk(b"0");
        cmd.out.array(0);
        return Ok(());
    };
    let filter = filter(cmd.args.sub(3), now)?;
    let (next, found) = collect(&hash, cursor, &filter);
    cmd.out.array(2);
    cmd.out.bulk(next.to_string().as_bytes());
    cmd.out.array(if filter.values { 2 * found.len() } else { found.len() });
    for pair in found {
        reply_text(cmd.out, pair.field);
        if filter.values {
            reply_text(cmd.out, pair.value);
        }
    }
    Ok(())
}

fn filter(options: Args<'_>, now: u64) -> Result<Filter<'_>, Refused> {
    let mut filter = Filter { pattern: None, count: COUNT_DEFAULT, values: true, now };
    let mut words = options.iter();
    while let Some(word) = words.next() {
        if is(word, "novalues") {
            filter.values = false;
        } else if is(word, "count") {
            let count = integer(words.next().ok_or(Refused(SYNTAX))?)?;
            filter.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Refused(SYNTAX))?;
        } else if is(word, "match") {
            filter.pattern = Some(words.next().ok_or(Refused(SYNTAX))?);
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok(filter)
}

/// The fields from a position on, and the cursor that goes on there, 0 at the end.
fn collect<'h>(hash: &'h Hash, from: u64, filter: &Filter<'_>) -> (u64, Vec<Pair<'h>>) {
    let (mut position, mut seen, mut found) = (from, 0, Vec::new());
    for _ in 0..filter.count.saturating_mul(POSITIONS_PER_FIELD) {
        if position >= SCAN_END || seen >= filter.count {
            break;
        }
        position = hash.scan(position, |pair| {
            seen += 1;
            let shows = |pattern| glob::matches(pattern, pair.field.text(&mut IntText::new()), false);
            if pair.is_live(filter.now) && filter.pattern.is_none_or(shows) {
                found.push(pair);
            }
        });
    }
    (if position >= SCAN_END { 0 } else { position }, found)
}
