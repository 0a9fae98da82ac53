//! ZCARD, ZCOUNT and ZLEXCOUNT.

use super::bounds::Span;
use ds::value::Zset;

use crate::args::Refused;
use crate::command::Cmd;
use crate::typed::read;

/// `ZCARD key`
pub fn zcard(cmd: &mut Cmd<'_, '_>) {
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first());
    let result = zset.map(|zset| cmd.out.int(zset.map_or(0, |zset| zset.len()) as i64));
    cmd.end(result);
}

/// `ZCOUNT key min max`
pub fn zcount(cmd: &mut Cmd<'_, '_>) {
    let result = Span::scores(cmd.args.at(2), cmd.args.at(3)).and_then(|span| count(cmd, span));
    cmd.end(result);
}

/// `ZLEXCOUNT key min max`
pub fn zlexcount(cmd: &mut Cmd<'_, '_>) {
    let result = Span::members(cmd.args.at(2), cmd.args.at(3)).and_then(|span| count(cmd, span));
    cmd.end(result);
}

fn count(cmd: &mut Cmd<'_, '_>, span: Span<'_>) -> Result<(), Refused> {
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let (start, end) = zset.map_or((0, 0), |zset| span.locate(&zset, false));
    cmd.out.int((end - start) as i64);
    Ok(())
}
