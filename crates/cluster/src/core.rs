//! Everything the machine remembers, and the few moves that all rules share.

use crate::admission::Admission;
use crate::curiosity::Curiosity;
use crate::epochs::{self, Collision, Epochs};
use crate::event::{Event, Level, LinkAction, LinkId, SaveId};
use crate::failure::Accused;
use crate::forget::Blacklist;
use crate::health::{self, Health};
use crate::links::Links;
use crate::meeting::{self, Meetings};
use crate::names::Names;
use crate::news::News;
use crate::node_table::{NodeKey, NodeTable};
use crate::operator::Debug;
use crate::outbox::Outbox;
use crate::place::Place;
use crate::recorder::{Recorder, Value, What};
use crate::refusal::Refusals;
use crate::save::{Complaints, LazySave};
use crate::saver::{Promises, Saver};
use crate::settings::Settings;
use crate::slots::SlotTable;
use crate::stats::Stats;
use crate::verify::Doubts;
use crate::wire::{NodeFlags, PingKind};
use crate::{compose, dial, save};
use base::{Mono, NodeId, Now, ReplOffset, Rng, ShardId, SlotSet};
use std::collections::BTreeMap;
use std::time::Duration;

/// A change of the view that can wait is published so long after it, with all that follow in that time.
const VIEW_PAUSE: Duration = Duration::from_millis(50);

/// Work that handlers ask for, done once at the end of a call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Todo {
    pub update_state: bool,
    pub broadcast_pong: bool,
    /// Our address or what we announce changed: others follow addresses on PINGs only.
    pub broadcast_ping: bool,
    pub view: bool,
}

/// The nouns of the machine. Rules are functions over it, one file per noun or rule.
pub(crate) struct Core {
    pub settings: Settings,
    pub nodes: NodeTable,
    pub slots: SlotTable,
    pub links: Links,
    pub epochs: Epochs,
    pub health: Health,
    pub blacklist: Blacklist,
    pub names: Names,
    pub news: News,
    pub curiosity: Curiosity,
    pub meetings: Meetings,
    pub recorder: Recorder,
    pub saver: Saver,
    pub complaints: Complaints,
    pub stats: Stats,
    pub refusals: Refusals,
    pub admission: Admission,
    /// Nodes in whose name something was said that they have not confirmed.
    pub doubts: Doubts,
    /// Nodes that answer us and were called failed by one node.
    pub accused: Accused,
    pub debug: Debug,
    pub outbox: Outbox,
    pub log_level: Level,
    pub todo: Todo,
    pub rng: Rng,
    /// The time of the call being handled.
    pub now: Now,
    pub next_tick: Mono,
    pub ticks: u64,
    /// What our headers say of our replication stream.
    pub repl_offset: ReplOffset,
    pub view_version: u64,
    /// A node that keeps the epoch we share.
    pub collision: Option<Collision>,
    pub lazy_save: LazySave,
    /// When a change of the view that could wait is published.
    pub view_due: Option<Mono>,
    /// Slots that moved away in this call, by new owner.
    pub lost: BTreeMap<Option<NodeId>, SlotSet>,
}

impl Core {
    pub fn log(&mut self, level: Level, text: String) {
        if self.wants(level) {
            self.outbox.log(level, text);
        }
    }

    /// Whether lines of this severity are wanted: asked before one is composed on a busy path.
    pub fn wants(&self, level: Level) -> bool {
        level >= self.log_level
    }

    /// Remembers what was seen or decided, for CLUSTER LOG.
    pub fn record<const N: usize>(
        &mut self,
        what: What,
        node: Option<NodeId>,
        fields: [(&'static str, Value); N],
    ) {
        let record = self.recorder.make(self.now, what, node, fields.into());
        if self.settings.tells_records && !what.is_noise() {
            self.outbox.event(Event::Recorded(record.clone()));
        }
        self.recorder.add(record);
    }

    pub fn view_changed(&mut self) {
        self.todo.view = true;
    }

    /// The same for what no command is answered differently for: who is there and what it is called. While a mesh
    /// forms, nodes appear by the hundred, and each view costs as much as the cluster is large.
    pub fn view_soon(&mut self) {
        self.view_due.get_or_insert(self.now.mono + VIEW_PAUSE);
    }

    /// The present state must reach the disk; the name of the save that will hold it.
    pub fn want_save(&mut self) -> SaveId {
        self.saver.want()
    }

    /// The same for what is relearnt from others if a crash takes it: with a tick, and ever less often while it goes on.
    pub fn save_soon(&mut self) {
        self.lazy_save.want(self.now.mono);
    }

    pub fn promises(&self) -> Promises {
        Promises {
            current_epoch: self.epochs.current,
            my_epoch: self.nodes.me().config_epoch,
            last_vote: self.epochs.last_vote,
        }
    }

    /// Adds a record; `None` if the table is full, which is logged.
    pub fn add_node(&mut self, node: crate::node::Node) -> Option<NodeKey> {
        let id = node.id;
        let Some(key) = self.nodes.insert(node) else {
            self.log(Level::Warning, format!("Ignoring node {id}: the table of known nodes is full."));
            return None;
        };
        self.nodes[key].shard = ShardId::random(&mut self.rng);
        self.view_soon();
        Some(key)
    }

    /// Removes a record and all that refers to it: slots, open slots, links, reports, replicas' pointers.
    pub fn remove_node(&mut self, key: NodeKey) {
        meeting::removed(self, key);
        // Neither the cluster's state nor where clients are sent depends on nodes without slots.
        if self.nodes[key].slots.is_empty() {
            self.view_soon();
        } else {
            self.todo.update_state = true;
            self.view_changed();
        }
        self.slots.unassign_all(&mut self.nodes, key);
        self.slots.close_open(key);
        let node = &self.nodes[key];
        for link in [node.outbound, node.inbound].into_iter().flatten() {
            self.close_link(link);
        }
        let primary = self.nodes[key].replicaof;
        self.news.forget(key);
        self.doubts.forget(key);
        self.accused.remove(&key);
        self.collision = self.collision.filter(|c| c.with != key);
        self.nodes.remove(key);
        if let Some(primary) = primary {
            self.replica_left(primary);
        }
    }

    /// Points a replica at its primary, keeping the primaries' marks.
    pub fn set_primary(&mut self, replica: NodeKey, primary: Option<NodeKey>) {
        let old = std::mem::replace(&mut self.nodes[replica].replicaof, primary);
        if let Some(primary) = primary {
            self.nodes[primary].flags.insert(NodeFlags::MIGRATE_TO);
        }
        if let Some(old) = old {
            self.replica_left(old);
        }
        self.view_changed();
    }

    fn replica_left(&mut self, primary: NodeKey) {
        if self.nodes.iter().all(|(_, n)| n.replicaof != Some(primary)) {
            self.nodes[primary].flags.remove(NodeFlags::MIGRATE_TO);
        }
    }

    /// Closes a link and clears it out of its node's record.
    pub fn close_link(&mut self, link: LinkId) {
        if self.links.get(link).is_some() {
            self.outbox.action(LinkAction::Close(link));
            self.unlink(link);
        }
    }

    /// Forgets a link that is closed already.
    pub fn unlink(&mut self, id: LinkId) {
        let Some(link) = self.links.remove(id) else { return };
        let Some(key) = link.node else { return };
        let now = self.now.mono;
        let node = &mut self.nodes[key];
        if node.outbound == Some(id) {
            node.outbound = None;
        }
        if node.inbound == Some(id) {
            node.inbound = None;
            node.inbound_lost = now;
        }
    }

    /// Closes the link we dialled to `key`, so that it is dialled anew.
    pub fn close_outbound(&mut self, key: NodeKey) {
        if let Some(link) = self.nodes[key].outbound {
            self.close_link(link);
        }
    }

    /// Whoever dialled `link` is `key`; an older link of that node goes.
    pub fn bind_inbound(&mut self, link: LinkId, key: NodeKey) {
        if let Some(old) = self.nodes[key].inbound.filter(|old| *old != link) {
            self.close_link(old);
        }
        if self.links.get(link).is_some() {
            self.links.bind(link, key);
            let node = &mut self.nodes[key];
            node.inbound = Some(link);
            node.was_mutual |= !node.in_handshake();
            node.forgot_us = false;
            if !node.in_handshake() {
                let id = node.id;
                self.record(What::LinkUp, Some(id), [("direction", "from".into())]);
            }
            self.news.catch_up(key, self.now.mono);
        }
    }

    /// A node became known. If it dialled us while it was a stranger, that link is its inbound one.
    pub fn welcome(&mut self, key: NodeKey) {
        let id = self.nodes[key].id;
        if let Some(link) = self.links.stranger(&id)
            && self.nodes[key].inbound.is_none()
        {
            self.bind_inbound(link, key);
        }
        self.doubts.learnt(self.now.mono);
        if !std::mem::replace(&mut self.epochs.joined, true) {
            epochs::open(self);
        }
        self.news.learnt(key, self.now.mono);
        self.curiosity.satisfied();
    }

    /// A node is reached elsewhere from now on.
    pub fn move_node(&mut self, key: NodeKey, addr: Place) {
        self.close_outbound(key);
        let node = &self.nodes[key];
        let fields = [("from", node.addr.address().into()), ("to", addr.address().into())];
        self.record(What::AddressChanged, Some(node.id), fields);
        let node = &mut self.nodes[key];
        let text = format!("Address updated for node {} ({}), now {}", node.id, node.human(), addr.ip_port());
        node.addr = addr;
        node.flags.remove(NodeFlags::NOADDR);
        node.redial_at = self.now.mono;
        node.dial_failures = 0;
        self.log(Level::Notice, text);
        self.news.dial_soon(key);
        self.save_soon();
        self.view_changed();
    }

    /// A past instant on the wall clock, as that stands now; microseconds.
    pub fn unix_us(&self, at: Mono) -> u64 {
        let age = self.now.mono.0.saturating_sub(at.0);
        self.now.unix_us.saturating_sub(age)
    }

    /// Slots of mine that another node, or nobody, has now.
    pub fn lose_slot(&mut self, slot: base::Slot, to: Option<NodeId>) {
        self.lost.entry(to).or_default().insert(slot);
    }

    /// Does what the handlers of this call left to be done. State before save, save before announcement.
    pub fn settle(&mut self) {
        meeting::settle(self);
        if std::mem::take(&mut self.todo.update_state) {
            health::update(self);
        }
        for ((from, to), slots) in self.slots.take_moves() {
            let name = |id: Option<NodeId>| id.map_or(Value::from("nobody"), Value::from);
            let slots = format!("{slots:?}");
            let fields = [("slots", slots.into()), ("from", name(from)), ("to", name(to))];
            self.record(What::SlotsMoved, to, fields);
        }
        for (to, slots) in std::mem::take(&mut self.lost) {
            self.outbox.event(Event::SlotsLost { slots, to });
        }
        if self.saver.ready_to_start() {
            save::start(self);
        }
        let (ping, pong) = (self.todo.broadcast_ping, self.todo.broadcast_pong);
        (self.todo.broadcast_ping, self.todo.broadcast_pong) = (false, false);
        if ping || pong {
            compose::broadcast(self, if ping { PingKind::Ping } else { PingKind::Pong });
        }
        dial::dial_new(self);
        if std::mem::take(&mut self.todo.view) {
            self.view_due = None;
            self.view_version += 1;
            self.outbox.event(Event::ViewChanged);
        }
    }

    /// Panics if the nouns disagree.
    #[cfg(debug_assertions)]
    pub fn check_invariants(&self) {
        self.slots.check_invariants(&self.nodes);
        self.links.check_invariants();
        assert!(self.doubts.keys().chain(self.accused.keys()).all(|k| self.nodes.contains(*k)));
        for (key, node) in self.nodes.iter() {
            for (link, dialled) in [(node.outbound, true), (node.inbound, false)] {
                let Some(id) = link else { continue };
                assert!(
                    id.is_dialled() == dialled && self.links.get(id).is_some_and(|l| l.node == Some(key))
                );
            }
            assert!(node.replicaof.is_none_or(|p| self.nodes.contains(p) && p != key));
            assert!(node.reports.iter().all(|r| self.nodes.contains(r.by)));
        }
        let mine = |id, key| [self.nodes[key].outbound, self.nodes[key].inbound].contains(&Some(id));
        assert!(self.links.iter().all(|(id, link)| link.node.is_none_or(|key| mine(id, key))));
    }
}
