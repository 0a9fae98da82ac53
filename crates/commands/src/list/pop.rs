//! LPOP, RPOP, LMPOP.

use store::Key;
use store::value::list::{End, List, ListLimits};

use resp::Reply;

use super::{element, end_of, popped_event};
use crate::args::{Refused, SYNTAX, digits, integer, is, positive};
use crate::command::Cmd;
use crate::effects::Class;

/// `LPOP key [count]`
pub fn lpop(cmd: &mut Cmd<'_, '_>) {
    pop(cmd, End::Left, "wrong number of arguments for 'lpop' command");
}

/// `RPOP key [count]`
pub fn rpop(cmd: &mut Cmd<'_, '_>) {
    pop(cmd, End::Right, "wrong number of arguments for 'rpop' command");
}

fn pop(cmd: &mut Cmd<'_, '_>, end: End, too_many: &'static str) {
    let result = match cmd.args.len() {
        2 => pop_one(cmd, end),
        3 => pop_many(cmd, end),
        _ => Err(Refused(too_many)),
    };
    cmd.end(result);
}

fn pop_one(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    if !take(cmd, cmd.first(), end, 1, |_, _| ())? {
        cmd.out.null();
    }
    Ok(())
}

fn pop_many(cmd: &mut Cmd<'_, '_>, end: End) -> Result<(), Refused> {
    let count = positive(cmd.args.at(2))?;
    if count > 0 {
        if !take(cmd, cmd.first(), end, count, |out, taken| out.array(taken))? {
            cmd.out.null_array();
        }
        return Ok(());
    }
    match cmd.edit(cmd.first(), |_: &mut List| ())? {
        Some(_) => cmd.out.array(0),
        None => cmd.out.null_array(),
    }
    Ok(())
}

/// Removes elements from an end of a list and replies them, after what `head` writes for their number. False, and no
/// reply, if there is no such key.
pub(super) fn take(
    cmd: &mut Cmd<'_, '_>,
    key: Key<'_>,
    end: End,
    count: usize,
    head: impl FnOnce(&mut Reply<'_>, usize),
) -> Result<bool, Refused> {
    let limits = cmd.env.limits.list;
    let popped = cmd.keys.change(cmd.db, key, |list: &mut List| {
        let count = count.min(list.len());
        head(cmd.out, count);
        list.range(end, 0, count, |value| element(cmd.out, value));
        cut(list, end, count, limits);
        count
    })?;
    let Some(popped) = popped else { return Ok(false) };
    cmd.changed(key, Class::List, popped_event(end));
    cmd.effects.dirty += popped.result as u64 - 1;
    if popped.is_gone {
        cmd.gone(key);
    }
    Ok(true)
}

/// Removes so many elements, which are there, from an end.
pub(super) fn cut(list: &mut List, end: End, count: usize, limits: ListLimits) {
    let len = list.len();
    match end {
        End::Left => list.remove(0..count, limits),
        End::Right => list.remove(len - count..len, limits),
    }
}

/// `LMPOP numkeys key ... LEFT|RIGHT [COUNT count]`
pub fn lmpop(cmd: &mut Cmd<'_, '_>) {
    let result = parse_mpop(cmd, 1).and_then(|mpop| {
        if !mpop.take(cmd)? {
            cmd.out.null_array();
        }
        Ok(())
    });
    cmd.end(result);
}

/// The command that takes elements of one list from an end.
pub(super) fn pop_of(end: End) -> &'static [u8] {
    match end {
        End::Left => b"LPOP",
        End::Right => b"RPOP",
    }
}

/// What LMPOP and BLMPOP are asked for.
pub(super) struct Mpop {
    /// The argument of the first key.
    first: usize,
    pub keys: usize,
    end: End,
    count: usize,
}

/// Reads the arguments from the number of keys on.
pub(super) fn parse_mpop(cmd: &Cmd<'_, '_>, at: usize) -> Result<Mpop, Refused> {
    const NUMKEYS: Refused = Refused("numkeys should be greater than 0");
    const COUNT: Refused = Refused("count should be greater than 0");
    let at_least_one = |arg, why| integer(arg).ok().filter(|n| *n > 0).map(|n| n as usize).ok_or(why);
    let keys = at_least_one(cmd.args.at(at), NUMKEYS)?;
    let where_at = at.saturating_add(keys).saturating_add(1);
    let end = end_of(cmd.args.get(where_at).ok_or(Refused(SYNTAX))?)?;
    let mut count = None;
    let mut words = cmd.args.sub(where_at + 1).iter();
    while let Some(word) = words.next() {
        match words.next() {
            Some(value) if is(word, "count") && count.is_none() => count = Some(at_least_one(value, COUNT)?),
            _ => return Err(Refused(SYNTAX)),
        }
    }
    Ok(Mpop { first: at + 1, keys, end, count: count.unwrap_or(1) })
}

impl Mpop {
    /// Removes elements from the first key that is there and replies them. False, and no reply, if there is none.
    pub fn take(&self, cmd: &mut Cmd<'_, '_>) -> Result<bool, Refused> {
        for nth in 0..self.keys {
            let key = cmd.key(self.first + nth, nth);
            let mut count = 0;
            let head = |out: &mut Reply<'_>, taken| {
                out.array(2);
                out.bulk(key.bytes);
                out.array(taken);
                count = taken;
            };
            if take(cmd, key, self.end, self.count, head)? {
                if cmd.effects.logs() {
                    cmd.effects.log_as(&[pop_of(self.end), key.bytes, &digits(count as u64)]);
                }
                return Ok(true);
            }
        }
        Ok(false)
    }
}
