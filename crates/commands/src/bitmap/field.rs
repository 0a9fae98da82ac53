//! BITFIELD and BITFIELD_RO.

use base::num::parse_i64;
use ds::bits;
use resp::Args;
use store::{Expiry, IntText, NewString};

use super::BAD_OFFSET;
use super::integer::{Overflow, Width};
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::effects::Class;
use crate::spec::{KeyFlag, KeyFlags, KeyRef};
use crate::string::{read, text, text_of};

const BAD_WIDTH: Refused =
    Refused("Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");

#[derive(Clone, Copy, Debug)]
enum Verb {
    Get,
    Set(i64),
    Increase(i64),
}

/// One operation on one number.
#[derive(Clone, Copy, Debug)]
struct Operation {
    verb: Verb,
    width: Width,
    /// Of its first bit.
    at: u64,
    overflow: Overflow,
}

/// `BITFIELD key [GET type offset | [OVERFLOW WRAP|SAT|FAIL] SET type offset value | INCRBY type offset increment ...]`
pub fn bitfield(cmd: &mut Cmd<'_, '_>) {
    let result = run(cmd, false);
    cmd.end(result);
}

/// `BITFIELD_RO key [GET type offset ...]`
pub fn bitfield_ro(cmd: &mut Cmd<'_, '_>) {
    let result = run(cmd, true);
    cmd.end(result);
}

/// A request without SET and INCRBY only reads its key.
pub fn keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    const READ: KeyFlags = KeyFlags::of(&[KeyFlag::RO, KeyFlag::Access]);
    const CHANGE: KeyFlags = KeyFlags::of(&[KeyFlag::RW, KeyFlag::Access, KeyFlag::Update]);
    let (mut at, mut writes) = (2, false);
    while let Some(word) = args.get(at) {
        let left = args.len() - at - 1;
        if is(word, "get") && left >= 2 {
            at += 3;
        } else if (is(word, "set") || is(word, "incrby")) && left >= 3 {
            writes = true;
            break;
        } else if is(word, "overflow") && left >= 1 {
            at += 2;
        } else {
            break;
        }
    }
    found.push(KeyRef { index: 1, flags: if writes { CHANGE } else { READ } });
    true
}

fn run(cmd: &mut Cmd<'_, '_>, only_reads: bool) -> Result<(), Refused> {
    let operations = parse(cmd)?;
    let writes = operations.iter().filter(|operation| !matches!(operation.verb, Verb::Get));
    match writes.map(|operation| operation.at + u64::from(operation.width.bits)).max() {
        None => read_all(cmd, &operations),
        Some(_) if only_reads => Err(Refused("BITFIELD_RO only supports the GET subcommand")),
        Some(end) => change(cmd, &operations, end.div_ceil(8) as usize),
    }
}

fn parse(cmd: &Cmd<'_, '_>) -> Result<Vec<Operation>, Refused> {
    let (mut operations, mut overflow) = (Vec::new(), Overflow::Wrap);
    let mut rest = cmd.args.sub(2);
    while let Some(word) = rest.get(0) {
        let left = rest.len() - 1;
        let taken = if is(word, "get") && left >= 2 {
            2
        } else if (is(word, "set") || is(word, "incrby")) && left >= 3 {
            3
        } else if is(word, "overflow") && left >= 1 {
            overflow = parse_overflow(rest.at(1))?;
            rest = rest.sub(2);
            continue;
        } else {
            return Err(Refused(SYNTAX));
        };
        let width = Width::parse(rest.at(1)).ok_or(BAD_WIDTH)?;
        let at = parse_offset(rest.at(2), width, cmd.env.string_bytes_max)?;
        let verb = match taken {
            2 => Verb::Get,
            _ if is(word, "set") => Verb::Set(integer(rest.at(3))?),
            _ => Verb::Increase(integer(rest.at(3))?),
        };
        operations.push(Operation { verb, width, at, overflow });
        rest = rest.sub(taken + 1);
    }
    Ok(operations)
}

fn parse_overflow(word: &[u8]) -> Result<Overflow, Refused> {
    let words = [("wrap", Overflow::Wrap), ("sat", Overflow::Saturate), ("fail", Overflow::Fail)];
    let found = words.into_iter().find(|(name, _)| is(word, name));
    found.map(|(_, overflow)| overflow).ok_or(Refused("Invalid OVERFLOW type specified"))
}

/// In bits, or with `#` in numbers of this width.
fn parse_offset(arg: &[u8], width: Width, string_bytes_max: usize) -> Result<u64, Refused> {
    let (number, unit) = match arg.strip_prefix(b"#") {
        Some(number) => (number, i64::from(width.bits)),
        None => (arg, 1),
    };
    let offset = parse_i64(number).and_then(|number| number.checked_mul(unit));
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    offset.filter(|offset| offset / 8 < string_bytes_max as u64).ok_or(BAD_OFFSET)
}

fn read_all(cmd: &mut Cmd<'_, '_>, operations: &[Operation]) -> Result<(), Refused> {
    let mut scratch = IntText::new();
    let value = text(read(cmd.keys, cmd.effects, cmd.db, cmd.first())?, &mut scratch);
    cmd.out.array(operations.len());
    for Operation { width, at, .. } in operations {
        cmd.out.int(width.read(bits::get(value, *at, width.bits)));
    }
    Ok(())
}

/// The string grows to `len` bytes first, whether what is to be written fits or not.
fn change(cmd: &mut Cmd<'_, '_>, operations: &[Operation], len: usize) -> Result<(), Refused> {
    let key = cmd.first();
    let mut replies = Vec::with_capacity(operations.len());
    let grew = match cmd.keys.lookup_mut(cmd.db, key) {
        Some(mut entry) => {
            let old_len = text_of(entry.view())?.len();
            let changed = entry.with_bytes(len, |bytes| apply(operations, bytes, &mut replies));
            changed || old_len < len
        }
        None => {
            let mut value = vec![0; len];
            apply(operations, &mut value, &mut replies);
            cmd.put_as(key, NewString::Raw(&value), Expiry::Clear);
            true
        }
    };
    if grew {
        cmd.changed(key, Class::String, "setbit");
    }
    cmd.out.array(replies.len());
    for reply in replies {
        match reply {
            Some(number) => cmd.out.int(number),
            None => cmd.out.null(),
        }
    }
    Ok(())
}

/// Runs all operations; whether a number changed. `None`: it did not fit.
fn apply(operations: &[Operation], bytes: &mut [u8], replies: &mut Vec<Option<i64>>) -> bool {
    let mut changed = false;
    for Operation { verb, width, at, overflow } in operations {
        let old = width.read(bits::get(bytes, *at, width.bits));
        let new = match verb {
            Verb::Get => Some(old),
            Verb::Set(value) => width.fit(width.exact(*value), *overflow),
            Verb::Increase(by) => width.fit(i128::from(old) + i128::from(*by), *overflow),
        };
        if let Some(new) = new.filter(|new| *new != old) {
            bits::set(bytes, *at, width.bits, new as u64);
            changed = true;
        }
        let told = if matches!(verb, Verb::Set(_)) { new.map(|_| old) } else { new };
        replies.push(told);
    }
    changed
}
