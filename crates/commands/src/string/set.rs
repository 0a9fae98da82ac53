//! SET and its older forms.

use store::Expiry;

use super::expiry::When;
use super::{read, reply};
use crate::args::{Refused, SYNTAX, is};
use crate::command::Cmd;
use crate::effects::Class;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Only {
    Always,
    IfAbsent,
    IfPresent,
}

/// The options after the value.
struct Options<'a> {
    only: Only,
    get: bool,
    keep: bool,
    when: Option<When<'a>>,
}

/// `SET key value [NX|XX] [GET] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]`
pub fn set(cmd: &mut Cmd<'_, '_>) {
    if cmd.args.len() == 3 {
        let key = cmd.first();
        cmd.put(key, cmd.args.at(2), Expiry::Clear);
        cmd.changed(key, Class::String, "set");
        return cmd.out.ok();
    }
    let result = options(cmd).and_then(|options| set_with(cmd, options));
    cmd.end(result);
}

/// `SETNX key value`
pub fn setnx(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let absent = !cmd.keys.contains(cmd.db, key);
    if absent {
        store(cmd, 2, Expiry::Clear);
    }
    cmd.out.int(i64::from(absent));
}

/// `SETEX key seconds value`
pub fn setex(cmd: &mut Cmd<'_, '_>) {
    let result = store_until(cmd, When::in_seconds(cmd.args.at(2)), "invalid expire time in 'setex' command");
    cmd.end(result);
}

/// `PSETEX key milliseconds value`
pub fn psetex(cmd: &mut Cmd<'_, '_>) {
    let result =
        store_until(cmd, When::in_milliseconds(cmd.args.at(2)), "invalid expire time in 'psetex' command");
    cmd.end(result);
}

fn options<'a>(cmd: &Cmd<'a, '_>) -> Result<Options<'a>, Refused> {
    let mut options = Options { only: Only::Always, get: false, keep: false, when: None };
    let mut words = cmd.args.sub(3).iter();
    while let Some(word) = words.next() {
        if is(word, "nx") && options.only != Only::IfPresent {
            options.only = Only::IfAbsent;
        } else if is(word, "xx") && options.only != Only::IfAbsent {
            options.only = Only::IfPresent;
        } else if is(word, "get") {
            options.get = true;
        } else if is(word, "keepttl") && options.when.is_none() {
            options.keep = true;
        } else {
            let when = When::option(word, words.next());
            let when = when.filter(|when| !options.keep && when.may_follow(options.when));
            options.when = Some(when.ok_or(Refused(SYNTAX))?);
        }
    }
    Ok(options)
}

fn set_with(cmd: &mut Cmd<'_, '_>, options: Options<'_>) -> Result<(), Refused> {
    let expiry = match options.when {
        Some(when) => Expiry::At(when.resolve(cmd.keys.now_ms(), "invalid expire time in 'set' command")?),
        None if options.keep => Expiry::Keep,
        None => Expiry::Clear,
    };
    let key = cmd.first();
    let found = if options.get {
        let value = read(cmd.keys, cmd.effects, cmd.db, key)?;
        reply(cmd.out, value);
        value.is_some()
    } else {
        options.only != Only::Always && cmd.keys.contains(cmd.db, key)
    };
    let refused = match options.only {
        Only::Always => false,
        Only::IfAbsent => found,
        Only::IfPresent => !found,
    };
    if !refused {
        store(cmd, 2, expiry);
    }
    match (options.get, refused) {
        (true, _) => {}
        (false, true) => cmd.out.null(),
        (false, false) => cmd.out.ok(),
    }
    Ok(())
}

fn store_until(cmd: &mut Cmd<'_, '_>, when: When<'_>, invalid: &'static str) -> Result<(), Refused> {
    let at = when.resolve(cmd.keys.now_ms(), invalid)?;
    store(cmd, 3, Expiry::At(at));
    cmd.out.ok();
    Ok(())
}

/// Sets the first key to an argument.
fn store(cmd: &mut Cmd<'_, '_>, value: usize, expiry: Expiry) {
    let key = cmd.first();
    cmd.put(key, cmd.args.at(value), expiry);
    cmd.changed(key, Class::String, "set");
    if let Expiry::At(_) = expiry {
        cmd.effects.notify(Class::Generic, "expire", cmd.db, key.bytes);
    }
}
