//! CONFIG GET, SET, REWRITE, RESETSTAT.

use crate::config::{SetContext, SetError};
use crate::control::Action;
use crate::dispatch::{Call, ControlCall, Flow};

pub fn get(call: &mut Call<'_, '_>) -> Flow {
    let settings = call.core.shared.settings();
    let found = settings.get(call.args.sub(2).iter());
    call.out.map(found.len());
    for (name, value) in found {
        call.out.bulk(&name);
        call.out.bulk(&value);
    }
    Flow::Next
}

pub fn set(call: &mut ControlCall<'_, '_>) -> Flow {
    let pairs: Vec<&[u8]> = call.args.sub(2).iter().collect();
    let context = SetContext { local: call.session.card.is_local, loading: false };
    let before = call.core.shared.settings().clone();
    let outcome = before.set(&pairs, context).and_then(|(mut after, changed)| {
        check_descriptors(call, &after, &changed)?;
        check_bus(&after, &changed)?;
        change_dir(call, &mut after, &changed)?;
        Ok((after, changed))
    });
    match outcome {
        Ok((after, changed)) => {
            *call.core.shared.settings() = after;
            call.state.apply(call.core, before, &changed);
            call.out.ok();
        }
        Err(error) => call.out.error(&error.to_string()),
    }
    Flow::Next
}

/// More clients than the system lets this process have descriptors for are refused.
fn check_descriptors(
    call: &ControlCall<'_, '_>,
    after: &crate::config::Settings,
    changed: &[&str],
) -> Result<(), SetError> {
    if !changed.contains(&"maxclients") {
        return Ok(());
    }
    let wanted = after.snapshot().clients.max;
    let possible = call.core.shared.outside.process.raise_clients(wanted);
    if possible >= wanted {
        return Ok(());
    }
    let why = format!(
        "The operating system is not able to handle the specified number of clients, try with {possible}"
    );
    Err(SetError::failed(b"maxclients", why))
}

/// What would open the bus port to strangers is refused where the operator wants it closed.
fn check_bus(after: &crate::config::Settings, changed: &[&str]) -> Result<(), SetError> {
    let names = ["cluster-bus-port-protected-mode", "cluster-bus-allow", "bind"];
    let Some(name) = names.iter().find(|name| changed.contains(name)) else { return Ok(()) };
    match after.snapshot().bus_refusal() {
        // A reply is one line.
        Some(why) => Err(SetError::failed(name.as_bytes(), why.replace("\n  ", " ").replace('\n', " "))),
        None => Ok(()),
    }
}

/// The process moves at once; relative names of files mean the new directory from now on.
fn change_dir(
    call: &ControlCall<'_, '_>,
    after: &mut crate::config::Settings,
    changed: &[&str],
) -> Result<(), SetError> {
    if changed.contains(&"dir") {
        let dir = after.snapshot().process.dir;
        let absolute = call.core.shared.outside.process.change_dir(&dir);
        after.note_dir(&absolute.map_err(|why| SetError::failed(b"dir", why))?);
    }
    Ok(())
}

/// CONFIG REWRITE.
pub fn rewrite(call: &mut ControlCall<'_, '_>) -> Flow {
    rewrite_file(call, false)
}

/// The answer waits until the file is written.
pub fn rewrite_file(call: &mut ControlCall<'_, '_>, force_all: bool) -> Flow {
    if call.core.shared.outside.process.config_file().is_empty() {
        call.out.error("The server is running without a config file");
        return Flow::Next;
    }
    let settings = Box::new(call.core.shared.settings().clone());
    call.state.act(|id| Action::Rewrite { id, settings, force_all });
    call.out.ok();
    Flow::Next
}

/// Runs while nobody counts.
pub fn resetstat(call: &mut ControlCall<'_, '_>) -> Flow {
    let shared = &call.core.shared;
    for counters in &shared.counters {
        counters.reset();
    }
    for counters in shared.command_counters.iter().flatten() {
        counters.reset();
    }
    shared.errors.reset();
    shared.samples.reset();
    if let Some(cluster) = &mut call.state.cluster {
        cluster.reset_stats();
    }
    call.out.ok();
    Flow::Next
}
