//! SCRIPT and its subcommands.

use crate::dispatch::{Call, Flow};
use crate::families::help as answer_help;
use crate::scripts::{Kill, Kind, Origin};
use script::Script;
use std::sync::Arc;

/// `SCRIPT LOAD script`
pub fn load(call: &mut Call<'_, '_>) -> Flow {
    let body = &call.args[2];
    let checked: Result<Arc<Script>, String> = Script::parse(body)
        .map_err(|error| error.to_string())
        .and_then(|script| call.core.check_script(Arc::new(script), call.session));
    match checked {
        Ok(script) => {
            call.core.shared.scripts.note(script.flags);
            let script = call.core.keep_script(script, Origin::Load);
            call.out.bulk(script.sha.as_bytes());
        }
        Err(error) => call.out.error(&error),
    }
    Flow::Next
}

/// `SCRIPT EXISTS sha1 [sha1 ...]`
pub fn exists(call: &mut Call<'_, '_>) -> Flow {
    let digests = call.args.sub(2);
    call.out.array(digests.len());
    for digest in digests.iter() {
        let known = call.core.shared.scripts.cache.peek(digest).is_some();
        call.out.int(known.into());
    }
    Flow::Next
}

/// `SCRIPT SHOW sha1`
pub fn show(call: &mut Call<'_, '_>) -> Flow {
    match call.core.shared.scripts.cache.peek(&call.args[2]) {
        Some(script) => call.out.bulk(&script.body),
        None => call.out.error("-NOSCRIPT No matching script. Please use EVAL."),
    }
    Flow::Next
}

/// `SCRIPT FLUSH [ASYNC|SYNC]`
pub fn flush(call: &mut Call<'_, '_>) -> Flow {
    let args = call.args;
    let known = |mode: &[u8]| mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async");
    if args.len() > 3 || args.get(2).is_some_and(|mode| !known(mode)) {
        call.out.error("SCRIPT FLUSH only support SYNC|ASYNC option");
    } else {
        call.core.shared.scripts.cache.clear();
        call.core.tidy_everywhere();
        call.out.ok();
    }
    Flow::Next
}

/// `SCRIPT KILL`
pub fn kill(call: &mut Call<'_, '_>) -> Flow {
    end(call, Kind::Script)
}

/// SCRIPT KILL and FUNCTION KILL.
pub(super) fn end(call: &mut Call<'_, '_>, kind: Kind) -> Flow {
    match call.core.shared.scripts.running.kill(kind) {
        Kill::Done => call.out.ok(),
        Kill::NotBusy => call.out.error("-NOTBUSY No scripts in execution right now."),
        Kill::Unkillable => call.out.error(
            "-UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait \
             the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
        ),
        Kill::Other => {
            let other = if kind == Kind::Script { Kind::Function } else { Kind::Script };
            let busy = crate::scripts::Busy(other);
            call.out.error(busy.text());
        }
    }
    Flow::Next
}

/// `SCRIPT DEBUG YES|SYNC|NO`
pub fn debug(call: &mut Call<'_, '_>) -> Flow {
    let mode = &call.args[2];
    if mode.eq_ignore_ascii_case(b"no") {
        call.out.ok();
    } else if mode.eq_ignore_ascii_case(b"yes") || mode.eq_ignore_ascii_case(b"sync") {
        call.out.error("Handfast has no debugger for scripts");
    } else {
        call.out.error("Use SCRIPT DEBUG YES/SYNC/NO");
    }
    Flow::Next
}

/// `SCRIPT HELP`
pub fn help(call: &mut Call<'_, '_>) -> Flow {
    answer_help(call, HELP)
}

const HELP: &[&str] = &[
    "SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "DEBUG (YES|SYNC|NO)",
    "    Set the debug mode for subsequent scripts executed. Handfast has none: only NO is taken.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Return information about the existence of the scripts in the script cache.",
    "FLUSH [ASYNC|SYNC]",
    "    Flush the Lua scripts cache.",
    "KILL",
    "    Kill the currently executing Lua scripts.",
    "LOAD <script>",
    "    Load a script into the scripts cache without executing it.",
    "SHOW <sha1>",
    "    Show a script from the scripts cache.",
    "HELP",
    "    Print this help.",
];
