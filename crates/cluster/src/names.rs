//! Host names that nodes announce where others announce addresses. Redis and Valkey resolve them whenever they dial, so
//! what a name means is asked of the outside each time and never kept.

use crate::core::Core;
use crate::dial;
use crate::event::{Event, Level};
use crate::node_table::NodeKey;
use base::Mono;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Names that are asked about at once; the nodes of others wait for their next turn.
const ASKED_MAX: usize = 64;
/// What has no answer by then is asked again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Questions without an answer.
#[derive(Default)]
pub(crate) struct Names {
    asked: BTreeMap<String, Mono>,
}

/// Asks the outside for the addresses of a host.
pub(crate) fn ask(core: &mut Core, name: &str) {
    let now = core.now.mono;
    let asked = &mut core.names.asked;
    asked.retain(|_, at| now.since(*at) < PATIENCE);
    if asked.len() < ASKED_MAX && !asked.contains_key(name) {
        asked.insert(name.to_owned(), now);
        core.outbox.event(Event::Resolve { name: name.to_owned() });
    }
}

/// The outside answers: the nodes at that host are dialled, each at another of its addresses than the last time.
pub(crate) fn resolved(core: &mut Core, name: &str, found: Result<&[IpAddr], &str>) {
    if core.names.asked.remove(name).is_none() {
        return;
    }
    let addresses = found.unwrap_or_default();
    // Said once, not with every attempt.
    let news = core.nodes.iter().any(|(_, node)| node.addr.ip == name && node.dial_failures == 0);
    if addresses.is_empty() && news {
        let why = found.err().unwrap_or("the name has no address");
        core.log(
            Level::Verbose,
            format!("Cannot resolve {name:?}, which a node announces as its address: {why}"),
        );
    }
    for key in (0..core.nodes.bound()).map(NodeKey) {
        let Some(node) = core.nodes.get(key).filter(|node| node.addr.ip == name) else { continue };
        let turn = node.dial_failures as usize % addresses.len().max(1);
        let place = addresses.get(turn).map(|ip| SocketAddr::new(*ip, node.addr.bus));
        match place.filter(|_| dial::wanted(core, key)) {
            Some(addr) => dial::open(core, key, addr),
            None => core.nodes[key].dial_failures = core.nodes[key].dial_failures.saturating_add(1),
        }
    }
}
