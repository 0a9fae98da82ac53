//! SINTER, SUNION, SDIFF, their STORE forms and SINTERCARD.

use base::num::parse_i64;
use ds::Thin;
use store::value::Set;
use store::value::set::{Members, apart, common};
use store::{Access, DbId, IntText, Key, StrRef, View};

use super::member;
use crate::args::{Refused, SYNTAX, WRONG_TYPE, is};
use crate::command::Cmd;
use crate::effects::Class;

/// What becomes of members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Inter,
    Union,
    Diff,
}

/// `SINTER key [key ...]`
pub fn sinter(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, Operation::Inter);
}

/// `SUNION key [key ...]`
pub fn sunion(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, Operation::Union);
}

/// `SDIFF key [key ...]`
pub fn sdiff(cmd: &mut Cmd<'_, '_>) {
    reply(cmd, Operation::Diff);
}

/// `SINTERSTORE destination key [key ...]`
pub fn sinterstore(cmd: &mut Cmd<'_, '_>) {
    store(cmd, Operation::Inter, "sinterstore");
}

/// `SUNIONSTORE destination key [key ...]`
pub fn sunionstore(cmd: &mut Cmd<'_, '_>) {
    store(cmd, Operation::Union, "sunionstore");
}

/// `SDIFFSTORE destination key [key ...]`
pub fn sdiffstore(cmd: &mut Cmd<'_, '_>) {
    store(cmd, Operation::Diff, "sdiffstore");
}

fn reply(cmd: &mut Cmd<'_, '_>, operation: Operation) {
    let result = try_reply(cmd, operation);
    cmd.end(result);
}

fn try_reply(cmd: &mut Cmd<'_, '_>, operation: Operation) -> Result<(), Refused> {
    let keys: Vec<Key<'_>> = cmd.every(1).collect();
    check(cmd, &keys)?;
    let sets = sets(cmd.keys, cmd.db, &keys)?;
    let later = cmd.out.array_later();
    let mut count = 0;
    combine(operation, &sets, |value| {
        count += 1;
        member(cmd.out, value);
    });
    cmd.out.set_set_len(later, count);
    Ok(())
}

fn store(cmd: &mut Cmd<'_, '_>, operation: Operation, event: &'static str) {
    let result = try_store(cmd, operation, event);
    cmd.end(result);
}

fn try_store(cmd: &mut Cmd<'_, '_>, operation: Operation, event: &'static str) -> Result<(), Refused> {
    let mut keys = cmd.every(1);
    let to = keys.next().expect("arity was checked");
    let keys: Vec<Key<'_>> = keys.collect();
    check(cmd, &keys)?;
    let sets = sets(cmd.keys, cmd.db, &keys)?;
    let mut result = big();
    combine(operation, &sets, |value| add(&mut result, value));
    drop(sets);
    let len = result.len();
    if len > 0 {
        result.compact(&cmd.env.limits.set);
        cmd.put_value(to, result);
        cmd.changed(to, Class::Set, event);
    } else if cmd.remove(to) {
        cmd.changed(to, Class::Generic, "del");
    }
    cmd.out.int(len as i64);
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn sintercard(cmd: &mut Cmd<'_, '_>) {
    let result = try_sintercard(cmd);
    cmd.end(result);
}

fn try_sintercard(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let number = parse_i64(cmd.args.at(1)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let number = number.ok_or(Refused("numkeys should be greater than 0"))?;
    if number > cmd.args.len() - 2 {
        return Err(Refused("Number of keys can't be greater than number of args"));
    }
    let limit = limit(cmd, 2 + number)?;
    let keys: Vec<Key<'_>> = (0..number).map(|i| cmd.key(2 + i, i)).collect();
    check(cmd, &keys)?;
    let sets = sets(cmd.keys, cmd.db, &keys)?;
    let mut count = 0;
    inter(&sets, |_| {
        count += 1;
        count < limit
    });
    cmd.out.int(count as i64);
    Ok(())
}

/// `[LIMIT limit]`, which is 0 for none.
fn limit(cmd: &Cmd<'_, '_>, at: usize) -> Result<usize, Refused> {
    let mut limit = 0;
    let mut words = cmd.args.sub(at).iter();
    while let Some(word) = words.next() {
        let number = words.next().filter(|_| is(word, "limit")).ok_or(Refused(SYNTAX))?;
        let number = parse_i64(number).and_then(|n| usize::try_from(n).ok());
        limit = number.ok_or(Refused("LIMIT can't be negative"))?;
    }
    Ok(if limit == 0 { usize::MAX } else { limit })
}

/// Looks the keys up, as reads: each holds a set or nothing.
fn check(cmd: &mut Cmd<'_, '_>, keys: &[Key<'_>]) -> Result<(), Refused> {
    for key in keys {
        match cmd.keys.lookup(cmd.db, *key).map(|entry| entry.kind()) {
            Some(store::Kind::Set) => {}
            Some(_) => return Err(WRONG_TYPE),
            None => cmd.missed(*key),
        }
    }
    Ok(())
}

/// What keys hold that were looked up before.
fn sets<'a>(
    keys: &'a Access<'_>,
    db: DbId,
    names: &[Key<'_>],
) -> Result<Vec<Option<View<'a, Set>>>, Refused> {
    names.iter().map(|key| Ok(keys.peek_as(db, *key)?)).collect()
}

/// Shows the members of the result, each once.
fn combine(operation: Operation, sets: &[Option<View<'_, Set>>], mut show: impl FnMut(StrRef<'_>)) {
    let present = || sets.iter().flatten().map(|set| &**set);
    match operation {
        Operation::Inter => inter(sets, |value| {
            show(value);
            true
        }),
        Operation::Diff => {
            if let [Some(first), others @ ..] = sets {
                let others: Vec<&Set> = others.iter().flatten().map(|set| &**set).collect();
                apart(first, &others, show);
            }
        }
        Operation::Union if present().count() < 2 => present().flat_map(Set::iter).for_each(show),
        Operation::Union => {
            let mut all = big();
            present().flat_map(Set::iter).for_each(|value| add(&mut all, value));
            all.iter().for_each(show);
        }
    }
}

/// Shows the members that all sets have, as long as `show` wants more.
fn inter(sets: &[Option<View<'_, Set>>], show: impl FnMut(StrRef<'_>) -> bool) {
    let Some(mut sets) = sets.iter().map(|set| set.as_deref()).collect::<Option<Vec<&Set>>>() else { return };
    sets.sort_by_key(|set| set.len());
    common(&sets, show);
}

/// An empty set that finds members quickly, however many.
fn big() -> Set {
    Set::Table(Thin::new(Members::default()))
}

fn add(set: &mut Set, value: StrRef<'_>) {
    if let Set::Table(members) = set {
        members.insert(value.text(&mut IntText::new()));
    }
}
