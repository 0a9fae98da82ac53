//! Parts of strings.

use store::{Expiry, IntText, NewString};

use super::{TOO_LONG, read, text, text_of};
use crate::args::{Refused, integer};
use crate::command::Cmd;
use crate::effects::Class;

/// `GETRANGE key start end`, `SUBSTR key start end`: both ends included, negative ones count from the end.
pub fn getrange(cmd: &mut Cmd<'_, '_>) {
    let result = try_getrange(cmd);
    cmd.end(result);
}

fn try_getrange(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (start, end) = (integer(cmd.args.at(2))?, integer(cmd.args.at(3))?);
    let mut scratch = IntText::new();
    let value = text(read(cmd.keys, cmd.effects, cmd.db, cmd.first())?, &mut scratch);
    cmd.out.bulk(part(value, start, end));
    Ok(())
}

fn part(value: &[u8], start: i64, end: i64) -> &[u8] {
    let len = value.len() as i64;
    if start < 0 && end < 0 && start > end {
        return &[];
    }
    let from_end = |i: i64| if i < 0 { len.saturating_add(i).max(0) } else { i };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    if start > end { &[] } else { &value[start as usize..=end as usize] }
}

/// `SETRANGE key offset value`
pub fn setrange(cmd: &mut Cmd<'_, '_>) {
    let result = try_setrange(cmd);
    cmd.end(result);
}

fn try_setrange(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let (key, value) = (cmd.first(), cmd.args.at(3));
    let offset = usize::try_from(integer(cmd.args.at(2))?).map_err(|_| Refused("offset is out of range"))?;
    let fits = offset.checked_add(value.len()).is_some_and(|end| end <= cmd.env.string_bytes_max);
    let len = match cmd.keys.lookup_mut(cmd.db, key) {
        None if value.is_empty() => 0,
        None if !fits => return Err(TOO_LONG),
        None => {
            let mut whole = vec![0; offset];
            whole.extend_from_slice(value);
            cmd.put_as(key, NewString::Raw(&whole), Expiry::Clear);
            whole.len()
        }
        Some(mut entry) => {
            let old = text_of(entry.view())?;
            match () {
                () if value.is_empty() => old.len(),
                () if !fits => return Err(TOO_LONG),
                () => entry.write_at(offset, value),
            }
        }
    };
    if !value.is_empty() {
        cmd.changed(key, Class::String, "setrange");
    }
    cmd.out.int(len as i64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn ranges_are_clamped() {
        let check =
            |start, end, expect: &str| assert_eq!(part(b"Hello World", start, end), expect.as_bytes());
        check(0, 3, "Hell");
        check(0, -1, "Hello World");
        check(-4, -1, "orld");
        check(5, 3, "");
        check(-1, -5, "");
        check(5, 5000, " World");
        check(-5000, 10000, "Hello World");
        check(i64::MIN, i64::MAX, "Hello World");
        check(0, -100, "H");
        check(11, 11, "");
        assert_eq!(part(b"", 0, -1), b"");
    }
}
