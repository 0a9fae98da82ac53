//! DEL and UNLINK.

use crate::command::Cmd;
use crate::effects::Class;

/// `DEL key ...`
pub fn del(cmd: &mut Cmd<'_, '_>) {
    let mut removed = 0;
    for key in cmd.every(1) {
        if cmd.keys.remove(cmd.db, key).is_some() {
            cmd.changed(key, Class::Generic, "del");
            removed += 1;
        }
    }
    cmd.out.int(removed);
}

/// `UNLINK key ...`: strings are freed at once, there is nothing to gain by waiting.
pub fn unlink(cmd: &mut Cmd<'_, '_>) {
    del(cmd);
}
