//! Walking the keys: SCAN and KEYS.

use base::{Slot, glob};
use store::{Contended, Cursor, EntryRef};

use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::{Cmd, Ground, Walk};

/// Keys that a call without COUNT looks at.
const COUNT_DEFAULT: usize = 10;

/// What SCAN shows, and how much it looks at.
struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    count: usize,
    /// The only slot that can have such keys.
    slot: Option<Slot>,
}

impl Filter<'_> {
    fn shows(&self, entry: EntryRef<'_>) -> bool {
        self.kind.is_none_or(|kind| is(kind, entry.kind().name()))
            && self.pattern.is_none_or(|pattern| glob::matches(pattern, entry.key(), false))
    }
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`. A stripe that is busy ends the call early, with the
/// cursor that goes on there.
pub fn scan(walk: &mut Walk<'_, '_>) -> Result<(), Contended> {
    match options(walk) {
        Ok((from, filter)) => scan_from(walk, from, &filter),
        Err(Refused(text)) => {
            walk.out.error(text);
            Ok(())
        }
    }
}

fn options<'a>(walk: &Walk<'a, '_>) -> Result<(Cursor, Filter<'a>), Refused> {
    let cursor = std::str::from_utf8(walk.args.at(1)).ok().and_then(|text| text.parse().ok());
    let cursor = Cursor::from_number(cursor.ok_or(Refused("invalid cursor"))?);
    let mut filter = Filter { pattern: None, kind: None, count: COUNT_DEFAULT, slot: None };
    let mut words = walk.args.sub(2).iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(Refused(SYNTAX))?;
        if is(word, "count") {
            let count = integer(value)?;
            filter.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Refused(SYNTAX))?;
        } else if is(word, "match") {
            filter.pattern = Some(value);
            filter.slot = slot_of_pattern(value);
        } else if is(word, "type") {
            filter.kind = Some(value);
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok((cursor, filter))
}

fn scan_from(walk: &mut Walk<'_, '_>, from: Cursor, filter: &Filter<'_>) -> Result<(), Contended> {
    let mut keys: Vec<u8> = Vec::new();
    let mut ends: Vec<usize> = Vec::new();
    let mut emit = |entry: EntryRef<'_>| {
        if filter.shows(entry) {
            keys.extend_from_slice(entry.key());
            ends.push(keys.len());
        }
    };
    let from = match filter.slot {
        Some(slot) if from.slot < slot => Cursor::at_slot(slot),
        _ => from,
    };
    let next = match &mut walk.ground {
        Ground::Turn(turn) => {
            let scanned = turn.scan(walk.db, from, filter.count, walk.token, emit)?;
            walk.effects.stats.add(&scanned.stats);
            walk.effects.expired.extend(scanned.expired);
            scanned.next
        }
        Ground::Whole(access) => access.scan(walk.db, from, filter.count, &mut emit),
    };
    let next = next.filter(|next| filter.slot.is_none_or(|slot| next.slot == slot));
    walk.out.array(2);
    walk.out.bulk(Cursor::number(next).to_string().as_bytes());
    walk.out.array(ends.len());
    let mut start = 0;
    for end in ends {
        walk.out.bulk(&keys[start..end]);
        start = end;
    }
    Ok(())
}

/// `KEYS pattern`
pub fn keys(cmd: &mut Cmd<'_, '_>) {
    let pattern = cmd.args.at(1);
    let all = pattern == b"*";
    let later = cmd.out.array_later();
    let mut found = 0;
    let emit = |entry: EntryRef<'_>| {
        if all || glob::matches(pattern, entry.key(), false) {
            cmd.out.bulk(entry.key());
            found += 1;
        }
    };
    match slot_of_pattern(pattern) {
        Some(slot) => cmd.keys.for_each_in_slot(cmd.db, slot, emit),
        None => cmd.keys.for_each(cmd.db, emit),
    }
    cmd.out.set_array_len(later, found);
}

/// The slot of every key that can match: a pattern without wildcards is a key, and one with a whole hash tag
/// before its first wildcard matches keys of that tag only.
pub(crate) fn slot_of_pattern(pattern: &[u8]) -> Option<Slot> {
    let wild = pattern.iter().position(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'));
    let Some(wild) = wild else {
        return Some(Slot::of_key(pattern));
    };
    let head = &pattern[..wild];
    let open = head.iter().position(|b| *b == b'{')?;
    let len = head[open + 1..].iter().position(|b| *b == b'}')?;
    (len > 0).then(|| Slot::of_key(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_one_slot() {
        let check = |pattern: &str, key: Option<&str>| {
            let slot = key.map(|key| Slot::of_key(key.as_bytes()));
            assert_eq!(slot_of_pattern(pattern.as_bytes()), slot, "{pattern}");
        };
        check("foo", Some("foo"));
        check("{foo}*", Some("foo"));
        check("a{foo}b[xy]", Some("foo"));
        check("*{foo}", None);
        check("{fo*}", None);
        check("{}foo*", None);
        check("{}foo{bar}*", None);
        check("\\{foo}", None);
        check("", Some(""));
    }
}
