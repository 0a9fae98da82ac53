//! GEOADD.

use super::query::{Bad, point};
use crate::args::{Refused, SYNTAX, digits, is};
use crate::command::Cmd;
use crate::zset::{Conditions, Pair, add};

/// `GEOADD key [NX|XX] [CH] longitude latitude member [longitude latitude member ...]`
pub fn geoadd(cmd: &mut Cmd<'_, '_>) {
    let (mut only, mut changed, mut places_at) = (Conditions::default(), false, 2);
    for word in cmd.args.sub(2).iter() {
        if is(word, "nx") {
            only.absent = true;
        } else if is(word, "xx") {
            only.present = true;
        } else if is(word, "ch") {
            changed = true;
        } else {
            break;
        }
        places_at += 1;
    }
    let words = cmd.args.sub(places_at);
    if !words.len().is_multiple_of(3) || only.absent && only.present {
        return cmd.end(Err(Refused(SYNTAX)));
    }
    let pair = |i| Ok((words.at(i + 2), point(words.at(i), words.at(i + 1))?.score()));
    let pairs: Result<Vec<Pair<'_>>, Bad> = (0..words.len()).step_by(3).map(pair).collect();
    match pairs {
        Err(bad) => bad.reply(cmd.out),
        // Without a place there is nothing to add, which ZADD has a word for.
        Ok(pairs) if pairs.is_empty() => cmd.end(Err(Refused(SYNTAX))),
        Ok(pairs) => {
            let result = add(cmd, &pairs, only, changed);
            cmd.end(result);
            if cmd.effects.logs() {
                log(cmd, places_at, &pairs);
            }
        }
    }
}

/// Scores are the same everywhere; what becomes of a coordinate may depend on a rounding.
fn log(cmd: &mut Cmd<'_, '_>, places_at: usize, pairs: &[Pair<'_>]) {
    let mut words: Vec<Vec<u8>> = vec![b"ZADD".to_vec()];
    words.extend(cmd.args.iter().take(places_at).skip(1).map(<[u8]>::to_vec));
    for (member, score) in pairs {
        words.extend([digits(*score as u64), member.to_vec()]);
    }
    cmd.effects.log_as(&words.iter().map(Vec::as_slice).collect::<Vec<_>>());
}
