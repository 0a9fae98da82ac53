//! ZSCAN.

use base::glob;
use ds::table::SCAN_END;
use ds::value::Zset;
use ds::value::zset::{Element, with_score_text};
use resp::Args;
use store::StrRef;

use super::reply_member;
use crate::args::{Refused, SYNTAX, integer, is, pattern};
use crate::command::Cmd;
use crate::typed::read;

/// Members that a call without COUNT looks at.
const COUNT_DEFAULT: usize = 10;
/// Positions that a call looks at for each member it may reply: empty stretches of the index end a call early.
const POSITIONS_PER_MEMBER: usize = 10;

struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    count: usize,
    scores: bool,
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
pub fn zscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_zscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_zscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let cursor = std::str::from_utf8(cmd.args.at(2)).ok().and_then(|text| text.parse::<u64>().ok());
    let cursor = cursor.ok_or(Refused("invalid cursor"))?;
    let Some(zset) = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.array(2);
        cmd.out.bulk(b"0");
        cmd.out.array(0);
        return Ok(());
    };
    let filter = filter(cmd.args.sub(3))?;
    let (next, found) = collect(&zset, cursor, &filter);
    cmd.out.array(2);
    cmd.out.bulk(next.to_string().as_bytes());
    cmd.out.array(if filter.scores { 2 * found.len() } else { found.len() });
    for element in found {
        reply_member(cmd.out, element.member);
        if filter.scores {
            with_score_text(element.score, |score| match score {
                StrRef::Int(0) if element.score.is_sign_negative() => cmd.out.bulk(b"-0"),
                score => reply_member(cmd.out, score),
            });
        }
    }
    Ok(())
}

fn filter(options: Args<'_>) -> Result<Filter<'_>, Refused> {
    let mut filter = Filter { pattern: None, count: COUNT_DEFAULT, scores: true };
    let mut words = options.iter();
    while let Some(word) = words.next() {
        if is(word, "noscores") {
            filter.scores = false;
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

/// The members from a position on, and the cursor that goes on there, 0 at the end.
fn collect<'z>(zset: &'z Zset, from: u64, filter: &Filter<'_>) -> (u64, Vec<Element<'z>>) {
    let (mut position, mut seen, mut found) = (from, 0, Vec::new());
    for _ in 0..filter.count.saturating_mul(POSITIONS_PER_MEMBER) {
        if position >= SCAN_END || seen >= filter.count {
            break;
        }
        position = zset.scan(position, |element| {
            seen += 1;
            let shows = |pattern| element.with_bytes(|member| glob::matches(pattern, member, false));
            if filter.pattern.is_none_or(shows) {
                found.push(element);
            }
        });
    }
    (if position >= SCAN_END { 0 } else { position }, found)
}
