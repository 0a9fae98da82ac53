//! How many keys, and of what type.

use store::Contended;

use crate::command::{Cmd, Walk};

/// `EXISTS key ...`: a key named twice counts twice.
pub fn exists(cmd: &mut Cmd<'_, '_>) {
    let found = cmd.every(1).filter(|key| cmd.look(*key, |_| ()).is_some()).count();
    cmd.out.int(found as i64);
}

/// `TOUCH key ...`
pub fn touch(cmd: &mut Cmd<'_, '_>) {
    let mut found = 0;
    for key in cmd.every(1) {
        if cmd.keys.lookup(cmd.db, key).is_some() {
            found += 1;
        } else {
            cmd.missed(key);
        }
    }
    cmd.out.int(found);
}

/// `TYPE key`
pub fn type_of(cmd: &mut Cmd<'_, '_>) {
    let name = cmd.look(cmd.first(), |entry| entry.kind().name()).unwrap_or("none");
    cmd.out.simple(name);
}

/// `DBSIZE`
pub fn dbsize(walk: &mut Walk<'_, '_>) -> Result<(), Contended> {
    walk.out.int(walk.ground.keyspace().db_size(walk.db) as i64);
    Ok(())
}
