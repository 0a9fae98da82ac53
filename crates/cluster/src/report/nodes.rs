//! The table as neutral data: for nodes.conf and for CLUSTER NODES.

use crate::conf::{Saved, SavedNode, Tombstone};
use crate::core::Core;
use crate::node::Node;
use crate::wire::NodeFlags;
use base::{NodeId, Slot};

/// Everything, in the order of names.
pub(crate) fn saved(core: &Core) -> Saved {
    let id = |(slot, key): (&Slot, &crate::node_table::NodeKey)| (*slot, core.nodes[*key].id);
    Saved {
        nodes: core.nodes.by_name().map(|(_, node)| line(core, node)).collect(),
        migrating: core.slots.migrating.iter().map(id).collect(),
        importing: core.slots.importing.iter().map(id).collect(),
        current_epoch: core.epochs.current,
        last_vote_epoch: core.epochs.last_vote,
        forgotten: tombstones(core),
        generation: 0,
    }
}

fn line(core: &Core, node: &Node) -> SavedNode {
    let myself = node.is(NodeFlags::MYSELF);
    let ms = |at: Option<base::Mono>| at.map_or(0, |at| core.unix_us(at) / 1000);
    let up = node.outbound.and_then(|l| core.links.get(l)).is_some_and(|l| l.up);
    let mut line = SavedNode::new(node.id, node.flags);
    line.address = crate::report::view::address(node);
    line.human_name = node.announced.human.clone();
    line.shard = Some(node.shard);
    line.primary = node.replicaof.map(|p| core.nodes[p].id);
    line.ping_sent_ms = if myself { 0 } else { ms(node.ping_sent) };
    line.pong_received_ms = if myself { 0 } else { ms(node.pong_received) };
    line.config_epoch = node.config_epoch;
    line.connected = myself || up;
    line.slots = node.slots.clone();
    line
}

fn tombstones(core: &Core) -> Vec<Tombstone> {
    let now = core.now;
    let until = |until: base::Mono| (now.unix_us + until.since(now.mono).as_micros() as u64) / 1_000_000;
    let stone = |(node, at): (NodeId, base::Mono)| Tombstone { node, until_s: until(at) };
    core.blacklist.live(now.mono).map(stone).collect()
}
