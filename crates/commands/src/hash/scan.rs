//! HSCAN.

use ds::value::Hash;
use store::IntText;

use super::reply_text;
use crate::args::Refused;
use crate::command::Cmd;
use crate::elements::{Filter, cursor, reply_head};
use crate::typed::read;

/// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
pub fn hscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_hscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_hscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let from = cursor(cmd.args.at(2))?;
    let now = cmd.keys.clock.horizon();
    let Some(hash) = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        reply_head(cmd.out, 0, 0);
        return Ok(());
    };
    let filter = Filter::parse(cmd.args.sub(3), Some("novalues"))?;
    let mut found = Vec::new();
    let next = filter.walk(from, |position, seen| {
        hash.scan(position, |pair| {
            *seen += 1;
            if pair.is_live(now) && filter.shows(pair.field.text(&mut IntText::new())) {
                found.push(pair);
            }
        })
    });
    reply_head(cmd.out, next, if filter.bare { found.len() } else { 2 * found.len() });
    for pair in found {
        reply_text(cmd.out, pair.field);
        if !filter.bare {
            reply_text(cmd.out, pair.value);
        }
    }
    Ok(())
}
