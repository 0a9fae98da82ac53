//! Hosts that run machines of the bus and nothing else, the network between them, and one clock over all.
//!
//! A host costs little more than its machine, so that thousands fit: one queue of events for all, connections by index,
//! packets without their slots. Nothing here knows what is right; [`crate::bus::check`] does.

mod conn;
mod host;
mod links;
mod net;
mod packet;
mod process;
mod queue;
mod seat;
mod trace;

pub use conn::{ConnKey, Side};
pub use host::{BUS_PORT, Family, Files, Host, PORT, address};
pub use links::model_dialled;
pub use net::Weather;
pub use seat::{Seat, Wish};
pub use trace::{Line, Trace};

use crate::bus::check::Watch;
use crate::clock::Clock;
use base::{Now, Rng};
use cluster::{LinkId, OpId};
use conn::{Cargo, Conns};
use queue::Queue;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// Time of a file step, microseconds: mostly, and now and then.
const FILE_US: (u64, u64) = (50, 4_000);
const FILE_SLOW_US: (u64, u64) = (50_000, 400_000);
/// One file step in so many is slow.
const FILE_SLOW_ONE_IN: u64 = 40;

/// Something that will happen.
enum Event {
    /// A process asked to be called.
    Wake { host: u32, life: u32 },
    /// A stopped process goes on.
    Thaw { host: u32, life: u32 },
    /// A request to connect arrives, for the `attempt`th time.
    Knock { conn: ConnKey, attempt: u32 },
    /// A process hears of a connection that the kernel took for it.
    Accepted { host: u32, life: u32, link: LinkId, peer: SocketAddr },
    /// The dialler hears that nobody is there.
    Refused { conn: ConnKey },
    /// Something arrives from `from`'s end.
    Arrive { conn: ConnKey, from: Side, cargo: Cargo },
    /// A second connection of one dialling ends.
    Lapse { conn: ConnKey },
    /// A connection that nothing gets through is given up.
    Perish { conn: ConnKey },
    /// A file step is over.
    File { host: u32, life: u32, op: OpId, result: Result<(), String> },
}

/// The world.
pub struct World {
    /// Microseconds since it began.
    pub now_us: u64,
    /// Its hosts.
    pub hosts: Vec<Host>,
    /// Decides everything that chance decides.
    pub rng: Rng,
    /// What happened.
    pub trace: Trace,
    /// What looks on.
    pub watch: Watch,
    /// What the network is like.
    pub weather: Weather,
    /// File steps take their time; a crowd that never restarts has no use for that.
    pub slow_files: bool,
    /// Packets that were sent, and their bytes.
    pub packets: (u64, u64),
    queue: Queue<Event>,
    conns: Conns,
    cuts: BTreeSet<(u32, u32)>,
    addresses: BTreeMap<IpAddr, usize>,
    scratch: Vec<u8>,
}

impl World {
    /// An empty world.
    pub fn new(seed: u64) -> World {
        World {
            now_us: 0,
            hosts: Vec::new(),
            rng: Rng::new(seed),
            trace: Trace::default(),
            watch: Watch::default(),
            weather: Weather::default(),
            slow_files: true,
            packets: (0, 0),
            queue: Queue::new(),
            conns: Conns::default(),
            cuts: BTreeSet::new(),
            addresses: BTreeMap::new(),
            scratch: Vec::new(),
        }
    }

    /// A host; nothing runs there yet.
    pub fn add_host(&mut self, family: Family, timeout_ms: u64) -> usize {
        let n = self.hosts.len();
        let drift = self.rng.below(400) as i64 - 200;
        let skew = self.rng.below(20_000_000) as i64 - 10_000_000;
        let clock = Clock::new(1_000_000 + self.rng.below(1 << 40), drift, skew);
        let host = Host::new(n, family, timeout_ms, clock);
        self.addresses.insert(host.ip, n);
        self.hosts.push(host);
        n
    }

    /// Writes a line into the trace.
    pub fn say(&mut self, text: String) {
        self.trace.line(self.now_us, Line::Text(text));
    }

    fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        low + self.rng.below(high.saturating_sub(low))
    }

    fn schedule(&mut self, after_us: u64, event: Event) {
        self.queue.push(self.now_us + after_us, event);
    }

    /// Lets time pass, unless something happens that must not.
    pub fn run_us(&mut self, time_us: u64) {
        let until = self.now_us + time_us;
        while let Some((at, event)) = self.queue.pop(until) {
            self.now_us = at;
            self.happen(event);
            if self.watch.broken.is_some() {
                return;
            }
        }
        self.now_us = until;
    }

    fn happen(&mut self, event: Event) {
        if let Some(host) = self.concerns(&event)
            && self.hosts[host].frozen_until.is_some()
        {
            self.hosts[host].inbox.push_back(event);
            return;
        }
        match event {
            Event::Wake { host, life } => self.woken(host as usize, life),
            Event::Thaw { host, life } => self.thaw(host as usize, life),
            Event::Knock { conn, attempt } => self.knock(conn, attempt),
            Event::Accepted { host, life, link, peer } => {
                let (host, local) = (host as usize, self.hosts[host as usize].ip);
                if self.hosts[host].life == life {
                    self.call(host, |seat, now| seat.accepted(link, peer, local, now));
                }
            }
            Event::Refused { conn } => self.refused(conn),
            Event::Arrive { conn, from, cargo } => self.arrive(conn, from, cargo),
            Event::Lapse { conn } => self.lapse(conn),
            Event::Perish { conn } => self.perish(conn),
            Event::File { host, life, op, result } => {
                let host = host as usize;
                if self.hosts[host].life == life {
                    self.call(host, |seat, now| {
                        if let Seat::Ours(machine) = seat {
                            machine.handle_file(op, result, now);
                        }
                    });
                }
            }
        }
    }

    /// The host whose process is told of the event.
    fn concerns(&mut self, event: &Event) -> Option<usize> {
        let host = match event {
            Event::Wake { host, .. } | Event::File { host, .. } | Event::Accepted { host, .. } => *host,
            Event::Arrive { conn, from, .. } => {
                let conn = self.conns.get(*conn)?;
                let way = (conn.end[*from as usize]?.host, conn.end[from.other() as usize]?.host);
                // What a cut holds up does not arrive.
                if !conn.stalled[*from as usize].is_empty() || self.cuts.contains(&way) {
                    return None;
                }
                way.1
            }
            Event::Refused { conn } => self.conns.get(*conn)?.end[0]?.host,
            Event::Thaw { .. } | Event::Knock { .. } | Event::Lapse { .. } | Event::Perish { .. } => {
                return None;
            }
        };
        Some(host as usize)
    }

    /// Tells a host's process something, then does what it wants. Nothing if none runs.
    pub fn call<T>(&mut self, host: usize, tell: impl FnOnce(&mut Seat, Now) -> T) -> Option<T> {
        let now = self.hosts[host].now(self.now_us);
        let result = tell(self.hosts[host].seat.as_mut()?, now);
        self.fulfil(host);
        Some(result)
    }

    fn fulfil(&mut self, host: usize) {
        while let Some(wish) = self.hosts[host].seat.as_mut().and_then(Seat::next_wish) {
            match wish {
                Wish::File(op) => self.file(host, op),
                Wish::Dial(link, addr) => self.dial(host, link, addr),
                Wish::Close(link) => self.close(host, link),
                Wish::Send(link, bytes) => self.send(host, link, &bytes),
                Wish::Log(text) => self.say(format!("n{host} {text}")),
                Wish::Exit => {
                    self.say(format!("n{host} ends itself"));
                    self.kill(host);
                }
            }
        }
        self.wake_when_due(host);
    }

    fn file(&mut self, host: usize, op: cluster::FileOp) {
        let result = match &mut self.hosts[host].files {
            Files::Kept(disk) => disk.apply(&op.step),
            Files::Dropped => Ok(()),
        };
        let slow = self.slow_files && self.rng.one_in(FILE_SLOW_ONE_IN);
        let after = self.between(if slow { FILE_SLOW_US } else { FILE_US });
        let life = self.hosts[host].life;
        self.schedule(after, Event::File { host: host as u32, life, op: op.id, result });
    }

    /// Plans the next call of a host's process.
    fn wake_when_due(&mut self, host: usize) {
        let it = &mut self.hosts[host];
        let Some(mono) = it.seat.as_ref().and_then(Seat::next_timeout) else { return };
        // Clocks are read in whole microseconds: a little later is safe.
        let at = it.clock.when(mono).max(self.now_us) + 2;
        if it.due.is_none_or(|due| at < due || due < self.now_us) {
            it.due = Some(at);
            let life = it.life;
            self.queue.push(at, Event::Wake { host: host as u32, life });
        }
    }

    fn woken(&mut self, host: usize, life: u32) {
        if self.hosts[host].life != life || self.hosts[host].due.is_some_and(|due| due > self.now_us) {
            return;
        }
        self.hosts[host].due = None;
        self.call(host, |seat, now| seat.timeout(now));
    }
}
