//! How long a key has to live.

use crate::command::Cmd;

const NO_KEY: i64 = -2;
const NO_EXPIRY: i64 = -1;

/// `TTL key`: seconds, rounded.
pub fn ttl(cmd: &mut Cmd<'_, '_>) {
    let now = cmd.keys.now_ms();
    reply(cmd, |at| (at.saturating_sub(now) + 500) / 1000);
}

/// `PTTL key`
pub fn pttl(cmd: &mut Cmd<'_, '_>) {
    let now = cmd.keys.now_ms();
    reply(cmd, |at| at.saturating_sub(now));
}

/// `EXPIRETIME key`: seconds, rounded.
pub fn expiretime(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, |at| (at + 500) / 1000);
}

/// `PEXPIRETIME key`
pub fn pexpiretime(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, |at| at);
}

fn reply(cmd: &mut Cmd<'_, '_>, shown: impl Fn(u64) -> u64) {
    let expiry = cmd.look(cmd.first(), |entry| entry.expiry());
    cmd.out.int(match expiry {
        None => NO_KEY,
        Some(None) => NO_EXPIRY,
        Some(Some(at)) => shown(at) as i64,
    });
}
