//! SPOP.

use store::value::Set;

use super::{changed, member};
use crate::args::{Refused, SYNTAX, positive};
use crate::command::Cmd;

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
    let (key, out, rng) = (cmd.first(), &mut *cmd.out, &mut *cmd.rng);
    let popped =
        cmd.keys.change(cmd.db, key, |set: &mut Set| set.pop(rng, |value| member(out, value)).is_some())?;
    match popped {
        Some(popped) => {
            assert!(popped.result, "no key holds an empty set");
            told(cmd, 1, popped.is_gone);
        }
        None => cmd.out.null(),
    }
    Ok(())
}

fn many(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let count = positive(cmd.args.at(2))?;
    let key = cmd.first();
    let len = cmd.keys.peek_as::<Set>(cmd.db, key)?.map_or(0, |set| set.len());
    let count = count.min(len);
    if count == 0 {
        cmd.out.set(0);
        return Ok(());
    }
    if count == len {
        return all(cmd, count);
    }
    let (out, rng) = (&mut *cmd.out, &mut *cmd.rng);
    out.set(count);
    cmd.keys.change(cmd.db, key, |set: &mut Set| {
        for _ in 0..count {
            set.pop(rng, |value| member(out, value));
        }
    })?;
    told(cmd, count, false);
    Ok(())
}

/// The whole set goes, without its members being drawn.
fn all(cmd: &mut Cmd<'_, '_>, len: usize) -> Result<(), Refused> {
    let key = cmd.first();
    cmd.out.set(len);
    if let Some(set) = cmd.keys.peek_as::<Set>(cmd.db, key)? {
        set.iter().for_each(|value| member(cmd.out, value));
    }
    cmd.remove(key);
    told(cmd, len, true);
    Ok(())
}

fn told(cmd: &mut Cmd<'_, '_>, members: usize, is_gone: bool) {
    let key = cmd.first();
    changed(cmd, members, key, "spop");
    if is_gone {
        cmd.gone(key);
    }
}
