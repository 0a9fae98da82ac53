//! Gossip and extensions, as the families make and take them.

use super::Peer;
use super::state::Known;
use crate::bus::raw::{Raw, flag};
use crate::bus::world::Family;
use base::NodeId;

const SICK: u16 = flag::PFAIL | flag::FAIL;

impl Peer {
    /// Whom to tell about in a packet to `to`: random nodes, then all suspects.
    pub(super) fn select_gossip(&mut self, to: Option<NodeId>) -> Vec<NodeId> {
        let names: Vec<NodeId> = self.state.nodes.keys().copied().collect();
        let wanted = (names.len() / 10).max(3).min(names.len().saturating_sub(2));
        let mut chosen: Vec<NodeId> = Vec::new();
        for _ in 0..wanted * 3 {
            let id = names[self.rng.below(names.len() as u64) as usize];
            let node = &self.state.nodes[&id];
            let barred = flag::PFAIL | flag::HANDSHAKE | flag::NOADDR;
            let idle = node.outbound.is_none() && node.slots.is_empty();
            let receiver = self.family != Family::Redis7 && Some(id) == to;
            if chosen.len() < wanted
                && id != self.state.me
                && !receiver
                && !node.has(barred)
                && !idle
                && !chosen.contains(&id)
            {
                chosen.push(id);
            }
        }
        let told = |n: &&Known| n.has(flag::PFAIL) && !n.has(flag::HANDSHAKE | flag::NOADDR);
        let suspects = self.state.nodes.values().filter(told).map(|n| n.id);
        chosen.extend(suspects.take(self.suspects));
        chosen
    }

    /// Takes in what `sender`, whom it trusts, says about others.
    pub(super) fn take_gossip(&mut self, sender: NodeId, packet: Raw<'_>) {
        let strict = self.family != Family::Redis7;
        if strict && (0..packet.count()).any(|n| packet.entry(n).id(0).is_none()) {
            return;
        }
        for entry in (0..packet.count()).map(|n| packet.entry(n)) {
            let Some(id) = entry.id(0) else { continue };
            if id == self.state.me || !self.state.nodes.contains_key(&sender) {
                continue;
            }
            if self.state.nodes.contains_key(&id) {
                self.weigh(sender, id, entry);
            } else {
                self.admit(id, entry);
            }
        }
    }

    fn admit(&mut self, id: NodeId, entry: Raw<'_>) {
        let now = self.t();
        let flags = entry.u16(98);
        let barred = self.state.forgotten.get(&id).is_some_and(|until| *until > now);
        if flags & flag::NOADDR != 0 || barred {
            return;
        }
        let mut node = Known::new(id, flags, now);
        (node.ip, node.port, node.cport) = (entry.ip(48).to_owned(), entry.u16(94), entry.u16(96));
        self.state.nodes.insert(id, node);
    }

    fn weigh(&mut self, sender: NodeId, id: NodeId, entry: Raw<'_>) {
        let now = self.t();
        let sick = entry.u16(98) & SICK != 0;
        let teller = &self.state.nodes[&sender];
        let may = if self.is_valkey() { teller.counts() } else { teller.is_primary() };
        if sick && may && id != sender {
            self.state.at(id).reports.insert(sender, now);
            self.evaluate_fail(id);
        } else if !sick && (may || self.is_valkey()) {
            self.state.at(id).reports.remove(&sender);
        }
        let doubted = self.is_valkey() && self.state.nodes[&id].has(flag::HANDSHAKE | flag::MEET | SICK);
        let unix = self.now.unix_us;
        let node = self.state.at(id);
        let pong = u64::from(entry.u32(44)) * 1_000_000;
        if !sick && !doubted && node.ping_sent == 0 && node.reports.is_empty() && pong <= unix + 500_000 {
            let seen = now.saturating_sub(unix.saturating_sub(pong));
            if pong != 0 && seen > node.pong_received {
                node.pong_received = seen;
            }
        }
        let told = (entry.ip(48), entry.u16(94), entry.u16(96));
        let elsewhere = told != (node.ip.as_str(), node.port, node.cport);
        if node.has(SICK) && !sick && entry.u16(98) & flag::NOADDR == 0 && elsewhere {
            self.move_node(id, told);
        }
    }

    /// The node is reached elsewhere from now on.
    pub(super) fn move_node(&mut self, id: NodeId, (ip, port, cport): (&str, u16, u16)) {
        let node = self.state.at(id);
        (node.ip, node.port, node.cport) = (ip.to_owned(), port, cport);
        node.flags &= !flag::NOADDR;
        if let Some(link) = node.outbound {
            self.close(link);
        }
    }

    /// Takes in the extensions of a known sender.
    pub(super) fn take_extensions(&mut self, sender: NodeId, packet: Raw<'_>) {
        if self.family == Family::Redis7 {
            return;
        }
        let mut shard = None;
        for (kind, data) in packet.extensions() {
            match (kind, data.get(..40).and_then(NodeId::parse)) {
                (2, Some(id)) => {
                    let seconds = Raw(data).u64(40);
                    self.told_to_forget(id, seconds);
                }
                (3, Some(id)) => shard = Some(id),
                _ => {}
            }
        }
        self.follow_shard(sender, shard);
    }

    fn told_to_forget(&mut self, id: NodeId, seconds: u64) {
        let mine = self.state.me().replicaof == Some(id) || id == self.state.me;
        if !mine && self.state.nodes.contains_key(&id) {
            self.state.forgotten.insert(id, self.now.mono.0 + seconds.min(1 << 32) * 1_000_000);
            self.remove(id);
        }
    }

    fn follow_shard(&mut self, sender: NodeId, said: Option<NodeId>) {
        let Some(node) = self.state.nodes.get(&sender) else { return };
        let shard = match node.replicaof.and_then(|id| self.state.nodes.get(&id)) {
            Some(primary) => primary.shard,
            None => said.unwrap_or(node.shard),
        };
        self.state.at(sender).shard = shard;
        if self.state.me().replicaof == Some(sender) {
            self.state.me_mut().shard = shard;
        }
    }
}
