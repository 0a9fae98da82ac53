//! CLUSTER SLOTS and SHARDS, from the published view (spec `cluster-behaviour.md` §8.5).

use super::{audience, enabled};
use crate::dispatch::{Call, Flow};
use cluster::view::{ShardNode, SlotsNode};
use resp::Reply;

pub fn slots(call: &mut Call<'_, '_>) -> Flow {
    if !enabled(call) {
        return Flow::Next;
    }
    let entries = call.core.view.slots(audience(call.session));
    call.out.array(entries.len());
    for entry in entries {
        call.out.array(2 + entry.nodes.len());
        call.out.int(i64::from(entry.start.get()));
        call.out.int(i64::from(entry.end.get()));
        for node in &entry.nodes {
            slots_node(call.out, node);
        }
    }
    Flow::Next
}

fn slots_node(out: &mut Reply<'_>, node: &SlotsNode) {
    out.array(4);
    match &node.endpoint {
        Some(endpoint) => out.bulk(endpoint.as_bytes()),
        None => out.null(),
    }
    out.int(i64::from(node.port));
    out.bulk(node.id.as_bytes());
    out.map(node.metadata.len());
    for (name, value) in &node.metadata {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    }
}

pub fn shards(call: &mut Call<'_, '_>) -> Flow {
    if !enabled(call) {
        return Flow::Next;
    }
    let shards = call.core.view.shards(audience(call.session));
    call.out.array(shards.len());
    for shard in shards {
        call.out.map(3);
        call.out.bulk(b"slots");
        call.out.array(shard.slots.len() * 2);
        for (start, end) in &shard.slots {
            call.out.int(i64::from(start.get()));
            call.out.int(i64::from(end.get()));
        }
        call.out.bulk(b"nodes");
        call.out.array(shard.nodes.len());
        for node in &shard.nodes {
            shard_node(call.out, node);
        }
        call.out.bulk(b"id");
        call.out.bulk(shard.id.as_bytes());
    }
    Flow::Next
}

fn shard_node(out: &mut Reply<'_>, node: &ShardNode) {
    let optional = [
        node.port.is_some(),
        node.tls_port.is_some(),
        node.hostname.is_some(),
        node.availability_zone.is_some(),
    ];
    out.map(6 + optional.iter().filter(|there| **there).count());
    out.bulk(b"id");
    out.bulk(node.id.as_bytes());
    for (name, port) in [("port", node.port), ("tls-port", node.tls_port)] {
        if let Some(port) = port {
            out.bulk(name.as_bytes());
            out.int(i64::from(port));
        }
    }
    text(out, "ip", &node.ip);
    text(out, "endpoint", &node.endpoint);
    if let Some(hostname) = &node.hostname {
        text(out, "hostname", hostname);
    }
    text(out, "role", node.role);
    out.bulk(b"replication-offset");
    out.int(node.offset as i64);
    text(out, "health", node.health);
    if let Some(zone) = &node.availability_zone {
        text(out, "availability-zone", zone);
    }
}

fn text(out: &mut Reply<'_>, name: &str, value: &str) {
    out.bulk(name.as_bytes());
    out.bulk(value.as_bytes());
}
