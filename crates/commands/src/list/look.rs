//! LLEN, LINDEX, LRANGE.

use store::value::list::{End, List};

use super::{element, index_of, span_of};
use crate::args::{Refused, integer};
use crate::command::Cmd;
use crate::typed::read;

/// `LLEN key`
pub fn llen(cmd: &mut Cmd<'_, '_>) {
    let result = cmd.read(cmd.first(), List::len).map(|len| cmd.out.int(len.unwrap_or(0) as i64));
    cmd.end(result);
}

/// `LINDEX key index`: a missing key with a bad index answers null.
pub fn lindex(cmd: &mut Cmd<'_, '_>) {
    let result = try_lindex(cmd);
    cmd.end(result);
}

fn try_lindex(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let Some(list) = read::<List>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.null();
        return Ok(());
    };
    let index = index_of(integer(cmd.args.at(2))?, list.len());
    match index.and_then(|index| list.get(index)) {
        Some(value) => element(cmd.out, value),
        None => cmd.out.null(),
    }
    Ok(())
}

/// `LRANGE key start stop`
pub fn lrange(cmd: &mut Cmd<'_, '_>) {
    let result = try_lrange(cmd);
    cmd.end(result);
}

fn try_lrange(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (start, stop) = (integer(cmd.args.at(2))?, integer(cmd.args.at(3))?);
    let Some(list) = read::<List>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.array(0);
        return Ok(());
    };
    let (index, count) = span_of(start, stop, list.len());
    cmd.out.array(count);
    list.range(End::Left, index, count, |value| element(cmd.out, value));
    Ok(())
}
