//! CLUSTER MEET.

use super::{enabled_control, who};
use crate::dispatch::{ControlCall, Flow, Held};
use base::num::parse_i64;
use cluster::{MeetHost, MeetTarget};
use resp::Args;
use std::time::Duration;

/// Longest that a client may wait, milliseconds: a day.
const WAIT_MS_MAX: i64 = 24 * 3600 * 1000;

/// `CLUSTER MEET host port [bus-port] [WAIT ms]`.
struct Request<'a> {
    bus_port: Option<&'a [u8]>,
    /// As it came.
    wait: Option<&'a [u8]>,
}

/// What follows the port; `None` if it cannot be read.
fn options<'a>(args: &Args<'a>) -> Option<Request<'a>> {
    let words = [args.get(4), args.get(5), args.get(6)];
    let is_wait = |word: &[u8]| word.eq_ignore_ascii_case(b"wait");
    match (words, args.len()) {
        (_, 4) => Some(Request { bus_port: None, wait: None }),
        ([bus_port, ..], 5) => Some(Request { bus_port, wait: None }),
        ([Some(word), wait, _], 6) if is_wait(word) => Some(Request { bus_port: None, wait }),
        ([bus_port, Some(word), wait], 7) if is_wait(word) => Some(Request { bus_port, wait }),
        _ => None,
    }
}

pub fn meet(call: &mut ControlCall<'_, '_>) -> Flow {
    if !enabled_control(call) {
        return Flow::Next;
    }
    if let Err(error) = begin(call) {
        call.out.error(&error);
    }
    Flow::Next
}

/// Starts it; the error is for the client.
fn begin(call: &mut ControlCall<'_, '_>) -> Result<(), String> {
    let (args, now, who) = (call.args, call.core.now, who(call.session));
    let Some(Request { bus_port, wait }) = options(&args) else {
        let name = args[1].escape_ascii();
        return Err(format!(
            "unknown subcommand or wrong number of arguments for '{name}'. Try CLUSTER HELP."
        ));
    };
    let target = MeetTarget::parse(&args[2], &args[3], bus_port).map_err(|refused| refused.to_string())?;
    let patience = wait.map(|text| patience(text, call.core.config.cluster.node_timeout_ms)).transpose()?;
    let in_transaction = !matches!(call.held, Held::Nothing);
    let name = matches!(target.host, MeetHost::Name(_));
    if in_transaction && (patience.is_some() || name) {
        // It would keep the whole keyspace from everybody while it waits.
        return Err("CLUSTER MEET with WAIT or with a host name is not allowed in transactions".to_owned());
    }
    let Some(cluster) = &mut call.state.cluster else { return Ok(()) };
    match &target.host {
        MeetHost::Ip(ip) => {
            let ip = *ip;
            let begun = cluster.meet_at(&target, &[ip], patience, &who, now);
            if let Some(meet) = begun.map_err(|refused| refused.to_string())? {
                call.state.await_meeting(meet);
            }
        }
        MeetHost::Name(_) => call.state.resolve_and_meet(target, patience, who, now)?,
    }
    // What waits for more is answered later, and with an error in place of this if it comes to that.
    call.out.ok();
    Ok(())
}

/// How long the client waits; 0 is as long as a handshake may take.
fn patience(text: &[u8], node_timeout_ms: u64) -> Result<Duration, String> {
    match parse_i64(text) {
        None => Err("timeout is not an integer or out of range".to_owned()),
        Some(ms) if ms < 0 => Err("timeout is negative".to_owned()),
        Some(ms) if ms > WAIT_MS_MAX => Err("timeout is out of range".to_owned()),
        Some(0) => Ok(Duration::from_millis(node_timeout_ms.max(1000))),
        Some(ms) => Ok(Duration::from_millis(ms.unsigned_abs())),
    }
}
