//! BZPOPMIN, BZPOPMAX and BZMPOP: take what is there, or wait for it.

use store::Kind;

use super::pop::{End, Take, many_options, pop_first};
use crate::args::{Refused, timeout};
use crate::command::Cmd;
use crate::effects::{Block, Nothing};

/// `BZPOPMIN key [key ...] timeout`
pub fn bzpopmin(cmd: &mut Cmd<'_, '_>) {
    let result = pop_or_wait(cmd, End::Min);
    cmd.end(result);
}

/// `BZPOPMAX key [key ...] timeout`
pub fn bzpopmax(cmd: &mut Cmd<'_, '_>) {
    let result = pop_or_wait(cmd, End::Max);
    cmd.end(result);
}

fn pop_or_wait(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    let keys = cmd.args.len() - 2;
    let timeout = timeout(cmd.args.at(keys + 1), cmd.keys.now_ms())?;
    let found = cmd.every(1);
    if !pop_first(cmd, found, end, Take::OneWithKey)? {
        cmd.effects.block = Some(block(keys, timeout));
    }
    Ok(())
}

/// `BZMPOP timeout numkeys key [key ...] MIN|MAX [COUNT count]`
pub fn bzmpop(cmd: &mut Cmd<'_, '_>) {
    let result = try_bzmpop(cmd);
    cmd.end(result);
}

fn try_bzmpop(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let timeout = timeout(cmd.args.at(1), cmd.keys.now_ms())?;
    let (keys, end, count) = many_options(cmd, 2)?;
    let found: Vec<_> = (0..keys).map(|i| cmd.key(3 + i, i)).collect();
    if !pop_first(cmd, found.into_iter(), end, Take::ManyWithKey(count))? {
        cmd.effects.block = Some(block(keys, timeout));
    }
    Ok(())
}

fn block(keys: usize, timeout: Option<std::time::Duration>) -> Block {
    Block { keys, kind: Some(Kind::Zset), timeout, nothing: Nothing::NullArray, replaced: Vec::new() }
}
