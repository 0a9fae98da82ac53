//! Gossip: what to tell about other nodes, and what to make of what is told.

use crate::core::Core;
use crate::event::{Level, LinkId};
use crate::failure;
use crate::news;
use crate::node::Node;
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::recorder::What;
use crate::wire::{GOSSIP_SENT_MAX, Gossip, NodeFlags};
use base::Mono;

/// Ordinary entries of any packet, at least, if so many nodes are known.
const ENTRIES_MIN: u64 = 3;
/// Ordinary entries of the first packet on a link, whatever the size of the cluster.
const GREETING_ENTRIES: usize = 8;
/// A pong time from the future is believed if it is not further away, microseconds.
const CLOCK_SKEW_US: u64 = 500_000;

/// What a record may take over from gossip. Marks that are local to the teller are not among them.
const COPIED_FLAGS: NodeFlags = NodeFlags(
    NodeFlags::PRIMARY.0
        | NodeFlags::REPLICA.0
        | NodeFlags::PFAIL.0
        | NodeFlags::FAIL.0
        | NodeFlags::MIGRATE_TO.0
        | NodeFlags::NOFAILOVER.0
        | NodeFlags::EXTENSIONS.0,
);
const SICK: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

/// Entries for a packet on `link`: introductions that the other end was not told of, then random nodes, then everybody who
/// may be failing.
pub(crate) fn select(core: &mut Core, link: LinkId) -> Vec<Gossip> {
    let stamp = core.news.next_stamp();
    let Some(record) = core.links.get(link) else { return Vec::new() };
    let (to, greeting) = (record.node, !record.greeted);
    let known = core.nodes.len();
    let regular = (known as u64 * core.settings.gossip_percent / 100).max(ENTRIES_MIN) as usize;
    let wanted = match greeting {
        // Whoever does not know us does not listen to us.
        true if link.is_dialled() && to.is_none_or(|k| core.nodes[k].inbound.is_none()) => {
            ENTRIES_MIN as usize
        }
        true => GREETING_ENTRIES,
        false => regular,
    };
    let wanted = wanted.min(known.saturating_sub(2)).min(GOSSIP_SENT_MAX);
    let mut entries = Vec::with_capacity(wanted);
    news::untold(core, link, stamp, &mut entries);
    let bound = core.nodes.bound();
    // Draws miss much of a small table, which can be walked from anywhere instead.
    let small = bound as usize <= wanted * 3;
    let first = core.rng.below(u64::from(bound)) as u32;
    for n in 0..if small { bound } else { wanted as u32 * 3 } {
        if entries.len() >= wanted {
            break;
        }
        let at = if small { (first + n) % bound } else { core.rng.below(u64::from(bound)) as u32 };
        if eligible(core, NodeKey(at), to, stamp) {
            entries.push(tell(core, NodeKey(at), stamp));
        }
    }
    tell_suspects(core, to, &mut entries);
    entries
}

fn tell_suspects(core: &Core, to: Option<NodeKey>, entries: &mut Vec<Gossip>) {
    if core.nodes.suspects == 0 {
        return;
    }
    for (key, node) in core.nodes.iter() {
        let told = node.is(NodeFlags::PFAIL) && key != core.nodes.myself && Some(key) != to;
        if told && !node.in_handshake() && !node.is(NodeFlags::NOADDR) && entries.len() < GOSSIP_SENT_MAX {
            entries.push(entry(core, node));
        }
    }
}

/// Whether `to` may be told of the node in this section.
pub(crate) fn eligible(core: &Core, key: NodeKey, to: Option<NodeKey>, stamp: u64) -> bool {
    let Some(node) = core.nodes.get(key) else { return false };
    let barred = NodeFlags::PFAIL | NodeFlags::HANDSHAKE | NodeFlags::NOADDR;
    let idle = node.outbound.is_none() && node.slots.is_empty();
    key != core.nodes.myself
        && Some(key) != to
        && node.gossip_stamp != stamp
        && !node.flags.intersects(barred)
        && !idle
}

/// The node's entry; marks it as told in this section.
pub(crate) fn tell(core: &mut Core, key: NodeKey, stamp: u64) -> Gossip {
    core.nodes[key].gossip_stamp = stamp;
    entry(core, &core.nodes[key])
}

fn entry(core: &Core, node: &Node) -> Gossip {
    let seconds = |t: Option<Mono>| t.map_or(0, |t| (core.unix_us(t) / 1_000_000) as u32);
    let (port, pport) = node.addr.wire_ports(core.settings.tls_cluster);
    let mut flags = node.flags;
    // Whoever learns the node from this entry would take the mark for its own.
    flags.remove(NodeFlags::MEET);
    Gossip {
        node: node.id,
        ping_sent_s: seconds(node.ping_sent),
        pong_received_s: seconds(node.pong_received),
        ip: node.addr.ip.clone(),
        port,
        cport: node.addr.bus,
        flags,
        pport,
    }
}

/// Takes in what `sender`, a node of the cluster, says about others.
pub(crate) fn apply(core: &mut Core, sender: NodeKey, entries: &[Gossip]) {
    for told in entries {
        match core.nodes.find(&told.node) {
            Some(key) if key == core.nodes.myself => {}
            Some(key) => {
                weigh(core, sender, key, told);
                follow_address(core, key, told);
            }
            None => admit(core, sender, told),
        }
    }
}

/// A node named by a trusted one is trusted: the second of the two ways in.
fn admit(core: &mut Core, sender: NodeKey, told: &Gossip) {
    let address =
        Place::from_wire(told.ip.clone(), told.port, told.pport, told.cport, core.settings.tls_cluster);
    let unusable = told.flags.intersects(NodeFlags::NOADDR | NodeFlags::HANDSHAKE) || told.ip.is_empty();
    if unusable || core.blacklist.holds(&told.node, core.now.mono) {
        return;
    }
    let mut flags = told.flags.masked(COPIED_FLAGS);
    if !flags.intersects(NodeFlags::PRIMARY | NodeFlags::REPLICA) {
        flags.insert(NodeFlags::PRIMARY);
    }
    let node = Node::new(told.node, flags, address, core.now.mono);
    let (teller, human) = (core.nodes[sender].id, core.nodes[sender].human());
    let Some(key) = core.add_node(node) else { return };
    core.welcome(key);
    if news::introduces_nobody(core, sender) {
        core.news.overhear(key, core.now.mono);
    }
    core.save_soon();
    let address = core.nodes[key].addr.address();
    core.record(What::Learnt, Some(told.node), [("by", teller.into()), ("address", address.into())]);
    core.log(Level::Debug, format!("Node {} learnt from {teller} ({human})", told.node));
}

/// Failure reports, and pongs that others saw for us.
fn weigh(core: &mut Core, sender: NodeKey, key: NodeKey, told: &Gossip) {
    let sick = told.flags.intersects(SICK);
    if sick && core.nodes[sender].votes() {
        failure::report(core, key, sender);
    } else if !sick {
        failure::withdraw(core, key, sender);
    }
    let node = &core.nodes[key];
    let doubted = node.flags.intersects(SICK | NodeFlags::HANDSHAKE | NodeFlags::MEET);
    if sick || doubted || node.ping_sent.is_some() || !node.reports.is_empty() {
        return;
    }
    let pong_us = u64::from(told.pong_received_s) * 1_000_000;
    if pong_us == 0 || pong_us > core.now.unix_us + CLOCK_SKEW_US {
        return;
    }
    let age = core.now.unix_us.saturating_sub(pong_us);
    let seen = Mono(core.now.mono.0.saturating_sub(age));
    if node.pong_received.is_none_or(|mine| mine < seen) {
        core.nodes[key].pong_received = Some(seen);
    }
}

/// Somebody reaches, at another address, a node that we do not.
fn follow_address(core: &mut Core, key: NodeKey, told: &Gossip) {
    let node = &core.nodes[key];
    let usable = !told.flags.intersects(SICK | NodeFlags::NOADDR) && !told.ip.is_empty();
    if !usable || !node.flags.intersects(SICK) {
        return;
    }
    let address =
        Place::from_wire(told.ip.clone(), told.port, told.pport, told.cport, core.settings.tls_cluster);
    if node.addr != address {
        core.move_node(key, address);
    }
}
