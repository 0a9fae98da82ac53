//! CLUSTER, and the modes of a client of a cluster.

mod epoch;
mod help;
mod keys;
mod layout;
mod log;
mod meet;
mod member;
mod mode;
mod query;
mod rows;
mod slots;
mod unbuilt;

pub use rows::ROWS;

use crate::dispatch::{Call, ControlCall, Flow};
use cluster::view::Audience;
use cluster::{Cluster, Refused};

const DISABLED: &str = "This instance has cluster support disabled";

/// Whether this is a node of a cluster; answers if it is not.
fn enabled(call: &mut Call<'_, '_>) -> bool {
    let enabled = call.core.config.cluster.enabled;
    if !enabled {
        call.out.error(DISABLED);
    }
    enabled
}

/// The same, on control.
fn enabled_control(call: &mut ControlCall<'_, '_>) -> bool {
    let enabled = call.state.cluster.is_some();
    if !enabled {
        call.out.error(DISABLED);
    }
    enabled
}

/// Runs `act` on the cluster machine and answers OK, or why not.
fn operate(call: &mut ControlCall<'_, '_>, act: impl FnOnce(&mut Cluster) -> Result<(), Refused>) -> Flow {
    let outcome = match &mut call.state.cluster {
        Some(cluster) => act(cluster).map_err(|refused| refused.to_string()),
        None => Err(DISABLED.into()),
    };
    match outcome {
        Ok(()) => call.out.ok(),
        Err(error) => call.out.error(&error),
    }
    Flow::Next
}

/// How addresses look from where a client is.
fn audience(session: &crate::session::Session) -> Audience {
    Audience { tls: false, ipv6: session.card.addr.starts_with('[') }
}

/// The client's words for the log: who asked.
fn who(session: &crate::session::Session) -> String {
    format!("id={} addr={} laddr={}", session.card.id, session.card.addr, session.card.laddr)
}
