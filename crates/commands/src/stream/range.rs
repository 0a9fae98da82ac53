//! XRANGE and XREVRANGE.

use store::value::Stream;

use super::entry::reply_entries;
use super::id::{end, start};
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;

/// `XRANGE key start end [COUNT count]`
pub fn xrange(cmd: &mut Cmd<'_, '_>) {
    let result = range(cmd, false);
    cmd.end(result);
}

/// `XREVRANGE key end start [COUNT count]`
pub fn xrevrange(cmd: &mut Cmd<'_, '_>) {
    let result = range(cmd, true);
    cmd.end(result);
}

fn range(cmd: &mut Cmd<'_, '_>, back: bool) -> Result<(), Refused> {
    let (first, second) = if back { (3, 2) } else { (2, 3) };
    let (from, to) = (start(cmd.args.at(first))?, end(cmd.args.at(second))?);
    let count = count(cmd)?;
    let Some(stream) = read::<Stream>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.array(0);
        return Ok(());
    };
    let log = stream.log();
    match count {
        0 => cmd.out.null_array(),
        _ if back => reply_entries(cmd.out, log.range_back(from, to), count, |_| {}),
        _ => reply_entries(cmd.out, log.range(from, to), count, |_| {}),
    }
    Ok(())
}

/// `COUNT`; negative ones count as 0.
fn count(cmd: &Cmd<'_, '_>) -> Result<usize, Refused> {
    let (mut words, mut count) = (cmd.args.sub(4).iter(), usize::MAX);
    while let Some(word) = words.next() {
        match words.next() {
            Some(value) if is(word, "count") => count = integer(value)?.max(0) as usize,
            _ => return Err(Refused(SYNTAX)),
        }
    }
    Ok(count)
}
