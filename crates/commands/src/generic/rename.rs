//! RENAME and RENAMENX.

use crate::args::{NO_SUCH_KEY, Refused};
use crate::command::Cmd;
use crate::effects::Class;

/// `RENAME key newkey`
pub fn rename(cmd: &mut Cmd<'_, '_>) {
    let result = move_value(cmd, true).map(|_| cmd.out.ok());
    cmd.end(result);
}

/// `RENAMENX key newkey`
pub fn renamenx(cmd: &mut Cmd<'_, '_>) {
    let result = move_value(cmd, false).map(|moved| cmd.out.int(i64::from(moved)));
    cmd.end(result);
}

/// False if nothing was moved: the names are the same, or the new one is taken and must not be overwritten.
fn move_value(cmd: &mut Cmd<'_, '_>, overwrite: bool) -> Result<bool, Refused> {
    let (from, to) = (cmd.key(1, 0), cmd.key(2, 1));
    if !cmd.keys.contains(cmd.db, from) {
        return Err(Refused(NO_SUCH_KEY));
    }
    if from.bytes == to.bytes || !overwrite && cmd.keys.contains(cmd.db, to) {
        return Ok(false);
    }
    let entry = cmd.keys.remove(cmd.db, from).expect("it was there");
    let old = cmd.keys.insert_entry(cmd.db, to, entry.into_key(to.bytes));
    if let Some(old) = old {
        cmd.discard(old);
    }
    cmd.effects.notify(Class::New, "new", cmd.db, to.bytes);
    cmd.keys.signal_modified(cmd.db, from);
    cmd.keys.signal_modified(cmd.db, to);
    cmd.effects.notify(Class::Generic, "rename_from", cmd.db, from.bytes);
    cmd.effects.notify(Class::Generic, "rename_to", cmd.db, to.bytes);
    cmd.effects.dirty += 1;
    Ok(true)
}
