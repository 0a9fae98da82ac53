//! SHUTDOWN.

use crate::dispatch::{ControlCall, Flow};
use crate::shared::Level;

/// Ends the process; there is no answer then. Nothing is saved but the cluster's configuration: a request to
/// save data is refused.
pub fn shutdown(call: &mut ControlCall<'_, '_>) -> Flow {
    let (mut save, mut nosave, mut abort, mut other) = (false, false, false, false);
    for word in call.args.sub(1).iter() {
        match &word.to_ascii_lowercase()[..] {
            b"save" => save = true,
            b"nosave" => nosave = true,
            b"now" | b"force" => other = true,
            b"abort" => abort = true,
            _ => {
                call.out.error("syntax error");
                return Flow::Next;
            }
        }
    }
    if (save && nosave) || (abort && (save || nosave || other)) {
        call.out.error("syntax error");
    } else if abort {
        take_back(call);
    } else if save {
        call.out.error("SHUTDOWN SAVE is not built yet in Handfast: nothing is written to disk");
    } else {
        let now = call.core.now;
        call.state.shut_down(false, now);
        // The answer of a server that ends is its closed connection.
        call.state.awaits_exit = true;
    }
    Flow::Next
}

fn take_back(call: &mut ControlCall<'_, '_>) {
    if call.state.abort_shutdown() {
        call.core.shared.log(Level::Notice, "Shutdown manually aborted.");
        call.out.ok();
    } else {
        call.out.error("No shutdown in progress.");
    }
}
