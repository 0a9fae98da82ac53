//! ZSCAN.

use ds::value::Zset;
use ds::value::zset::with_score_text;
use store::StrRef;

use super::reply_member;
use crate::args::Refused;
use crate::command::Cmd;
use crate::elements::{Filter, cursor, reply_head};
use crate::typed::read;

/// `ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES]`
pub fn zscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_zscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_zscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let from = cursor(cmd.args.at(2))?;
    let Some(zset) = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        reply_head(cmd.out, 0, 0);
        return Ok(());
    };
    let filter = Filter::parse(cmd.args.sub(3), Some("noscores"))?;
    let mut found = Vec::new();
    let next = filter.walk(from, |position, seen| {
        zset.scan(position, |element| {
            *seen += 1;
            if element.with_bytes(|member| filter.shows(member)) {
                found.push(element);
            }
        })
    });
    reply_head(cmd.out, next, if filter.bare { found.len() } else { 2 * found.len() });
    for element in found {
        reply_member(cmd.out, element.member);
        if !filter.bare {
            with_score_text(element.score, |score| match score {
                StrRef::Int(0) if element.score.is_sign_negative() => cmd.out.bulk(b"-0"),
                score => reply_member(cmd.out, score),
            });
        }
    }
    Ok(())
}
