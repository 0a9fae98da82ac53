//! Connections of the bus: streams between two hosts, which arrive late, stall, and break.

use super::{LATENCY_US, World};
use node::control::LinkId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

/// Bytes that the kernels on both sides hold before a sender notices that nothing moves.
const KERNEL_BYTES: usize = 256 * 1024;

/// Which end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The one that connected.
    Dialler,
    /// The one that accepted.
    Acceptor,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Dialler => Side::Acceptor,
            Side::Acceptor => Side::Dialler,
        }
    }
}

/// Something on its way; `from` says in which direction.
#[derive(Clone, Debug)]
pub enum Event {
    /// The first packet of a connection.
    Connect { conn: u64 },
    /// The answer that nobody listens there.
    Refused { host: usize, life: u64, link: LinkId },
    /// Bytes.
    Deliver { conn: u64, from: Side, bytes: Vec<u8> },
    /// The end.
    Close { conn: u64, from: Side },
}

/// One end of a connection.
#[derive(Clone, Copy)]
struct End {
    host: usize,
    life: u64,
    /// Its name there, while it is open.
    link: Option<LinkId>,
    /// The host lost power: nobody told the other end.
    vanished: bool,
}

struct Conn {
    ends: [End; 2],
    connected: bool,
    /// When the last bytes sent by each side arrive: a stream keeps its order.
    arrives: [u64; 2],
    /// What waits for a cut to heal, by the side that sent it.
    stalled: [VecDeque<Event>; 2],
    /// Bytes sent by each side that have not arrived.
    flying: [usize; 2],
}

/// All connections of the bus, and what is cut.
#[derive(Default)]
pub struct Links {
    conns: BTreeMap<u64, Conn>,
    next: u64,
    names: BTreeMap<(usize, LinkId), (u64, Side)>,
    /// Nothing goes from the first to the second.
    cuts: BTreeSet<(usize, usize)>,
}

impl Links {
    fn is_cut(&self, from: usize, to: usize) -> bool {
        self.cuts.contains(&(from, to))
    }
}

impl World {
    /// Nothing goes from one host to another any more; the other direction is not touched.
    pub fn cut(&mut self, from: usize, to: usize) {
        if from != to && self.links.cuts.insert((from, to)) {
            self.say(&format!("cut n{from} -> n{to}"));
        }
    }

    /// Everything goes everywhere again, and what was stalled goes on.
    pub fn heal(&mut self) {
        if std::mem::take(&mut self.links.cuts).is_empty() {
            return;
        }
        self.say("heal");
        let mut stalled = Vec::new();
        for conn in self.links.conns.values_mut() {
            for queue in &mut conn.stalled {
                stalled.extend(queue.drain(..));
            }
        }
        // Streams keep their order: all arrive at once, and before what is sent from now on.
        for event in stalled {
            self.schedule(0, super::Event::Link(event));
        }
    }

    /// Breaks some connection, as a middlebox would.
    pub fn break_link(&mut self) {
        let open: Vec<u64> =
            self.links.conns.iter().filter(|(_, c)| c.connected).map(|(id, _)| *id).collect();
        if open.is_empty() {
            return;
        }
        let conn = open[self.rng.below(open.len() as u64) as usize];
        self.say("a link breaks");
        for side in [Side::Dialler, Side::Acceptor] {
            self.gone(conn, side);
        }
    }

    pub(super) fn dial(&mut self, host: usize, link: LinkId, addr: SocketAddr) {
        let there = self.hosts.iter().position(|h| h.ip == addr.ip() && addr.port() == super::host::BUS_PORT);
        let life = self.hosts[host].life;
        let after = self.between(LATENCY_US);
        let Some(peer) = there else {
            self.schedule(2 * after, super::Event::Link(Event::Refused { host, life, link }));
            return;
        };
        let id = self.links.next;
        self.links.next += 1;
        let end = |host, life, link| End { host, life, link, vanished: false };
        self.links.conns.insert(
            id,
            Conn {
                ends: [end(host, life, Some(link)), end(peer, 0, None)],
                connected: false,
                arrives: [0, 0],
                stalled: Default::default(),
                flying: [0, 0],
            },
        );
        self.links.names.insert((host, link), (id, Side::Dialler));
        self.schedule(after, super::Event::Link(Event::Connect { conn: id }));
    }

    pub(super) fn link_event(&mut self, event: Event) {
        let travels = match &event {
            Event::Refused { .. } => None,
            Event::Connect { conn } => Some((*conn, Side::Dialler)),
            Event::Deliver { conn, from, .. } | Event::Close { conn, from } => Some((*conn, *from)),
        };
        if let Some((id, from)) = travels {
            let Some(conn) = self.links.conns.get(&id) else { return };
            let (a, b) = (conn.ends[from as usize].host, conn.ends[from.other() as usize].host);
            // A connection needs both directions.
            let both = matches!(event, Event::Connect { .. }) && self.links.is_cut(b, a);
            if self.links.is_cut(a, b) || both {
                if let Some(conn) = self.links.conns.get_mut(&id) {
                    conn.stalled[from as usize].push_back(event);
                }
                return;
            }
        }
        match event {
            Event::Connect { conn } => self.connected(conn),
            Event::Refused { host, life, link } => {
                if self.hosts[host].life == life {
                    self.link_down(host, link);
                }
            }
            Event::Deliver { conn, from, bytes } => self.deliver(conn, from, bytes),
            Event::Close { conn, from } => self.gone(conn, from.other()),
        }
    }

    fn connected(&mut self, id: u64) {
        let Some(conn) = self.links.conns.get_mut(&id) else { return };
        let [dialler, acceptor] = conn.ends;
        if self.hosts[acceptor.host].seat.is_none() {
            self.gone(id, Side::Dialler);
            return;
        }
        conn.connected = true;
        let link = LinkId::accepted(self.hosts[acceptor.host].accepted);
        self.hosts[acceptor.host].accepted += 1;
        let end = &mut conn.ends[Side::Acceptor as usize];
        (end.link, end.life) = (Some(link), self.hosts[acceptor.host].life);
        self.links.names.insert((acceptor.host, link), (id, Side::Acceptor));
        let (from, to) = (self.hosts[dialler.host].ip, self.hosts[acceptor.host].ip);
        let peer = SocketAddr::new(from, 40_000 + (id % 20_000) as u16);
        self.control_later(acceptor.host, move |control, now| control.handle_accepted(link, peer, to, now));
        if let Some(link) = dialler.link {
            self.control_later(dialler.host, move |control, now| control.handle_up(link, from, now));
        }
    }

    pub(super) fn transmit(&mut self, host: usize, link: LinkId, bytes: Vec<u8>) {
        let Some(&(id, side)) = self.links.names.get(&(host, link)) else { return };
        let after = self.between(LATENCY_US);
        let Some(conn) = self.links.conns.get_mut(&id) else { return };
        let other = conn.ends[side.other() as usize];
        conn.flying[side as usize] += bytes.len();
        let flying = conn.flying[side as usize];
        let at = (self.now_us + after).max(conn.arrives[side as usize] + 1);
        conn.arrives[side as usize] = at;
        if other.vanished {
            // Nobody answers, until somebody is there again who knows nothing of this connection.
            if self.hosts[other.host].seat.is_some() {
                self.schedule_at(at, super::Event::Link(Event::Close { conn: id, from: side.other() }));
            }
        } else {
            self.schedule_at(at, super::Event::Link(Event::Deliver { conn: id, from: side, bytes }));
        }
        self.set_backlog(host, link, flying);
    }

    fn set_backlog(&mut self, host: usize, link: LinkId, flying: usize) {
        let now_us = self.now_us;
        if let Some((seat, _)) = self.hosts[host].seat_at(now_us) {
            let backlog = flying.saturating_sub(KERNEL_BYTES);
            let wishes = seat.tell_control(|control| control.set_backlog(link, backlog));
            assert!(wishes.is_empty(), "a backlog makes nothing happen");
        }
    }

    fn deliver(&mut self, id: u64, from: Side, bytes: Vec<u8>) {
        // Streams have no packet borders.
        let middle = self.rng.below(bytes.len() as u64 + 1) as usize;
        let Some(conn) = self.links.conns.get_mut(&id) else { return };
        conn.flying[from as usize] -= bytes.len();
        let (sender, receiver) = (conn.ends[from as usize], conn.ends[from.other() as usize]);
        let flying = conn.flying[from as usize];
        if let Some(link) = sender.link {
            self.set_backlog(sender.host, link, flying);
        }
        let Some(link) = receiver.link else { return };
        self.control_later(receiver.host, move |control, now| {
            control.handle_bytes(link, &bytes[..middle], now);
            control.handle_bytes(link, &bytes[middle..], now);
        });
    }

    /// A host closed its end; the other hears of it later.
    pub(super) fn close_link(&mut self, host: usize, link: LinkId) {
        let Some((id, side)) = self.links.names.remove(&(host, link)) else { return };
        let after = self.between(LATENCY_US);
        let Some(conn) = self.links.conns.get_mut(&id) else { return };
        conn.ends[side as usize].link = None;
        let at = (self.now_us + after).max(conn.arrives[side as usize] + 1);
        let other = conn.ends[side.other() as usize];
        if other.link.is_some() && !other.vanished {
            self.schedule_at(at, super::Event::Link(Event::Close { conn: id, from: side }));
        } else {
            self.links.conns.remove(&id);
        }
    }

    /// The end at `side` finds its connection gone.
    fn gone(&mut self, id: u64, side: Side) {
        let Some(conn) = self.links.conns.get_mut(&id) else { return };
        let end = conn.ends[side as usize];
        let taken = conn.ends[side as usize].link.take();
        if conn.ends.iter().all(|end| end.link.is_none()) {
            self.links.conns.remove(&id);
        }
        if let Some(link) = taken {
            self.links.names.remove(&(end.host, link));
            if self.hosts[end.host].life == end.life {
                self.link_down(end.host, link);
            }
        }
    }

    /// All connections of a host end with its node. Without power the others are not told.
    pub(super) fn drop_links(&mut self, host: usize, power: bool) {
        let names: Vec<(usize, LinkId)> = self
            .links
            .names
            .range((host, LinkId::accepted(0))..)
            .map(|(k, _)| *k)
            .take_while(|k| k.0 == host)
            .collect();
        for name in names {
            if power {
                let Some((id, side)) = self.links.names.remove(&name) else { continue };
                if let Some(conn) = self.links.conns.get_mut(&id) {
                    let end = &mut conn.ends[side as usize];
                    (end.link, end.vanished) = (None, true);
                }
            } else {
                self.close_link(name.0, name.1);
            }
        }
    }
}
