//! FCALL and FCALL_RO: which function is meant, and what it may do.

use super::eval::rules;
use crate::dispatch::{Core, Request, Row};
use crate::scripts::{Job, Play};
use crate::session::Session;
use resp::{Args, Proto};
use std::sync::Arc;

/// `FCALL function numkeys [key ...] [arg ...]`, and FCALL_RO.
pub fn fcall(
    core: &mut Core,
    row: &'static Row,
    session: &Session,
    request: &Request<'_>,
) -> Result<Play, String> {
    let args = request.args;
    let libraries = core.shared.libraries.load_full();
    let Some((library, index)) = libraries.place_of(&args[1]) else {
        return Err("Function not found".into());
    };
    let (library, function) = (Arc::clone(library), &library.functions[index]);
    let keys = count_keys(args)?;
    let rules = rules(core, Some(function.flags), row.spec.name.ends_with("_ro"))?;
    let resp3 = session.proto == Proto::Resp3;
    Ok(Play { job: Job::Call { libraries, library, index, keys, resp3 }, rules })
}

/// How many keys follow; they are there.
fn count_keys(args: Args<'_>) -> Result<usize, String> {
    let Some(count) = base::num::parse_i64(&args[2]) else {
        return Err("Bad number of keys provided".into());
    };
    if count > (args.len() - 3) as i64 {
        return Err("Number of keys can't be greater than number of args".into());
    }
    usize::try_from(count).map_err(|_| "Number of keys can't be negative".into())
}
