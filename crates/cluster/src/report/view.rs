//! The view that workers read.

use crate::address::{ClientAddress, NodeAddress};
use crate::core::Core;
use crate::node::Node;
use crate::node_table::NodeKey;
use crate::verify;
use crate::view::{NO_NODE, NodeIdx, View, ViewNode, ViewSettings};
use base::{SLOTS, Slot};
use std::collections::BTreeMap;

/// A node's address with all that it announced.
pub(crate) fn address(node: &Node) -> NodeAddress {
    let said = &node.announced;
    NodeAddress {
        ip: node.addr.ip.clone(),
        tcp_port: node.addr.tcp,
        tls_port: node.addr.tls,
        bus_port: node.addr.bus,
        hostname: said.hostname.clone(),
        client: ClientAddress {
            ipv4: said.client_ipv4.clone(),
            ipv6: said.client_ipv6.clone(),
            tcp_port: said.client_port,
            tls_port: said.client_tls_port,
        },
        availability_zone: said.zone.clone(),
    }
}

/// The present state, nodes in the order of names.
pub(crate) fn build(core: &Core) -> View {
    let mut index = vec![NO_NODE; core.nodes.bound() as usize];
    for (i, (key, _)) in core.nodes.by_name().enumerate() {
        index[key.0 as usize] = i as NodeIdx;
    }
    let at = |key: NodeKey| index[key.0 as usize];
    let mut owners = Box::new([NO_NODE; SLOTS]);
    for (key, node) in core.nodes.iter() {
        for slot in node.slots.iter() {
            owners[slot.index()] = at(key);
        }
    }
    let open = |slots: &BTreeMap<Slot, NodeKey>| slots.iter().map(|(s, k)| (*s, at(*k))).collect();
    View {
        version: core.view_version,
        myself: at(core.nodes.myself),
        nodes: core.nodes.by_name().map(|(key, node)| view_node(core, key, node, &at)).collect(),
        owners,
        migrating: open(&core.slots.migrating),
        importing: open(&core.slots.importing),
        fenced: verify::fenced(core),
        state_ok: core.health.ok,
        current_epoch: core.epochs.current,
        settings: ViewSettings {
            reads_when_down: core.settings.allow_reads_when_down,
            pubsubshard_when_down: core.settings.allow_pubsubshard_when_down,
            require_full_coverage: core.settings.require_full_coverage,
            endpoint: core.settings.preferred_endpoint,
        },
    }
}

fn view_node(core: &Core, key: NodeKey, node: &Node, at: &impl Fn(NodeKey) -> NodeIdx) -> ViewNode {
    let mine = key == core.nodes.myself;
    let mut view = ViewNode::new(node.id, node.shard);
    view.address = address(node);
    view.replica = node.is_replica();
    view.primary = node.replicaof.map(at);
    view.failed = node.is_failed();
    view.handshake = node.in_handshake();
    view.offset = if mine { core.repl_offset } else { node.repl_offset };
    view.config_epoch = node.config_epoch;
    view
}
