//! CLUSTER INFO.

use crate::core::Core;
use crate::refusal::Refusal;
use crate::stats::{Class, Stats};
use crate::wire::{NodeFlags, kind_name};
use base::SLOTS;
use std::fmt::{Display, Write};

/// Takes a name and its value.
type Put<'p> = &'p mut dyn FnMut(&str, &dyn Display);

#[derive(Default)]
struct Counts {
    slots_pfail: usize,
    slots_fail: usize,
    nodes_pfail: usize,
    nodes_fail: usize,
    voting_pfail: usize,
    voting_fail: usize,
    voting: usize,
}

fn count(core: &Core) -> Counts {
    let mut counts = Counts::default();
    for (_, node) in core.nodes.iter() {
        let voting = usize::from(node.votes());
        counts.voting += voting;
        if node.is_failed() {
            counts.slots_fail += node.slots.len();
            counts.nodes_fail += 1;
            counts.voting_fail += voting;
        } else if node.is(NodeFlags::PFAIL) {
            counts.slots_pfail += node.slots.len();
            counts.nodes_pfail += 1;
            counts.voting_pfail += voting;
        }
    }
    counts
}

/// All lines, `name:value\r\n` each.
pub(crate) fn text(core: &Core) -> String {
    let c = count(core);
    let assigned = core.slots.assigned();
    assert!(assigned <= SLOTS, "a slot has one owner");
    let mut out = String::new();
    let mut put = |name: &str, value: &dyn Display| {
        let _ = write!(out, "{name}:{value}\r\n");
    };
    put("cluster_state", &if core.health.ok { "ok" } else { "fail" });
    put("cluster_slots_assigned", &assigned);
    put("cluster_slots_ok", &(assigned - c.slots_fail - c.slots_pfail));
    put("cluster_slots_pfail", &c.slots_pfail);
    put("cluster_slots_fail", &c.slots_fail);
    put("cluster_nodes_pfail", &c.nodes_pfail);
    put("cluster_nodes_fail", &c.nodes_fail);
    put("cluster_voting_nodes_pfail", &c.voting_pfail);
    put("cluster_voting_nodes_fail", &c.voting_fail);
    put("cluster_known_nodes", &core.nodes.len());
    put("cluster_size", &c.voting);
    put("cluster_current_epoch", &core.epochs.current);
    put("cluster_my_epoch", &core.nodes.me().config_epoch);
    let s = &core.stats;
    messages("sent", &s.sent.messages, &mut put);
    messages("received", &s.received.messages, &mut put);
    put("cluster_stats_bytes_sent", &s.sent.bytes);
    put("cluster_stats_bytes_received", &s.received.bytes);
    for (name, class) in [("pubsub", Class::Pubsub), ("module", Class::Module)] {
        bytes(name, class, s, &mut put);
    }
    put("total_cluster_links_buffer_limit_exceeded", &s.buffer_limit_exceeded);
    further(core, &mut put);
    out
}

/// What Valkey has not: behind all that it has.
fn further(core: &Core, put: Put<'_>) {
    let s = &core.stats;
    for (name, class) in [("gossip", Class::Gossip), ("decision", Class::Decision)] {
        bytes(name, class, s, put);
    }
    for (reason, count) in &s.dropped {
        put(&format!("cluster_stats_messages_dropped_{reason}"), count);
    }
    put("cluster_stats_messages_dropped", &s.dropped.values().sum::<u64>());
    for why in Refusal::ALL {
        let count = core.refusals.count(why);
        if count > 0 {
            put(&format!("cluster_stats_refused_{}", why.name()), &count);
        }
    }
}

fn bytes(name: &str, class: Class, s: &Stats, put: Put<'_>) {
    put(&format!("cluster_stats_{name}_bytes_sent"), &s.sent.of(class));
    put(&format!("cluster_stats_{name}_bytes_received"), &s.received.of(class));
}

fn messages(way: &str, counts: &[u64], put: Put<'_>) {
    for (kind, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        put(&format!("cluster_stats_messages_{}_{way}", kind_name(kind as u16)), count);
    }
    put(&format!("cluster_stats_messages_{way}"), &counts.iter().sum::<u64>());
}
