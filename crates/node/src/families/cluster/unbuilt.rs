//! What waits for replication. An error that says so, never an OK.

use super::enabled_control;
use crate::dispatch::{ControlCall, Flow};

pub fn replicate(call: &mut ControlCall<'_, '_>) -> Flow {
    refuse(call, "CLUSTER REPLICATE")
}

pub fn failover(call: &mut ControlCall<'_, '_>) -> Flow {
    refuse(call, "CLUSTER FAILOVER")
}

fn refuse(call: &mut ControlCall<'_, '_>, what: &str) -> Flow {
    if enabled_control(call) {
        call.out.error(&format!("{what} is not built yet in Handfast: this node cannot be a replica"));
    }
    Flow::Next
}
