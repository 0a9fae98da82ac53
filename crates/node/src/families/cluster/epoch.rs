//! Epochs, and the file they are kept in.

use super::{DISABLED, operate};
use crate::dispatch::{ControlCall, Flow};
use cluster::Bumped;

pub fn bumpepoch(call: &mut ControlCall<'_, '_>) -> Flow {
    let now = call.core.now;
    match call.state.cluster.as_mut().map(|cluster| cluster.bump_epoch(now)) {
        Some(Bumped::Bumped(epoch)) => call.out.simple(&format!("BUMPED {epoch}")),
        Some(Bumped::Still(epoch)) => call.out.simple(&format!("STILL {epoch}")),
        None => call.out.error(DISABLED),
    }
    Flow::Next
}

pub fn set_config_epoch(call: &mut ControlCall<'_, '_>) -> Flow {
    let (args, now) = (call.args, call.core.now);
    operate(call, |cluster| cluster.set_config_epoch(&args[2], now))
}

/// The answer waits for the disk.
pub fn saveconfig(call: &mut ControlCall<'_, '_>) -> Flow {
    let now = call.core.now;
    call.state.reports_save = true;
    operate(call, |cluster| {
        cluster.save_config(now);
        Ok(())
    })
}
