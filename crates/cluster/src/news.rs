//! News: nodes that this node shook hands with, on their way to everybody else.
//!
//! Whoever completes a handshake introduces the two sides to each other: the newcomer is told of all nodes, all nodes of
//! the newcomer. Nobody passes on what it was told, so a node is told of another about once, and not once by everybody.
//! Where two crowds meet, each member finds the others by walking: every node that it comes to know answers its first
//! word with those that it shook hands with itself.
//!
//! A Redis introduces nobody. Among such nodes we pass on what they tell us, to each other.

use crate::compose;
use crate::core::Core;
use crate::event::LinkId;
use crate::gossip;
use crate::node_table::{NODES_MAX, NodeKey};
use crate::wire::{GOSSIP_SENT_MAX, Gossip, PeerClass};
use base::Mono;
use std::collections::VecDeque;
use std::time::Duration;

/// Introductions kept for those who have not heard of them; the oldest go first.
const NEWS_MAX: usize = NODES_MAX;
/// What is older has become known to all by ordinary gossip.
const NEWS_LIFE: Duration = Duration::from_secs(60);
/// News waits so long for more, or for a packet that leaves anyway.
const BATCH: Duration = Duration::from_millis(10);

/// The same for what others should have told: it comes in drops, and is told to those few who depend on us.
const HEARSAY_BATCH: Duration = Duration::from_millis(50);
/// A crowd to which nobody was added for so long is complete; the larger it is, the longer its nodes take.
const QUIET_MIN: Duration = Duration::from_millis(50);
const QUIET_PER_NODE: Duration = Duration::from_millis(2);
const QUIET_MAX: Duration = Duration::from_secs(1);

/// Position in the sequence of all introductions.
pub(crate) type Told = u64;

struct Introduced {
    /// `None` once it was forgotten.
    who: Option<NodeKey>,
    at: Mono,
    /// One of those who introduce nobody named it: only they need to hear it from us.
    hearsay: bool,
}

/// Introductions and who waits for them.
#[derive(Default)]
pub(crate) struct News {
    introduced: VecDeque<Introduced>,
    /// Position of the first of `introduced`.
    first: Told,
    /// When those who are behind get a packet of their own.
    due: Option<Mono>,
    /// Everybody may be behind, not only those in `behind`.
    all_behind: bool,
    behind: Vec<NodeKey>,
    undialled: Vec<NodeKey>,
    /// When somebody became known last.
    learnt: Option<Mono>,
    stamp: u64,
}

impl News {
    /// Somebody became known, whichever way.
    pub fn learnt(&mut self, key: NodeKey, now: Mono) {
        self.undialled.push(key);
        self.learnt = Some(now);
    }

    /// Whether nobody became known for some time, so that the crowd seems complete. `known`: nodes in the table.
    pub fn is_quiet(&self, known: usize, now: Mono) -> bool {
        let span = (QUIET_MIN + QUIET_PER_NODE * known as u32).min(QUIET_MAX);
        self.learnt.is_none_or(|at| now.since(at) >= span)
    }

    /// Whether somebody became known in the last `span`.
    pub fn learnt_since(&self, now: Mono, span: Duration) -> bool {
        self.learnt.is_some_and(|at| now.since(at) < span)
    }

    /// A handshake with `key` was completed: all others shall know.
    fn introduce(&mut self, key: NodeKey, now: Mono) {
        self.add(Introduced { who: Some(key), at: now, hearsay: false });
        self.wake(now);
    }

    /// A node that introduces nobody named `key`.
    pub fn overhear(&mut self, key: NodeKey, now: Mono) {
        self.add(Introduced { who: Some(key), at: now, hearsay: true });
        self.due.get_or_insert(now + HEARSAY_BATCH);
    }

    fn add(&mut self, introduced: Introduced) {
        if self.introduced.len() == NEWS_MAX {
            self.introduced.pop_front();
            self.first += 1;
        }
        self.introduced.push_back(introduced);
        self.all_behind = true;
    }

    /// `key` became one that can be told.
    pub fn catch_up(&mut self, key: NodeKey, now: Mono) {
        self.behind.push(key);
        self.wake(now);
    }

    fn wake(&mut self, now: Mono) {
        let due = now + BATCH;
        self.due = Some(self.due.map_or(due, |set| set.min(due)));
    }

    /// When [`flush`] wants to be called.
    pub fn due(&self) -> Option<Mono> {
        self.due
    }

    /// To be dialled at the end of this call.
    pub fn dial_soon(&mut self, key: NodeKey) {
        self.undialled.push(key);
    }

    pub fn take_undialled(&mut self) -> Vec<NodeKey> {
        std::mem::take(&mut self.undialled)
    }

    pub fn forget(&mut self, key: NodeKey) {
        for introduced in self.introduced.iter_mut().filter(|i| i.who == Some(key)) {
            introduced.who = None;
        }
        self.undialled.retain(|k| *k != key);
        self.behind.retain(|k| *k != key);
    }

    /// The mark of a new gossip section.
    pub fn next_stamp(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }

    fn end(&self) -> Told {
        self.first + self.introduced.len() as u64
    }

    fn expire(&mut self, now: Mono) {
        while self.introduced.front().is_some_and(|i| i.who.is_none() || now.since(i.at) > NEWS_LIFE) {
            self.introduced.pop_front();
            self.first += 1;
        }
    }
}

/// Whether no newcomers appear at present: the time for all that is better done once for a whole crowd.
pub(crate) fn is_quiet(core: &Core) -> bool {
    core.news.is_quiet(core.nodes.len(), core.now.mono)
}

/// A handshake with `key` was completed.
pub(crate) fn introduce(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    core.news.expire(now);
    core.nodes[key].owed = Some(0);
    core.news.introduce(key, now);
}

/// The link by which `key` knows us, and on which it is counted what it was told.
fn heard_by(core: &Core, key: NodeKey) -> Option<LinkId> {
    core.nodes[key].inbound.filter(|_| !core.nodes[key].in_handshake())
}

/// Whether the node is of a family that leaves it to chance who hears of whom. A Valkey does too, but cannot be told from
/// one of us, and spreads its own news sooner.
pub(crate) fn introduces_nobody(core: &Core, key: NodeKey) -> bool {
    core.nodes[key].class.is_some_and(|class| class != PeerClass::Valkey)
}

/// Entries for a packet on `link`: what the other end was not told of our introductions. Nothing to whom we just shook
/// hands with: until its own end is done too it may not listen, so [`flush`] tells it somewhat later, and all there is.
pub(crate) fn untold(core: &mut Core, link: LinkId, stamp: u64, entries: &mut Vec<Gossip>) {
    let to = core.links.get(link).and_then(|l| l.node);
    let counted = match to {
        Some(key) if core.nodes[key].owed.is_some() => None,
        Some(key) => heard_by(core, key),
        // A stranger dialled us by our name: it knows us, and its first question is answered like anybody's.
        None => Some(link).filter(|link| !link.is_dialled()),
    };
    let Some(counted) = counted else { return };
    let Some(told) = core.links.get(counted).map(|l| l.told.max(core.news.first)) else { return };
    let needy = to.is_some_and(|key| introduces_nobody(core, key));
    let mut at = told;
    while at < core.news.end() && entries.len() < GOSSIP_SENT_MAX {
        let introduced = &core.news.introduced[(at - core.news.first) as usize];
        let who = introduced.who.filter(|_| needy || !introduced.hearsay);
        if let Some(key) = who.filter(|key| gossip::eligible(core, *key, to, stamp)) {
            entries.push(gossip::tell(core, key, stamp));
        }
        at += 1;
    }
    if let Some(link) = core.links.get_mut(counted) {
        link.told = at;
    }
}

/// Entries of the whole table for one we shook hands with, from where the last packet ended.
fn owed(core: &mut Core, key: NodeKey, stamp: u64, entries: &mut Vec<Gossip>) {
    let Some(from) = core.nodes[key].owed else { return };
    let mut at = from;
    while at < core.nodes.bound() && entries.len() < GOSSIP_SENT_MAX {
        if gossip::eligible(core, NodeKey(at), Some(key), stamp) {
            entries.push(gossip::tell(core, NodeKey(at), stamp));
        }
        at += 1;
    }
    let whole = at == core.nodes.bound();
    core.nodes[key].owed = (!whole).then_some(at);
    // All introductions but those still to come were in the table.
    let end = core.news.end();
    if let Some(link) = heard_by(core, key).filter(|_| whole).and_then(|l| core.links.get_mut(l)) {
        link.told = end;
    }
}

/// Tells those who are behind, if it is time.
pub(crate) fn flush(core: &mut Core) {
    let now = core.now.mono;
    if core.news.due.is_none_or(|due| now < due) {
        return;
    }
    core.news.due = None;
    core.news.expire(now);
    let behind = std::mem::take(&mut core.news.behind);
    if std::mem::take(&mut core.news.all_behind) {
        for key in
            (0..core.nodes.bound()).map(NodeKey).filter(|k| core.nodes.contains(*k)).collect::<Vec<_>>()
        {
            catch_up(core, key);
        }
    } else {
        behind.into_iter().for_each(|key| catch_up(core, key));
    }
}

fn catch_up(core: &mut Core, key: NodeKey) {
    let Some(inbound) = core.nodes.get(key).and_then(|_| heard_by(core, key)) else { return };
    let told = core.links.get(inbound).map_or(0, |l| l.told);
    if core.nodes[key].owed.is_none() && told >= core.news.end() {
        return;
    }
    let stamp = core.news.next_stamp();
    let mut entries = Vec::new();
    owed(core, key, stamp, &mut entries);
    let up = |link: &LinkId| core.links.get(*link).is_some_and(|l| l.up);
    let link = core.nodes[key].outbound.filter(up).unwrap_or(inbound);
    untold(core, link, stamp, &mut entries);
    if entries.len() >= GOSSIP_SENT_MAX {
        core.news.catch_up(key, core.now.mono);
    }
    if !entries.is_empty() {
        compose::tell(core, link, entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn introductions_are_bounded_and_grow_old() {
        let mut news = News::default();
        let at = |n: u64| Mono(n * 1_000_000);
        for n in 0..NEWS_MAX as u64 + 200 {
            news.introduce(NodeKey(n as u32), at(1));
        }
        assert_eq!((news.introduced.len(), news.first, news.end()), (NEWS_MAX, 200, NEWS_MAX as u64 + 200));
        news.introduce(NodeKey(7), at(30));
        news.expire(at(62));
        assert_eq!((news.introduced.len(), news.end()), (1, NEWS_MAX as u64 + 201));
        news.forget(NodeKey(7));
        news.expire(at(62));
        assert_eq!((news.introduced.len(), news.first), (0, NEWS_MAX as u64 + 201));
    }

    #[test]
    fn large_crowds_take_their_time() {
        let mut news = News::default();
        assert!(news.is_quiet(2, Mono(0)));
        news.learnt(NodeKey(1), Mono(0));
        let quiet_at = |known| (0..3000).find(|ms| news.is_quiet(known, Mono(ms * 1000)));
        assert_eq!((quiet_at(2), quiet_at(100), quiet_at(5000)), (Some(54), Some(250), Some(1000)));
    }

    #[test]
    fn news_waits_for_more_but_not_for_ever() {
        let mut news = News::default();
        assert_eq!(news.due(), None);
        news.introduce(NodeKey(1), Mono(5_000));
        news.introduce(NodeKey(2), Mono(14_000));
        assert_eq!(news.due(), Some(Mono(15_000)));
    }
}
