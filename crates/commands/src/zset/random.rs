//! ZRANDMEMBER.

use std::collections::HashSet;

use base::Rng;
use base::num::parse_i64;

use super::{reply_element, reply_head, reply_member};
use ds::value::Zset;

use crate::args::{NOT_INTEGER, Refused, SYNTAX, is};
use crate::command::Cmd;
use crate::typed::read;

/// Of requests for more than one member in so many a whole permutation is drawn; for fewer, ranks until they differ.
const PERMUTE_PART: usize = 3;

/// Elements of one reply that may repeat: nothing else bounds them.
const REPEATED_MAX: usize = 1 << 27;

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub fn zrandmember(cmd: &mut Cmd<'_, '_>) {
    let result = match cmd.args.len() {
        2 => one(cmd),
        _ => many(cmd),
    };
    cmd.end(result);
}

fn one(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let rng = &mut *cmd.rng;
    match zset.as_ref().and_then(|zset| zset.nth(rng.below(zset.len() as u64) as usize)) {
        Some(element) => reply_member(cmd.out, element.member),
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
    let scores = match cmd.args.get(3) {
        None => false,
        Some(word) if cmd.args.len() == 4 && is(word, "withscores") => true,
        Some(_) => return Err(Refused(SYNTAX)),
    };
    if scores && count.unsigned_abs() > (i64::MAX / 2) as u64 {
        return Err(Refused("value is out of range"));
    }
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count < 0 && wanted > REPEATED_MAX {
        return Err(Refused("value is out of range"));
    }
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let Some(zset) = zset.filter(|_| count != 0) else {
        cmd.out.array(0);
        return Ok(());
    };
    let ranks = draw(zset.len(), wanted, count < 0, cmd.rng);
    reply_head(cmd.out, ranks.len(), scores);
    for element in ranks.into_iter().filter_map(|rank| zset.nth(rank)) {
        reply_element(cmd.out, element, scores);
    }
    Ok(())
}

/// Ranks below `len`, which is not 0: as many as are wanted if they may repeat; else different ones, at most all.
fn draw(len: usize, wanted: usize, repeat: bool, rng: &mut Rng) -> Vec<usize> {
    let mut any = || rng.below(len as u64) as usize;
    if repeat {
        return (0..wanted).map(|_| any()).collect();
    }
    if wanted >= len {
        return (0..len).collect();
    }
    if wanted.saturating_mul(PERMUTE_PART) > len {
        let mut ranks: Vec<usize> = (0..len).collect();
        rng.shuffle(&mut ranks);
        ranks.truncate(wanted);
        return ranks;
    }
    let mut drawn = HashSet::with_capacity(wanted);
    std::iter::repeat_with(any).filter(|rank| drawn.insert(*rank)).take(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_is_wanted() {
        let mut rng = Rng::new(1);
        for len in [1, 2, 10, 100] {
            for wanted in [1, 2, 5, 30, 99, 100, 101] {
                assert_eq!(draw(len, wanted, true, &mut rng).len(), wanted);
                let ranks = draw(len, wanted, false, &mut rng);
                let different: HashSet<&usize> = ranks.iter().collect();
                assert_eq!((ranks.len(), different.len()), (wanted.min(len), wanted.min(len)));
                assert!(ranks.iter().all(|rank| *rank < len));
            }
        }
    }
}
