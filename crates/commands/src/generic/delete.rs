//! DEL and UNLINK.

use crate::command::Cmd;
use crate::effects::Class;

/// `DEL key ...`
pub fn del(cmd: &mut Cmd<'_, '_>) {
    let mut removed = 0;
    for key in cmd.every(1) {
        if cmd.remove(key) {
            cmd.changed(key, Class::Generic, "del");
            removed += 1;
        }
    }
    cmd.out.int(removed);
}

/// `UNLINK key ...`: as DEL, which puts big values aside too.
pub fn unlink(cmd: &mut Cmd<'_, '_>) {
    del(cmd);
}
