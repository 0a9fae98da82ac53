//! SADD, SREM and SMOVE.

use store::value::Set;

use super::changed;
use crate::args::Refused;
use crate::command::Cmd;

/// `SADD key member [member ...]`
pub fn sadd(cmd: &mut Cmd<'_, '_>) {
    let result = try_sadd(cmd);
    cmd.end(result);
}

fn try_sadd(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, members, limits) = (cmd.first(), cmd.args.sub(2), cmd.env.limits.set);
    let added = cmd.edit_or_create(key, |set: &mut Set| {
        set.expect(members.at(0), members.len(), &limits);
        members.iter().filter(|member| set.insert(member, &limits)).count()
    })?;
    if added.result > 0 {
        changed(cmd, added.result, key, "sadd");
    }
    cmd.out.int(added.result as i64);
    Ok(())
}

/// `SREM key member [member ...]`
pub fn srem(cmd: &mut Cmd<'_, '_>) {
    let result = try_srem(cmd);
    cmd.end(result);
}

fn try_srem(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, members) = (cmd.first(), cmd.args.sub(2));
    let edited = cmd.edit(key, |set: &mut Set| members.iter().filter(|member| set.remove(member)).count())?;
    let removed = edited.map_or(0, |edited| edited.result);
    if removed > 0 {
        changed(cmd, removed, key, "srem");
    }
    if edited.is_some_and(|edited| edited.is_gone) {
        cmd.gone(key);
    }
    cmd.out.int(removed as i64);
    Ok(())
}

/// `SMOVE source destination member`
pub fn smove(cmd: &mut Cmd<'_, '_>) {
    let result = try_smove(cmd).map(|moved| cmd.out.int(i64::from(moved)));
    cmd.end(result);
}

fn try_smove(cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
    let (from, to, member) = (cmd.key(1, 0), cmd.key(2, 1), cmd.args.at(3));
    let Some(source) = cmd.keys.peek_as::<Set>(cmd.db, from)? else { return Ok(false) };
    let is_member = source.contains(member);
    cmd.keys.peek_as::<Set>(cmd.db, to)?;
    if !is_member || from.bytes == to.bytes {
        return Ok(is_member);
    }
    let left = cmd.edit(from, |set: &mut Set| set.remove(member))?;
    changed(cmd, 1, from, "srem");
    if left.is_some_and(|left| left.is_gone) {
        cmd.gone(from);
    }
    let limits = cmd.env.limits.set;
    let added = cmd.edit_or_create(to, |set: &mut Set| {
        set.expect(member, 1, &limits);
        set.insert(member, &limits)
    })?;
    if added.result {
        changed(cmd, 1, to, "sadd");
    }
    Ok(true)
}
