//! A peer that says what the script tells it to: replicas of other implementations, liars, nodes with another name.

use base::{NodeId, Now};
use cluster::LinkId;
use cluster::wire::{self, Body, Extension, Framer, Header, Message, MsgFlags, Packet, PingKind};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

type Dials = Vec<(LinkId, SocketAddr)>;
type Sends = Vec<(LinkId, Vec<u8>)>;
type Closes = Vec<LinkId>;

const PING_EVERY_US: u64 = 500_000;

struct FakeLink {
    framer: Framer,
    peer: Option<IpAddr>,
    to: Option<NodeId>,
    up: bool,
}

/// What a fake makes of what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// A bus like any other.
    Bus,
    /// Answers on the link, and dials nobody.
    Homebody,
    /// Closes a link as soon as something comes.
    HangsUp,
    /// Answers commands of clients, and waits for the end of everything else.
    Clients,
    /// Answers TLS, and closes on everything else.
    Tls,
}

pub struct Fake {
    pub manner: Manner,
    pub header: Header,
    /// Attached to each PING, PONG and MEET that has none of its own.
    pub extensions: Vec<Extension>,
    pub next_tick: u64,
    /// Answers PINGs and sends its own.
    pub lively: bool,
    /// Hears nothing on the links that it accepted, as if a crash of its host had left them half open.
    pub deaf: bool,
    dialled: u64,
    links: BTreeMap<LinkId, FakeLink>,
    dials: Vec<(LinkId, SocketAddr)>,
    sends: Vec<(LinkId, Vec<u8>)>,
    closes: Closes,
}

impl Fake {
    pub fn new(id: NodeId, now_us: u64) -> Fake {
        let mut header = Header::new(id);
        (header.port, header.cport) = (7000, 17000);
        Fake {
            manner: Manner::Bus,
            header,
            extensions: Vec::new(),
            next_tick: now_us + PING_EVERY_US,
            lively: true,
            deaf: false,
            dialled: 0,
            links: BTreeMap::new(),
            dials: Vec::new(),
            sends: Vec::new(),
            closes: Vec::new(),
        }
    }

    pub fn take(&mut self) -> (Dials, Sends, Closes) {
        (std::mem::take(&mut self.dials), std::mem::take(&mut self.sends), std::mem::take(&mut self.closes))
    }

    pub fn accepted(&mut self, link: LinkId, peer: IpAddr) {
        self.add(link, Some(peer), None, true);
    }

    fn add(&mut self, link: LinkId, peer: Option<IpAddr>, to: Option<NodeId>, up: bool) {
        let framer = Framer::new(wire::PACKET_MAX);
        self.links.insert(link, FakeLink { framer, peer, to, up });
    }

    pub fn dial(&mut self, to: NodeId, addr: SocketAddr) {
        // The world tells links apart by these; accepted ones of this host count from 0.
        let link = LinkId::accepted((1 << 40) + self.dialled);
        self.dialled += 1;
        self.add(link, None, Some(to), false);
        self.dials.push((link, addr));
    }

    pub fn up(&mut self, link: LinkId) {
        if let Some(link) = self.links.get_mut(&link) {
            link.up = true;
        }
        if self.lively {
            self.say(link, ping(PingKind::Ping));
        }
    }

    pub fn down(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    pub fn tick(&mut self, now: Now) {
        self.next_tick = now.mono.0 + PING_EVERY_US;
        let out: Vec<LinkId> =
            self.links.iter().filter(|(_, l)| l.to.is_some() && l.up).map(|(id, _)| *id).collect();
        for link in if self.lively { out } else { Vec::new() } {
            self.say(link, ping(PingKind::Ping));
        }
    }

    fn say(&mut self, link: LinkId, body: Body) {
        self.say_as(link, self.header.clone(), body);
    }

    fn say_as(&mut self, link: LinkId, header: Header, mut body: Body) {
        let mut bytes = Vec::new();
        if let Body::Ping { extensions, .. } = &mut body
            && extensions.is_empty()
        {
            extensions.clone_from(&self.extensions);
        }
        wire::encode(&Packet { header, body }, &mut bytes);
        self.sends.push((link, bytes));
    }

    /// Says something unasked on the link that it dialled to `to`.
    pub fn tell(&mut self, to: NodeId, body: Body, force: bool) {
        let link = self.links.iter().find(|(_, l)| l.to == Some(to)).map(|(id, _)| *id);
        let mut header = self.header.clone();
        if force {
            header.mflags.insert(MsgFlags::FORCEACK);
        }
        self.say_as(link.expect("the fake dialled it"), header, body);
    }

    /// Links that this fake dialled and that are connected.
    pub fn dialled_links(&self) -> Vec<LinkId> {
        self.links.iter().filter(|(_, l)| l.to.is_some() && l.up).map(|(id, _)| *id).collect()
    }

    /// These bytes on that link.
    pub fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.sends.push((link, bytes.to_vec()));
    }

    /// The same under a light header.
    pub fn whisper(&mut self, to: NodeId, body: &Body) {
        let link = self.links.iter().find(|(_, l)| l.to == Some(to)).map(|(id, _)| *id);
        let mut bytes = Vec::new();
        wire::encode_light(body, &mut bytes);
        self.sends.push((link.expect("the fake dialled it"), bytes));
    }

    /// The same bytes on every link.
    pub fn shout(&mut self, bytes: &[u8]) {
        let links: Vec<LinkId> = self.links.iter().filter(|(_, l)| l.up).map(|(id, _)| *id).collect();
        self.sends.extend(links.into_iter().map(|link| (link, bytes.to_vec())));
    }

    pub fn bytes(&mut self, id: LinkId, bytes: &[u8]) {
        match self.manner {
            Manner::Bus | Manner::Homebody => self.packets(id, bytes),
            Manner::Clients if bytes == b"PING\r\n" => self.sends.push((id, b"+PONG\r\n".to_vec())),
            Manner::Clients => {}
            Manner::Tls if bytes.starts_with(&[0x16, 3]) => {
                self.sends.push((id, b"\x15\x03\x03\0\x02\x02\x28".to_vec()));
            }
            Manner::Tls | Manner::HangsUp => {
                self.links.remove(&id);
                self.closes.push(id);
            }
        }
    }

    fn packets(&mut self, id: LinkId, bytes: &[u8]) {
        let Some(link) = self.links.get_mut(&id) else { return };
        let mut rest = bytes;
        let mut packets = Vec::new();
        // In this world packets come whole, one at a time.
        if let Ok(Some(packet)) = link.framer.next(&mut rest) {
            packets.extend(wire::decode(packet));
        }
        let peer = link.peer;
        for message in packets {
            let Message::Full(packet) = message else { continue };
            let Body::Ping { kind, .. } = packet.body else { continue };
            if kind == PingKind::Pong || !self.lively || self.deaf {
                continue;
            }
            self.say(id, ping(PingKind::Pong));
            let known = self.links.values().any(|l| l.to == Some(packet.header.sender));
            if kind == PingKind::Meet
                && !known
                && self.manner == Manner::Bus
                && let Some(ip) = peer
            {
                self.dial(packet.header.sender, SocketAddr::new(ip, packet.header.cport));
            }
        }
    }
}

pub fn ping(kind: PingKind) -> Body {
    Body::Ping { kind, gossip: Vec::new(), extensions: Vec::new() }
}
