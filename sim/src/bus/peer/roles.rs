//! Roles and slots that headers show, and epochs that collide.

use super::Peer;
use crate::bus::raw::{Raw, flag};
use base::{NodeId, Slot, SlotSet};

impl Peer {
    /// Steps 8 to 10. False if the packet is out of date.
    pub(super) fn observe_role(&mut self, id: NodeId, packet: Raw<'_>) -> bool {
        let replica = self.state.nodes[&id].has(flag::REPLICA);
        let mut switched = false;
        match packet.replicaof() {
            None if replica => {
                self.make_primary(id);
                switched = true;
            }
            None => {}
            Some(primary) => {
                if !replica && !self.make_replica(id, primary, packet) {
                    return false;
                }
                if self.state.nodes.contains_key(&primary) && primary != id {
                    self.state.at(id).replicaof = Some(primary);
                    self.state.at(id).shard = self.state.nodes[&primary].shard;
                }
                self.leave_sub_replica();
            }
        }
        let slots = SlotSet::from_wire(&packet.slots());
        let primary = self.state.nodes[&id].is_primary();
        if primary && (slots != self.state.nodes[&id].slots || switched) {
            self.claim(id, &slots, packet.config_epoch());
        }
        if primary || !self.is_valkey() {
            self.correct(id, &slots, packet.config_epoch());
        }
        self.collide(id, packet);
        true
    }

    fn make_primary(&mut self, id: NodeId) {
        let node = self.state.at(id);
        node.flags = node.flags & !flag::REPLICA | flag::PRIMARY;
        node.replicaof = None;
        if id != self.state.me {
            self.state.at(id).flags |= flag::MIGRATE_TO;
        }
    }

    /// A primary calls itself a replica. False if that is old news.
    fn make_replica(&mut self, id: NodeId, primary: NodeId, packet: Raw<'_>) -> bool {
        let epoch = packet.config_epoch();
        let shard = self.state.nodes[&id].shard;
        let heir = self.state.nodes.get(&primary).filter(|p| self.is_valkey() && p.shard == shard);
        if let Some(heir) = heir {
            if self.state.nodes[&id].epoch > epoch || heir.epoch > epoch {
                return false;
            }
            let was_replica = heir.has(flag::REPLICA);
            self.state.give_all(id, primary);
            if was_replica {
                self.make_primary(primary);
                self.state.at(primary).epoch = epoch;
            }
        } else {
            self.state.take_all(id);
        }
        let node = self.state.at(id);
        node.flags = node.flags & !(flag::PRIMARY | flag::MIGRATE_TO) | flag::REPLICA;
        true
    }

    /// My primary is a replica itself: follow its primary.
    fn leave_sub_replica(&mut self) {
        let above = |id: NodeId| self.state.nodes.get(&id).and_then(|n| n.replicaof);
        let next = self.state.me().replicaof.and_then(above).filter(|id| *id != self.state.me);
        if let Some(primary) = next {
            self.follow(primary);
        }
    }

    /// This node becomes a replica of that one.
    pub(super) fn follow(&mut self, primary: NodeId) {
        let shard = self.state.nodes[&primary].shard;
        let me = self.state.me;
        self.state.take_all(me);
        let me = self.state.me_mut();
        me.flags = me.flags & !(flag::PRIMARY | flag::MIGRATE_TO) | flag::REPLICA;
        (me.replicaof, me.shard, me.offset) = (Some(primary), shard, 1);
        self.log(format!("follows {primary}"));
        self.election_reset();
        self.announce |= self.is_valkey();
    }

    /// What `id` claims under `epoch`, against what is known.
    fn claim(&mut self, id: NodeId, claimed: &SlotSet, epoch: u64) {
        let mine = self.state.me().replicaof.unwrap_or(self.state.me);
        let had = self.state.nodes.get(&mine).is_some_and(|n| !n.slots.is_empty());
        let same_shard = self.state.me().shard == self.state.nodes[&id].shard;
        let mut lost = 0;
        for slot in Slot::all() {
            let owner = self.state.owner(slot);
            match (claimed.contains(slot), owner == Some(id)) {
                (true, true) => {
                    self.state.unclaimed.remove(slot);
                }
                (true, false) if self.is_valkey() || !self.state.importing.contains_key(&slot) => {
                    let older = owner.is_some_and(|o| self.state.nodes[&o].epoch < epoch);
                    if self.state.is_unclaimed(slot) || older {
                        lost += usize::from(owner == Some(mine));
                        self.state.importing.remove(&slot);
                        self.state.give(slot, id);
                    }
                }
                (false, true) => self.unclaim(slot, id),
                _ => {}
            }
        }
        let empty = self.state.nodes.get(&mine).is_some_and(|n| n.slots.is_empty());
        let follows = if self.is_valkey() { same_shard } else { true };
        if lost > 0 && had && empty && follows {
            self.follow(id);
        }
    }

    fn unclaim(&mut self, slot: Slot, by: NodeId) {
        let imported = self.state.importing.get(&slot) == Some(&by) && self.state.me().is_primary();
        if imported && self.is_valkey() {
            self.state.importing.remove(&slot);
            self.state.give(slot, self.state.me);
            self.bump();
        } else {
            self.state.unclaimed.insert(slot);
        }
    }

    /// One UPDATE about the first slot that somebody else has by a greater epoch.
    fn correct(&mut self, id: NodeId, slots: &SlotSet, epoch: u64) {
        if let Some(owner) = self.newer_owner(slots, epoch, Some(id)) {
            self.send_update(id, owner);
        }
    }

    /// Who owns one of the slots by a greater epoch.
    pub(super) fn newer_owner(&self, slots: &SlotSet, epoch: u64, but: Option<NodeId>) -> Option<NodeId> {
        let newer = |n: &&super::state::Known| n.epoch > epoch && Some(n.id) != but && !n.slots.is_empty();
        let owners: Vec<NodeId> = self.state.nodes.values().filter(newer).map(|n| n.id).collect();
        if owners.is_empty() {
            return None;
        }
        let owner = |slot| self.state.owner(slot).filter(|o| owners.contains(o));
        slots.iter().filter(|slot| !self.state.unclaimed.contains(*slot)).find_map(owner)
    }

    /// UPDATE: somebody says that `id` has these slots by `epoch`.
    pub(super) fn told_update(&mut self, id: NodeId, epoch: u64, slots: &SlotSet) {
        let stale = self.state.nodes.get(&id).is_none_or(|n| n.epoch >= epoch);
        if stale || id == self.state.me {
            return;
        }
        if self.state.nodes[&id].has(flag::REPLICA) {
            self.make_primary(id);
        }
        self.state.at(id).epoch = epoch;
        self.claim(id, slots, epoch);
    }

    /// Two primaries with one epoch: the smaller name takes another.
    fn collide(&mut self, id: NodeId, packet: Raw<'_>) {
        let (me, other) = (self.state.me(), &self.state.nodes[&id]);
        let both = me.is_primary() && other.is_primary() && packet.config_epoch() == me.epoch;
        if both && id > self.state.me {
            self.state.current_epoch += 1;
            self.state.me_mut().epoch = self.state.current_epoch;
            self.announce |= self.is_valkey();
        }
    }

    /// Makes its own epoch the greatest.
    pub(super) fn bump(&mut self) {
        let greatest = self.state.greatest_epoch();
        if self.state.me().epoch == 0 || self.state.me().epoch != greatest {
            self.state.current_epoch += 1;
            self.state.me_mut().epoch = self.state.current_epoch;
            self.announce |= self.is_valkey();
        }
    }
}
