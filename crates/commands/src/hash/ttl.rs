//! How long fields have to live.

use ds::value::Hash;

use super::named::named;
use crate::args::{Refused, SYNTAX};
use crate::command::Cmd;
use crate::typed::read;

const NO_FIELD: i64 = -2;
const NO_EXPIRY: i64 = -1;

/// `HTTL key FIELDS numfields field [field ...]`: seconds, rounded.
pub fn httl(cmd: &mut Cmd<'_, '_>) {
    let now = cmd.keys.now_ms();
    reply(cmd, |at| (at.saturating_sub(now) + 500) / 1000);
}

/// `HPTTL key FIELDS numfields field [field ...]`
pub fn hpttl(cmd: &mut Cmd<'_, '_>) {
    let now = cmd.keys.now_ms();
    reply(cmd, |at| at.saturating_sub(now));
}

/// `HEXPIRETIME key FIELDS numfields field [field ...]`: seconds, rounded.
pub fn hexpiretime(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, |at| (at + 500) / 1000);
}

/// `HPEXPIRETIME key FIELDS numfields field [field ...]`
pub fn hpexpiretime(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, |at| at);
}

fn reply(cmd: &mut Cmd<'_, '_>, shown: impl Fn(u64) -> u64) {
    let result = try_reply(cmd, shown);
    cmd.end(result);
}

fn try_reply(cmd: &mut Cmd<'_, '_>, shown: impl Fn(u64) -> u64) -> Result<(), Refused> {
    let fields = named(cmd.args, Refused(SYNTAX))?;
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    cmd.out.array(fields.len());
    for field in fields.iter() {
        let found = hash.as_ref().and_then(|hash| hash.get(field, now));
        cmd.out.int(match found.map(|pair| pair.expiry) {
            None => NO_FIELD,
            Some(None) => NO_EXPIRY,
            Some(Some(at)) => shown(at) as i64,
        });
    }
    Ok(())
}
