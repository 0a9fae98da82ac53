//! CLUSTER SLOTS as data.

use super::{Audience, EndpointType, NodeIdx, View, ViewNode};
use base::{NodeId, Slot};

/// One range (spec `cluster-behaviour.md` §8.5): printed as start, end, then its nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotsEntry {
    /// First slot.
    pub start: Slot,
    /// Last slot.
    pub end: Slot,
    /// The owner, then its replicas by name: those that are not failed and have data.
    pub nodes: Vec<SlotsNode>,
}

/// One node of a range: printed as endpoint, port, id, metadata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotsNode {
    /// `None` is printed as null: the client goes on with the address it has.
    pub endpoint: Option<String>,
    /// For the asking client's transport.
    pub port: u16,
    /// The node's name.
    pub id: NodeId,
    /// A map, in RESP2 flat.
    pub metadata: Vec<(&'static str, String)>,
}

impl View {
    /// All ranges, for this client.
    pub fn slots(&self, audience: Audience) -> Vec<SlotsEntry> {
        let mut replicas: Vec<(NodeIdx, &ViewNode)> = self
            .nodes
            .iter()
            .filter(|node| !node.failed && node.offset != 0)
            .filter_map(|node| node.primary.map(|primary| (primary, node)))
            .collect();
        replicas.sort_by_key(|(primary, node)| (*primary, node.id));
        let entry = |(start, end, owner): (Slot, Slot, NodeIdx)| {
            let from = replicas.partition_point(|(primary, _)| *primary < owner);
            let mine = replicas[from..].iter().take_while(|(primary, _)| *primary == owner);
            let nodes = std::iter::once(self.node(owner)).chain(mine.map(|(_, node)| *node));
            let nodes = nodes.map(|node| self.slots_node(node, audience)).collect();
            SlotsEntry { start, end, nodes }
        };
        self.runs().into_iter().map(entry).collect()
    }

    fn slots_node(&self, node: &ViewNode, audience: Audience) -> SlotsNode {
        let kind = self.settings.endpoint;
        let address = &node.address;
        let endpoint = address.endpoint(kind, audience).to_owned();
        let mut metadata = Vec::new();
        if kind != EndpointType::Ip {
            metadata.push(("ip", address.ip_for(audience).to_owned()));
        }
        if kind != EndpointType::Hostname && !address.hostname.is_empty() {
            metadata.push(("hostname", address.hostname.clone()));
        }
        if !address.availability_zone.is_empty() {
            metadata.push(("availability-zone", address.availability_zone.clone()));
        }
        SlotsNode {
            endpoint: (kind != EndpointType::UnknownEndpoint).then_some(endpoint),
            port: address.port_for(audience),
            id: node.id,
            metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::*;
    use super::*;

    fn ids(entry: &SlotsEntry) -> Vec<u8> {
        entry.nodes.iter().map(|node| node.id.as_bytes()[0]).collect()
    }

    #[test]
    fn ranges_with_their_healthy_replicas() {
        let mut view = view(0);
        let slots = view.slots(Audience::default());
        let ranges: Vec<_> = slots.iter().map(|e| (e.start.get(), e.end.get())).collect();
        assert_eq!(ranges, [(0, 99), (100, 199), (200, 200)]);
        assert_eq!((ids(&slots[0]), ids(&slots[1])), (b"ac".to_vec(), b"b".to_vec()));
        assert_eq!((slots[0].nodes[1].endpoint.as_deref(), slots[0].nodes[1].port), (Some("10.0.0.3"), 7003));
        view.nodes[2].failed = true;
        assert_eq!(ids(&view.slots(Audience::default())[0]), b"a");
        (view.nodes[2].failed, view.nodes[2].offset) = (false, 0);
        assert_eq!(ids(&view.slots(Audience::default())[0]), b"a");
    }

    #[test]
    fn metadata_has_what_the_endpoint_does_not_say() {
        let check = |kind, hostname: &str, zone: &str, expect: (Option<&str>, &[(&str, &str)])| {
            let mut view = view(0);
            view.settings.endpoint = kind;
            view.nodes[1].address.hostname = hostname.to_owned();
            view.nodes[1].address.availability_zone = zone.to_owned();
            let node = view.slots(Audience::default())[1].nodes.remove(0);
            let metadata: Vec<_> = node.metadata.iter().map(|(k, v)| (*k, v.as_str())).collect();
            assert_eq!((node.endpoint.as_deref(), metadata.as_slice()), expect);
        };
        check(EndpointType::Ip, "", "", (Some("10.0.0.2"), &[]));
        check(
            EndpointType::Ip,
            "h",
            "z",
            (Some("10.0.0.2"), &[("hostname", "h"), ("availability-zone", "z")]),
        );
        check(EndpointType::Hostname, "h", "", (Some("h"), &[("ip", "10.0.0.2")]));
        check(EndpointType::Hostname, "", "", (Some("?"), &[("ip", "10.0.0.2")]));
        check(EndpointType::UnknownEndpoint, "h", "", (None, &[("ip", "10.0.0.2"), ("hostname", "h")]));
    }
}
