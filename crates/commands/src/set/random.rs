//! SRANDMEMBER.

use std::collections::HashSet;

use base::Rng;
use base::num::parse_i64;
use store::StrRef;
use store::value::Set;

use super::member;
use crate::args::{NOT_INTEGER, Refused, SYNTAX};
use crate::command::Cmd;
use crate::typed::read;

/// Of requests for more than one member in so many all are put into random order; for fewer, members are drawn until
/// they differ.
const SHUFFLE_PART: usize = 3;

/// Elements of one reply that may repeat: nothing else bounds them.
const REPEATED_MAX: usize = 1 << 27;

/// `SRANDMEMBER key [count]`
pub fn srandmember(cmd: &mut Cmd<'_, '_>) {
    let result = match cmd.args.len() {
        2 => one(cmd),
        3 => many(cmd),
        _ => Err(Refused(SYNTAX)),
    };
    cmd.end(result);
}

fn one(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let set = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    match set.as_ref().and_then(|set| set.random(cmd.rng)) {
        Some(value) => member(cmd.out, value),
        None => cmd.out.null(),
    }
    Ok(())
}

fn many(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    const RANGE: &str =
        "value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    let count = parse_i64(cmd.args.at(2)).ok_or(Refused(NOT_INTEGER))?;
    if count == i64::MIN {
        return Err(Refused(RANGE));
    }
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 && wanted > REPEATED_MAX {
        return Err(Refused("value is out of range"));
    }
    let set = read::<Set>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let Some(set) = set.filter(|_| wanted > 0) else {
        cmd.out.array(0);
        return Ok(());
    };
    if count < 0 {
        cmd.out.array(wanted);
        repeated(&set, wanted, cmd.rng, |value| member(cmd.out, value));
    } else {
        cmd.out.array(wanted.min(set.len()));
        distinct(&set, wanted, cmd.rng, |value| member(cmd.out, value));
    }
    Ok(())
}

/// Shows members that may repeat.
fn repeated<'s>(set: &'s Set, wanted: usize, rng: &mut Rng, show: impl FnMut(StrRef<'s>)) {
    if let Set::Table(members) = set {
        let drawn = (0..wanted).filter_map(|_| members.random(rng));
        return drawn.map(StrRef::Bytes).for_each(show);
    }
    let all: Vec<StrRef<'_>> = set.iter().collect();
    (0..wanted).map(|_| all[rng.below(all.len() as u64) as usize]).for_each(show);
}

/// Shows different members, all if there are not more than are wanted.
fn distinct<'s>(set: &'s Set, wanted: usize, rng: &mut Rng, mut show: impl FnMut(StrRef<'s>)) {
    if wanted >= set.len() {
        return set.iter().for_each(show);
    }
    if let Set::Table(members) = set
        && wanted.saturating_mul(SHUFFLE_PART) <= members.len()
    {
        let mut drawn = HashSet::with_capacity(wanted);
        while drawn.len() < wanted {
            if let Some(member) = members.random(rng)
                && drawn.insert(member)
            {
                show(StrRef::Bytes(member));
            }
        }
        return;
    }
    let mut all: Vec<StrRef<'_>> = set.iter().collect();
    for i in 0..wanted {
        let other = i + rng.below((all.len() - i) as u64) as usize;
        all.swap(i, other);
        show(all[i]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Limits;

    #[test]
    fn shows_what_is_wanted() {
        let (mut rng, limits) = (Rng::new(1), Limits::default().set);
        for len in [1usize, 2, 10, 100, 600] {
            let mut set = Set::new();
            (0..len).for_each(|i| assert!(set.insert(i.to_string().as_bytes(), &limits)));
            for wanted in [1, 2, 5, 30, 99, 100, 101, 599] {
                let mut shown = Vec::new();
                repeated(&set, wanted, &mut rng, |value| shown.push(value));
                assert_eq!(shown.len(), wanted);
                shown.clear();
                distinct(&set, wanted, &mut rng, |value| shown.push(value));
                let different: HashSet<Vec<u8>> = shown.iter().map(|value| value.to_vec()).collect();
                assert_eq!((shown.len(), different.len()), (wanted.min(len), wanted.min(len)));
            }
        }
    }
}
