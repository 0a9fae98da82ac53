//! HSET, HMSET and HSETNX.

use ds::value::Hash;
use ds::value::hash::Ttl;

use super::{Count, changed, expired};
use crate::args::Refused;
use crate::command::Cmd;

/// `HSET key field value [field value ...]`
pub fn hset(cmd: &mut Cmd<'_, '_>) {
    let result =
        put_pairs(cmd, "wrong number of arguments for 'hset' command").map(|added| cmd.out.int(added as i64));
    cmd.end(result);
}

/// `HMSET key field value [field value ...]`
pub fn hmset(cmd: &mut Cmd<'_, '_>) {
    let result = put_pairs(cmd, "wrong number of arguments for 'hmset' command").map(|_| cmd.out.ok());
    cmd.end(result);
}

/// Returns how many fields are new.
#[inline]
fn put_pairs(cmd: &mut Cmd<'_, '_>, odd: &'static str) -> Result<usize, Refused> {
    let words = cmd.args.sub(2);
    if !words.len().is_multiple_of(2) {
        return Err(Refused(odd));
    }
    let (key, limits, now) = (cmd.first(), cmd.env.limits.hash, cmd.keys.clock.horizon());
    let put = |hash: &mut Hash| {
        let mut count = Count::default();
        for i in (0..words.len()).step_by(2) {
            count.note(hash.set(words.at(i), words.at(i + 1), Ttl::Clear, now, &limits));
        }
        count
    };
    let count = cmd.edit_or_create(key, put)?.result;
    expired(cmd, count.revived, key);
    changed(cmd, words.len() / 2, key, "hset");
    Ok(count.new_fields())
}

/// `HSETNX key field value`
pub fn hsetnx(cmd: &mut Cmd<'_, '_>) {
    let (key, limits, now) = (cmd.first(), cmd.env.limits.hash, cmd.keys.clock.horizon());
    let (field, value) = (cmd.args.at(2), cmd.args.at(3));
    let put = |hash: &mut Hash| {
        let mut count = Count::default();
        if hash.get(field, now).is_none() {
            count.note(hash.set(field, value, Ttl::Clear, now, &limits));
        }
        count
    };
    let result = cmd.edit_or_create(key, put).map(|edited| {
        let count = edited.result;
        if count.new_fields() > 0 {
            expired(cmd, count.revived, key);
            changed(cmd, 1, key, "hset");
        }
        cmd.out.int(count.new_fields() as i64);
    });
    cmd.end(result);
}
