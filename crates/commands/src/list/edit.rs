//! LSET, LINSERT, LREM, LTRIM.

use store::value::list::{End, List};

use super::{index_of, span_of};
use crate::args::{NO_SUCH_KEY, Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::effects::Class;

const INDEX_OUT_OF_RANGE: Refused = Refused("index out of range");
const COUNT_OUT_OF_RANGE: Refused =
    Refused("value is out of range, value must between -9223372036854775807 and 9223372036854775807");

/// `LSET key index element`
pub fn lset(cmd: &mut Cmd<'_, '_>) {
    let result = try_lset(cmd);
    cmd.end(result);
}

fn try_lset(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, args, limits) = (cmd.first(), cmd.args, cmd.env.limits.list);
    let set = cmd.edit(key, |list: &mut List| {
        let index = index_of(integer(args.at(2))?, list.len()).ok_or(INDEX_OUT_OF_RANGE)?;
        list.set(index, args.at(3), limits);
        Ok::<(), Refused>(())
    })?;
    set.ok_or(Refused(NO_SUCH_KEY))?.result?;
    cmd.changed(key, Class::List, "lset");
    cmd.out.ok();
    Ok(())
}

/// `LINSERT key BEFORE|AFTER pivot element`
pub fn linsert(cmd: &mut Cmd<'_, '_>) {
    let result = try_linsert(cmd).map(|len| cmd.out.int(len));
    cmd.end(result);
}

fn try_linsert(cmd: &mut Cmd<'_, '_>) -> Result<i64, Refused> {
    let (key, args, limits) = (cmd.first(), cmd.args, cmd.env.limits.list);
    let after = is(args.at(2), "after");
    if !after && !is(args.at(2), "before") {
        return Err(Refused(SYNTAX));
    }
    let inserted = cmd.edit(key, |list: &mut List| {
        let pivot = list.position(args.at(3))?;
        list.insert(pivot + usize::from(after), args.at(4), limits);
        Some(list.len())
    })?;
    let Some(inserted) = inserted else { return Ok(0) };
    let Some(len) = inserted.result else { return Ok(-1) };
    cmd.changed(key, Class::List, "linsert");
    Ok(len as i64)
}

/// `LREM key count element`
pub fn lrem(cmd: &mut Cmd<'_, '_>) {
    let result = try_lrem(cmd).map(|removed| cmd.out.int(removed));
    cmd.end(result);
}

fn try_lrem(cmd: &mut Cmd<'_, '_>) -> Result<i64, Refused> {
    let (key, value, limits) = (cmd.first(), cmd.args.at(3), cmd.env.limits.list);
    let (from, count) = match integer(cmd.args.at(2))? {
        i64::MIN => return Err(COUNT_OUT_OF_RANGE),
        0 => (End::Left, usize::MAX),
        count if count < 0 => (End::Right, count.unsigned_abs() as usize),
        count => (End::Left, count as usize),
    };
    let removed = cmd.edit(key, |list: &mut List| list.remove_equal(value, from, count, limits))?;
    let Some(removed) = removed.filter(|removed| removed.result > 0) else { return Ok(0) };
    cmd.changed(key, Class::List, "lrem");
    cmd.effects.dirty += removed.result as u64 - 1;
    if removed.is_gone {
        cmd.gone(key);
    }
    Ok(removed.result as i64)
}

/// `LTRIM key start stop`
pub fn ltrim(cmd: &mut Cmd<'_, '_>) {
    let result = try_ltrim(cmd).map(|()| cmd.out.ok());
    cmd.end(result);
}

fn try_ltrim(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (start, stop) = (integer(cmd.args.at(2))?, integer(cmd.args.at(3))?);
    let (key, limits) = (cmd.first(), cmd.env.limits.list);
    let trimmed = cmd.edit(key, |list: &mut List| {
        let len = list.len();
        let (index, count) = span_of(start, stop, len);
        list.remove(index + count..len, limits);
        list.remove(0..index, limits);
        len - count
    })?;
    let Some(trimmed) = trimmed else { return Ok(()) };
    cmd.changed(key, Class::List, "ltrim");
    cmd.effects.dirty = cmd.effects.dirty + trimmed.result as u64 - 1;
    if trimmed.is_gone {
        cmd.gone(key);
    }
    Ok(())
}
