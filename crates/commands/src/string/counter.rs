//! Numbers in strings.

use base::num::{self, LongDouble};
use store::{Expiry, IntText, NewString, StrRef};

use super::{read, text, text_of};
use crate::args::{NOT_FLOAT, NOT_INTEGER, Refused, integer};
use crate::command::Cmd;
use crate::effects::Class;

/// `INCR key`
pub fn incr(cmd: &mut Cmd<'_, '_>) {
    let result = add(cmd, 1);
    cmd.end(result);
}

/// `DECR key`
pub fn decr(cmd: &mut Cmd<'_, '_>) {
    let result = add(cmd, -1);
    cmd.end(result);
}

/// `INCRBY key increment`
pub fn incrby(cmd: &mut Cmd<'_, '_>) {
    let result = integer(cmd.args.at(2)).and_then(|n| add(cmd, n));
    cmd.end(result);
}

/// `DECRBY key decrement`
pub fn decrby(cmd: &mut Cmd<'_, '_>) {
    let negated = |n: i64| n.checked_neg().ok_or(Refused("decrement would overflow"));
    let result = integer(cmd.args.at(2)).and_then(negated).and_then(|n| add(cmd, n));
    cmd.end(result);
}

fn add(cmd: &mut Cmd<'_, '_>, by: i64) -> Result<(), Refused> {
    let key = cmd.first();
    let sum = match cmd.keys.lookup_mut(cmd.db, key) {
        None => {
            cmd.keys.add(cmd.db, key, NewString::Int(by), Expiry::Clear);
            cmd.created(key, false);
            by
        }
        Some(mut entry) => {
            let old = match text_of(entry.view())? {
                StrRef::Int(n) => n,
                StrRef::Bytes(bytes) => num::parse_i64(bytes).ok_or(Refused(NOT_INTEGER))?,
            };
            let sum = old.checked_add(by).ok_or(Refused("increment or decrement would overflow"))?;
            entry.set(NewString::Int(sum));
            sum
        }
    };
    cmd.changed(key, Class::String, "incrby");
    cmd.out.int(sum);
    Ok(())
}

/// `INCRBYFLOAT key increment`, in 80-bit floats. The result is stored as text, whatever it looks like.
pub fn incrbyfloat(cmd: &mut Cmd<'_, '_>) {
    let result = add_float(cmd);
    cmd.end(result);
}

fn add_float(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let key = cmd.first();
    let parse = |bytes: &[u8]| LongDouble::parse(bytes).ok_or(Refused(NOT_FLOAT));
    let old = match read(cmd.keys, cmd.effects, cmd.db, key)? {
        None => LongDouble::from_i64(0),
        Some(StrRef::Int(n)) => LongDouble::from_i64(n),
        value => parse(text(value, &mut IntText::new()))?,
    };
    let sum = old.add(parse(cmd.args.at(2))?);
    if !sum.is_finite() {
        return Err(Refused("increment would produce NaN or Infinity"));
    }
    let mut result = Vec::new();
    sum.format_human(&mut result);
    cmd.put_as(key, NewString::Bytes(&result), Expiry::Keep);
    cmd.changed(key, Class::String, "incrbyfloat");
    cmd.effects.log_as(&[b"SET", key.bytes, &result, b"KEEPTTL"]);
    cmd.out.bulk(&result);
    Ok(())
}
