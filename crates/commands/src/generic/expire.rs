//! The time to live of keys.

use store::EXPIRY_MAX_MS;

use crate::args::{Refused, digits, integer, is};
use crate::command::Cmd;
use crate::effects::Class;

/// `EXPIRE key seconds [NX|XX|GT|LT ...]`
pub fn expire(cmd: &mut Cmd<'_, '_>) {
    expire_with(cmd, 1000, false, "invalid expire time in 'expire' command");
}

/// `PEXPIRE key milliseconds [NX|XX|GT|LT ...]`
pub fn pexpire(cmd: &mut Cmd<'_, '_>) {
    expire_with(cmd, 1, false, "invalid expire time in 'pexpire' command");
}

/// `EXPIREAT key unix-time-seconds [NX|XX|GT|LT ...]`
pub fn expireat(cmd: &mut Cmd<'_, '_>) {
    expire_with(cmd, 1000, true, "invalid expire time in 'expireat' command");
}

/// `PEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT ...]`
pub fn pexpireat(cmd: &mut Cmd<'_, '_>) {
    expire_with(cmd, 1, true, "invalid expire time in 'pexpireat' command");
}

/// `PERSIST key`
pub fn persist(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let had = matches!(cmd.keys.expiry(cmd.db, key), Some(Some(_)));
    if had {
        cmd.keys.set_expiry(cmd.db, key, None);
        cmd.changed(key, Class::Generic, "persist");
    }
    cmd.out.int(i64::from(had));
}

/// When an expiry may be replaced.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    /// Reads `NX`, `XX`, `GT` and `LT`; the error's text if they are not all there is, or contradict each other.
    pub fn of<'a>(words: impl Iterator<Item = &'a [u8]>) -> Result<Condition, Vec<u8>> {
        let mut found = Condition::default();
        for word in words {
            let flag =
                [("nx", &mut found.nx), ("xx", &mut found.xx), ("gt", &mut found.gt), ("lt", &mut found.lt)]
                    .into_iter()
                    .find_map(|(name, flag)| is(word, name).then_some(flag));
            match flag {
                Some(flag) => *flag = true,
                None => return Err([b"Unsupported option ", word].concat()),
            }
        }
        let Condition { nx, xx, gt, lt } = found;
        if nx && (xx || gt || lt) {
            return Err(b"NX and XX, GT or LT options at the same time are not compatible".to_vec());
        }
        if gt && lt {
            return Err(b"GT and LT options at the same time are not compatible".to_vec());
        }
        Ok(found)
    }

    /// `None` stands for a key or field that never expires: later than any time.
    pub fn allows(self, old: Option<u64>, new: i64) -> bool {
        let old = old.map(|at| at as i64);
        !(self.nx && old.is_some()
            || self.xx && old.is_none()
            || self.gt && old.is_none_or(|old| new <= old)
            || self.lt && old.is_some_and(|old| new >= old))
    }
}

fn expire_with(cmd: &mut Cmd<'_, '_>, unit: i64, absolute: bool, invalid: &'static str) {
    let condition = match Condition::of(cmd.args.sub(3).iter()) {
        Ok(condition) => condition,
        Err(text) => return cmd.out.error_bytes(&text),
    };
    let base = if absolute { 0 } else { cmd.keys.now_ms() as i64 };
    let at = integer(cmd.args.at(2)).and_then(|number| {
        number.checked_mul(unit).and_then(|n| n.checked_add(base)).ok_or(Refused(invalid))
    });
    let result = at.map(|at| {
        let done = apply(cmd, condition, at);
        if done && cmd.effects.logs() && !(absolute && unit == 1) {
            log(cmd, at);
        }
        cmd.out.int(i64::from(done));
    });
    cmd.end(result);
}

/// A time in a log is a point in time.
fn log(cmd: &mut Cmd<'_, '_>, at: i64) {
    if at <= cmd.keys.now_ms() as i64 {
        return;
    }
    let (key, at) = (cmd.args.at(1), digits(at as u64));
    let words: Vec<&[u8]> = [&b"PEXPIREAT"[..], key, &at].into_iter().chain(cmd.args.sub(3).iter()).collect();
    cmd.effects.log_as(&words);
}

fn apply(cmd: &mut Cmd<'_, '_>, condition: Condition, at: i64) -> bool {
    let (key, now) = (cmd.first(), cmd.keys.now_ms() as i64);
    let Some(old) = cmd.keys.expiry(cmd.db, key) else {
        return false;
    };
    if !condition.allows(old, at) {
        return false;
    }
    if at <= now {
        cmd.keys.remove(cmd.db, key);
        cmd.changed(key, Class::Generic, "del");
        cmd.effects.log_as(&[b"DEL", key.bytes]);
    } else {
        cmd.keys.set_expiry(cmd.db, key, Some((at as u64).min(EXPIRY_MAX_MS)));
        cmd.changed(key, Class::Generic, "expire");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Condition;

    #[test]
    fn conditions() {
        let check = |nx, xx, gt, lt, old, new, expect| {
            assert_eq!(Condition { nx, xx, gt, lt }.allows(old, new), expect, "{old:?} {new}");
        };
        check(true, false, false, false, None, 5, true);
        check(true, false, false, false, Some(1), 5, false);
        check(false, true, false, false, None, 5, false);
        check(false, false, true, false, Some(5), 5, false);
        check(false, false, true, false, Some(5), 6, true);
        check(false, false, true, false, None, 6, false);
        check(false, false, false, true, None, 6, true);
        check(false, false, false, true, Some(5), 5, false);
        check(false, true, false, true, None, 6, false);
        check(false, false, false, true, Some(5), -4, true);
    }
}
