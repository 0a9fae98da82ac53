//! Votes, and replicas that ask for them (spec `cluster-behaviour.md` §6.2 to §6.5).

use super::Peer;
use super::state::Known;
use crate::bus::raw::{FORCEACK, Raw, flag};
use base::{NodeId, SlotSet};

/// An election of its own.
#[derive(Clone, Default)]
pub(super) struct Election {
    /// When it begins.
    at: u64,
    sent: bool,
    epoch: u64,
    votes: usize,
}

impl Peer {
    pub(super) fn election_reset(&mut self) {
        self.election = Election::default();
    }

    /// Valkey: a claim with an epoch as great ends the election.
    pub(super) fn election_overtaken(&mut self, id: NodeId, packet: Raw<'_>) {
        let running = self.election.sent && self.is_valkey() && packet.replicaof().is_none();
        if running && packet.config_epoch() >= self.election.epoch && id != self.state.me {
            self.election_reset();
        }
    }

    fn siblings(&self) -> impl Iterator<Item = &Known> {
        let mine = self.state.me().replicaof;
        self.state.nodes.values().filter(move |n| n.replicaof == mine && n.id != self.state.me)
    }

    pub(super) fn election_step(&mut self) {
        let now = self.t();
        let me = self.state.me();
        let failed = |id: &NodeId| self.state.nodes.get(id).filter(|p| p.has(flag::FAIL) && p.counts());
        let wanted = me.has(flag::REPLICA) && !me.has(flag::NOFAILOVER);
        let Some(primary) = me.replicaof.as_ref().and_then(failed).filter(|_| wanted).map(|p| p.id) else {
            return;
        };
        let auth_timeout = (2 * self.timeout_us).max(2_000_000);
        let since = now.saturating_sub(self.election.at);
        if self.election.at == 0 || (now > self.election.at && since > 2 * auth_timeout) {
            self.plan_election();
            return;
        }
        if now < self.election.at || since > auth_timeout {
            return;
        }
        if !self.election.sent {
            self.state.current_epoch += 1;
            self.election.epoch = self.state.current_epoch;
            self.election.sent = true;
            self.log(format!("asks for votes in epoch {}", self.election.epoch));
            self.broadcast_auth_request(false);
            return;
        }
        if self.election.votes > self.state.size() / 2 {
            self.take_over(primary);
        }
    }

    fn plan_election(&mut self) {
        let now = self.t();
        let rank = self.siblings().filter(|n| n.id < self.state.me).count() as u64;
        let unit = if self.is_valkey() { (self.timeout_us / 30).min(500_000) } else { 500_000 };
        let delay = unit + self.rng.below(unit.max(1)) + 2 * unit * rank;
        self.election = Election { at: now + delay, ..Election::default() };
        let mine = self.state.me().replicaof;
        self.broadcast_pong(|n| n.replicaof == mine);
    }

    /// A vote came.
    pub(super) fn voted_for(&mut self, sender: NodeId, packet: Raw<'_>) {
        let counts = self.state.nodes[&sender].counts();
        if counts && self.election.sent && packet.current_epoch() >= self.election.epoch {
            self.election.votes += 1;
        }
    }

    fn take_over(&mut self, primary: NodeId) {
        let epoch = self.election.epoch;
        let me = self.state.me;
        let node = self.state.me_mut();
        node.flags = node.flags & !flag::REPLICA | flag::PRIMARY;
        node.replicaof = None;
        node.epoch = node.epoch.max(epoch);
        self.state.give_all(primary, me);
        self.log(format!("takes over from {primary} in epoch {epoch}"));
        self.election_reset();
        self.broadcast_pong(|_| true);
    }

    /// Somebody asks for a vote.
    pub(super) fn vote(&mut self, sender: NodeId, packet: Raw<'_>) {
        let now = self.t();
        let epoch = self.state.current_epoch;
        if !self.state.me().counts() || !self.may_vote() {
            return;
        }
        if packet.current_epoch() < epoch || self.state.last_vote == epoch {
            return;
        }
        let candidate = &self.state.nodes[&sender];
        let primary = candidate.replicaof.and_then(|id| self.state.nodes.get(&id));
        let Some(primary) = primary.filter(|_| candidate.has(flag::REPLICA)) else { return };
        let forced = packet.mflags() & FORCEACK != 0;
        if !primary.has(flag::FAIL) && !forced {
            return;
        }
        let spaced = primary.voted == 0 || now - primary.voted >= 2 * self.timeout_us;
        if !self.is_valkey() && !spaced {
            return;
        }
        let of_primary = primary.id;
        let slots = SlotSet::from_wire(&packet.slots());
        if let Some(owner) = self.newer_owner(&slots, packet.config_epoch(), None) {
            if self.is_valkey() {
                self.send_update(sender, owner);
            }
            return;
        }
        self.state.last_vote = epoch;
        self.state.at(of_primary).voted = now;
        self.send_auth_ack(sender);
    }
}
