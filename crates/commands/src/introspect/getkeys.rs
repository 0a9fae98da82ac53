//! `COMMAND GETKEYS` and `COMMAND GETKEYSANDFLAGS`.

use resp::{Args, Reply};

use crate::keys::keys_of;
use crate::registry::Registry;
use crate::spec::{Flag, KeyRef};

/// `COMMAND GETKEYS`, given the full command.
pub fn getkeys<H>(commands: &Registry<H>, full: Args<'_>, out: &mut Reply<'_>) {
    match find(commands, full) {
        Ok(keys) => {
            out.array(keys.len());
            for key in keys {
                out.bulk(&full[key.index as usize]);
            }
        }
        Err(text) => out.error(text),
    }
}

/// `COMMAND GETKEYSANDFLAGS`, given the full command.
pub fn getkeys_and_flags<H>(commands: &Registry<H>, full: Args<'_>, out: &mut Reply<'_>) {
    match find(commands, full) {
        Ok(keys) => {
            out.array(keys.len());
            for key in keys {
                out.array(2);
                out.bulk(&full[key.index as usize]);
                super::info::words(key.flags.names(), out);
            }
        }
        Err(text) => out.error(text),
    }
}

fn find<H>(commands: &Registry<H>, full: Args<'_>) -> Result<Vec<KeyRef>, &'static str> {
    let spec = commands.resolve(full).map_err(|_| "Invalid command specified")?.spec;
    if spec.keys.is_empty() && spec.getkeys.is_none() {
        return Err("The command has no key arguments");
    }
    if !spec.takes(full.len()) {
        return Err("Invalid number of arguments specified for command");
    }
    let mut keys = Vec::new();
    let found = keys_of(spec, full, &mut keys);
    if spec.is(Flag::NoMandatoryKeys) {
        if found.is_err() {
            keys.clear();
        }
    } else if found.is_err() || keys.is_empty() {
        return Err("Invalid arguments specified for command");
    }
    Ok(keys)
}
