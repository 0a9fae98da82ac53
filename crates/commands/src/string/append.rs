//! APPEND.

use store::Expiry;

use super::{TOO_LONG, text_of};
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;

/// `APPEND key value`
pub fn append(cmd: &mut Cmd<'_, '_>) {
    let result = try_append(cmd);
    cmd.end(result);
}

fn try_append(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, value) = (cmd.first(), cmd.args.at(2));
    let len = match cmd.keys.lookup_mut(cmd.db, key) {
        None => {
            cmd.put(key, value, Expiry::Clear);
            value.len()
        }
        Some(mut entry) => {
            if text_of(entry.view())?.len() + value.len() > cmd.env.string_bytes_max {
                return Err(TOO_LONG);
            }
            entry.append(value)
        }
    };
    cmd.changed(key, Class::String, "append");
    cmd.out.int(len as i64);
    Ok(())
}
