//! A small world for machines: hosts, a network with latency and cuts, disks that can lose what was not synced, and
//! one virtual clock.
#![allow(dead_code)]

pub mod disk;
pub mod fake;
pub mod names;
pub mod print;
pub mod script;
mod trace;

use base::{Mono, NodeId, Now, Rng};
use cluster::wire::{self, Framer};
use cluster::{Cluster, DialError, Event, Level, LinkAction, LinkId, LoadedFiles, OpId, Settings};
use disk::Disk;
use fake::Fake;
use names::Names;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const EPOCH_US: u64 = 1_700_000_000_000_000;

/// Who sits at an address.
pub enum Seat {
    Empty,
    Machine(Box<Cluster>),
    Fake(Box<Fake>),
}

pub struct Host {
    pub name: String,
    pub ip: IpAddr,
    pub seat: Seat,
    pub settings: Settings,
    pub disk: Disk,
    accepted: u64,
    /// Counts lives, so that answers to an earlier one are not given to the next.
    life: u64,
    /// Links by the id that the host knows them by.
    links: BTreeMap<LinkId, (usize, Side)>,
    /// Greatest epochs and votes that were seen on the wire from this host, for checks after crashes.
    pub told: (u64, u64),
    pub exited: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    Dialler,
    Acceptor,
}

impl Side {
    fn other(self) -> Side {
        if self == Side::Dialler { Side::Acceptor } else { Side::Dialler }
    }
}

struct Conn {
    host: [usize; 2],
    link: [Option<LinkId>; 2],
    /// Either side closed it.
    closed: bool,
    connected: bool,
    /// When the last bytes sent from each side arrive: a stream keeps its order.
    arrives: [u64; 2],
    /// What waits for a cut to heal.
    stalled: VecDeque<What>,
    framers: [Framer; 2],
}

#[derive(Clone, Debug)]
enum What {
    Connect { conn: usize },
    Refused { host: usize, life: u64, link: LinkId },
    Deliver { conn: usize, from: Side, bytes: Vec<u8> },
    Close { conn: usize, from: Side },
    File { host: usize, life: u64, op: OpId, result: Result<(), String> },
}

pub struct World {
    pub now_us: u64,
    pub hosts: Vec<Host>,
    conns: Vec<Conn>,
    queue: BTreeMap<(u64, u64), What>,
    pub sequence: u64,
    cuts: BTreeSet<(usize, usize)>,
    pub rng: Rng,
    pub latency_us: u64,
    pub jitter_us: u64,
    pub disk_us: u64,
    pub names: Names,
    /// Lines of what happened, if anybody wants them.
    pub trace: Option<Vec<String>>,
    pub show_packets: bool,
    pub lowest_level: Level,
    pub failing_disks: BTreeSet<usize>,
    /// Packets sent, and their bytes.
    pub packets: u64,
    pub bytes: u64,
    /// All packets sent, if anybody wants them: from, to, what.
    pub sent: Option<Vec<(usize, usize, Vec<u8>)>>,
    /// Hosts by when they want to be called, and when that is: as of their last call.
    timers: BTreeSet<(u64, usize)>,
    timer_of: Vec<u64>,
    places: BTreeMap<SocketAddr, usize>,
    /// The cluster's epoch as each node named it last: nobody takes one back.
    spoken: BTreeMap<NodeId, u64>,
}

impl World {
    pub fn new(seed: u64) -> World {
        World {
            now_us: 1_000_000,
            hosts: Vec::new(),
            conns: Vec::new(),
            queue: BTreeMap::new(),
            sequence: 0,
            cuts: BTreeSet::new(),
            rng: Rng::new(seed),
            latency_us: 1000,
            jitter_us: 0,
            disk_us: 1000,
            names: Names::default(),
            trace: None,
            show_packets: true,
            lowest_level: Level::Verbose,
            failing_disks: BTreeSet::new(),
            packets: 0,
            bytes: 0,
            sent: None,
            timers: BTreeSet::new(),
            timer_of: Vec::new(),
            places: BTreeMap::new(),
            spoken: BTreeMap::new(),
        }
    }

    pub fn now(&self) -> Now {
        Now { mono: Mono(self.now_us), unix_us: EPOCH_US + self.now_us }
    }

    /// An address for somebody; nobody sits there yet.
    pub fn add_host(&mut self, name: &str, timeout_ms: u64) -> usize {
        let n = self.hosts.len();
        let settings =
            Settings { node_timeout_ms: timeout_ms, port: 7000, bus_port: 17000, ..Settings::default() };
        self.hosts.push(Host {
            name: name.to_string(),
            ip: IpAddr::V4(Ipv4Addr::new(10, 0, (n / 250) as u8, (n % 250) as u8 + 1)),
            seat: Seat::Empty,
            settings,
            disk: Disk::default(),
            accepted: 0,
            life: 0,
            links: BTreeMap::new(),
            told: (0, 0),
            exited: false,
        });
        n
    }

    pub fn find(&self, name: &str) -> usize {
        self.hosts.iter().position(|h| h.name == name).unwrap_or_else(|| panic!("no host {name}"))
    }

    pub fn machine(&self, host: usize) -> Option<&Cluster> {
        match &self.hosts[host].seat {
            Seat::Machine(machine) => Some(machine),
            _ => None,
        }
    }

    pub fn machine_mut(&mut self, host: usize) -> &mut Cluster {
        match &mut self.hosts[host].seat {
            Seat::Machine(machine) => machine,
            _ => panic!("host {host} runs no machine"),
        }
    }

    /// Tells the machine something, then takes what it has to say.
    pub fn call<T>(&mut self, host: usize, work: impl FnOnce(&mut Cluster, Now) -> T) -> T {
        let now = self.now();
        let result = work(self.machine_mut(host), now);
        self.pump(host);
        result
    }

    /// Starts a machine from what is on the host's disk.
    pub fn boot(&mut self, host: usize) {
        let rng = Rng::new(self.rng.next_u64());
        let now = self.now();
        let files = LoadedFiles {
            conf: self.hosts[host].disk.read("nodes.conf"),
            sums: self.hosts[host].disk.read("nodes.conf.sum"),
            previous: self.hosts[host].disk.read("nodes.conf.prev"),
        };
        let machine = Cluster::start(self.hosts[host].settings.clone(), files, now, rng);
        let machine = machine.unwrap_or_else(|e| panic!("{} does not start: {e}", self.hosts[host].name));
        let name = self.hosts[host].name.clone();
        self.names.machine(&name, machine.my_id(), machine.my_shard_id());
        self.hosts[host].seat = Seat::Machine(Box::new(machine));
        self.pump(host);
    }

    /// Somebody else takes the host's seat.
    pub fn sit(&mut self, host: usize, seat: Seat) {
        self.hosts[host].seat = seat;
        self.set_timer(host);
    }

    /// The process dies at once; what was not synced may be lost.
    pub fn kill(&mut self, host: usize, lose: bool) {
        self.hosts[host].seat = Seat::Empty;
        self.set_timer(host);
        self.hosts[host].life += 1;
        if lose {
            let mut rng = self.rng.clone();
            self.hosts[host].disk.crash(&mut rng);
            self.rng = rng;
        }
        for (_, (conn, side)) in std::mem::take(&mut self.hosts[host].links) {
            self.close(conn, side);
        }
    }

    pub fn cut(&mut self, a: usize, b: usize) {
        self.cuts.insert((a.min(b), a.max(b)));
    }

    pub fn heal(&mut self) {
        self.cuts.clear();
        for conn in 0..self.conns.len() {
            for what in std::mem::take(&mut self.conns[conn].stalled) {
                self.schedule(self.latency_us, what);
            }
        }
    }

    fn is_cut(&self, a: usize, b: usize) -> bool {
        self.cuts.contains(&(a.min(b), a.max(b)))
    }

    /// Breaks some connection, as a middlebox would.
    pub fn break_one(&mut self) {
        let open: Vec<usize> =
            (0..self.conns.len()).filter(|c| self.conns[*c].connected && !self.conns[*c].closed).collect();
        if open.is_empty() {
            return;
        }
        let conn = open[self.rng.below(open.len() as u64) as usize];
        for side in [Side::Dialler, Side::Acceptor] {
            self.gone(conn, side);
        }
        self.conns[conn].closed = true;
    }

    fn schedule(&mut self, after_us: u64, what: What) {
        self.schedule_at(self.now_us + after_us, what);
    }

    fn schedule_at(&mut self, at: u64, what: What) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), what);
    }

    /// Lets the clock run.
    pub fn run_ms(&mut self, ms: u64) {
        let until = self.now_us + ms * 1000;
        while self.step(until) {}
        self.now_us = until;
    }

    /// Runs until `done`, for at most `ms`; whether it came true.
    pub fn run_until(&mut self, ms: u64, mut done: impl FnMut(&World) -> bool) -> bool {
        let until = self.now_us + ms * 1000;
        loop {
            let pause = (self.now_us + 50_000).min(until);
            while self.step(pause) {}
            self.now_us = pause;
            if done(self) {
                return true;
            }
            if pause == until {
                return false;
            }
        }
    }

    fn step(&mut self, until: u64) -> bool {
        let timer = self.timers.first().copied();
        let message = self.queue.first_key_value().map(|(key, _)| *key);
        let timer_first = timer.is_some_and(|(at, _)| message.is_none_or(|(m, _)| at < m));
        if timer_first {
            let Some((at, host)) = timer.filter(|(at, _)| *at <= until) else { return false };
            self.now_us = at.max(self.now_us);
            let now = self.now();
            match &mut self.hosts[host].seat {
                Seat::Machine(machine) => machine.handle_timeout(now),
                Seat::Fake(fake) => fake.tick(now),
                Seat::Empty => {}
            }
            self.pump(host);
            return true;
        }
        let Some(key) = message.filter(|(at, _)| *at <= until) else { return false };
        let Some(what) = self.queue.remove(&key) else { return false };
        self.now_us = key.0.max(self.now_us);
        self.happen(what);
        true
    }

    /// Notes when the host wants to be called next.
    fn set_timer(&mut self, host: usize) {
        let at = self.timer(host).unwrap_or(u64::MAX);
        if self.timer_of.len() <= host {
            self.timer_of.resize(host + 1, u64::MAX);
        }
        let old = std::mem::replace(&mut self.timer_of[host], at);
        if old != at {
            self.timers.remove(&(old, host));
            if at != u64::MAX {
                self.timers.insert((at, host));
            }
        }
    }

    fn timer(&self, host: usize) -> Option<u64> {
        match &self.hosts[host].seat {
            Seat::Machine(machine) => machine.poll_timeout().map(|t| t.0),
            Seat::Fake(fake) => Some(fake.next_tick),
            Seat::Empty => None,
        }
    }

    fn happen(&mut self, what: What) {
        let conn = match &what {
            What::Connect { conn } | What::Deliver { conn, .. } | What::Close { conn, .. } => Some(*conn),
            _ => None,
        };
        if let Some(c) = conn {
            let [a, b] = self.conns[c].host;
            if self.is_cut(a, b) {
                self.conns[c].stalled.push_back(what);
                return;
            }
        }
        match what {
            What::Connect { conn } => self.connect(conn),
            What::Refused { host, life, link } => {
                if self.hosts[host].life == life && self.hosts[host].links.remove(&link).is_some() {
                    self.tell_refused(host, link);
                }
            }
            What::Deliver { conn, from, bytes } => self.deliver(conn, from, bytes),
            What::Close { conn, from } => self.gone(conn, from.other()),
            What::File { host, life, op, result } => {
                if self.hosts[host].life == life {
                    self.call(host, |m, now| m.handle_file(op, result, now));
                }
            }
        }
    }

    fn dial(&mut self, host: usize, link: LinkId, addr: SocketAddr) {
        let here = |h: &Host| h.ip == addr.ip() && h.settings.bus_port == addr.port();
        let there = self.places.get(&addr).copied().filter(|h| here(&self.hosts[*h]));
        let there = there.or_else(|| self.hosts.iter().position(here));
        self.places.extend(there.map(|h| (addr, h)));
        let life = self.hosts[host].life;
        let Some(peer) = there else {
            self.schedule(self.latency_us, What::Refused { host, life, link });
            self.hosts[host].links.insert(link, (usize::MAX, Side::Dialler));
            return;
        };
        let conn = self.conns.len();
        self.conns.push(Conn {
            host: [host, peer],
            link: [Some(link), None],
            closed: false,
            connected: false,
            arrives: [0, 0],
            stalled: VecDeque::new(),
            framers: [Framer::new(wire::PACKET_MAX), Framer::new(wire::PACKET_MAX)],
        });
        self.hosts[host].links.insert(link, (conn, Side::Dialler));
        self.schedule(self.latency_us, What::Connect { conn });
    }

    fn connect(&mut self, conn: usize) {
        if self.conns[conn].closed {
            return;
        }
        let [dialler, acceptor] = self.conns[conn].host;
        if matches!(self.hosts[acceptor].seat, Seat::Empty) {
            self.conns[conn].closed = true;
            if let Some(link) = self.conns[conn].link[0].take()
                && self.hosts[dialler].links.remove(&link).is_some()
            {
                self.tell_refused(dialler, link);
            }
            return;
        }
        if let Seat::Machine(machine) = &self.hosts[acceptor].seat
            && !machine.accepts()
        {
            // It waits in the backlog.
            self.schedule(self.latency_us, What::Connect { conn });
            return;
        }
        self.conns[conn].connected = true;
        let link = LinkId::accepted(self.hosts[acceptor].accepted);
        self.hosts[acceptor].accepted += 1;
        self.conns[conn].link[1] = Some(link);
        self.hosts[acceptor].links.insert(link, (conn, Side::Acceptor));
        let (from, to) = (self.hosts[dialler].ip, self.hosts[acceptor].ip);
        let peer = SocketAddr::new(from, 40_000 + (conn % 20_000) as u16);
        let now = self.now();
        match &mut self.hosts[acceptor].seat {
            Seat::Machine(machine) => machine.handle_accepted(link, peer, to, now),
            Seat::Fake(fake) => fake.accepted(link, from),
            Seat::Empty => {}
        }
        self.pump(acceptor);
        if let Some(link) = self.conns[conn].link[0] {
            match &mut self.hosts[dialler].seat {
                Seat::Machine(machine) => machine.handle_up(link, from, now),
                Seat::Fake(fake) => fake.up(link),
                Seat::Empty => {}
            }
            self.pump(dialler);
        }
    }

    fn send(&mut self, host: usize, link: LinkId, bytes: Vec<u8>) {
        let Some(&(conn, side)) = self.hosts[host].links.get(&link) else { return };
        if conn == usize::MAX || self.conns[conn].closed {
            return;
        }
        self.show_packet(conn, side, &bytes);
        self.note_epochs(host, &bytes);
        self.packets += 1;
        self.bytes += bytes.len() as u64;
        if let Some(sent) = &mut self.sent {
            sent.push((host, self.conns[conn].host[side.other() as usize], bytes.clone()));
        }
        let jitter = if self.jitter_us == 0 { 0 } else { self.rng.below(self.jitter_us) };
        let at = (self.now_us + self.latency_us + jitter).max(self.conns[conn].arrives[side as usize]);
        self.conns[conn].arrives[side as usize] = at;
        self.schedule_at(at, What::Deliver { conn, from: side, bytes });
    }

    fn deliver(&mut self, conn: usize, from: Side, bytes: Vec<u8>) {
        if self.conns[conn].closed {
            return;
        }
        let to = self.conns[conn].host[from.other() as usize];
        let Some(link) = self.conns[conn].link[from.other() as usize] else { return };
        let now = self.now();
        match &mut self.hosts[to].seat {
            Seat::Machine(machine) => {
                // Cut somewhere: streams have no packet borders.
                let middle = self.rng.below(bytes.len() as u64 + 1) as usize;
                machine.handle_bytes(link, &bytes[..middle], now);
                machine.handle_bytes(link, &bytes[middle..], now);
            }
            Seat::Fake(fake) => fake.bytes(link, &bytes),
            Seat::Empty => {}
        }
        self.pump(to);
    }

    /// `side` closed the connection; the other end hears of it later.
    fn close(&mut self, conn: usize, side: Side) {
        if conn == usize::MAX || self.conns[conn].closed {
            return;
        }
        self.conns[conn].closed = true;
        self.conns[conn].link[side as usize] = None;
        let at = (self.now_us + self.latency_us).max(self.conns[conn].arrives[side as usize]);
        self.schedule_at(at, What::Close { conn, from: side });
    }

    /// The end at `side` finds its connection gone.
    fn gone(&mut self, conn: usize, side: Side) {
        let host = self.conns[conn].host[side as usize];
        if let Some(link) = self.conns[conn].link[side as usize].take()
            && self.hosts[host].links.remove(&link).is_some()
        {
            self.tell_down(host, link);
        }
    }

    fn tell_refused(&mut self, host: usize, link: LinkId) {
        let now = self.now();
        if let Seat::Machine(machine) = &mut self.hosts[host].seat {
            machine.handle_dial_failed(link, DialError::Refused, now);
            self.pump(host);
        } else {
            self.tell_down(host, link);
        }
    }

    fn tell_down(&mut self, host: usize, link: LinkId) {
        let now = self.now();
        match &mut self.hosts[host].seat {
            Seat::Machine(machine) => machine.handle_down(link, now),
            Seat::Fake(fake) => fake.down(link),
            Seat::Empty => {}
        }
        self.pump(host);
    }

    /// Takes and does all that a host asks for.
    pub fn pump(&mut self, host: usize) {
        self.take_all(host);
        self.set_timer(host);
    }

    fn take_all(&mut self, host: usize) {
        if let Seat::Fake(fake) = &mut self.hosts[host].seat {
            let (dials, sends, closes) = fake.take();
            for (link, addr) in dials {
                self.dial(host, link, addr);
            }
            for (link, bytes) in sends {
                self.send(host, link, bytes);
            }
            for link in closes {
                if let Some((conn, side)) = self.hosts[host].links.remove(&link) {
                    self.close(conn, side);
                }
            }
            return;
        }
        while let Seat::Machine(machine) = &mut self.hosts[host].seat {
            if let Some(op) = machine.poll_file() {
                let result = match self.failing_disks.contains(&host) {
                    true => Err("No space left on device".to_string()),
                    false => {
                        self.hosts[host].disk.apply(&op.step);
                        Ok(())
                    }
                };
                let life = self.hosts[host].life;
                self.schedule(self.disk_us, What::File { host, life, op: op.id, result });
            } else if let Some(action) = machine.poll_link() {
                match action {
                    LinkAction::Dial { link, addr } => self.dial(host, link, addr),
                    LinkAction::Close(link) => {
                        if let Some((conn, side)) = self.hosts[host].links.remove(&link) {
                            self.close(conn, side);
                        }
                    }
                }
            } else if let Some(transmit) = machine.poll_transmit() {
                self.send(host, transmit.link, transmit.bytes);
            } else if let Some(event) = machine.poll_event() {
                if let Event::Resolve { name } = &event {
                    self.resolve(host, name);
                }
                self.show_event(host, event);
                if std::mem::take(&mut self.hosts[host].exited) {
                    self.kill(host, false);
                }
            } else {
                break;
            }
        }
    }

    /// A host's name in lower case, with anything behind a dot, is where it is.
    fn resolve(&mut self, host: usize, name: &str) {
        let label = name.split('.').next().unwrap_or_default();
        let named = self.hosts.iter().find(|h| h.name.eq_ignore_ascii_case(label)).map(|h| [h.ip]);
        let found = named.as_ref().map(|ip| &ip[..]).ok_or("no such host");
        let now = self.now();
        self.machine_mut(host).handle_resolved(name, found, now);
    }
}
