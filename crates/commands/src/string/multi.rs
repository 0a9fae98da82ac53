//! Several keys at once.

use base::num::parse_i64;
use store::Expiry;

use super::set::{Only, Options, store};
use super::{read, reply};
use crate::args::{Refused, SYNTAX, digits};
use crate::command::Cmd;

/// Keys that a request can name.
const MSETEX_KEYS_MAX: i64 = i32::MAX as i64;

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

/// `MSETEX numkeys key value [key value ...] [NX|XX] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]`: 1 if all were set, 0 if none was.
pub fn msetex(cmd: &mut Cmd<'_, '_>) {
    let result = try_msetex(cmd);
    cmd.end(result);
}

fn try_msetex(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let count = parse_i64(cmd.args.at(1)).filter(|count| (1..=MSETEX_KEYS_MAX).contains(count));
    let count = count.ok_or(Refused("invalid numkeys value or out of range"))? as usize;
    let options = 2 + 2 * count;
    if options > cmd.args.len() {
        return Err(Refused(SYNTAX));
    }
    let options = Options::parse(cmd.args.sub(options), false)?;
    let expiry = options.expiry(cmd.keys.now_ms(), "invalid expire time in 'msetex' command")?;
    let mut keys = cmd.every_from(2, 2);
    let allowed = match options.only {
        Only::IfAbsent => !keys.any(|key| cmd.keys.contains(cmd.db, key)),
        Only::IfPresent => keys.all(|key| cmd.keys.contains(cmd.db, key)),
        _ => true,
    };
    if allowed {
        cmd.every_from(2, 2).enumerate().for_each(|(i, key)| store(cmd, key, 3 + 2 * i, expiry));
        if let Expiry::At(at) = expiry
            && cmd.effects.logs()
        {
            let at = digits(at);
            let pairs = cmd.args.iter().take(2 + 2 * count).skip(1);
            let words: Vec<&[u8]> =
                [&b"MSETEX"[..]].into_iter().chain(pairs).chain([&b"PXAT"[..], &at]).collect();
            cmd.effects.log_as(&words);
        }
    }
    cmd.out.int(i64::from(allowed));
    Ok(())
}

/// Every key has a value.
fn pairs(cmd: &Cmd<'_, '_>, odd: &'static str) -> Result<(), Refused> {
    if cmd.args.len() % 2 == 1 { Ok(()) } else { Err(Refused(odd)) }
}

fn store_all(cmd: &mut Cmd<'_, '_>) {
    for (i, key) in cmd.every(2).enumerate() {
        store(cmd, key, 2 * i + 2, Expiry::Clear);
    }
}
