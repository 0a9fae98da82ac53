//! What the network does: connections opened, packets carried, cuts, and what holds packets up.

use super::conn::{Cargo, ConnKey, End, Side};
use super::packet::Packet;
use super::{Event, Line, World};
use crate::bus::raw::Raw;
use cluster::LinkId;
use std::net::SocketAddr;

/// A request to connect is repeated after so many microseconds, doubled each time.
const KNOCK_AGAIN_US: u64 = 1_000_000;
/// After so many it is given up.
const KNOCKS_MAX: u32 = 7;
/// A lost segment costs so much, microseconds.
const RETRANSMIT_US: (u64, u64) = (200_000, 900_000);
/// A second connection of one dialling lives so long, microseconds.
const SHADOW_US: (u64, u64) = (1_000, 5_000_000);

/// How the network is.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Microseconds that a packet takes, at least and at most.
    pub latency_us: (u64, u64),
    /// One packet in so many is lost, and sent again by the kernel; 0 = none.
    pub retransmit_one_in: u64,
    /// One request to connect in so many is lost; 0 = none.
    pub knock_lost_one_in: u64,
    /// One connection in so many is there twice; 0 = none.
    pub double_one_in: u64,
    /// One packet in so many arrives in two pieces; 0 = none.
    pub pieces_one_in: u64,
}

impl Default for Weather {
    fn default() -> Weather {
        Weather {
            latency_us: (100, 3_000),
            retransmit_one_in: 0,
            knock_lost_one_in: 0,
            double_one_in: 0,
            pieces_one_in: 20,
        }
    }
}

impl World {
    fn hit(&mut self, one_in: u64) -> bool {
        one_in != 0 && self.rng.one_in(one_in)
    }

    /// Nothing gets from `a` to `b`.
    pub fn cut(&mut self, a: usize, b: usize) {
        self.cuts.insert((a as u32, b as u32));
    }

    /// Whether nothing gets from `a` to `b`.
    pub fn is_cut(&self, a: usize, b: usize) -> bool {
        self.cuts.contains(&(a as u32, b as u32))
    }

    /// Everybody reaches everybody again. What was held up comes now.
    pub fn heal(&mut self) {
        self.cuts.clear();
        self.say("healed".to_owned());
        self.release_stalled(None);
    }

    /// Sends on what waits: all of it, or what waits for one host. What meets another cut waits again.
    pub(super) fn release_stalled(&mut self, towards: Option<usize>) {
        let waits = |c: &super::conn::Conn| c.stalled.iter().any(|s| !s.is_empty());
        let to = |c: &super::conn::Conn| {
            towards.is_none_or(|host| c.end.iter().flatten().any(|e| e.host == host as u32))
        };
        let keys: Vec<ConnKey> =
            self.conns.iter().filter(|(_, c)| waits(c) && to(c)).map(|(key, _)| key).collect();
        for key in keys {
            for side in [Side::Dialler, Side::Acceptor] {
                let Some(conn) = self.conns.get(key) else { continue };
                for cargo in std::mem::take(&mut conn.stalled[side as usize]) {
                    self.carry(key, side, cargo);
                }
            }
        }
    }

    pub(super) fn dial(&mut self, host: usize, link: LinkId, addr: SocketAddr) {
        let end = End { host: host as u32, link, open: true };
        let conn = self.conns.dial(end, addr);
        self.hosts[host].links.dial(link, conn);
        self.knock_in(conn, 0, 0);
    }

    fn knock_in(&mut self, conn: ConnKey, attempt: u32, extra_us: u64) {
        let after = extra_us + self.between(self.weather.latency_us);
        if let Some(it) = self.conns.get(conn) {
            it.pending += 1;
            self.schedule(after, Event::Knock { conn, attempt });
        }
    }

    /// An event that named the connection is over.
    pub(super) fn passed(&mut self, conn: ConnKey) {
        if let Some(it) = self.conns.get(conn) {
            it.pending -= 1;
            self.conns.settle(conn);
        }
    }

    pub(super) fn knock(&mut self, key: ConnKey, attempt: u32) {
        let Some(conn) = self.conns.get(key) else { return };
        if let Some(dialler) = conn.end[0].filter(|end| end.open) {
            let there = self.addresses.get(&conn.addr.ip()).copied().filter(|_| !conn.dead);
            let port = conn.addr.port();
            self.answer(key, attempt, dialler, there, port);
        }
        self.passed(key);
    }

    fn answer(&mut self, key: ConnKey, attempt: u32, dialler: End, there: Option<usize>, port: u16) {
        let lost = self.hit(self.weather.knock_lost_one_in);
        let from = dialler.host as usize;
        let reached = there.filter(|to| {
            !lost && !self.hosts[*to].dark && !self.is_cut(from, *to) && !self.is_cut(*to, from)
        });
        match reached {
            Some(to) if self.hosts[to].runs() && self.hosts[to].settings.bus_port == port => {
                self.accept(key, to);
            }
            Some(_) => {
                let after = self.between(self.weather.latency_us);
                if let Some(conn) = self.conns.get(key) {
                    conn.pending += 1;
                    self.schedule(after, Event::Refused { conn: key });
                }
            }
            None if attempt + 1 < KNOCKS_MAX => {
                self.knock_in(key, attempt + 1, KNOCK_AGAIN_US << attempt);
            }
            None => self.hang_up(key, Side::Dialler),
        }
    }

    fn accept(&mut self, key: ConnKey, to: usize) {
        let link = self.hosts[to].links.accept(key);
        let Some(conn) = self.conns.get(key) else { return };
        conn.end[1] = Some(End { host: to as u32, link, open: true });
        let Some(dialler) = conn.end[0] else { return };
        let from = self.hosts[dialler.host as usize].ip;
        let life = self.hosts[to].life;
        let peer = SocketAddr::new(from, 40_000 + (link.get() % 20_000) as u16);
        let phantom = self.conns.get(key).is_some_and(|c| c.phantom);
        // The kernel accepts for a process that stands still; its inbox keeps the order of what follows.
        self.happen(Event::Accepted { host: to as u32, life, link, peer });
        if !phantom {
            self.carry(key, Side::Acceptor, Cargo::Up);
            if self.hit(self.weather.double_one_in) {
                self.double(key, dialler);
            }
        }
    }

    /// The same dialling reaches the acceptor twice.
    fn double(&mut self, key: ConnKey, dialler: End) {
        let Some(addr) = self.conns.get(key).map(|c| c.addr) else { return };
        let second = self.conns.dial(dialler, addr);
        let life = self.between(SHADOW_US);
        if let Some(conn) = self.conns.get(second) {
            conn.phantom = true;
            conn.pending += 1;
            self.schedule(life, Event::Lapse { conn: second });
        }
        if let Some(conn) = self.conns.get(key) {
            conn.shadow = Some(second);
        }
        self.knock_in(second, KNOCKS_MAX, 0);
    }

    /// A second connection ends, without the dialler's doing.
    pub(super) fn lapse(&mut self, key: ConnKey) {
        if let Some(conn) = self.conns.get(key) {
            conn.shut(Side::Dialler);
            self.hang_up(key, Side::Acceptor);
        }
        self.passed(key);
    }

    /// The kernels give a connection up that nothing gets through.
    pub(super) fn perish(&mut self, key: ConnKey) {
        self.hang_up(key, Side::Dialler);
        self.hang_up(key, Side::Acceptor);
        self.passed(key);
    }

    pub(super) fn refused(&mut self, key: ConnKey) {
        self.hang_up(key, Side::Dialler);
        self.passed(key);
    }

    /// The end at `side` finds its connection gone.
    pub(super) fn hang_up(&mut self, key: ConnKey, side: Side) {
        let Some(conn) = self.conns.get(key) else { return };
        let phantom_end = conn.phantom && side == Side::Dialler;
        let end = conn.shut(side);
        self.conns.settle(key);
        if let Some(end) = end.filter(|_| !phantom_end) {
            let host = end.host as usize;
            self.hosts[host].links.remove(end.link);
            self.call(host, |seat, now| seat.down(end.link, now));
        }
    }

    /// A process closes a connection.
    pub(super) fn close(&mut self, host: usize, link: LinkId) {
        if let Some((conn, side)) = self.hosts[host].links.remove(link) {
            self.shut(conn, side, true);
        }
    }

    /// The end at `side` is closed by its own process; `tell`: the kernel says so to the other.
    pub(super) fn shut(&mut self, key: ConnKey, side: Side, tell: bool) {
        let Some(conn) = self.conns.get(key) else { return };
        if conn.shut(side).is_some() && tell && conn.end[1].is_some() {
            self.carry(key, side, Cargo::Fin);
        }
        self.conns.settle(key);
    }

    pub(super) fn send(&mut self, host: usize, link: LinkId, bytes: &[u8]) {
        let Some((key, side)) = self.hosts[host].links.get(link) else { return };
        self.packets.0 += 1;
        self.packets.1 += bytes.len() as u64;
        let mut shown = std::mem::take(&mut self.hosts[host].shown);
        let packet = Packet::new(bytes, &mut shown);
        self.hosts[host].shown = shown;
        let to = self.conns.get(key).and_then(|c| c.end[side.other() as usize]).map(|end| end.host);
        let (rest, sum) = packet.essence();
        self.trace.mix_bytes(rest);
        self.trace.mix_bytes(&sum.to_le_bytes());
        let kind = Raw(bytes).raw_kind();
        let sent =
            Line::Sent { from: host as u32, to: to.unwrap_or(u32::MAX), kind, len: bytes.len() as u32 };
        self.trace.line(self.now_us, sent);
        let receiver = to.map(|to| self.hosts[to as usize].family);
        self.watch.sent(host, self.hosts[host].family, receiver, bytes);
        let shadow = self.conns.get(key).filter(|_| side == Side::Dialler).and_then(|c| c.shadow);
        if let Some(shadow) = shadow.filter(|s| self.conns.get(*s).is_some_and(|c| c.end[1].is_some())) {
            self.carry(shadow, side, Cargo::Bytes(packet.clone()));
        }
        self.carry(key, side, Cargo::Bytes(packet));
    }

    fn carry(&mut self, key: ConnKey, from: Side, cargo: Cargo) {
        let mut after = self.between(self.weather.latency_us);
        if self.hit(self.weather.retransmit_one_in) {
            after += self.between(RETRANSMIT_US);
        }
        let now = self.now_us;
        let Some(conn) = self.conns.get(key) else { return };
        let at = (now + after).max(conn.arrives[from as usize]);
        conn.arrives[from as usize] = at;
        conn.pending += 1;
        self.queue.push(at, Event::Arrive { conn: key, from, cargo });
    }

    pub(super) fn arrive(&mut self, key: ConnKey, from: Side, cargo: Cargo) {
        if let Some(conn) = self.conns.get(key)
            && !conn.dead
            && let (Some(a), Some(b)) = (conn.end[from as usize], conn.end[from.other() as usize])
        {
            let held = !conn.stalled[from as usize].is_empty() || self.hosts[b.host as usize].dark;
            if held || self.cuts.contains(&(a.host, b.host)) {
                conn.stalled[from as usize].push_back(cargo);
            } else {
                self.unload(key, from, b, cargo);
            }
        }
        self.passed(key);
    }

    fn unload(&mut self, key: ConnKey, from: Side, to: End, cargo: Cargo) {
        let host = to.host as usize;
        let phantom_end = from == Side::Acceptor && self.conns.get(key).is_some_and(|c| c.phantom);
        if phantom_end {
            return;
        }
        match cargo {
            Cargo::Fin | Cargo::Reset => self.hang_up(key, from.other()),
            Cargo::Up if to.open => {
                let local = self.hosts[host].ip;
                self.call(host, |seat, now| seat.up(to.link, local, now));
            }
            Cargo::Bytes(packet) if to.open => self.hand_over(host, to.link, &packet),
            // Whoever sends to a closed end is told so.
            Cargo::Bytes(_) | Cargo::Up => self.carry(key, from.other(), Cargo::Reset),
        }
    }

    fn hand_over(&mut self, host: usize, link: LinkId, packet: &Packet) {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        packet.write(&mut bytes);
        // Streams have no packet borders.
        let pieces = self.hit(self.weather.pieces_one_in);
        let cut = if pieces { self.rng.below(bytes.len() as u64) as usize } else { 0 };
        let (first, second) = bytes.split_at(cut);
        if cut != 0 {
            self.call(host, |seat, now| seat.bytes(link, first, now));
        }
        self.call(host, |seat, now| seat.bytes(link, second, now));
        self.scratch = bytes;
    }

    /// Connections that both ends have open, by who dialled whom.
    pub fn open_links(&self) -> impl Iterator<Item = (usize, usize)> {
        let ends = |c: &super::conn::Conn| {
            let (a, b) = (c.open(Side::Dialler)?, c.open(Side::Acceptor)?);
            (!c.dead && !c.phantom).then_some((a.host as usize, b.host as usize))
        };
        self.conns.iter().filter_map(move |(_, conn)| ends(conn))
    }
}
