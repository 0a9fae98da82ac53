//! HINCRBY and HINCRBYFLOAT.

use base::num::{self, LongDouble};
use ds::value::Hash;
use ds::value::hash::{Put, Ttl};
use store::{IntText, StrRef};

use super::{changed, expired};
use crate::args::{NOT_FLOAT, Refused, digits, integer};
use crate::command::Cmd;

/// `HINCRBY key field increment`
pub fn hincrby(cmd: &mut Cmd<'_, '_>) {
    let result = add(cmd);
    cmd.end(result);
}

/// Arithmetic is not repeated where it might come to something else, nor on a field that may have expired there.
fn log(cmd: &mut Cmd<'_, '_>, text: &[u8], expiry: Option<u64>, event: &str) {
    let (key, field) = (cmd.first().bytes, cmd.args.at(2));
    match expiry {
        Some(at) => cmd.effects.log_as(&[b"HSETEX", key, b"PXAT", &digits(at), b"FIELDS", b"1", field, text]),
        None if event == "hincrbyfloat" => cmd.effects.log_as(&[b"HSET", key, field, text]),
        None => {}
    }
}

fn add(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let by = integer(cmd.args.at(3))?;
    let mut sum = 0;
    update(cmd, "hincrby", |old, scratch| {
        let old = match old {
            None => 0,
            Some(StrRef::Int(n)) => n,
            Some(StrRef::Bytes(text)) => {
                num::parse_i64(text).ok_or(Refused("hash value is not an integer"))?
            }
        };
        sum = old.checked_add(by).ok_or(Refused("increment or decrement would overflow"))?;
        num::format_i64(scratch, sum);
        Ok(())
    })?;
    cmd.out.int(sum);
    Ok(())
}

/// `HINCRBYFLOAT key field increment`, in 80-bit floats.
pub fn hincrbyfloat(cmd: &mut Cmd<'_, '_>) {
    let result = add_float(cmd);
    cmd.end(result);
}

fn add_float(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let by = LongDouble::parse(cmd.args.at(3)).ok_or(Refused(NOT_FLOAT))?;
    if !by.is_finite() {
        return Err(Refused("value is NaN or Infinity"));
    }
    let text = update(cmd, "hincrbyfloat", |old, scratch| {
        let old = match old {
            None => LongDouble::from_i64(0),
            Some(value) => LongDouble::parse(value.text(&mut IntText::new()))
                .ok_or(Refused("hash value is not a float"))?,
        };
        let sum = old.add(by);
        if !sum.is_finite() {
            return Err(Refused("increment would produce NaN or Infinity"));
        }
        sum.format_human(scratch);
        Ok(())
    })?;
    cmd.out.bulk(&text);
    Ok(())
}

/// Gives the field of a request the value that `next` makes from its old one; returns it. The field's expiry stays.
fn update(
    cmd: &mut Cmd<'_, '_>,
    event: &'static str,
    next: impl FnOnce(Option<StrRef<'_>>, &mut Vec<u8>) -> Result<(), Refused>,
) -> Result<Vec<u8>, Refused> {
    let (key, field) = (cmd.first(), cmd.args.at(2));
    let (limits, now) = (cmd.env.limits.hash, cmd.keys.clock.horizon());
    let (mut text, mut expiry) = (Vec::new(), None);
    let put = |hash: &mut Hash| {
        let old = hash.get(field, now);
        expiry = old.as_ref().and_then(|pair| pair.expiry);
        next(old.map(|pair| pair.value), &mut text)?;
        Ok::<Put, Refused>(hash.set(field, &text, Ttl::Keep, now, &limits))
    };
    let put = cmd.edit_or_create(key, put)?.result?;
    expired(cmd, usize::from(put == Put::Revived), key);
    changed(cmd, 1, key, event);
    if cmd.effects.logs() {
        log(cmd, &text, expiry, event);
    }
    Ok(text)
}
