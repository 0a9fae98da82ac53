//! SCARD, SISMEMBER, SMISMEMBER and SMEMBERS.

use store::value::Set;

use super::member;
use crate::args::Refused;
use crate::command::Cmd;
use crate::typed::read;

/// `SCARD key`
pub fn scard(cmd: &mut Cmd<'_, '_>) {
    let len = cmd.read(cmd.first(), Set::len);
    let result = len.map(|len| cmd.out.int(len.unwrap_or(0) as i64));
    cmd.end(result);
}

/// `SISMEMBER key member`
pub fn sismember(cmd: &mut Cmd<'_, '_>) {
    let member = cmd.args.at(2);
    let found = cmd.read(cmd.first(), |set: &Set| set.contains(member));
    let result = found.map(|found| cmd.out.int(i64::from(found == Some(true))));
    cmd.end(result);
}

/// `SMISMEMBER key member [member ...]`
pub fn smismember(cmd: &mut Cmd<'_, '_>) {
    let result = try_smismember(cmd);
    cmd.end(result);
}

fn try_smismember(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let set = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let members = cmd.args.sub(2);
    cmd.out.array(members.len());
    for member in members.iter() {
        let found = set.as_ref().is_some_and(|set| set.contains(member));
        cmd.out.int(i64::from(found));
    }
    Ok(())
}

/// `SMEMBERS key`
pub fn smembers(cmd: &mut Cmd<'_, '_>) {
    let result = try_smembers(cmd);
    cmd.end(result);
}

fn try_smembers(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let set = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    cmd.out.set(set.as_ref().map_or(0, |set| set.len()));
    set.iter().for_each(|set| set.iter().for_each(|value| member(cmd.out, value)));
    Ok(())
}
