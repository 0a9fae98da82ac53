//! Opening links: newly learnt nodes at once, unreachable ones after growing pauses.

use crate::core::Core;
use crate::event::{DialError, LinkAction, LinkId};
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::recorder::What;
use crate::wire::{NodeFlags, PingKind};
use crate::{compose, meeting, names};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The pause after a first failed dial; it doubles up to a tenth of the node timeout.
const PAUSE_MIN_US: u64 = 100_000;
/// No pause is longer, whatever the node timeout.
const PAUSE_MAX_US: u64 = 1_000_000;

/// Nodes that became dialable during this call: learnt, or with a new address.
pub(crate) fn dial_new(core: &mut Core) {
    for key in core.news.take_undialled() {
        if core.nodes.contains(key) {
            dial(core, key);
        }
    }
}

/// Opens the link to `key` if there is none and its pause is over.
pub(crate) fn dial(core: &mut Core, key: NodeKey) {
    if !wanted(core, key) || core.now.mono < core.nodes[key].redial_at {
        return;
    }
    match core.nodes[key].addr.bus_addr() {
        Some(addr) => open(core, key, addr),
        None => ask_address(core, key),
    }
}

/// Whether a link to `key` is missing and may be opened.
pub(crate) fn wanted(core: &Core, key: NodeKey) -> bool {
    let node = &core.nodes[key];
    let missing = key != core.nodes.myself && !node.is(NodeFlags::NOADDR) && node.outbound.is_none();
    missing && !core.debug.no_reconnection
}

/// Opens the link to `key` there.
pub(crate) fn open(core: &mut Core, key: NodeKey, addr: SocketAddr) {
    let link = core.links.dial(key, addr, core.now.mono);
    core.nodes[key].outbound = Some(link);
    begin(core, key);
    core.outbox.action(LinkAction::Dial { link, addr });
}

/// An attempt to reach `key` begins.
fn begin(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let pause = pause_us(core, key);
    let node = &mut core.nodes[key];
    node.redial_at = now + Duration::from_micros(pause);
    // Silence counts from the first attempt, or a dead address would never be held against the node.
    if node.ping_sent.is_none() && !node.in_handshake() {
        node.ping_sent = Some(now);
    }
}

fn pause_us(core: &Core, key: NodeKey) -> u64 {
    let max = (core.settings.timeout_us() / 10).clamp(PAUSE_MIN_US, PAUSE_MAX_US);
    let doublings = core.nodes[key].dial_failures.min(16);
    (PAUSE_MIN_US << doublings).min(max)
}

/// A name, not an address, was announced: the link is opened when it is resolved.
fn ask_address(core: &mut Core, key: NodeKey) {
    begin(core, key);
    let Place { ip, bus, .. } = core.nodes[key].addr.clone();
    if bus != 0 && !ip.is_empty() {
        names::ask(core, &ip);
    }
}

/// A dialled link is connected: the first word on it is MEET or PING.
pub(crate) fn up(core: &mut Core, id: LinkId, local: IpAddr) {
    let Some(link) = core.links.get_mut(id) else { return };
    link.up = true;
    link.local = Some(local);
    let Some(key) = link.node else {
        meeting::probe_up(core, id);
        return;
    };
    let node = &mut core.nodes[key];
    node.dial_failures = 0;
    if !node.in_handshake() {
        let id = node.id;
        core.record(What::LinkUp, Some(id), [("direction", "to".into())]);
    }
    let node = &core.nodes[key];
    let kind = if node.is(NodeFlags::MEET) { PingKind::Meet } else { PingKind::Ping };
    compose::ping(core, id, kind);
}

/// A link broke, or could not be opened: then the system may have said why.
pub(crate) fn down(core: &mut Core, id: LinkId, why: Option<DialError>) {
    core.outbox.drop_link(id);
    if let Some(link) = core.links.get(id)
        && let Some(key) = link.node
        && id.is_dialled()
    {
        let was_up = link.up;
        let node = &mut core.nodes[key];
        if !was_up {
            node.dial_failures = node.dial_failures.saturating_add(1);
        }
        meeting::link_down(core, key, was_up, why.as_ref());
    }
    say_down(core, id, why);
    core.unlink(id);
}

/// For the record, if anybody is concerned. Nodes in handshake have no name yet; their MEET is recorded.
fn say_down(core: &mut Core, id: LinkId, why: Option<DialError>) {
    let Some(link) = core.links.get(id) else { return };
    let Some(node) = link.node.map(|key| &core.nodes[key]).filter(|node| !node.in_handshake()) else {
        return;
    };
    // A dead node is dialled again and again: once is enough.
    if !link.up && node.dial_failures > 1 {
        return;
    }
    let direction = if id.is_dialled() { "to" } else { "from" };
    let reason = match why {
        Some(DialError::Refused) => "refused".to_owned(),
        Some(DialError::TimedOut) => "timed-out".to_owned(),
        Some(DialError::Other(text)) => text,
        Some(DialError::Closed) => "closed by the other end".to_owned(),
        None if link.up => "closed by the other end".to_owned(),
        None => "could not be connected".to_owned(),
    };
    core.record(What::LinkDown, Some(node.id), [("direction", direction.into()), ("reason", reason.into())]);
}
