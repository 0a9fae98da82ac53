//! After a quiet time all nodes tell the same: who is there, with which epochs and slots, and that all is well.

use base::{NodeId, Slot};
use cluster::view::{View, ViewNode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What all must agree on about a node.
type Entry = (String, u64, Vec<u16>, bool, NodeId);

fn table(view: &View) -> BTreeMap<NodeId, Entry> {
    let mut slots: BTreeMap<usize, Vec<u16>> = BTreeMap::new();
    for slot in Slot::all() {
        if let Some(owner) = view.owner(slot) {
            slots.entry(usize::from(owner)).or_default().push(slot.get());
        }
    }
    let entry = |(i, n): (usize, &ViewNode)| {
        let slots = slots.remove(&i).unwrap_or_default();
        (n.id, (n.address.ip.clone(), n.config_epoch, slots, n.failed, n.shard))
    };
    view.nodes.iter().enumerate().map(entry).collect()
}

/// Whether the views agree. The error says what is missing.
pub fn check(views: &[Arc<View>]) -> Result<(), String> {
    for view in views {
        let me = view.me().id;
        if view.nodes.len() != views.len() {
            return Err(format!("{me} knows {} of {} nodes", view.nodes.len(), views.len()));
        }
        if let Some(node) = view.nodes.iter().find(|n| n.failed || n.handshake) {
            return Err(format!("{me} has {} as failed or in handshake", node.id));
        }
        let epochs: BTreeSet<u64> = view.nodes.iter().map(|n| n.config_epoch).collect();
        if epochs.len() != views.len() {
            return Err(format!("{me} knows two nodes with the same epoch"));
        }
        if !view.state_ok {
            return Err(format!("{me} says that the cluster is down"));
        }
    }
    let Some((first, rest)) = views.split_first() else { return Ok(()) };
    let expect = table(first);
    match rest.iter().find(|view| table(view) != expect) {
        Some(view) => Err(format!("{} and {} have different tables", first.me().id, view.me().id)),
        None => Ok(()),
    }
}
