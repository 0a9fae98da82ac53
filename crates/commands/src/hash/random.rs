//! HRANDFIELD.

use base::num::parse_i64;
use ds::value::Hash;
use ds::value::hash::Pair;
use resp::{Proto, Reply};

use super::reply_text;
use crate::args::{NOT_INTEGER, Refused, SYNTAX, is};
use crate::command::Cmd;
use crate::typed::read;

/// Fields of one reply that may repeat: nothing else bounds them.
const REPEATED_MAX: usize = 1 << 27;

/// `HRANDFIELD key [count [WITHVALUES]]`
pub fn hrandfield(cmd: &mut Cmd<'_, '_>) {
    let result = match cmd.args.len() {
        2 => one(cmd),
        _ => many(cmd),
    };
    cmd.end(result);
}

fn one(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    match hash.as_ref().and_then(|hash| hash.random(now, cmd.rng)) {
        Some(pair) => reply_text(cmd.out, pair.field),
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
    let values = match cmd.args.get(3) {
        None => false,
        Some(word) if cmd.args.len() == 4 && is(word, "withvalues") => true,
        Some(_) => return Err(Refused(SYNTAX)),
    };
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if values && wanted > i64::MAX as usize / 2 || count < 0 && wanted > REPEATED_MAX {
        return Err(Refused("value is out of range"));
    }
    let now = cmd.keys.clock.horizon();
    let hash = read::<Hash>(cmd.keys, cmd.effects, cmd.db, cmd.first())?;
    let Some(hash) = hash.filter(|hash| count != 0 && hash.live(now) > 0) else {
        cmd.out.array(0);
        return Ok(());
    };
    if count < 0 {
        head(cmd.out, wanted, values);
        hash.draw(wanted, now, cmd.rng, |pair| element(cmd.out, pair, values));
    } else {
        let sample = hash.sample(wanted, now, cmd.rng);
        head(cmd.out, sample.len(), values);
        sample.into_iter().for_each(|pair| element(cmd.out, pair, values));
    }
    Ok(())
}

/// The head of an array of fields, maybe with values: RESP3 has pairs, RESP2 a flat list.
fn head(out: &mut Reply<'_>, fields: usize, values: bool) {
    let flat = values && out.proto() == Proto::Resp2;
    out.array(if flat { 2 * fields } else { fields });
}

fn element(out: &mut Reply<'_>, pair: Pair<'_>, values: bool) {
    if values && out.proto() == Proto::Resp3 {
        out.array(2);
    }
    reply_text(out, pair.field);
    if values {
        reply_text(out, pair.value);
    }
}
