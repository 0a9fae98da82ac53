//! SPOP.

use store::StrRef;
use store::value::Set;

use super::{changed, member};
use crate::args::{Refused, SYNTAX, positive};
use crate::command::Cmd;

/// Members that one logged SREM removes at most.
const LOGGED_MEMBERS_MAX: usize = 1024;

/// `SPOP key [count]`
pub fn spop(cmd: &mut Cmd<'_, '_>) {
    let result = match cmd.args.len() {
        2 => one(cmd),
        3 => many(cmd),
        _ => Err(Refused(SYNTAX)),
    };
    cmd.end(result);
}

fn one(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    if !pop(cmd, 1)? {
        cmd.out.null();
    }
    Ok(())
}

fn many(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let count = positive(cmd.args.at(2))?;
    let key = cmd.first();
    let len = cmd.keys.peek_as::<Set>(cmd.db, key)?.map_or(0, |set| set.len());
    let count = count.min(len);
    cmd.out.set(count);
    if count == len && len > 0 {
        return all(cmd, count);
    }
    if count > 0 {
        pop(cmd, count)?;
    }
    Ok(())
}

/// Draws so many members and replies them; false without the key.
fn pop(cmd: &mut Cmd<'_, '_>, count: usize) -> Result<bool, Refused> {
    let (key, logs) = (cmd.first(), cmd.effects.logs());
    let (out, rng) = (&mut *cmd.out, &mut *cmd.rng);
    let mut popped = Vec::new();
    let mut show = |value: StrRef<'_>| {
        member(out, value);
        if logs {
            popped.push(value.to_vec());
        }
    };
    let changed = cmd.keys.change(cmd.db, key, |set: &mut Set| {
        for _ in 0..count {
            assert!(set.pop(rng, &mut show).is_some(), "there are as many members");
        }
    })?;
    let Some(changed) = changed else { return Ok(false) };
    told(cmd, count, changed.is_gone);
    for members in popped.chunks(LOGGED_MEMBERS_MAX) {
        let head = [b"SREM".to_vec(), key.bytes.to_vec()];
        let words: Vec<&[u8]> = head.iter().chain(members).map(Vec::as_slice).collect();
        cmd.effects.log_as(&words);
    }
    Ok(true)
}

/// The whole set goes, without its members being drawn.
fn all(cmd: &mut Cmd<'_, '_>, len: usize) -> Result<(), Refused> {
    let key = cmd.first();
    if let Some(set) = cmd.keys.peek_as::<Set>(cmd.db, key)? {
        set.iter().for_each(|value| member(cmd.out, value));
    }
    cmd.remove(key);
    told(cmd, len, true);
    cmd.effects.log_as(&[b"DEL", key.bytes]);
    Ok(())
}

fn told(cmd: &mut Cmd<'_, '_>, members: usize, is_gone: bool) {
    let key = cmd.first();
    changed(cmd, members, key, "spop");
    if is_gone {
        cmd.gone(key);
    }
}
