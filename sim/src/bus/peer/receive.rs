//! A packet that passed its family's checks, in the order of `cluster-behaviour.md` §4.

use super::Peer;
use super::state::Known;
use crate::bus::raw::{EXT_DATA, HEADER, Raw, flag, kind};
use crate::bus::world::Family;
use base::{NodeId, SlotSet};
use cluster::LinkId;

const ROLE: u16 = flag::PRIMARY | flag::REPLICA;
/// Flags that Valkey takes from every header, set or clear.
const HEADER_TRUTH: u16 = flag::LIGHT_PUBLISH | flag::LIGHT_MODULE | flag::MY_PRIMARY_FAIL;

impl Peer {
    pub(super) fn receive(&mut self, link: LinkId, packet: Raw<'_>) {
        if packet.is_light() {
            self.receive_light(link);
            return;
        }
        let sender = self.identify(link, packet);
        let now = self.t();
        if let Some(id) = sender {
            self.heard(id, packet);
            self.state.at(id).data_received = now;
        }
        if self.is_valkey()
            && packet.mflags() & EXT_DATA != 0
            && let Some(record) = self.links.get_mut(&link)
        {
            record.extensions_seen = true;
        }
        if packet.is_ping() {
            self.receive_ping(link, sender, packet);
        } else if let Some(sender) = sender {
            self.receive_other(sender, packet);
        }
    }

    /// The link says who sends; it must be known.
    fn receive_light(&mut self, link: LinkId) {
        let known = self.links[&link].node.filter(|id| !self.state.nodes[id].has(flag::HANDSHAKE));
        let now = self.t();
        match known {
            Some(id) => self.state.at(id).data_received = now,
            None => self.close(link),
        }
    }

    /// The node of the cluster that sends.
    fn identify(&mut self, link: LinkId, packet: Raw<'_>) -> Option<NodeId> {
        let record = &self.links[&link];
        let known = |id: &NodeId| self.state.nodes.get(id).is_some_and(|n| !n.has(flag::HANDSHAKE));
        if let Some(bound) = record.node.filter(known) {
            return Some(bound);
        }
        let sender = packet.sender().filter(known)?;
        if record.node.is_none() && sender != self.state.me {
            self.bind(link, sender);
        }
        Some(sender).filter(|id| *id != self.state.me)
    }

    fn bind(&mut self, link: LinkId, id: NodeId) {
        if let Some(old) = self.state.nodes[&id].inbound.filter(|old| *old != link) {
            self.close(old);
        }
        if let Some(record) = self.links.get_mut(&link) {
            record.node = Some(id);
            self.state.at(id).inbound = Some(link);
        }
    }

    /// What every header of a known node tells.
    fn heard(&mut self, id: NodeId, packet: Raw<'_>) {
        let primary = packet.replicaof().is_none();
        let (valkey, newer) = (self.is_valkey(), self.family != Family::Redis7);
        self.state.current_epoch = self.state.current_epoch.max(packet.current_epoch());
        let node = self.state.at(id);
        if packet.config_epoch() > node.epoch && (primary || !valkey) {
            node.epoch = packet.config_epoch();
        }
        node.offset = packet.offset();
        if valkey {
            node.flags = node.flags & !HEADER_TRUTH | packet.flags() & HEADER_TRUTH;
        }
        if newer && packet.mflags() & EXT_DATA != 0 {
            node.flags |= flag::EXTENSIONS;
        }
        self.election_overtaken(id, packet);
    }

    fn receive_other(&mut self, sender: NodeId, packet: Raw<'_>) {
        match packet.kind() {
            kind::FAIL => {
                if let Some(id) = packet.id(HEADER).filter(|id| *id != self.state.me) {
                    let fresh = self.state.nodes.get(&id).is_some_and(|n| !n.has(flag::FAIL));
                    if fresh {
                        self.mark_failed(id);
                    }
                }
            }
            kind::AUTH_REQUEST => self.vote(sender, packet),
            kind::AUTH_ACK => self.voted_for(sender, packet),
            kind::UPDATE => {
                let Some(id) = packet.id(HEADER + 8) else { return };
                let slots = SlotSet::from_wire(&packet.array(HEADER + 48));
                self.told_update(id, packet.u64(HEADER), &slots);
            }
            _ => {}
        }
    }

    fn receive_ping(&mut self, link: LinkId, sender: Option<NodeId>, packet: Raw<'_>) {
        let kind = packet.kind();
        let mut trusted = sender;
        if let Some(id) = sender.filter(|_| self.is_valkey()) {
            self.state.at(id).flags &= !flag::MEET;
        }
        if kind != kind::PONG {
            self.learn_my_ip(link, kind);
            if kind == kind::MEET && packet.sender() != Some(self.state.me) {
                match sender {
                    Some(id) => self.met_again(id),
                    None => trusted = self.met(link, packet),
                }
            }
            self.send_ping(link, kind::PONG);
        }
        let Some(record) = self.links.get(&link) else { return };
        if record.dialled
            && let Some(id) = record.node
        {
            if self.state.nodes[&id].has(flag::HANDSHAKE) {
                self.complete(id, packet);
                return;
            }
            if packet.sender() != Some(id) {
                self.wrong_identity(id, link);
                return;
            }
        }
        if let Some(id) = sender
            && !self.known_ping(link, id, packet)
        {
            return;
        }
        if let Some(id) = trusted {
            self.take_gossip(id, packet);
        }
        if let Some(id) = sender.filter(|id| self.state.nodes.contains_key(id)) {
            self.take_extensions(id, packet);
        }
    }

    /// Steps 5 to 10. False if the packet counts no further.
    fn known_ping(&mut self, link: LinkId, id: NodeId, packet: Raw<'_>) -> bool {
        let ours = self.state.nodes[&id].outbound == Some(link);
        let node = self.state.at(id);
        node.flags = node.flags & !flag::NOFAILOVER | packet.flags() & flag::NOFAILOVER;
        if packet.kind() == kind::PING && !ours {
            let socket = self.links[&link].peer.to_string();
            let ip = if packet.ip(2168).is_empty() { socket.as_str() } else { packet.ip(2168) };
            let said = (ip, packet.u16(10), packet.u16(2248));
            let node = &self.state.nodes[&id];
            if said != (node.ip.as_str(), node.port, node.cport) && !self.links[&link].dialled {
                self.move_node(id, said);
            }
        }
        if packet.kind() == kind::PONG && ours {
            self.answered(id);
        }
        self.observe_role(id, packet)
    }

    fn learn_my_ip(&mut self, link: LinkId, kind: u16) {
        if kind == kind::MEET || self.ip.is_empty() {
            let local = self.links[&link].local.map(|ip| ip.to_string());
            self.ip = local.unwrap_or_else(|| self.ip.clone());
        }
    }

    /// A MEET of a stranger: a record to dial. In Valkey it stands for the sender from here on.
    fn met(&mut self, link: LinkId, packet: Raw<'_>) -> Option<NodeId> {
        let valkey = self.is_valkey();
        if valkey && self.links[&link].node.is_some() {
            return self.links[&link].node;
        }
        let socket = self.links[&link].peer.to_string();
        let ip = if packet.ip(2168).is_empty() { socket } else { packet.ip(2168).to_owned() };
        let id = self.add_handshake(ip, packet.u16(10), packet.u16(2248), 0);
        if valkey {
            self.bind(link, id);
            return Some(id);
        }
        None
    }

    /// A record of a node whose name is not known yet.
    pub(super) fn add_handshake(&mut self, ip: String, port: u16, cport: u16, flags: u16) -> NodeId {
        let id = NodeId::random(&mut self.rng);
        let mut node = Known::new(id, flag::HANDSHAKE | flags, self.t());
        (node.ip, node.port, node.cport) = (ip, port, cport);
        self.state.nodes.insert(id, node);
        id
    }

    /// Valkey: a known node that says MEET again does not see our link.
    fn met_again(&mut self, id: NodeId) {
        let node = &self.state.nodes[&id];
        let old = self.t() - node.created > self.handshake_timeout();
        if let Some(link) = node.outbound.filter(|_| old && self.is_valkey()) {
            self.close(link);
        }
    }

    fn complete(&mut self, id: NodeId, packet: Raw<'_>) {
        let Some(name) = packet.sender() else { return };
        if self.state.nodes.contains_key(&name) {
            let node = &self.state.nodes[&id];
            let said = (node.ip.clone(), packet.u16(10), packet.u16(2248));
            let known = &self.state.nodes[&name];
            let elsewhere = (known.ip.as_str(), known.port, known.cport) != (said.0.as_str(), said.1, said.2);
            if elsewhere && name != self.state.me {
                self.move_node(name, (&said.0, said.1, said.2));
            }
            self.remove(id);
            return;
        }
        let Some(mut node) = self.state.nodes.remove(&id) else { return };
        node.id = name;
        node.shard = name;
        node.flags = node.flags & !flag::HANDSHAKE | packet.flags() & ROLE;
        for link in [node.outbound, node.inbound].into_iter().flatten() {
            if let Some(record) = self.links.get_mut(&link) {
                record.node = Some(name);
            }
        }
        self.state.nodes.insert(name, node);
        // The packet counts no further, but for the answer that it is.
        if packet.kind() == kind::PONG {
            self.answered(name);
        }
    }

    /// The address leads to somebody else now.
    fn wrong_identity(&mut self, id: NodeId, link: LinkId) {
        let valkey = self.is_valkey();
        let node = self.state.at(id);
        node.flags |= flag::NOADDR;
        (node.ip, node.port, node.cport) = (String::new(), 0, 0);
        self.close(link);
        if valkey && !self.state.nodes[&id].has(flag::FAIL) {
            self.mark_failed(id);
            self.broadcast_fail(id);
        }
    }
}
