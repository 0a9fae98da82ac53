//! Gossip: what to tell about other nodes, and what to make of what is told.

use crate::core::Core;
use crate::event::Level;
use crate::failure;
use crate::node::Node;
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::recorder::What;
use crate::wire::{GOSSIP_SENT_MAX, Gossip, NodeFlags};
use base::Mono;
use std::collections::VecDeque;

/// Newcomers that are remembered to be told about first.
const NEWS_MAX: usize = 1024;
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

/// Nodes learnt lately: told first, each a number of times that grows with the cluster, so that a mesh closes in
/// the time an epidemic takes and not by the luck of the draw.
#[derive(Default)]
pub(crate) struct News {
    told: VecDeque<(NodeKey, u32)>,
    undialled: Vec<NodeKey>,
    stamp: u64,
}

impl News {
    /// `known`: nodes in the table.
    pub fn learnt(&mut self, key: NodeKey, known: usize) {
        if self.told.len() == NEWS_MAX {
            self.told.pop_front();
        }
        self.told.push_back((key, 4 + 3 * (known.max(1)).ilog2()));
        self.undialled.push(key);
    }

    /// To be dialled at the end of this call.
    pub fn dial_soon(&mut self, key: NodeKey) {
        self.undialled.push(key);
    }

    pub fn forget(&mut self, key: NodeKey) {
        self.told.retain(|(k, _)| *k != key);
        self.undialled.retain(|k| *k != key);
    }

    pub fn take_undialled(&mut self) -> Vec<NodeKey> {
        std::mem::take(&mut self.undialled)
    }

    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether there is news about others than `to`.
    pub fn is_any_for(&self, to: NodeKey) -> bool {
        self.told.iter().any(|(key, _)| *key != to)
    }
}

/// Entries for a packet to `to`: newcomers, then random nodes, then everybody who may be failing.
pub(crate) fn select(core: &mut Core, to: Option<NodeKey>) -> Vec<Gossip> {
    core.news.stamp += 1;
    let stamp = core.news.stamp;
    let known = core.nodes.len();
    let wanted = (known as u64 * core.settings.gossip_percent / 100).max(3) as usize;
    let wanted = wanted.min(known.saturating_sub(2)).min(GOSSIP_SENT_MAX);
    let mut entries = Vec::with_capacity(wanted);
    tell_news(core, to, wanted, stamp, &mut entries);
    for _ in 0..wanted * 3 {
        if entries.len() >= wanted {
            break;
        }
        let key = NodeKey(core.rng.below(u64::from(core.nodes.bound())) as u32);
        if eligible(core, key, to, stamp) {
            entries.push(tell(core, key, stamp));
        }
    }
    tell_suspects(core, to, &mut entries);
    entries
}

fn tell_news(core: &mut Core, to: Option<NodeKey>, wanted: usize, stamp: u64, entries: &mut Vec<Gossip>) {
    let mut looked_at = 0;
    while entries.len() < wanted && looked_at < core.news.told.len() {
        looked_at += 1;
        let Some((key, left)) = core.news.told.pop_front() else { return };
        let told = eligible(core, key, to, stamp);
        if told {
            entries.push(tell(core, key, stamp));
        }
        // To the back: the next packet tells the others first.
        if left > u32::from(told) {
            core.news.told.push_back((key, left - u32::from(told)));
        }
    }
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

fn eligible(core: &Core, key: NodeKey, to: Option<NodeKey>, stamp: u64) -> bool {
    let Some(node) = core.nodes.get(key) else { return false };
    let barred = NodeFlags::PFAIL | NodeFlags::HANDSHAKE | NodeFlags::NOADDR;
    let idle = node.outbound.is_none() && node.slots.is_empty();
    key != core.nodes.myself
        && Some(key) != to
        && node.gossip_stamp != stamp
        && !node.flags.intersects(barred)
        && !idle
}

fn tell(core: &mut Core, key: NodeKey, stamp: u64) -> Gossip {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_bounded_and_told_a_few_times() {
        let mut news = News::default();
        let many = NEWS_MAX as u32 + 200;
        for n in 0..many {
            news.learnt(NodeKey(n), 200);
        }
        assert_eq!(news.told.len(), NEWS_MAX);
        assert_eq!(news.told[0].0, NodeKey(200));
        news.forget(NodeKey(many - 1));
        assert_eq!(news.told.len(), NEWS_MAX - 1);
    }
}
