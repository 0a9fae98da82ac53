//! SET and its older forms.

use resp::Args;
use store::{Expiry, IntText, Key};

use super::expiry::When;
use super::{read, reply};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;
use crate::effects::Class;

/// When a key is to be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Only<'a> {
    Always,
    IfAbsent,
    IfPresent,
    /// It holds this string.
    IfEqual(&'a [u8]),
}

/// The options after the value.
pub(super) struct Options<'a> {
    pub only: Only<'a>,
    get: bool,
    keep: bool,
    when: Option<When<'a>>,
}

/// `SET key value [NX|XX|IFEQ comparison] [GET] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]`
pub fn set(cmd: &mut Cmd<'_, '_>) {
    if cmd.args.len() == 3 {
        let key = cmd.first();
        cmd.put(key, cmd.args.at(2), Expiry::Clear);
        cmd.changed(key, Class::String, "set");
        return cmd.out.ok();
    }
    let result = Options::parse(cmd.args.sub(3), true).and_then(|options| set_with(cmd, options));
    cmd.end(result);
}

/// `SETNX key value`
pub fn setnx(cmd: &mut Cmd<'_, '_>) {
    let key = cmd.first();
    let absent = !cmd.keys.contains(cmd.db, key);
    if absent {
        store(cmd, key, 2, Expiry::Clear);
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

impl<'a> Options<'a> {
    /// `one`: the options that go with a single key only are known too.
    pub fn parse(args: Args<'a>, one: bool) -> Result<Options<'a>, Refused> {
        let mut options = Options { only: Only::Always, get: false, keep: false, when: None };
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if is(word, "nx") && matches!(options.only, Only::Always | Only::IfAbsent) {
                options.only = Only::IfAbsent;
            } else if is(word, "xx") && matches!(options.only, Only::Always | Only::IfPresent) {
                options.only = Only::IfPresent;
            } else if one && is(word, "ifeq") && options.only == Only::Always {
                options.only = Only::IfEqual(words.next().ok_or(Refused(SYNTAX))?);
            } else if one && is(word, "get") {
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

    /// What becomes of the expiry; `invalid` if the time is not a good one.
    pub fn expiry(&self, now_ms: u64, invalid: &'static str) -> Result<Expiry, Refused> {
        Ok(match self.when {
            Some(when) => Expiry::At(when.resolve(now_ms, invalid)?),
            None if self.keep => Expiry::Keep,
            None => Expiry::Clear,
        })
    }
}

fn set_with(cmd: &mut Cmd<'_, '_>, options: Options<'_>) -> Result<(), Refused> {
    let expiry = options.expiry(cmd.keys.now_ms(), "invalid expire time in 'set' command")?;
    let allowed = look(cmd, &options)?;
    if allowed {
        store(cmd, cmd.first(), 2, expiry);
        if cmd.effects.logs() {
            log(cmd, &options, expiry);
        }
    }
    match (options.get, allowed) {
        (true, _) => {}
        (false, true) => cmd.out.ok(),
        (false, false) => cmd.out.null(),
    }
    Ok(())
}

/// What GET replies is of no use in a log, and a time there is a point in time. Where that was set, so was the key, whatever the condition.
fn log(cmd: &mut Cmd<'_, '_>, options: &Options<'_>, expiry: Expiry) {
    let set = [&b"SET"[..], cmd.args.at(1), cmd.args.at(2)];
    if let Expiry::At(at) = expiry {
        return cmd.effects.log_as(&[&set[..], &[b"PXAT", &digits(at)]].concat());
    }
    if options.get {
        let condition: &[&[u8]] = match options.only {
            Only::Always => &[],
            Only::IfAbsent => &[b"NX"],
            Only::IfPresent => &[b"XX"],
            Only::IfEqual(text) => &[b"IFEQ", text],
        };
        let keep: &[&[u8]] = if options.keep { &[b"KEEPTTL"] } else { &[] };
        cmd.effects.log_as(&[&set[..], condition, keep].concat());
    }
}

/// Replies the value as it is if that is wanted; whether the condition holds.
fn look(cmd: &mut Cmd<'_, '_>, options: &Options<'_>) -> Result<bool, Refused> {
    let (key, only) = (cmd.first(), options.only);
    if !options.get && !matches!(only, Only::IfEqual(_)) {
        return Ok(only == Only::Always || cmd.keys.contains(cmd.db, key) == (only == Only::IfPresent));
    }
    let value = read(cmd.keys, cmd.effects, cmd.db, key)?;
    if options.get {
        reply(cmd.out, value);
    }
    Ok(match only {
        Only::Always => true,
        Only::IfAbsent => value.is_none(),
        Only::IfPresent => value.is_some(),
        Only::IfEqual(text) => value.is_some_and(|value| value.text(&mut IntText::new()) == text),
    })
}

fn store_until(cmd: &mut Cmd<'_, '_>, when: When<'_>, invalid: &'static str) -> Result<(), Refused> {
    let at = when.resolve(cmd.keys.now_ms(), invalid)?;
    store(cmd, cmd.first(), 3, Expiry::At(at));
    if cmd.effects.logs() {
        cmd.effects.log_as(&[b"SET", cmd.args.at(1), cmd.args.at(3), b"PXAT", &digits(at)]);
    }
    cmd.out.ok();
    Ok(())
}

/// Sets a key to an argument.
pub(super) fn store(cmd: &mut Cmd<'_, '_>, key: Key<'_>, value: usize, expiry: Expiry) {
    cmd.put(key, cmd.args.at(value), expiry);
    cmd.changed(key, Class::String, "set");
    if let Expiry::At(_) = expiry {
        cmd.effects.notify(Class::Generic, "expire", cmd.db, key.bytes);
    }
}
