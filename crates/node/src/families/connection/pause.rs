//! CLIENT PAUSE and UNPAUSE.

use crate::dispatch::{Call, Flow};
use crate::mail::WorkerMail;
use crate::pause::Paused;
use std::time::Duration;

/// Runs with the whole keyspace: when it answers, no command that it stops is under way.
pub fn pause(call: &mut Call<'_, '_>) -> Flow {
    let now = call.core.now;
    let what = match call.args.get(3).map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"all") => Paused::All,
        Some(b"write") => Paused::Writes,
        Some(_) => {
            call.out.error("CLIENT PAUSE mode must be WRITE or ALL");
            return Flow::Next;
        }
    };
    let until = match base::num::parse_i64(&call.args[2]) {
        Some(ms) if ms < 0 => Err("timeout is negative"),
        Some(ms) if (now.unix_ms() as i64).checked_add(ms).is_none() => Err("timeout is out of range"),
        Some(ms) => Ok(now.mono + Duration::from_millis(ms as u64)),
        None => Err("timeout is not an integer or out of range"),
    };
    match until {
        Ok(until) => {
            call.core.shared.pause.start(what, until, now.mono);
            call.core.shared.changed();
            call.out.ok();
        }
        Err(error) => call.out.error(error),
    }
    Flow::Next
}

pub fn unpause(call: &mut Call<'_, '_>) -> Flow {
    let shared = &call.core.shared;
    shared.pause.end();
    shared.changed();
    for worker in 0..shared.workers {
        shared.outside.post.to_worker(worker, WorkerMail::Unpaused);
    }
    call.out.ok();
    Flow::Next
}
