//! Packets that a model sends.

use super::Peer;
use super::state::Known;
use crate::bus::raw::{EXT_DATA, FORCEACK, GOSSIP, HEADER, LIGHT, LIGHT_HEADER, flag, kind, put};
use crate::bus::world::{BUS_PORT, Family, PORT, Wish};
use base::NodeId;
use cluster::LinkId;

/// What R8 nodes agree on. All of them start with the same.
const SECRET: [u8; 40] = [b'5'; 40];

impl Peer {
    fn header(&self, kind: u16, total: usize) -> Vec<u8> {
        let me = self.state.me();
        let shown = me.replicaof.and_then(|id| self.state.nodes.get(&id)).unwrap_or(me);
        let mut flags = me.flags & (flag::PRIMARY | flag::REPLICA | flag::MYSELF | flag::NOFAILOVER);
        flags |= me.flags & (flag::MIGRATE_TO | flag::MY_PRIMARY_FAIL);
        if self.is_valkey() {
            flags |= flag::EXTENSIONS | flag::LIGHT_PUBLISH | flag::LIGHT_MODULE;
        }
        let mut packet = vec![0; total];
        put(&mut packet, 0, b"RCmb");
        put(&mut packet, 4, &(total as u32).to_be_bytes());
        for (at, value) in [(8, 1), (10, PORT), (12, kind), (2248, BUS_PORT), (2250, flags)] {
            put(&mut packet, at, &value.to_be_bytes());
        }
        for (at, value) in [(16, self.state.current_epoch), (24, shown.epoch), (32, me.offset)] {
            put(&mut packet, at, &value.to_be_bytes());
        }
        put(&mut packet, 40, self.state.me.as_bytes());
        put(&mut packet, 80, &shown.slots.to_wire());
        if let Some(primary) = me.replicaof.filter(|_| me.has(flag::REPLICA)) {
            put(&mut packet, 2128, primary.as_bytes());
        }
        packet[2252] = u8::from(!self.ok);
        let always = self.family == Family::Redis8 || (self.is_valkey() && kind <= kind::MEET);
        packet[2253] = if always { EXT_DATA } else { 0 };
        packet
    }

    /// PING, PONG or MEET on a link that is up.
    pub(super) fn send_ping(&mut self, link: LinkId, kind: u16) {
        let Some(record) = self.links.get(&link).filter(|l| l.up) else { return };
        let (to, dialled, seen) = (record.node, record.dialled, record.extensions_seen);
        let now = self.t();
        if let Some(id) = to.filter(|_| dialled) {
            let node = self.state.at(id);
            match kind {
                kind::PING => node.ping_sent = now,
                kind::MEET => node.meet_sent = now,
                _ => {}
            }
        }
        let gossip = self.select_gossip(to);
        let knows = to.is_some_and(|id| self.state.nodes[&id].has(flag::EXTENSIONS));
        let wanted = match self.family {
            Family::Redis8 => knows,
            Family::Valkey9 => knows || seen,
            _ => false,
        };
        let extensions = if wanted { self.extensions() } else { Vec::new() };
        let size: usize = extensions.iter().map(Vec::len).sum();
        let mut packet = self.header(kind, HEADER + gossip.len() * GOSSIP + size);
        put(&mut packet, 14, &(gossip.len() as u16).to_be_bytes());
        put(&mut packet, 2214, &(extensions.len() as u16).to_be_bytes());
        let mut at = HEADER;
        for id in gossip {
            let entry = self.gossip_entry(&self.state.nodes[&id]);
            put(&mut packet, at, &entry);
            at += GOSSIP;
        }
        for extension in extensions {
            put(&mut packet, at, &extension);
            at += extension.len();
        }
        self.wishes.push_back(Wish::Send(link, packet));
    }

    fn gossip_entry(&self, node: &Known) -> [u8; GOSSIP] {
        let seconds = |at: u64| match at {
            0 => 0,
            at => (self.now.unix_us.saturating_sub(self.t().saturating_sub(at)) / 1_000_000) as u32,
        };
        let mut entry = [0; GOSSIP];
        put(&mut entry, 0, node.id.as_bytes());
        put(&mut entry, 40, &seconds(node.ping_sent).to_be_bytes());
        put(&mut entry, 44, &seconds(node.pong_received).to_be_bytes());
        put(&mut entry, 48, node.ip.as_bytes());
        for (at, value) in [(94, node.port), (96, node.cport), (98, node.flags)] {
            put(&mut entry, at, &value.to_be_bytes());
        }
        entry
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let extension = |kind: u16, data: &[u8]| {
            let length = 8 + data.len().next_multiple_of(8);
            let mut bytes = vec![0; length];
            put(&mut bytes, 0, &(length as u32).to_be_bytes());
            put(&mut bytes, 4, &kind.to_be_bytes());
            put(&mut bytes, 8, data);
            bytes
        };
        let now = self.t();
        let mut all = Vec::new();
        for (id, until) in self.state.forgotten.iter().filter(|(_, until)| **until > now) {
            let mut data = id.as_bytes().to_vec();
            data.extend_from_slice(&((until - now) / 1_000_000).to_be_bytes());
            all.push(extension(2, &data));
        }
        all.push(extension(3, self.state.me().shard.as_bytes()));
        if self.family == Family::Redis8 {
            all.push(extension(4, &SECRET));
        }
        all
    }

    fn tell_all(&mut self, packet: &[u8]) {
        let links: Vec<LinkId> = self.state.nodes.values().filter_map(|n| n.outbound).collect();
        for link in links {
            let known = self.links[&link].node.is_some_and(|id| !self.state.nodes[&id].has(flag::HANDSHAKE));
            if self.links[&link].up && known {
                self.wishes.push_back(Wish::Send(link, packet.to_vec()));
            }
        }
    }

    /// A client's message, under a light header to those who said that they take one and have answered on this link.
    pub(super) fn broadcast_publish(&mut self, channel: &[u8], message: &[u8]) {
        let mut body = Vec::new();
        body.extend_from_slice(&(channel.len() as u32).to_be_bytes());
        body.extend_from_slice(&(message.len() as u32).to_be_bytes());
        body.extend_from_slice(channel);
        body.extend_from_slice(message);
        let mut full = self.header(kind::PUBLISH, HEADER + body.len());
        put(&mut full, HEADER, &body);
        let mut light = vec![0; LIGHT_HEADER];
        put(&mut light, 0, b"RCmb");
        put(&mut light, 4, &((LIGHT_HEADER + body.len()) as u32).to_be_bytes());
        put(&mut light, 8, &1_u16.to_be_bytes());
        put(&mut light, 12, &(kind::PUBLISH | LIGHT).to_be_bytes());
        light.extend_from_slice(&body);
        let mut sends = Vec::new();
        for node in self.state.nodes.values().filter(|n| !n.has(flag::HANDSHAKE)) {
            let Some(link) = node.outbound.filter(|l| self.links[l].up) else { continue };
            let answered = node.pong_received >= self.links[&link].created;
            let slim = self.is_valkey() && node.has(flag::LIGHT_PUBLISH) && answered;
            sends.push((link, if slim { light.clone() } else { full.clone() }));
        }
        self.wishes.extend(sends.into_iter().map(|(link, packet)| Wish::Send(link, packet)));
    }

    /// A PONG that nobody asked for, to those that `wanted` names.
    pub(super) fn broadcast_pong(&mut self, wanted: impl Fn(&Known) -> bool) {
        let sound = |n: &&Known| !n.has(flag::HANDSHAKE) && wanted(n);
        let links: Vec<LinkId> = self.state.nodes.values().filter(sound).filter_map(|n| n.outbound).collect();
        links.into_iter().for_each(|link| self.send_ping(link, kind::PONG));
    }

    pub(super) fn broadcast_fail(&mut self, id: NodeId) {
        let mut packet = self.header(kind::FAIL, HEADER + 40);
        put(&mut packet, HEADER, id.as_bytes());
        self.tell_all(&packet);
    }

    /// Asks everybody for a vote. `forced`: even of those who see the primary up.
    pub(super) fn broadcast_auth_request(&mut self, forced: bool) {
        let mut packet = self.header(kind::AUTH_REQUEST, HEADER);
        if forced {
            packet[2253] |= FORCEACK;
        }
        self.tell_all(&packet);
    }

    /// On the link that was dialled to `to`, if it is up.
    fn send_to(&mut self, to: NodeId, packet: Vec<u8>) {
        let link = self.state.nodes[&to].outbound;
        if let Some(link) = link.filter(|l| self.links[l].up) {
            self.wishes.push_back(Wish::Send(link, packet));
        }
    }

    pub(super) fn send_auth_ack(&mut self, to: NodeId) {
        let packet = self.header(kind::AUTH_ACK, HEADER);
        self.send_to(to, packet);
    }

    pub(super) fn send_update(&mut self, to: NodeId, about: NodeId) {
        let mut packet = self.header(kind::UPDATE, HEADER + 8 + 40 + 2048);
        let owner = &self.state.nodes[&about];
        let mut slots = owner.slots.clone();
        for slot in self.state.unclaimed.iter() {
            slots.remove(slot);
        }
        put(&mut packet, HEADER, &owner.epoch.to_be_bytes());
        put(&mut packet, HEADER + 8, about.as_bytes());
        put(&mut packet, HEADER + 48, &slots.to_wire());
        self.send_to(to, packet);
    }
}
