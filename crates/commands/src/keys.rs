//! From a request to the arguments that are keys.

use base::num;
use resp::Args;

use crate::spec::{Begin, Find, KeyFlag, KeyFlags, KeyRef, KeySpec, Spec};

/// The request names no keys that could be found: the command itself will answer a syntax error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("Invalid arguments specified for command")]
pub struct BadKeys;

/// Replaces the content of `found` by the keys of a request, in the order of the key specs. Arity is
/// checked before; a request that is too short for a negative arity's keys yields those it has.
#[inline]
pub fn keys_of(spec: &Spec, args: Args<'_>, found: &mut Vec<KeyRef>) -> Result<(), BadKeys> {
    found.clear();
    if only_key(spec, args, found) { Ok(()) } else { by_specs(spec, args, found) }
}

/// The slots a request must be served from: its keys, and what is only routed like one (shard channels).
#[inline]
pub fn routed_of(spec: &Spec, args: Args<'_>, found: &mut Vec<KeyRef>) -> Result<(), BadKeys> {
    found.clear();
    if only_key(spec, args, found) {
        return Ok(());
    }
    by_specs(spec, args, found)?;
    for spec in spec.keys.iter().filter(|s| s.flags.has(KeyFlag::NotKey)) {
        by_spec(spec, args, found)?;
    }
    Ok(())
}

/// The way of most requests.
#[inline]
fn only_key(spec: &Spec, args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    let at = spec.only_key;
    let only = at != 0 && usize::from(at) < args.len();
    if only {
        found.push(KeyRef { index: u32::from(at), flags: spec.keys[0].flags });
    }
    only
}

fn by_specs(spec: &Spec, args: Args<'_>, found: &mut Vec<KeyRef>) -> Result<(), BadKeys> {
    if let Some(getkeys) = spec.getkeys {
        return if getkeys(args, found) { Ok(()) } else { Err(BadKeys) };
    }
    for spec in spec.keys {
        if !spec.flags.has(KeyFlag::NotKey) {
            by_spec(spec, args, found)?;
        }
    }
    Ok(())
}

fn by_spec(spec: &KeySpec, args: Args<'_>, found: &mut Vec<KeyRef>) -> Result<(), BadKeys> {
    let Some(begin) = begin(spec.begin, args) else {
        return Ok(());
    };
    let (from, to, step) = match spec.find {
        Find::Range { last, step, limit } => (begin, range_end(begin, last, limit, args.len()), step),
        Find::Keynum { num, first, step } => {
            let count = args.get(begin + usize::from(num)).and_then(num::parse_i64).ok_or(BadKeys)?;
            let count = usize::try_from(count).map_err(|_| BadKeys)?;
            let from = begin + usize::from(first);
            let to = from.saturating_add(count.saturating_mul(usize::from(step)));
            if count > 0 && to - usize::from(step) >= args.len() {
                return Err(BadKeys);
            }
            (from, to.min(args.len()), step)
        }
        Find::Unknown => return Ok(()),
    };
    let keys = (from..to).step_by(usize::from(step));
    found.extend(keys.map(|i| KeyRef { index: i as u32, flags: spec.flags }));
    Ok(())
}

/// The first argument to look at; `None` if a keyword is absent.
fn begin(begin: Begin, args: Args<'_>) -> Option<usize> {
    match begin {
        Begin::Index(at) => Some(usize::from(at)),
        Begin::Keyword(word, from) => {
            let is_word = |i: &usize| args.get(*i).is_some_and(|a| a.eq_ignore_ascii_case(word.as_bytes()));
            let at = if from >= 0 {
                (usize::from(from.unsigned_abs())..args.len()).find(is_word)
            } else {
                let last = args.len().checked_sub(usize::from(from.unsigned_abs()))?;
                (1..=last).rev().find(is_word)
            };
            at.map(|i| i + 1)
        }
        Begin::Unknown => None,
    }
}

/// One past the last argument of a range, never past the arguments.
fn range_end(begin: usize, last: i16, limit: u8, argc: usize) -> usize {
    let back = usize::from(last.unsigned_abs());
    let end = if last >= 0 {
        begin + back + 1
    } else if limit <= 1 {
        (argc + 1).saturating_sub(back)
    } else {
        begin + (argc.saturating_sub(begin) / usize::from(limit) + 1).saturating_sub(back)
    };
    end.min(argc)
}

const OVERWRITE: KeyFlags = KeyFlags::of(&[KeyFlag::OW, KeyFlag::Update]);
const READ_AND_OVERWRITE: KeyFlags = KeyFlags::of(&[KeyFlag::RW, KeyFlag::Access, KeyFlag::Update]);

/// SET reads its key only when asked for the old value.
pub fn set_keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    let reads = (3..args.len()).any(|i| args[i].eq_ignore_ascii_case(b"get"));
    found.push(KeyRef { index: 1, flags: if reads { READ_AND_OVERWRITE } else { OVERWRITE } });
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Flag, Group, first, range, span};
    use crate::testing::Words;

    const RW: &[KeyFlag] = &[KeyFlag::RW];

    fn check(keys: &'static [KeySpec], line: &str, expect: Result<&[u32], BadKeys>) {
        let spec = Spec::new("test", -1, Group::Generic, "1.0.0").with(&[Flag::Write]).keys(keys);
        let words = Words::new(line);
        let mut found = Vec::new();
        let result = keys_of(&spec, words.args(), &mut found);
        let found: Vec<u32> = found.iter().map(|k| k.index).collect();
        assert_eq!(result.map(|()| found), expect.map(<[u32]>::to_vec), "{line}");
    }

    #[test]
    fn ranges() {
        check(const { &[first(1, RW)] }, "get a b", Ok(&[1]));
        check(const { &[range(1, -1, RW)] }, "del a b c", Ok(&[1, 2, 3]));
        check(const { &[range(1, -2, RW)] }, "blpop a b 0", Ok(&[1, 2]));
        check(const { &[span(1, -1, 2, RW)] }, "mset a 1 b 2", Ok(&[1, 3]));
        check(const { &[span(1, -1, 2, RW)] }, "mset a 1 b", Ok(&[1, 3]));
        check(const { &[range(1, 1, RW)] }, "lcs a b LEN", Ok(&[1, 2]));
        check(const { &[first(1, RW), first(2, RW)] }, "rename a b", Ok(&[1, 2]));
        check(const { &[range(1, -1, RW)] }, "del", Ok(&[]));
        check(const { &[range(3, -1, RW)] }, "bitop", Ok(&[]));
    }

    #[test]
    fn half_of_what_follows_a_keyword() {
        const STREAMS: KeySpec = KeySpec {
            flags: KeyFlags::of(RW),
            begin: Begin::Keyword("STREAMS", 1),
            find: Find::Range { last: -1, step: 1, limit: 2 },
        };
        check(&[STREAMS], "xread count 1 streams a b 0 0", Ok(&[4, 5]));
        check(&[STREAMS], "xread count 1 streams a 0", Ok(&[4]));
        check(&[STREAMS], "xread count 1 streams", Ok(&[]));
        check(&[STREAMS], "xread count 1", Ok(&[]));
    }

    #[test]
    fn keyword_looked_for_from_the_end() {
        const KEYS: KeySpec = KeySpec {
            flags: KeyFlags::of(RW),
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
        };
        check(&[KEYS], "migrate h 1 x 0 10 keys keys b", Ok(&[8]));
        check(&[KEYS], "migrate h 1 x 0 10 keys", Ok(&[]));
        check(&[KEYS], "m", Ok(&[]));
    }

    #[test]
    fn counted_keys() {
        const COUNTED: KeySpec = KeySpec {
            flags: KeyFlags::of(RW),
            begin: Begin::Index(2),
            find: Find::Keynum { num: 0, first: 1, step: 1 },
        };
        check(&[COUNTED], "eval s 2 a b c", Ok(&[3, 4]));
        check(&[COUNTED], "eval s 0 a", Ok(&[]));
        check(&[COUNTED], "eval s 3 a b", Err(BadKeys));
        check(&[COUNTED], "eval s -1 a b", Err(BadKeys));
        check(&[COUNTED], "eval s x a b", Err(BadKeys));
        check(&[COUNTED], "eval s 9223372036854775807 a b", Err(BadKeys));
        check(&[COUNTED], "eval s", Err(BadKeys));
    }
}
