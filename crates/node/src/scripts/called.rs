//! A command that a script calls: the checks that stand in for those of a client, and its run.

use super::Slots;
use super::drive::Part;
use super::runner::Called;
use crate::dispatch::{Core, Held, Needs, Request, Row, Run};
use crate::families::server::debug;
use crate::journal::Readers;
use commands::{Flag, routed_of};
use resp::{Args, Proto, Reply};
use std::sync::atomic::Ordering::Relaxed;
use store::Access;

const OTHER_SLOT: &str = "Script attempted to access keys that do not hash to the same slot";

/// Runs a command for a script.
pub(super) fn run(core: &mut Core, script: &mut Part, held: &mut Held<'_, '_>, called: &mut Called<'_>) {
    let (args, out) = (called.args, &mut *called.reply);
    script.session.proto = if called.resp3 { Proto::Resp3 } else { Proto::Resp2 };
    let Ok(row) = core.shared.table.resolve(args) else {
        return refuse(core, script, out, "Unknown Redis command called from script");
    };
    let (mut keys, mut hashes) = (std::mem::take(&mut script.keys), std::mem::take(&mut script.hashes));
    let bad_keys = routed_of(row.spec, args, &mut keys).is_err();
    hashes.clear();
    hashes.extend(keys.iter().map(|key| core.shared.keyspace.hash(&args[key.index as usize])));
    let request = Request { args, keys: &keys, hashes: &hashes, bad_keys };
    match check(core, script, row, &request, held) {
        Ok(()) => run_checked(core, script, row, &request, held, out),
        Err(error) => {
            core.command_counters(u32::from(row.id.0)).rejected.add(1);
            refuse(core, script, out, &error);
        }
    }
    (script.keys, script.hashes) = (keys, hashes);
}

fn run_checked(
    core: &mut Core,
    script: &mut Part,
    row: &'static Row,
    request: &Request<'_>,
    held: &mut Held<'_, '_>,
    out: &mut Vec<u8>,
) {
    if row.spec.is(Flag::Write) {
        script.running.wrote.store(true, Relaxed);
    }
    let (start, session) = (out.len(), &mut script.session);
    if is_debug_protocol(row, request.args) {
        return debug::protocol(&mut Reply::new(out, session.proto), &request.args[2]);
    }
    core.env.in_script = true;
    core.readers = script.running.readers();
    core.run_one(row, session, request, held.again(), None, out);
    core.readers = Readers::ALL;
    core.env.in_script = false;
    if let Some(block) = core.effects.block.take() {
        // Within a script nothing waits.
        block.nothing.reply(&mut Reply::new(out, session.proto));
    }
    core.book(row, session, out, start);
}

fn refuse(core: &mut Core, script: &Part, out: &mut Vec<u8>, error: &str) {
    let start = out.len();
    Reply::new(out, script.session.proto).error(error);
    core.count_error(&out[start..]);
}

fn check(
    core: &Core,
    script: &mut Part,
    row: &'static Row,
    request: &Request<'_>,
    held: &Held<'_, '_>,
) -> Result<(), String> {
    let spec = row.spec;
    if !spec.takes(request.args.len()) || matches!(row.run, Run::Container) {
        return Err("Wrong number of args calling Redis command from script".into());
    }
    let barred = spec.is(Flag::Noscript) && !core.shared.switches.scripts_unbarred();
    if barred || matches!(row.run, Run::Exec | Run::Script(_)) {
        return Err("This Redis command is not allowed from script".into());
    }
    if spec.is(Flag::Blocking) {
        check_blocking(spec.name, request.args)?;
    }
    if script.rules.read_only && (spec.is(Flag::Write) || spec.is(Flag::MayReplicate)) {
        return Err("Write commands are not allowed from read-only scripts.".into());
    }
    let Held::Access(access) = held else {
        return Err("This Redis command is not allowed from script".into());
    };
    if is_debug_protocol(row, request.args) {
        return Ok(());
    }
    if spec.name == "migrate" {
        return Err(format!("{} cannot run inside a script in Handfast", spec.name));
    }
    match Needs::of_request(row, request.args) {
        Needs::Nothing => Ok(()),
        Needs::Keys => reachable(core, script, request, access),
        Needs::Walk | Needs::Whole if access.holds_all() => reachable(core, script, request, access),
        Needs::Walk | Needs::Whole => {
            Err(format!("{} needs all keys, and this script holds those of its slots only", spec.name))
        }
        Needs::Control | Needs::ControlWhole => {
            Err(format!("{} cannot run inside a script in Handfast", spec.name))
        }
    }
}

/// DEBUG PROTOCOL shows how scripts see the kinds of replies; other subcommands of DEBUG need control.
fn is_debug_protocol(row: &Row, args: Args<'_>) -> bool {
    row.spec.name == "debug" && args.len() == 3 && args[1].eq_ignore_ascii_case(b"protocol")
}

/// Commands that wait are none for scripts, as in Redis 7.0; XREAD and XREADGROUP are, without BLOCK.
fn check_blocking(name: &str, args: Args<'_>) -> Result<(), String> {
    if !matches!(name, "xread" | "xreadgroup") {
        return Err("This Redis command is not allowed from script".into());
    }
    let mut options = args.sub(1).iter().take_while(|word| !word.eq_ignore_ascii_case(b"streams"));
    match options.any(|word| word.eq_ignore_ascii_case(b"block")) {
        true => Err(format!("{name} command is not allowed with BLOCK option from scripts")),
        false => Ok(()),
    }
}

/// Whether the script holds the keys, and the node has their slots.
fn reachable(
    core: &Core,
    script: &mut Part,
    request: &Request<'_>,
    access: &Access<'_>,
) -> Result<(), String> {
    let Some(first) = request.hashes.first().map(|hash| hash.slot) else { return Ok(()) };
    let clustered = core.config.cluster.enabled;
    if clustered && (!core.view.owns(first) || request.hashes.iter().any(|hash| hash.slot != first)) {
        return Err("Script attempted to access a non local key in a cluster node".into());
    }
    if clustered && script.rules.slots == Slots::One && *script.slot.get_or_insert(first) != first {
        return Err(OTHER_SLOT.into());
    }
    match request.hashes.iter().all(|hash| access.holds(hash.slot)) {
        true => Ok(()),
        false if clustered => Err(OTHER_SLOT.into()),
        false => Err("Script attempted to access a key that it did not declare".into()),
    }
}
