//! One claim, and whether the node stands by it.

use super::{Question, Said, Word};
use crate::claims;
use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::wire::Header;
use base::{Epoch, Mono, NodeId, SlotSet};

/// What in a header differs from what we hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct News {
    /// The role, if it is another: the primary, or none.
    role: Option<Option<NodeId>>,
    /// Slots, if they change hands or are given up.
    slots: Option<Box<SlotSet>>,
}

/// Why to ask at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Urgency {
    /// There is no hurry: the next answer will do.
    None,
    /// The cluster's epoch would rise.
    Epoch,
    /// Slots would leave their owner.
    Power,
}

impl News {
    /// The news of a header, and how urgent it is to ask; `None` if it has none. Where claims are taken anyway, epochs of
    /// nodes without slots are no news: a whole cluster that starts takes new ones, and they decide nothing.
    pub fn of(core: &Core, sender: NodeKey, header: &Header) -> Option<(News, Urgency)> {
        let node = &core.nodes[sender];
        let recorded = node.replicaof.map(|p| core.nodes[p].id);
        let role = (header.replicaof != recorded || header.replicaof.is_none() != node.is_primary())
            .then_some(header.replicaof);
        let moves = match header.replicaof {
            None => claims::moves(core, sender, &header.slots, header.config_epoch),
            Some(_) => claims::Moves::default(),
        };
        let raises = header.current_epoch > core.epochs.current || header.config_epoch > header.current_epoch;
        let strict = core.settings.bus_verify == crate::settings::Verify::Strict;
        let weighty = strict || !node.slots.is_empty() || !header.slots.is_empty();
        let own = header.replicaof.is_none() && header.config_epoch > node.config_epoch && weighty;
        if role.is_none() && !moves.any && !raises && !own {
            return None;
        }
        let urgency = match moves.takes || (role.is_some() && !node.slots.is_empty()) {
            true => Urgency::Power,
            false if raises => Urgency::Epoch,
            false => Urgency::None,
        };
        Some((News { role, slots: moves.any.then(|| Box::new(header.slots.clone())) }, urgency))
    }
}

/// A claim in a node's name.
#[derive(Debug)]
pub(crate) struct Claim {
    current: Epoch,
    config: Epoch,
    news: News,
    /// Who said it, if not the node itself.
    teller: Option<NodeId>,
    said: Said,
    since: Mono,
    /// The node is asked at once, so that its answer cannot be about a later time.
    urgent: bool,
    awaited: Option<Question>,
}

impl Claim {
    pub fn new(news: News, header: &Header, said: Said, since: Mono, urgent: bool) -> Claim {
        let (current, config) = (header.current_epoch, header.config_epoch);
        Claim { current, config, news, teller: None, said, since, urgent, awaited: None }
    }

    /// `teller` says that the node has these slots.
    pub fn told(teller: NodeId, config: Epoch, slots: &SlotSet, said: Said, since: Mono) -> Claim {
        let news = News { role: Some(None), slots: Some(Box::new(slots.clone())) };
        Claim { current: 0, config, news, teller: Some(teller), said, since, urgent: true, awaited: None }
    }

    pub fn awaiting(mut self, question: Option<Question>) -> Claim {
        self.awaited = question;
        self
    }

    pub fn awaited(&self) -> Option<Question> {
        self.awaited
    }

    pub fn since(&self) -> Mono {
        self.since
    }

    /// How loud the log must be if it is not confirmed: of what is asked later, it may just not be true any more.
    pub fn level(&self) -> Level {
        if self.urgent { Level::Warning } else { Level::Verbose }
    }

    /// It was not taken.
    pub fn is_doubted(&self) -> bool {
        self.said.word == Word::Doubted
    }

    pub fn same(&self, other: &Claim) -> bool {
        let key = |c: &Claim| (c.current, c.config, c.teller, c.said.source);
        key(self) == key(other) && self.news == other.news
    }

    /// Whether the node, in an answer that is younger, says at least as much.
    pub fn confirmed_by(&self, header: &Header) -> bool {
        if header.current_epoch < self.current || header.config_epoch < self.config {
            return false;
        }
        // What it says by a greater epoch takes the place of what it said before.
        let superseded = header.config_epoch > self.config;
        let role = self.news.role.is_none_or(|role| role == header.replicaof);
        let slots = self.news.slots.as_ref().is_none_or(|s| s.iter().all(|slot| header.slots.contains(slot)));
        superseded || (role && slots)
    }

    /// A line for the log.
    pub fn line(&self, core: &Core, key: NodeKey, fate: &str) -> String {
        let node = &core.nodes[key];
        let mut what = format!("epochs {}/{}", self.current, self.config);
        match self.news.role {
            Some(Some(primary)) => what += &format!(", replica of {primary}"),
            Some(None) if self.teller.is_none() => what += ", primary",
            _ => {}
        }
        if let Some(slots) = &self.news.slots {
            what += &format!(", slots {slots:?}");
        }
        let teller = self.teller.map_or(String::new(), |id| format!(" by node {id}"));
        let from = self.said.source.map_or(String::new(), |peer| format!(" on a link from {peer}"));
        format!("A claim for node {} ({}){teller}{from} {fate}: {what}", node.id, node.human())
    }
}
