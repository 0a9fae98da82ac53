//! Forgetting nodes, and keeping gossip from bringing them back.

use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::{Value, What};
use base::{Mono, NodeId};
use std::collections::BTreeMap;
use std::time::Duration;

/// Names that are remembered as forgotten, at most; the one that would go first anyway makes room.
const BLACKLIST_MAX: usize = 1024;
/// No peer makes us remember for longer, seconds: a week.
const TTL_MAX_S: u64 = 7 * 24 * 3600;

/// Forgotten names and when they may come back through gossip.
#[derive(Default)]
pub(crate) struct Blacklist {
    until: BTreeMap<NodeId, Mono>,
}

impl Blacklist {
    pub fn add(&mut self, id: NodeId, now: Mono, ttl_s: u64) {
        self.until.retain(|_, until| *until > now);
        if self.until.len() >= BLACKLIST_MAX
            && let Some(first) = self.until.iter().min_by_key(|(_, until)| **until).map(|(id, _)| *id)
        {
            self.until.remove(&first);
        }
        self.until.insert(id, now + Duration::from_secs(ttl_s.min(TTL_MAX_S)));
    }

    pub fn holds(&self, id: &NodeId, now: Mono) -> bool {
        self.until.get(id).is_some_and(|until| *until > now)
    }

    /// For how long yet; `None` if it does not hold the name.
    pub fn left(&self, id: &NodeId, now: Mono) -> Option<Duration> {
        self.until.get(id).filter(|until| **until > now).map(|until| until.since(now))
    }

    /// In the order of names.
    pub fn live(&self, now: Mono) -> impl Iterator<Item = (NodeId, Mono)> {
        self.until.iter().filter(move |(_, until)| **until > now).map(|(id, until)| (*id, *until))
    }

    pub fn clear(&mut self) {
        self.until.clear();
    }
}

/// Removes the node and keeps gossip from adding it again. `by`: who said so.
pub(crate) fn forget(core: &mut Core, key: NodeKey, ttl_s: u64, by: Value) {
    let id = core.nodes[key].id;
    core.record(What::Forgotten, Some(id), [("by", by), ("for-s", ttl_s.into())]);
    core.blacklist.add(id, core.now.mono, ttl_s);
    core.remove_node(key);
    core.want_save();
}

/// A known node forgot another one.
pub(crate) fn told(core: &mut Core, sender: NodeKey, id: NodeId, ttl_s: u64) {
    let Some(key) = core.nodes.find(&id) else { return };
    if key == core.nodes.myself || core.nodes.me().replicaof == Some(key) || ttl_s == 0 {
        return;
    }
    let by = &core.nodes[sender];
    let text = format!("Forgetting node {id} ({}): node {} forgot it.", core.nodes[key].human(), by.id);
    let by = by.id;
    core.log(Level::Notice, text);
    forget(core, key, ttl_s, by.into());
}
