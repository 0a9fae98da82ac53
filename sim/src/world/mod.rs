//! Many hosts, what lies between them, and one clock over all.
//!
//! Everything that will happen stands in one queue, ordered by time and then by when it was decided. A machine is
//! stepped when something reaches it, or when it asked to be; each step costs it a little time.

mod client;
mod host;
mod links;
mod sockets;
mod trace;

pub use client::ClientSide;
pub use host::{Host, Told};
pub use sockets::Ending;
pub use trace::Trace;

use crate::clock::Clock;
use crate::outside;
use crate::seat::{Machine, Sent, SocketKey, Wish};
use base::{Now, Rng};
use host::Due;
use links::Links;
use node::control::{Action, ActionId, Control, LinkAction, LinkId, OpId, Outcome};
use sockets::Sockets;
use std::collections::BTreeMap;

/// Microseconds between two steps of a machine that has more to do, at least and at most.
const STEP_US: (u64, u64) = (5, 60);
/// Time that a packet or a client's bytes are on their way, microseconds.
const LATENCY_US: (u64, u64) = (100, 3_000);
/// Time of a file step, microseconds: mostly, and now and then.
const FILE_US: (u64, u64) = (50, 4_000);
const FILE_SLOW_US: (u64, u64) = (50_000, 400_000);
/// One file step in so many is slow.
const FILE_SLOW_ONE_IN: u64 = 40;

/// Something that will happen.
enum Event {
    /// A machine is stepped.
    Step {
        host: usize,
        life: u64,
        machine: Machine,
    },
    /// A frozen host goes on.
    Thaw {
        host: usize,
    },
    Link(links::Event),
    Socket(sockets::Event),
    File {
        host: usize,
        life: u64,
        op: OpId,
        result: Result<(), String>,
    },
    Action {
        host: usize,
        life: u64,
        id: ActionId,
        outcome: Outcome,
    },
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
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    links: Links,
    sockets: Sockets,
}

impl World {
    /// An empty world.
    pub fn new(seed: u64) -> World {
        World {
            now_us: 0,
            hosts: Vec::new(),
            rng: Rng::new(seed),
            trace: Trace::default(),
            queue: BTreeMap::new(),
            sequence: 0,
            links: Links::default(),
            sockets: Sockets::default(),
        }
    }

    /// A host with so many workers; its node does not run yet.
    pub fn add_host(&mut self, directives: Vec<String>) -> usize {
        let drift = self.rng.below(400) as i64 - 200;
        let skew = self.rng.below(20_000_000) as i64 - 10_000_000;
        let clock = Clock::new(1_000_000 + self.rng.below(1 << 40), drift, skew);
        self.hosts.push(Host::new(self.hosts.len(), directives, clock));
        self.hosts.len() - 1
    }

    /// Writes a line into the trace.
    pub fn say(&mut self, text: &str) {
        self.trace.line(self.now_us, text);
    }

    fn between(&mut self, (low, high): (u64, u64)) -> u64 {
        low + self.rng.below(high - low)
    }

    fn schedule(&mut self, after_us: u64, event: Event) {
        self.schedule_at(self.now_us + after_us, event);
    }

    fn schedule_at(&mut self, at: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((at.max(self.now_us), self.sequence), event);
    }

    /// Lets time pass.
    pub fn run_us(&mut self, time_us: u64) {
        let until = self.now_us + time_us;
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= until) {
            let ((at, _), event) = entry.remove_entry();
            self.now_us = at;
            self.happen(event);
        }
        self.now_us = until;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step { host, life, machine } => self.step(host, life, machine),
            Event::Thaw { host } => self.thaw(host),
            Event::Link(event) => self.link_event(event),
            Event::Socket(event) => self.socket_event(event),
            Event::File { host, life, op, result } => {
                if self.hosts[host].life == life {
                    self.control_later(host, move |control, now| control.handle_file(op, result, now));
                }
            }
            Event::Action { host, life, id, outcome } => {
                if self.hosts[host].life == life {
                    self.control_later(host, move |control, now| control.handle_outcome(id, outcome, now));
                }
            }
        }
    }

    /// Tells a host's control something: at once, or when a frozen host goes on. The order is kept.
    fn control_later(&mut self, host: usize, tell: impl FnOnce(&mut Control, Now) + 'static) {
        if self.hosts[host].frozen_until.is_some() {
            self.hosts[host].inbox.push_back(Box::new(tell));
            return;
        }
        self.control(host, |seat, now| seat.tell_control(|control| tell(control, now)));
    }

    /// Starts a host's node from what is on its disk. The error is the node's fatal line.
    pub fn start(&mut self, host: usize) -> Result<(), String> {
        let seed = self.rng.next_u64();
        let now_us = self.now_us;
        self.hosts[host].start(seed, now_us)?;
        self.say(&format!("n{host} starts"));
        self.control_later(host, |_, _| {});
        self.wake_all(host);
        Ok(())
    }

    /// A host's node ends: the process alone, or the whole machine with what its disk has not synced. Without
    /// power, nobody tells the peers.
    pub fn kill(&mut self, host: usize, power: bool) {
        let mut rng = Rng::new(self.rng.next_u64());
        if !self.hosts[host].stop() {
            return;
        }
        self.say(&format!("n{host} {}", if power { "loses power" } else { "is killed" }));
        if power {
            self.hosts[host].disk.lose_power(&mut rng);
        }
        self.drop_links(host, power);
        self.drop_sockets(host);
    }

    /// A host stands still for a while: its clocks go on.
    pub fn freeze(&mut self, host: usize, time_us: u64) {
        if self.hosts[host].seat.is_some() && self.hosts[host].frozen_until.is_none() {
            self.say(&format!("n{host} freezes for {} ms", time_us / 1000));
            self.hosts[host].frozen_until = Some(self.now_us + time_us);
            self.schedule(time_us, Event::Thaw { host });
        }
    }

    fn thaw(&mut self, host: usize) {
        if self.hosts[host].frozen_until.is_none_or(|until| until > self.now_us) {
            return;
        }
        self.hosts[host].frozen_until = None;
        self.hosts[host].thawed_us = self.now_us;
        self.hosts[host].forget_due();
        while self.hosts[host].frozen_until.is_none() {
            let Some(tell) = self.hosts[host].inbox.pop_front() else { break };
            self.control_later(host, tell);
        }
        self.wake_all(host);
    }

    /// Tells a host's control something, and does what it wants then.
    fn control(&mut self, host: usize, tell: impl FnOnce(&mut crate::seat::Seat, Now) -> Vec<Wish>) {
        let now_us = self.now_us;
        let Some((seat, now)) = self.hosts[host].seat_at(now_us) else { return };
        let wishes = tell(seat, now);
        self.fulfil(host, wishes);
        self.wake_busy(host);
    }

    fn step(&mut self, host: usize, life: u64, machine: Machine) {
        let now_us = self.now_us;
        if self.hosts[host].life != life || self.hosts[host].frozen_until.is_some() {
            return;
        }
        // An earlier step may have taken this one's place.
        if !self.hosts[host].take_due(machine, now_us) {
            return;
        }
        let mut rng = Rng::new(self.rng.next_u64());
        let Some((seat, now)) = self.hosts[host].seat_at(now_us) else { return };
        match machine {
            Machine::Worker(worker) => {
                for sent in seat.step_worker(worker, now, Some(&mut rng)) {
                    match sent {
                        Sent::Bytes(key, bytes) => self.send_back(key, bytes),
                        Sent::Closed(key) => self.closed_by_node(key),
                    }
                }
            }
            Machine::Control => {
                let wishes = seat.step_control(now);
                self.fulfil(host, wishes);
            }
        }
        self.wake_busy(host);
        self.wake(host, machine);
    }

    /// Plans the next step of every machine of a host.
    fn wake_all(&mut self, host: usize) {
        if let Some(seat) = &self.hosts[host].seat {
            for machine in seat.machines() {
                self.wake(host, machine);
            }
        }
    }

    /// Plans a step of those that have something to do at once.
    fn wake_busy(&mut self, host: usize) {
        let now_us = self.now_us;
        let Some((seat, now)) = self.hosts[host].seat_at(now_us) else { return };
        let busy: Vec<Machine> = seat.machines().filter(|m| seat.is_busy(*m, now.mono)).collect();
        for machine in busy {
            self.wake(host, machine);
        }
    }

    /// Plans a machine's next step: soon if it is busy, else when it asked.
    fn wake(&mut self, host: usize, machine: Machine) {
        if self.hosts[host].frozen_until.is_some() {
            return;
        }
        let soon = self.now_us + self.between(STEP_US);
        let now_us = self.now_us;
        let clock = self.hosts[host].clock;
        let Some((seat, now)) = self.hosts[host].seat_at(now_us) else { return };
        let at = match seat.is_busy(machine, now.mono) {
            true => soon,
            // Clocks are read in whole microseconds: a little later is safe.
            false => clock.when(seat.timeout(machine)).max(now_us) + 2,
        };
        if let Due::Earlier = self.hosts[host].plan(machine, at) {
            let life = self.hosts[host].life;
            self.schedule_at(at, Event::Step { host, life, machine });
        }
    }

    fn fulfil(&mut self, host: usize, wishes: Vec<Wish>) {
        let life = self.hosts[host].life;
        for wish in wishes {
            if self.hosts[host].life != life {
                return;
            }
            match wish {
                Wish::File(op) => {
                    let result = self.hosts[host].disk.apply(&op.step);
                    let slow = self.rng.one_in(FILE_SLOW_ONE_IN);
                    let after = self.between(if slow { FILE_SLOW_US } else { FILE_US });
                    self.schedule(after, Event::File { host, life, op: op.id, result });
                }
                Wish::Act(action) => self.act(host, life, action),
                Wish::Link(LinkAction::Dial { link, addr }) => self.dial(host, link, addr),
                Wish::Link(LinkAction::Close(link)) => self.close_link(host, link),
                Wish::Transmit(packet) => {
                    self.hosts[host].told(&packet.bytes);
                    self.transmit(host, packet.link, packet.bytes);
                }
            }
        }
    }

    fn act(&mut self, host: usize, life: u64, action: Action) {
        match action {
            Action::Exit(code) => {
                self.say(&format!("n{host} exits with {code}"));
                self.kill(host, false);
            }
            Action::Freeze(id, time) => {
                self.freeze(host, time.as_micros() as u64);
                self.schedule(time.as_micros() as u64, Event::Action { host, life, id, outcome: Ok(()) });
            }
            Action::Resolve(id, name) => {
                let found = outside::resolve(&name);
                self.control_later(host, move |control, now| control.handle_resolved(id, found, now));
            }
            Action::Listen(id, _) | Action::Apply(id, _) | Action::Rewrite { id, .. } => {
                let after = self.between(FILE_US);
                self.schedule(after, Event::Action { host, life, id, outcome: Ok(()) });
            }
        }
    }

    /// Tells a host's control that a link is gone.
    fn link_down(&mut self, host: usize, link: LinkId) {
        self.control_later(host, move |control, now| control.handle_down(link, now));
    }

    /// Log lines of all nodes since the last call, into the trace.
    pub fn collect_logs(&mut self) {
        for host in 0..self.hosts.len() {
            let lines = self.hosts[host].seat.as_ref().map(|seat| seat.log.take()).unwrap_or_default();
            for (level, text) in lines {
                self.say(&format!("n{host} {level:?}: {text}"));
            }
        }
    }

    /// What the other side of a client's connection is.
    pub fn client(&mut self, key: SocketKey) -> Option<&mut ClientSide> {
        self.sockets.client(key)
    }
}
