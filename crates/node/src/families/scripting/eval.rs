//! EVAL and its kin: which script is meant, and what it may do.

use crate::dispatch::{Core, Request, Row};
use crate::scripts::{Job, Origin, Play, Rules, Sha, Slots};
use crate::session::Session;
use resp::{Args, Proto};
use script::Script;
use script::library::Flags;
use std::sync::Arc;

const NO_SCRIPT: &str = "-NOSCRIPT No matching script. Please use EVAL.";

/// `EVAL script numkeys [key ...] [arg ...]`, and EVAL_RO.
pub fn eval(
    core: &mut Core,
    row: &'static Row,
    session: &Session,
    request: &Request<'_>,
) -> Result<Play, String> {
    let keys = count_keys(request.args)?;
    let body = &request.args[1];
    let script = match core.shared.scripts.cache.get(script::sha1_hex(body).as_bytes()) {
        Some(script) => script,
        None => {
            let script = Script::parse(body).map_err(|error| error.to_string())?;
            let script = core.check_script(Arc::new(script), session)?;
            core.shared.scripts.note(script.flags);
            core.keep_script(script, Origin::Eval)
        }
    };
    play(core, row, session, script, keys)
}

/// `EVALSHA sha1 numkeys [key ...] [arg ...]`, and EVALSHA_RO.
pub fn evalsha(
    core: &mut Core,
    row: &'static Row,
    session: &Session,
    request: &Request<'_>,
) -> Result<Play, String> {
    let digest = &request.args[1];
    if digest.len() != size_of::<Sha>() {
        return Err(NO_SCRIPT.into());
    }
    let keys = count_keys(request.args)?;
    let script = core.shared.scripts.cache.get(digest).ok_or(NO_SCRIPT)?;
    play(core, row, session, script, keys)
}

fn play(
    core: &Core,
    row: &'static Row,
    session: &Session,
    script: Arc<Script>,
    keys: usize,
) -> Result<Play, String> {
    let rules = rules(core, script.flags, row.spec.name.ends_with("_ro"))?;
    let resp3 = session.proto == Proto::Resp3;
    Ok(Play { job: Job::Eval { script, keys, resp3 }, rules })
}

/// What flags allow, or the reason why it must not run at all.
pub(super) fn rules(core: &Core, flags: Option<Flags>, read_only: bool) -> Result<Rules, String> {
    let has = |flag| flags.is_some_and(|flags| flags.has(flag));
    if core.config.cluster.enabled && has(Flags::NO_CLUSTER) {
        return Err("Can not run script on cluster, 'no-cluster' flag is set.".into());
    }
    if read_only && flags.is_some() && !has(Flags::NO_WRITES) {
        return Err("Can not execute a script with write flag using *_ro command.".into());
    }
    let slots = match flags {
        None => Slots::Held,
        Some(flags) if flags.has(Flags::ALLOW_CROSS_SLOT_KEYS) => Slots::All,
        Some(_) => Slots::One,
    };
    Ok(Rules { read_only: read_only || has(Flags::NO_WRITES), slots })
}

/// How many keys follow; they are there.
pub(super) fn count_keys(args: Args<'_>) -> Result<usize, String> {
    let Some(count) = base::num::parse_i64(&args[2]) else {
        return Err("value is not an integer or out of range".into());
    };
    if count > (args.len() - 3) as i64 {
        return Err("Number of keys can't be greater than number of args".into());
    }
    usize::try_from(count).map_err(|_| "Number of keys can't be negative".into())
}
