//! CLUSTER SHARDS as data.

use super::{Audience, View, ViewNode};
use base::{NodeId, ReplOffset, ShardId, Slot};
use std::collections::BTreeMap;

/// One shard (spec `cluster-behaviour.md` §8.5): printed as a map of `slots` (flat array of starts and ends),
/// `nodes` and `id`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Maximal ranges, ascending, ends included.
    pub slots: Vec<(Slot, Slot)>,
    /// Primaries first, then by name. May all be failed.
    pub nodes: Vec<ShardNode>,
    /// The shard's name.
    pub id: ShardId,
}

/// One node of a shard: printed as a map of the fields in this order, those that are `None` left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShardNode {
    /// `id`.
    pub id: NodeId,
    /// `port`.
    pub port: Option<u16>,
    /// `tls-port`.
    pub tls_port: Option<u16>,
    /// `ip`.
    pub ip: String,
    /// `endpoint`.
    pub endpoint: String,
    /// `hostname`.
    pub hostname: Option<String>,
    /// `role`: `master` or `replica`.
    pub role: &'static str,
    /// `replication-offset`.
    pub offset: ReplOffset,
    /// `health`: `online`, `loading` or `fail`.
    pub health: &'static str,
    /// `availability-zone`.
    pub availability_zone: Option<String>,
}

impl View {
    /// All shards, by name, for this client.
    pub fn shards(&self, audience: Audience) -> Vec<Shard> {
        let mut shards: BTreeMap<ShardId, Shard> = BTreeMap::new();
        let mut nodes: Vec<&ViewNode> = self.nodes.iter().filter(|node| !node.handshake).collect();
        nodes.sort_by_key(|node| (node.replica, node.id));
        for node in nodes {
            let shard = shards.entry(node.shard);
            let shard =
                shard.or_insert_with_key(|id| Shard { slots: Vec::new(), nodes: Vec::new(), id: *id });
            shard.nodes.push(self.shard_node(node, audience));
        }
        for (start, end, owner) in self.runs() {
            if let Some(shard) = shards.get_mut(&self.node(owner).shard) {
                match shard.slots.last_mut() {
                    Some((_, last)) if last.get() + 1 == start.get() => *last = end,
                    _ => shard.slots.push((start, end)),
                }
            }
        }
        shards.into_values().collect()
    }

    fn shard_node(&self, node: &ViewNode, audience: Audience) -> ShardNode {
        // An announced port stands for a port that is there.
        let shown = |real: u16, port: u16| Some(port).filter(|_| real != 0);
        let some_text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let address = &node.address;
        ShardNode {
            id: node.id,
            port: shown(address.tcp_port, address.tcp_port_for_clients()),
            tls_port: shown(address.tls_port, address.tls_port_for_clients()),
            ip: address.ip_for(audience).to_owned(),
            endpoint: address.endpoint(self.settings.endpoint, audience).to_owned(),
            hostname: some_text(&address.hostname),
            role: if node.replica { "replica" } else { "master" },
            offset: node.offset,
            health: health(node),
            availability_zone: some_text(&address.availability_zone),
        }
    }
}

fn health(node: &ViewNode) -> &'static str {
    if node.failed {
        "fail"
    } else if node.replica && node.offset == 0 {
        "loading"
    } else {
        "online"
    }
}

#[cfg(test)]
mod tests {
    use super::super::EndpointType;
    use super::super::samples::*;
    use super::*;

    #[test]
    fn one_entry_per_shard() {
        let mut view = view(0);
        view.nodes[1].failed = true;
        view.nodes[2].offset = 0;
        let shards = view.shards(Audience::default());
        assert_eq!((shards.len(), shards[0].id, shards[1].id), (2, id(b's'), id(b't')));
        assert_eq!(shards[0].slots, [(slot(0), slot(99)), (slot(200), slot(200))]);
        let nodes: Vec<_> = shards[0].nodes.iter().map(|n| (n.id, n.role, n.health)).collect();
        assert_eq!(nodes, [(id(b'a'), "master", "online"), (id(b'c'), "replica", "loading")]);
        assert_eq!(shards[1].nodes[0].health, "fail");
    }

    #[test]
    fn fields_that_are_not_known_are_left_out() {
        let mut view = view(0);
        view.settings.endpoint = EndpointType::UnknownEndpoint;
        view.nodes[1].address.availability_zone = "z".to_owned();
        let node = view.shards(Audience::default()).remove(1).nodes.remove(0);
        assert_eq!((node.port, node.tls_port), (Some(7002), None));
        assert_eq!((node.ip.as_str(), node.endpoint.as_str()), ("10.0.0.2", ""));
        assert_eq!((node.hostname, node.availability_zone), (None, Some("z".to_owned())));
    }

    #[test]
    fn a_node_in_handshake_is_in_no_shard() {
        let mut view = view(0);
        view.nodes[1].handshake = true;
        view.owners[100..200].fill(crate::view::NO_NODE);
        assert_eq!(view.shards(Audience::default()).len(), 1);
    }
}
