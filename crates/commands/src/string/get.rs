//! GET and its kin: the whole value, and maybe a change of the key.

use store::{Expiry, IntText};

use super::expiry::When;
use super::{read, reply};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;
use crate::effects::Class;

/// `GET key`
pub fn get(cmd: &mut Cmd<'_, '_>) {
    let result = read(cmd.keys, cmd.effects, cmd.db, cmd.first()).map(|value| reply(cmd.out, value));
    cmd.end(result);
}

/// `STRLEN key`
pub fn strlen(cmd: &mut Cmd<'_, '_>) {
    let len = read(cmd.keys, cmd.effects, cmd.db, cmd.first()).map(|value| value.map_or(0, |v| v.len()));
    let result = len.map(|len| cmd.out.int(len as i64));
    cmd.end(result);
}

/// `GETDEL key`
pub fn getdel(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let result = read(cmd.keys, cmd.effects, cmd.db, key).map(|value| {
        reply(cmd.out, value);
        value.is_some()
    });
    if result == Ok(true) {
        cmd.keys.remove(cmd.db, key);
        cmd.changed(key, Class::Generic, "del");
        cmd.effects.log_as(&[b"DEL", key.bytes]);
    }
    cmd.end(result.map(|_| ()));
}

/// `DELIFEQ key value`: deletes the key if it holds this string.
pub fn delifeq(cmd: &mut Cmd<'_, '_>) {
    let (key, text) = (cmd.first(), cmd.args.at(2));
    let value = read(cmd.keys, cmd.effects, cmd.db, key);
    let result = value.map(|value| value.is_some_and(|value| value.text(&mut IntText::new()) == text));
    if result == Ok(true) {
        cmd.keys.remove(cmd.db, key);
        cmd.changed(key, Class::Generic, "del");
        cmd.effects.log_as(&[b"DEL", key.bytes]);
    }
    let result = result.map(|equal| cmd.out.int(i64::from(equal)));
    cmd.end(result);
}

/// `GETSET key value`
pub fn getset(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let result = read(cmd.keys, cmd.effects, cmd.db, key).map(|value| reply(cmd.out, value));
    if result.is_ok() {
        cmd.put(key, cmd.args.at(2), Expiry::Clear);
        cmd.changed(key, Class::String, "set");
        cmd.effects.log_as(&[b"SET", key.bytes, cmd.args.at(2)]);
    }
    cmd.end(result);
}

/// `GETEX key [EX s|PX ms|EXAT s|PXAT ms|PERSIST]`
pub fn getex(cmd: &mut Cmd<'_, '_>) {
    let result = try_getex(cmd);
    cmd.end(result);
}

/// The number is read after the key was found: a missing key with a bad number answers null.
fn try_getex(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (persist, when) = getex_options(cmd)?;
    let (key, now) = (cmd.first(), cmd.keys.now_ms());
    let Some(value) = read(cmd.keys, cmd.effects, cmd.db, key)? else {
        cmd.out.null();
        return Ok(());
    };
    let at = when.map(|when| when.resolve(now, "invalid expire time in 'getex' command")).transpose()?;
    reply(cmd.out, Some(value));
    match at {
        Some(at) if at <= now => {
            cmd.keys.remove(cmd.db, key);
            cmd.changed(key, Class::Generic, "del");
            cmd.effects.log_as(&[b"DEL", key.bytes]);
        }
        Some(at) => {
            cmd.keys.set_expiry(cmd.db, key, Some(at));
            cmd.changed(key, Class::Generic, "expire");
            if cmd.effects.logs() {
                cmd.effects.log_as(&[b"PEXPIREAT", key.bytes, &digits(at)]);
            }
        }
        None if persist && matches!(cmd.keys.expiry(cmd.db, key), Some(Some(_))) => {
            cmd.keys.set_expiry(cmd.db, key, None);
            cmd.changed(key, Class::Generic, "persist");
            cmd.effects.log_as(&[b"PERSIST", key.bytes]);
        }
        None => {}
    }
    Ok(())
}

fn getex_options<'a>(cmd: &Cmd<'a, '_>) -> Result<(bool, Option<When<'a>>), Refused> {
    let (mut persist, mut expiry) = (false, None);
    let mut words = cmd.args.sub(2).iter();
    while let Some(word) = words.next() {
        if is(word, "persist") && expiry.is_none() {
            persist = true;
        } else {
            let when = When::option(word, words.next());
            let when = when.filter(|when| !persist && when.may_follow(expiry));
            expiry = Some(when.ok_or(Refused(SYNTAX))?);
        }
    }
    Ok((persist, expiry))
}
