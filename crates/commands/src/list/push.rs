//! LPUSH, RPUSH, LPUSHX, RPUSHX.

use store::value::list::{End, List};

use super::pushed_event;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `LPUSH key element ...`
pub fn lpush(cmd: &mut Cmd<'_, '_>) {
    let result = push(cmd, End::Left);
    cmd.end(result);
}

/// `RPUSH key element ...`
pub fn rpush(cmd: &mut Cmd<'_, '_>) {
    let result = push(cmd, End::Right);
    cmd.end(result);
}

/// `LPUSHX key element ...`
pub fn lpushx(cmd: &mut Cmd<'_, '_>) {
    let result = push_to_old(cmd, End::Left);
    cmd.end(result);
}

/// `RPUSHX key element ...`
pub fn rpushx(cmd: &mut Cmd<'_, '_>) {
    let result = push_to_old(cmd, End::Right);
    cmd.end(result);
}

fn push(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    let (values, limits) = (cmd.args.sub(2), cmd.env.limits.list);
    let pushed = cmd.edit_or_create(cmd.first(), |list: &mut List| {
        list.push(end, values.iter(), limits);
        list.len()
    })?;
    told(cmd, end, pushed.result);
    Ok(())
}

fn push_to_old(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    let (values, limits) = (cmd.args.sub(2), cmd.env.limits.list);
    let pushed = cmd.edit(cmd.first(), |list: &mut List| {
        list.push(end, values.iter(), limits);
        list.len()
    })?;
    match pushed {
        Some(pushed) => told(cmd, end, pushed.result),
        None => cmd.out.int(0),
    }
    Ok(())
}

fn told(cmd: &mut Cmd<'_, '_>, end: End, len: usize) {
    cmd.changed(cmd.first(), Class::List, pushed_event(end));
    cmd.effects.dirty += cmd.args.len() as u64 - 3;
    cmd.out.int(len as i64);
}
