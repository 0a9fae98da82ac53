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
    /// When the last valid packet came on it.
    heard_at: Option<Mono>,
    /// Bytes of an unfinished packet, while nobody known stands behind it.
    held: usize,
    /// Questions (PING, MEET) sent on it, and answers (PONG) that came: each answers the oldest open question.
    pub asked: u32,
    pub answers: u32,
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
            heard_at: None,
            held: 0,
            asked: 0,
            answers: 0,
            backlog: 0,
        }
    }

    /// When the last valid packet came.
    pub fn heard_at(&self) -> Option<Mono> {
        self.heard_at
    }
}

/// What a link is to us, for the limits on what others may hold open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// We dialled it.
    Ours,
    /// Accepted, and no valid packet came yet.
    Mute,
    /// Accepted; whoever speaks is not known.
    Stranger,
    /// Accepted, and bound to a node.
    Known,
}

fn standing(id: LinkId, link: &Link) -> Standing {
    match (id.is_dialled(), link.node.is_some(), link.heard_at.is_some()) {
        (true, ..) => Standing::Ours,
        (_, true, _) => Standing::Known,
        (_, _, true) => Standing::Stranger,
        _ => Standing::Mute,
    }
}

/// All of them. Which of a node's two links is which stands in the node's record.
#[derive(Default)]
pub(crate) struct Links {
    map: BTreeMap<LinkId, Link>,
    /// Names that unknown senders gave, and the accepted links they gave them on.
    strangers: BTreeMap<NodeId, LinkId>,
    dialled: u64,
    /// Links by [`Standing`].
    census: [usize; 4],
    /// Sum of what strangers' unfinished packets hold, bytes.
    held: usize,
}

impl Links {
    /// A connection to `node` that is being opened.
    pub fn dial(&mut self, node: NodeKey, addr: SocketAddr, now: Mono) -> LinkId {
        let id = LinkId::dialled(self.dialled);
        self.dialled += 1;
        let mut link = Link::new(Some(node), now);
        link.peer = Some(addr);
        self.census[Standing::Ours as usize] += 1;
        self.map.insert(id, link);
        id
    }

    /// A connection to whatever listens there, to find out what it is.
    pub fn dial_nobody(&mut self, addr: SocketAddr, now: Mono) -> LinkId {
        let id = LinkId::dialled(self.dialled);
        self.dialled += 1;
        let mut link = Link::new(None, now);
        link.peer = Some(addr);
        self.census[Standing::Ours as usize] += 1;
        self.map.insert(id, link);
        id
    }

    pub fn accept(&mut self, id: LinkId, peer: SocketAddr, local: IpAddr, now: Mono) {
        let mut link = Link::new(None, now);
        link.up = true;
        link.peer = Some(peer);
        link.local = Some(local);
        self.census[Standing::Mute as usize] += 1;
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
        let link = self.map.remove(&id)?;
        self.census[standing(id, &link) as usize] -= 1;
        self.held -= link.held;
        Some(link)
    }

    /// How many there are of a kind.
    pub fn count(&self, of: Standing) -> usize {
        self.census[of as usize]
    }

    /// Links that others dialled.
    pub fn accepted(&self) -> usize {
        [Standing::Mute, Standing::Stranger, Standing::Known].map(|of| self.count(of)).iter().sum()
    }

    pub fn standing(&self, id: LinkId) -> Option<Standing> {
        self.get(id).map(|link| standing(id, link))
    }

    /// The other end is that node.
    pub fn bind(&mut self, id: LinkId, node: NodeKey) {
        self.change(id, |link| link.node = Some(node));
        self.note_held(id, 0);
        self.no_stranger(id);
    }

    /// So much of an unfinished packet is held for a link. Of strangers' links it is counted; the sum.
    pub fn note_held(&mut self, id: LinkId, bytes: usize) -> usize {
        if let Some(link) = self.map.get_mut(&id) {
            let counted = if link.node.is_none() && !id.is_dialled() { bytes } else { 0 };
            self.held = self.held - link.held + counted;
            link.held = counted;
        }
        self.held
    }

    /// A valid packet came.
    pub fn heard(&mut self, id: LinkId, now: Mono) {
        self.change(id, |link| link.heard_at = Some(now));
    }

    fn change(&mut self, id: LinkId, change: impl FnOnce(&mut Link)) {
        let Some(link) = self.map.get_mut(&id) else { return };
        self.census[standing(id, link) as usize] -= 1;
        change(link);
        self.census[standing(id, link) as usize] += 1;
    }

    /// Panics if the census does not count what is there.
    #[cfg(debug_assertions)]
    pub fn check_invariants(&self) {
        let mut census = [0; 4];
        self.map.iter().for_each(|(id, link)| census[standing(*id, link) as usize] += 1);
        assert_eq!(census, self.census);
        assert_eq!(self.map.values().map(|link| link.held).sum::<usize>(), self.held);
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
