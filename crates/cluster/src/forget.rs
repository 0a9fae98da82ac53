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

/// What others say of the time that a name has left may be off by so much: they count in seconds.
const TTL_SLACK: Duration = Duration::from_secs(2);

/// Forgotten names and when they may come back through gossip.
#[derive(Default)]
pub(crate) struct Blacklist {
    until: BTreeMap<NodeId, Mono>,
    /// Names that an operator brought back before their time, and when that would have been over.
    pardoned: BTreeMap<NodeId, Mono>,
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
        self.pardoned.remove(&id);
    }

    /// An operator wants it back. Others go on telling of the forgetting that this ends.
    pub fn pardon(&mut self, id: NodeId, now: Mono) {
        if let Some(until) = self.until.remove(&id) {
            self.pardoned.retain(|_, until| *until + TTL_SLACK > now);
            self.pardoned.insert(id, until);
        }
    }

    /// Whether a forgetting that ends then is one that was pardoned, not a newer one.
    fn was_pardoned(&self, id: &NodeId, until: Mono) -> bool {
        self.pardoned.get(id).is_some_and(|pardoned| until <= *pardoned + TTL_SLACK)
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
        self.pardoned.clear();
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
    if key == core.nodes.myself {
        core.nodes[sender].forgot_us = true;
        return;
    }
    if core.blacklist.was_pardoned(&id, core.now.mono + Duration::from_secs(ttl_s.min(TTL_MAX_S))) {
        return;
    }
    // Nobody asks to be forgotten, and the sender's record is in use.
    if key == sender || core.nodes.me().replicaof == Some(key) || ttl_s == 0 {
        return;
    }
    let by = &core.nodes[sender];
    let text = format!("Forgetting node {id} ({}): node {} forgot it.", core.nodes[key].human(), by.id);
    let by = by.id;
    core.log(Level::Notice, text);
    forget(core, key, ttl_s, by.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pardon_holds_against_the_old_word_and_not_against_a_new_one() {
        let (id, at) = (NodeId::parse(&[b'a'; 40]).expect("valid"), |s: u64| Mono(s * 1_000_000));
        let mut list = Blacklist::default();
        list.add(id, at(0), 60);
        assert!(list.holds(&id, at(59)) && !list.holds(&id, at(60)));
        list.pardon(id, at(10));
        assert!(!list.holds(&id, at(10)));
        assert!(list.was_pardoned(&id, at(61)), "somebody repeats the first");
        assert!(!list.was_pardoned(&id, at(63)), "somebody forgot it again");
        list.add(id, at(20), 60);
        assert!(list.holds(&id, at(20)) && !list.was_pardoned(&id, at(60)));
    }

    #[test]
    fn the_list_is_bounded() {
        let mut list = Blacklist::default();
        let mut rng = base::Rng::new(1);
        for n in 0..2 * BLACKLIST_MAX as u64 {
            list.add(NodeId::random(&mut rng), Mono(n), u64::MAX);
        }
        assert_eq!(list.live(Mono(0)).count(), BLACKLIST_MAX);
        assert!(list.until.values().all(|until| *until <= Mono(4096) + Duration::from_secs(TTL_MAX_S)));
    }
}
