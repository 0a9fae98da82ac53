//! MEET: the first of the two ways into the cluster.

use crate::core::Core;
use crate::event::{Level, LinkId};
use crate::news;
use crate::node::Node;
use crate::node_table::NodeKey;
use crate::place::{Place, ip_text};
use crate::recorder::What;
use crate::refusal::Refusal;
use crate::settings::Verify;
use crate::wire::{Header, NodeFlags, PingKind};
use crate::{compose, meeting};
use base::NodeId;
use std::time::Duration;

/// Handshakes under way at once. A storm of MEETs ends here; each record goes after the handshake timeout.
pub const HANDSHAKES_MAX: usize = 4096;

/// A node we know that has not dialled us by then will not learn of us soon by gossip alone.
const STRANGE_PATIENCE: Duration = Duration::from_millis(300);
/// Repairs in one tick: most nodes that seem to need one are only slow.
pub(crate) const REPAIRS_MAX: u32 = 8;

/// What became of a packet on a link whose node was still in handshake.
pub(crate) enum Completed {
    /// The record has its real name now.
    Yes,
    /// The node was known already, or stays out; record and link are gone.
    Known,
}

/// The operator names an address. The record of the handshake with it, and whether it is new: one under way goes on.
/// `None` if there are too many.
pub(crate) fn start(core: &mut Core, addr: Place) -> Option<(NodeKey, bool)> {
    let same = |n: &Node| {
        n.in_handshake()
            && n.addr.ip == addr.ip
            && n.addr.wire_ports(core.settings.tls_cluster).0 == addr.wire_ports(core.settings.tls_cluster).0
            && n.addr.bus == addr.bus
    };
    if let Some((key, _)) = core.nodes.iter().find(|(_, n)| same(n)) {
        return Some((key, false));
    }
    Some((add(core, addr, NodeFlags::HANDSHAKE | NodeFlags::MEET)?, true))
}

fn add(core: &mut Core, addr: Place, flags: NodeFlags) -> Option<NodeKey> {
    if core.nodes.iter().filter(|(_, n)| n.in_handshake()).count() >= HANDSHAKES_MAX {
        core.log(Level::Warning, "Too many handshakes under way, ignoring another MEET".to_string());
        return None;
    }
    // Its name is not known yet: a random one keeps the record apart from all others.
    let name = NodeId::random(&mut core.rng);
    let key = core.add_node(Node::new(name, flags, addr, core.now.mono))?;
    core.news.dial_soon(key);
    Some(key)
}

/// A MEET of a node we do not know: take it as trusted and dial it back. The record stands in for the sender until it
/// has answered under its own name; one per link.
pub(crate) fn met(core: &mut Core, link: LinkId, header: &Header) -> Option<NodeKey> {
    let record = core.links.get(link)?;
    if record.node.is_some() {
        return record.node;
    }
    // An operator's MEET opens a link. One that comes later on a link is a node repairing what it takes for a lost
    // MEET: whom we forgot shall not come back that way.
    if record.used && core.blacklist.holds(&header.sender, core.now.mono) {
        return None;
    }
    let ip = match (header.ip.is_empty(), record.peer) {
        (false, _) => header.ip.clone(),
        (true, Some(peer)) => ip_text(peer.ip()),
        (true, None) => return None,
    };
    let tls = core.settings.tls_cluster;
    let addr = Place::from_wire(ip, header.port, header.pport, header.cport, tls);
    let address = addr.address();
    let key = add(core, addr, NodeFlags::HANDSHAKE)?;
    core.record(What::HandshakeBegan, Some(header.sender), [("address", address.into())]);
    core.bind_inbound(link, key);
    Some(key)
}

/// A known node says MEET again: it does not see our link, so open a new one.
pub(crate) fn met_again(core: &mut Core, sender: NodeKey) {
    let now = core.now.mono;
    let patience = Duration::from_micros(core.settings.handshake_timeout_us());
    let link = core.nodes[sender].outbound.and_then(|l| core.links.get(l));
    // Whoever repeats itself, or speaks in another's name, must not keep us from having a link at all.
    let young = link.is_some_and(|l| now.since(l.created) <= patience);
    if now.since(core.nodes[sender].created) > patience && !young {
        core.close_outbound(sender);
        core.nodes[sender].redial_at = core.now.mono;
        core.news.dial_soon(sender);
    }
}

/// A node in handshake answered on the link that we dialled, and says its name.
pub(crate) fn complete(core: &mut Core, key: NodeKey, header: &Header) -> Completed {
    if meeting::bars(core, key, &header.sender) {
        core.remove_node(key);
        return Completed::Known;
    }
    if let Some(known) = core.nodes.find(&header.sender) {
        meeting::found(core, key, known);
        let asked_by_us = core.nodes[key].is(NodeFlags::MEET);
        if known != core.nodes.myself && (asked_by_us || core.settings.bus_verify != Verify::Strict) {
            settle_known(core, key, known, header);
            hand_over_links(core, key, known);
        } else if known != core.nodes.myself {
            refuse_address(core, key, known);
        }
        core.remove_node(key);
        return Completed::Known;
    }
    // Only an operator's MEET leads here: the node is wanted, and none shall be told that it is not.
    core.blacklist.pardon(header.sender, core.now.mono);
    core.nodes.rename(key, header.sender);
    let node = &mut core.nodes[key];
    node.flags.remove(NodeFlags::HANDSHAKE);
    node.flags.insert(header.flags.masked(NodeFlags::PRIMARY | NodeFlags::REPLICA));
    if !node.flags.intersects(NodeFlags::PRIMARY | NodeFlags::REPLICA) {
        node.flags.insert(NodeFlags::PRIMARY);
    }
    node.created = core.now.mono;
    // The link on which it said MEET counts: should it forget us, it must not be taken for one that never knew us.
    node.was_mutual |= node.inbound.is_some();
    core.log(Level::Debug, format!("Handshake with node {} completed.", header.sender));
    core.record(
        What::HandshakeDone,
        Some(header.sender),
        [("address", core.nodes[key].addr.address().into())],
    );
    core.welcome(key);
    news::introduce(core, key);
    core.view_soon();
    core.save_soon();
    Completed::Yes
}

/// Somebody met us and answers, at the address that it gave, in the name of a node we know. That would make it that
/// node: where claims must be confirmed, only an operator's own MEET does.
fn refuse_address(core: &mut Core, key: NodeKey, known: NodeKey) {
    core.refuse(Refusal::Address, Level::Warning, |core| {
        let node = &core.nodes[known];
        let (human, place) = (node.human(), core.nodes[key].addr.ip_port());
        format!("Whoever met us from {place} calls itself {} ({human}): its address is not changed", node.id)
    });
}

/// The handshake led to a node that we know: the record's address is the newest we have.
fn settle_known(core: &mut Core, key: NodeKey, known: NodeKey, header: &Header) {
    let tls = core.settings.tls_cluster;
    let ip = core.nodes[key].addr.ip.clone();
    let ip = if header.ip.is_empty() { ip } else { header.ip.clone() };
    let addr = Place::from_wire(ip, header.port, header.pport, header.cport, tls);
    if core.nodes[known].addr != addr {
        core.move_node(known, addr);
    }
}

/// The links of a handshake with a node that became known otherwise meanwhile are good ones: were they closed, the node
/// would find its own broken and wait before it dials again.
fn hand_over_links(core: &mut Core, record: NodeKey, known: NodeKey) {
    if core.nodes[known].outbound.is_none()
        && let Some(link) = core.nodes[record].outbound.take()
    {
        core.nodes[known].outbound = Some(link);
        if let Some(link) = core.links.get_mut(link) {
            link.node = Some(known);
        }
        compose::ping(core, link, PingKind::Ping);
    }
    if core.nodes[known].inbound.is_none()
        && let Some(link) = core.nodes[record].inbound.take()
    {
        core.bind_inbound(link, known);
    }
}

/// The node now known under its real name spoke: no more MEETs are needed.
pub(crate) fn answered(core: &mut Core, sender: NodeKey) {
    let node = &mut core.nodes[sender];
    if node.put(NodeFlags::MEET, false) {
        let text = format!("Successfully completed handshake with {} ({})", node.id, node.human());
        core.log(Level::Notice, text);
    }
}

/// Removes a handshake that took too long; true if it did.
pub(crate) fn expire(core: &mut Core, key: NodeKey) -> bool {
    let node = &core.nodes[key];
    let timeout = Duration::from_micros(core.settings.handshake_timeout_us());
    let late = core.now.mono.since(node.created) > timeout;
    if !node.in_handshake() || !late || meeting::keeps(core, key) {
        return false;
    }
    let text = format!("Clusterbus handshake timeout {}:{}", node.addr.ip, node.addr.bus);
    core.log(Level::Warning, text);
    core.record(What::HandshakeExpired, None, [("address", core.nodes[key].addr.address().into())]);
    meeting::expired(core, key);
    core.remove_node(key);
    true
}

/// A node that answers us but never dials us does not know us: its MEET was lost. Say MEET again, once per handshake
/// timeout. Of a peer that cannot tell a repeated MEET apart only if it never knew us; otherwise a node that others
/// forgot would push itself back in.
/// `left`: how many may be repaired yet in this tick.
pub(crate) fn repair(core: &mut Core, key: NodeKey, left: &mut u32) {
    if *left == 0 || core.nodes[key].inbound.is_some() {
        return;
    }
    let timeout = Duration::from_micros(core.settings.handshake_timeout_us());
    let now = core.now.mono;
    let node = &core.nodes[key];
    let unsound = NodeFlags::HANDSHAKE | NodeFlags::MEET | NodeFlags::PFAIL | NodeFlags::FAIL;
    let Some(link) = node.outbound else { return };
    // A node that never dialled us was named to us by others, and nobody has named us to it yet.
    let patience = if node.was_mutual { timeout } else { timeout.min(STRANGE_PATIENCE) };
    let one_sided = now.since(node.inbound_lost) > patience && (node.was_mutual || news::is_quiet(core));
    let lately = node.meet_sent.is_some_and(|at| now.since(at) <= timeout);
    let tolerant = node.is(NodeFlags::LIGHT_MODULE) || !node.was_mutual;
    // Whoever forgot us does not want us back, and MEET would force it.
    let unwanted = node.forgot_us;
    if node.flags.intersects(unsound) || !one_sided || lately || !tolerant || unwanted {
        return;
    }
    // An answer on this link would have told us that we are forgotten.
    if core.links.get(link).is_some_and(|l| l.up && l.answered) {
        *left -= 1;
        core.nodes[key].flags.insert(NodeFlags::MEET);
        compose::ping(core, link, PingKind::Meet);
    }
}
