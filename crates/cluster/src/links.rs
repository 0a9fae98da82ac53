//! Connections of the bus: two per pair of nodes, one dialled by each side.

use crate::event::LinkId;
use crate::news::Told;
use crate::node_table::NodeKey;
use crate::wire::{Framer, PACKET_MAX, PeerClass};
use base::{Mono, NodeId};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// One connection.
pub(crate) struct Link {
    /// The node at the other end, once known. A dialled link knows from the start.
    pub node: Option<NodeKey>,
    pub created: Mono,
    /// Connected; an accepted link always is.
    pub up: bool,
    /// The other end's address.
    pub peer: Option<SocketAddr>,
    /// Our own end's address.
    pub local: Option<IpAddr>,
    /// Taken out while its bytes are handled.
    pub framer: Option<Framer>,
    /// A message with the extension flag came in on it.
    pub extensions_seen: bool,
    /// The family that its other end shows, known or not.
    pub class: Option<PeerClass>,
    /// A PING that went out on it was answered: the other end has read a full header of ours.
    pub answered: bool,
    /// What its unknown sender calls itself.
    stranger: Option<NodeId>,
    /// It carried a whole message before the one being handled.
    pub used: bool,
    /// We said something on it.
    pub greeted: bool,
    /// How far whoever dialled it was told the news.
    pub told: Told,
    /// Bytes that the transport could not send yet, as the caller last said.
    pub backlog: usize,
}

impl Link {
    fn new(node: Option<NodeKey>, now: Mono) -> Link {
        Link {
            node,
            created: now,
            up: false,
            peer: None,
            local: None,
            framer: Some(Framer::new(PACKET_MAX)),
            extensions_seen: false,
            class: None,
            answered: false,
            stranger: None,
            used: false,
            greeted: false,
            told: 0,
            backlog: 0,
        }
    }
}

/// All of them. Which of a node's two links is which stands in the node's record.
#[derive(Default)]
pub(crate) struct Links {
    map: BTreeMap<LinkId, Link>,
    /// Names that unknown senders gave, and the accepted links they gave them on.
    strangers: BTreeMap<NodeId, LinkId>,
    dialled: u64,
}

impl Links {
    /// A connection to `node` that is being opened.
    pub fn dial(&mut self, node: NodeKey, addr: SocketAddr, now: Mono) -> LinkId {
        let id = LinkId::dialled(self.dialled);
        self.dialled += 1;
        let mut link = Link::new(Some(node), now);
        link.peer = Some(addr);
        self.map.insert(id, link);
        id
    }

    pub fn accept(&mut self, id: LinkId, peer: SocketAddr, local: IpAddr, now: Mono) {
        let mut link = Link::new(None, now);
        link.up = true;
        link.peer = Some(peer);
        link.local = Some(local);
        assert!(self.map.insert(id, link).is_none(), "link ids are never reused");
    }

    pub fn get(&self, id: LinkId) -> Option<&Link> {
        self.map.get(&id)
    }

    pub fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.map.get_mut(&id)
    }

    pub fn remove(&mut self, id: LinkId) -> Option<Link> {
        self.no_stranger(id);
        self.map.remove(&id)
    }

    /// An unknown sender calls itself so on that link.
    pub fn note_stranger(&mut self, name: NodeId, link: LinkId) {
        self.no_stranger(link);
        if let Some(record) = self.map.get_mut(&link) {
            record.stranger = Some(name);
            self.strangers.insert(name, link);
        }
    }

    /// The newest link on which somebody called itself so.
    pub fn stranger(&self, name: &NodeId) -> Option<LinkId> {
        self.strangers.get(name).copied()
    }

    /// The link's other end is known, or gone.
    pub fn no_stranger(&mut self, link: LinkId) {
        let name = self.map.get_mut(&link).and_then(|l| l.stranger.take());
        if let Some(name) = name.filter(|n| self.strangers.get(n) == Some(&link)) {
            self.strangers.remove(&name);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (LinkId, &Link)> {
        self.map.iter().map(|(id, link)| (*id, link))
    }
}
