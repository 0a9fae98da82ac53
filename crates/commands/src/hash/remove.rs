//! HDEL and HGETDEL.

use ds::value::Hash;

use super::named::{NUMFIELDS, named};
use super::{changed, reply_text};
use crate::args::Refused;
use crate::command::Cmd;

/// `HDEL key field [field ...]`
pub fn hdel(cmd: &mut Cmd<'_, '_>) {
    let result = try_hdel(cmd);
    cmd.end(result);
}

fn try_hdel(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, now, fields) = (cmd.first(), cmd.keys.clock.horizon(), cmd.args.sub(2));
    let remove = |hash: &mut Hash| fields.iter().filter(|field| hash.remove(field, now)).count();
    let edited = cmd.edit(key, remove)?;
    let removed = edited.map_or(0, |edited| edited.result);
    if removed > 0 {
        changed(cmd, removed, key, "hdel");
    }
    if edited.is_some_and(|edited| edited.is_gone) {
        cmd.gone(key);
    }
    cmd.out.int(removed as i64);
    Ok(())
}

/// `HGETDEL key FIELDS numfields field [field ...]`
pub fn hgetdel(cmd: &mut Cmd<'_, '_>) {
    let result = try_hgetdel(cmd);
    cmd.end(result);
}

fn try_hgetdel(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let fields = named(cmd.args, NUMFIELDS)?;
    let (key, now) = (cmd.first(), cmd.keys.clock.horizon());
    let Cmd { keys, out, db, .. } = cmd;
    let take = |hash: &mut Hash| {
        out.array(fields.len());
        let mut removed = 0;
        for field in fields.iter() {
            match hash.get(field, now) {
                Some(pair) => reply_text(out, pair.value),
                None => out.null(),
            }
            removed += usize::from(hash.remove(field, now));
        }
        removed
    };
    let Some(edited) = keys.change(*db, key, take)? else {
        cmd.out.array(fields.len());
        fields.iter().for_each(|_| cmd.out.null());
        return Ok(());
    };
    if edited.result > 0 {
        changed(cmd, edited.result, key, "hdel");
    }
    if edited.is_gone {
        cmd.gone(key);
    }
    Ok(())
}
