//! GEOADD.

use super::query::{Bad, point};
use crate::args::{Refused, SYNTAX, is};
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
        }
    }
}
