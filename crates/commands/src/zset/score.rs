//! ZSCORE, ZMSCORE, ZRANK and ZREVRANK.

use ds::value::Zset;

use crate::args::{Refused, SYNTAX, is};
use crate::command::Cmd;
use crate::typed::read;

/// `ZSCORE key member`
pub fn zscore(cmd: &mut Cmd<'_, '_>) {
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first());
    let result = zset.map(|zset| match zset.and_then(|zset| zset.score(cmd.args.at(2))) {
        Some(score) => cmd.out.double(score),
        None => cmd.out.null(),
    });
    cmd.end(result);
}

/// `ZMSCORE key member [member ...]`
pub fn zmscore(cmd: &mut Cmd<'_, '_>) {
    let result = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first()).map(|zset| {
        let members = cmd.args.sub(2);
        cmd.out.array(members.len());
        for member in members.iter() {
            match zset.as_ref().and_then(|zset| zset.score(member)) {
                Some(score) => cmd.out.double(score),
                None => cmd.out.null(),
            }
        }
    });
    cmd.end(result);
}

/// `ZRANK key member [WITHSCORE]`
pub fn zrank(cmd: &mut Cmd<'_, '_>) {
    let result = rank(cmd, false);
    cmd.end(result);
}

/// `ZREVRANK key member [WITHSCORE]`
pub fn zrevrank(cmd: &mut Cmd<'_, '_>) {
    let result = rank(cmd, true);
    cmd.end(result);
}

fn rank(cmd: &mut Cmd<'_, '_>, reverse: bool) -> Result<(), Refused> {
    let with_score = match cmd.args.get(3) {
        None => false,
        Some(_) if cmd.args.len() > 4 => {
            return Err(Refused(match reverse {
                false => "wrong number of arguments for 'zrank' command",
                true => "wrong number of arguments for 'zrevrank' command",
            }));
        }
        Some(word) if is(word, "withscore") => true,
        Some(_) => return Err(Refused(SYNTAX)),
    };
    let zset = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let found = zset.and_then(|zset| {
        let (rank, score) = zset.rank(cmd.args.at(2))?;
        Some((if reverse { zset.len() - 1 - rank } else { rank }, score))
    });
    match found {
        None if with_score => cmd.out.null_array(),
        None => cmd.out.null(),
        Some((rank, score)) => {
            if with_score {
                cmd.out.array(2);
            }
            cmd.out.int(rank as i64);
            if with_score {
                cmd.out.double(score);
            }
        }
    }
    Ok(())
}
