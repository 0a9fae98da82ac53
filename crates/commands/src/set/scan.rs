//! SSCAN.

use store::IntText;
use store::value::Set;

use super::member;
use crate::args::Refused;
use crate::command::Cmd;
use crate::elements::{Filter, cursor, reply_head};
use crate::typed::read;

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn sscan(cmd: &mut Cmd<'_, '_>) {
    let result = try_sscan(cmd);
    cmd.end(result);
}

/// The options are read after the key was found: a missing key with bad options answers an empty scan.
fn try_sscan(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let from = cursor(cmd.args.at(2))?;
    let Some(set) = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        reply_head(cmd.out, 0, 0);
        return Ok(());
    };
    let filter = Filter::parse(cmd.args.sub(3), None)?;
    let mut found = Vec::new();
    let next = filter.walk(from, |position, seen| {
        set.scan(position, |value| {
            *seen += 1;
            if filter.shows(value.text(&mut IntText::new())) {
                found.push(value);
            }
        })
    });
    reply_head(cmd.out, next, found.len());
    found.into_iter().for_each(|value| member(cmd.out, value));
    Ok(())
}
