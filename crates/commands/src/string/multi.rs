//! Several keys at once.

use store::Expiry;

use super::{read, reply};

use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `MGET key ...`: null for what is missing and for what is no string.
pub fn mget(cmd: &mut Cmd<'_, '_>) {
    cmd.out.array(cmd.hashes.len());
    for key in cmd.every(1) {
        let value = read(cmd.keys, cmd.effects, cmd.db, key).unwrap_or_default();
        reply(cmd.out, value);
    }
}

/// `MSET key value ...`
pub fn mset(cmd: &mut Cmd<'_, '_>) {
    let result = pairs(cmd, "wrong number of arguments for 'mset' command").map(|()| {
        store_all(cmd);
        cmd.out.ok();
    });
    cmd.end(result);
}

/// `MSETNX key value ...`
pub fn msetnx(cmd: &mut Cmd<'_, '_>) {
    let result = pairs(cmd, "wrong number of arguments for 'msetnx' command").map(|()| {
        let free = !cmd.every(2).any(|key| cmd.keys.contains(cmd.db, key));
        if free {
            store_all(cmd);
        }
        cmd.out.int(i64::from(free));
    });
    cmd.end(result);
}

/// Every key has a value.
fn pairs(cmd: &Cmd<'_, '_>, odd: &'static str) -> Result<(), Refused> {
    if cmd.args.len() % 2 == 1 { Ok(()) } else { Err(Refused(odd)) }
}

fn store_all(cmd: &mut Cmd<'_, '_>) {
    for (i, key) in cmd.every(2).enumerate() {
        cmd.put(key, cmd.args.at(2 * i + 2), Expiry::Clear);
        cmd.changed(key, Class::String, "set");
    }
}
