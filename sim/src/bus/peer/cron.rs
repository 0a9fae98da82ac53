//! Ten times a second: links, pings, suspicions, the cluster's state.

use super::Peer;
use super::state::Known;
use crate::bus::raw::{flag, kind};
use base::NodeId;

const SICK: u16 = flag::PFAIL | flag::FAIL;
const RANDOM_PING_EVERY: u64 = 10;

impl Peer {
    pub(super) fn handshake_timeout(&self) -> u64 {
        self.timeout_us.max(1_000_000)
    }

    pub(super) fn tick(&mut self) {
        self.ticks += 1;
        let names: Vec<NodeId> = self.state.nodes.keys().copied().filter(|id| *id != self.state.me).collect();
        self.suspects = self.state.nodes.values().filter(|n| n.has(flag::PFAIL)).count();
        for id in &names {
            self.upkeep(*id);
        }
        if self.ticks.is_multiple_of(RANDOM_PING_EVERY) {
            self.ping_somebody(&names);
        }
        for id in names {
            self.check_silence(id);
        }
        self.election_step();
        self.judge_state();
    }

    fn upkeep(&mut self, id: NodeId) {
        let (now, timeout) = (self.t(), self.handshake_timeout());
        let node = &self.state.nodes[&id];
        if node.has(flag::HANDSHAKE) && now - node.created > timeout {
            if let Some(link) = node.inbound.filter(|_| !self.is_valkey()) {
                // Only Valkey binds a handshake to the link it came on, and closes that with it.
                self.state.at(id).inbound = None;
                self.links.entry(link).and_modify(|l| l.node = None);
            }
            self.remove(id);
            return;
        }
        if node.outbound.is_none() && !node.has(flag::NOADDR) {
            self.dial(id);
        }
        self.repair(id);
    }

    /// Valkey: a node that never dials back may have missed the MEET.
    fn repair(&mut self, id: NodeId) {
        let (now, timeout) = (self.t(), self.handshake_timeout());
        let node = &self.state.nodes[&id];
        let sound = !node.has(flag::HANDSHAKE | flag::MEET | SICK) && node.has(flag::LIGHT_MODULE);
        let one_sided = node.inbound.is_none() && now - node.inbound_lost > timeout;
        let lately = node.meet_sent != 0 && now - node.meet_sent <= timeout;
        if let Some(link) = node.outbound.filter(|_| self.is_valkey() && sound && one_sided && !lately)
            && self.links[&link].up
        {
            self.state.at(id).flags |= flag::MEET;
            self.send_ping(link, kind::MEET);
        }
    }

    /// The one of five random nodes that answered longest ago.
    fn ping_somebody(&mut self, names: &[NodeId]) {
        let mut oldest: Option<&Known> = None;
        for _ in 0..5 {
            let Some(id) = names.get(self.rng.below(names.len() as u64) as usize) else { return };
            let Some(node) = self.state.nodes.get(id) else { continue };
            let apt = node.outbound.is_some() && node.ping_sent == 0 && !node.has(flag::HANDSHAKE);
            if apt && oldest.is_none_or(|o| node.pong_received < o.pong_received) {
                oldest = Some(node);
            }
        }
        if let Some(link) = oldest.and_then(|n| n.outbound) {
            self.send_ping(link, kind::PING);
        }
    }

    fn check_silence(&mut self, id: NodeId) {
        let (now, timeout) = (self.t(), self.timeout_us);
        let Some(node) = self.state.nodes.get(&id).filter(|n| !n.has(flag::NOADDR | flag::HANDSHAKE)) else {
            return;
        };
        let ping_delay = if node.ping_sent == 0 { 0 } else { now - node.ping_sent };
        let data_delay = now - node.data_received.min(now);
        if let Some(link) = node.outbound {
            let old = now - self.links[&link].created > timeout;
            if old && ping_delay > timeout / 2 && data_delay > timeout / 2 {
                self.close(link);
            } else if node.ping_sent == 0 && now - node.pong_received.min(now) > timeout / 2 {
                self.send_ping(link, kind::PING);
                return;
            }
        }
        let node = &self.state.nodes[&id];
        if node.ping_sent != 0 && ping_delay.min(data_delay) > timeout && !node.has(SICK) {
            self.state.at(id).flags |= flag::PFAIL;
            self.evaluate_fail(id);
        }
    }

    /// A suspect that enough others suspect too has failed.
    pub(super) fn evaluate_fail(&mut self, id: NodeId) {
        let (now, life) = (self.t(), 2 * self.timeout_us);
        let size = self.state.size();
        let me = self.state.me();
        let vote = if self.is_valkey() { me.counts() } else { me.is_primary() };
        let node = self.state.at(id);
        node.reports.retain(|_, at| now - *at <= life);
        let agreed = node.reports.len() + usize::from(vote);
        if node.has(flag::PFAIL) && !node.has(flag::FAIL) && agreed > size / 2 {
            self.mark_failed(id);
            self.broadcast_fail(id);
        }
    }

    pub(super) fn mark_failed(&mut self, id: NodeId) {
        let now = self.t();
        let node = self.state.at(id);
        node.flags = node.flags & !flag::PFAIL | flag::FAIL;
        node.fail_time = now;
        if self.is_valkey() && self.state.me().replicaof == Some(id) {
            self.state.me_mut().flags |= flag::MY_PRIMARY_FAIL;
        }
    }

    /// A PONG on the link that it dialled.
    pub(super) fn answered(&mut self, id: NodeId) {
        let (now, patience) = (self.t(), 2 * self.timeout_us);
        let node = self.state.at(id);
        (node.pong_received, node.ping_sent) = (now, 0);
        if node.has(flag::PFAIL) {
            node.flags &= !flag::PFAIL;
        } else if node.has(flag::FAIL) {
            let free = !node.is_primary() || node.slots.is_empty();
            if free || now - node.fail_time > patience {
                node.flags &= !flag::FAIL;
                self.state.me_mut().flags &= !flag::MY_PRIMARY_FAIL;
            }
        }
    }

    fn judge_state(&mut self) {
        let now = self.t();
        let first = *self.state_asked.get_or_insert(now);
        let primary = self.state.me().is_primary();
        if primary && !self.ok && now - first < 2_000_000 {
            return;
        }
        let voters: Vec<&Known> = self.state.nodes.values().filter(|n| n.counts()).collect();
        let reachable = voters.iter().filter(|n| !n.has(SICK)).count();
        let uncovered = self.state.assigned() < base::SLOTS
            || self.state.nodes.values().any(|n| n.has(flag::FAIL) && !n.slots.is_empty());
        let minority = reachable < voters.len() / 2 + 1;
        if minority {
            self.minority_at = Some(now);
        }
        let ok = !uncovered && !minority;
        let wait = self.timeout_us.clamp(500_000, 5_000_000);
        let rejoining = primary && self.minority_at.is_some_and(|at| now - at < wait);
        if !(ok && !self.ok && rejoining) {
            self.ok = ok;
        }
    }

    /// Whether it has run long enough to vote.
    pub(super) fn may_vote(&self) -> bool {
        !self.is_valkey() || self.state_asked.is_some_and(|at| self.t() - at >= 2_000_000)
    }
}
