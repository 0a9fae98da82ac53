//! One node on a desk: its machines stepped until nothing moves, a few clients, and a stranger who can hold
//! stripes or the whole keyspace as another thread would.

mod client;
mod script;
mod show;

pub use client::{Client, Heard};
pub use script::play;

use crate::disk::Disk;
use crate::outside::{self, DayBook};
use crate::seat::{Machine, Seat, Sent, SocketKey, Wish};
use base::{Mono, Now, Rng};
use node::config::Settings;
use node::control::{Action, ActionId, LinkAction, OpId, Outcome};
use node::worker::NewClient;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use store::{ExclusiveAccess, Ticket, WorkerIdx};

/// When every desk begins: 2023-11-14 22:13:20 UTC.
const UNIX_START_US: u64 = 1_700_000_000_000_000;
/// Steps at one moment of time before it is said that the node never comes to rest.
const STEPS_MAX: usize = 100_000;
/// Bytes that a client's side takes without reading.
const ROOM_BYTES: usize = 1 << 30;

/// An answer of the outside that was kept back.
enum Kept {
    File(OpId, Result<(), String>),
    Action(ActionId, Outcome),
}

/// One node and its clients.
pub struct Desk {
    /// The node.
    pub seat: Seat,
    /// Its disk.
    pub disk: Disk,
    now: Now,
    rng: Rng,
    /// Whether the order of steps, and the cuts of reads and writes, are the seed's.
    pub shuffled: bool,
    clients: BTreeMap<SocketKey, Client>,
    next_socket: u64,
    /// Workers that are stepped; one more than these is the stranger's.
    workers: usize,
    permit: Option<ExclusiveAccess>,
    /// Answers of files and actions are kept back.
    pub slow_files: bool,
    kept: VecDeque<Kept>,
    /// What listening answers.
    pub listening: Outcome,
    /// The code with which control ended the process.
    pub exited: Option<i32>,
}

impl Desk {
    /// Starts a node with `workers` workers that are stepped, and one place more for a stranger.
    pub fn new(workers: usize, directives: &[String], seed: u64) -> Desk {
        let mut lines = directives.to_vec();
        lines.push(format!("io-threads {}", workers + 1));
        Desk::with(crate::settings::settings(&lines), workers, seed, None)
    }

    /// Starts a node whose only worker knows that it is alone; there is no place for a stranger.
    pub fn alone(directives: &[String], seed: u64) -> Desk {
        Desk::with(crate::settings::settings(directives), 1, seed, None)
    }

    /// The same, with somebody who wants to know of all changes.
    pub fn alone_with(directives: &[String], seed: u64, journal: Arc<DayBook>) -> Desk {
        Desk::with(crate::settings::settings(directives), 1, seed, Some(journal))
    }

    fn with(settings: Settings, workers: usize, seed: u64, journal: Option<Arc<DayBook>>) -> Desk {
        let now = Now { mono: Mono(1_000_000), unix_us: UNIX_START_US };
        let seat = Seat::start(settings, Default::default(), journal, seed, now)
            .unwrap_or_else(|error| panic!("the node does not start: {error}"));
        let mut desk = Desk {
            seat,
            disk: Disk::default(),
            now,
            rng: Rng::new(seed ^ 0xDE5C),
            shuffled: false,
            clients: BTreeMap::new(),
            next_socket: 0,
            workers,
            permit: None,
            slow_files: false,
            kept: VecDeque::new(),
            listening: Ok(()),
            exited: None,
        };
        desk.settle();
        desk
    }

    /// The time.
    pub fn now(&self) -> Now {
        self.now
    }

    /// A client that connects to a worker.
    pub fn connect(&mut self, worker: usize, is_local: bool) -> SocketKey {
        self.connect_with(worker, is_local, ROOM_BYTES)
    }

    /// The same, with a side that takes so many bytes before it must read.
    pub fn connect_with(&mut self, worker: usize, is_local: bool, room: usize) -> SocketKey {
        assert!(worker < self.workers, "worker {worker} is never stepped");
        self.next_socket += 1;
        let key = SocketKey(self.next_socket);
        let ip = if is_local { "127.0.0.1" } else { "10.0.0.1" };
        let client = NewClient {
            addr: format!("{ip}:{}", 50_000 + self.next_socket),
            laddr: format!("{ip}:6379"),
            fd: 10 + self.next_socket as i32,
            is_local,
            is_unix: false,
        };
        self.clients.insert(key, Client::default());
        self.seat.connect(key, worker, client, room);
        key
    }

    /// Bytes from a client; nothing runs yet.
    pub fn send(&mut self, key: SocketKey, bytes: &[u8]) {
        self.seat.deliver(key, bytes);
    }

    /// A command from a client; nothing runs yet.
    pub fn command(&mut self, key: SocketKey, args: &[&[u8]]) {
        let mut bytes = Vec::new();
        resp::client::encode_command(&mut bytes, args);
        self.send(key, &bytes);
    }

    /// What a client has heard since the last call.
    pub fn heard(&mut self, key: SocketKey) -> Vec<Heard> {
        self.clients.get_mut(&key).map(Client::take).unwrap_or_default()
    }

    /// Steps machines, one after the other or as the seed has it, until nothing moves.
    pub fn settle(&mut self) {
        for _ in 0..STEPS_MAX {
            if !self.step_one() {
                return;
            }
        }
        panic!("the node never comes to rest: {:?} are busy", self.busy());
    }

    /// Steps one machine that has something to do; false if none has.
    pub fn step_one(&mut self) -> bool {
        let busy = self.busy();
        let which = if self.shuffled { self.rng.below(busy.len() as u64) as usize } else { 0 };
        let Some(machine) = busy.get(which).copied() else { return false };
        self.step(machine);
        true
    }

    fn busy(&self) -> Vec<Machine> {
        let stepped = self.seat.machines().filter(|m| !matches!(m, Machine::Worker(w) if *w >= self.workers));
        stepped.filter(|m| self.seat.is_busy(*m, self.now.mono)).collect()
    }

    /// Steps one machine, whether or not it has something to do.
    pub fn step(&mut self, machine: Machine) {
        match machine {
            Machine::Worker(w) => {
                let rng = self.shuffled.then_some(&mut self.rng);
                for sent in self.seat.step_worker(w, self.now, rng) {
                    match sent {
                        Sent::Bytes(key, bytes) => self.clients.entry(key).or_default().push(&bytes),
                        Sent::Closed(key) => self.clients.entry(key).or_default().close(),
                    }
                }
            }
            Machine::Control => {
                let wishes = self.seat.step_control(self.now);
                self.fulfil(wishes);
            }
        }
    }

    /// Tells control of a signal.
    pub fn signal(&mut self, name: &str) {
        let now = self.now;
        let wishes = self.seat.tell_control(|control| control.handle_signal(name, now));
        self.fulfil(wishes);
    }

    fn fulfil(&mut self, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::File(op) => {
                    let result = self.disk.apply(&op.step);
                    self.answer(Kept::File(op.id, result));
                }
                Wish::Act(Action::Exit(code)) => self.exited = Some(code),
                Wish::Act(Action::Freeze(id, time)) => {
                    self.now = later(self.now, time);
                    self.answer(Kept::Action(id, Ok(())));
                }
                Wish::Act(Action::Listen(id, _)) => self.answer(Kept::Action(id, self.listening.clone())),
                Wish::Act(Action::Apply(id, _)) | Wish::Act(Action::Rewrite { id, .. }) => {
                    self.answer(Kept::Action(id, Ok(())))
                }
                Wish::Act(Action::Resolve(id, host)) => {
                    let now = self.now;
                    let found = outside::resolve(&host);
                    let wishes = self.seat.tell_control(|control| control.handle_resolved(id, found, now));
                    self.fulfil(wishes);
                }
                Wish::Link(LinkAction::Dial { link, .. }) => {
                    let now = self.now;
                    let wishes = self.seat.tell_control(|control| control.handle_down(link, now));
                    self.fulfil(wishes);
                }
                Wish::Link(LinkAction::Close(_)) | Wish::Transmit(_) => {}
            }
        }
    }

    fn answer(&mut self, kept: Kept) {
        if self.slow_files {
            self.kept.push_back(kept);
            return;
        }
        let wishes = match kept {
            Kept::File(op, result) => self.seat.file_done(op, result, self.now),
            Kept::Action(id, outcome) => self.seat.action_done(id, outcome, self.now),
        };
        self.fulfil(wishes);
    }

    /// Gives the answers that were kept back, the last first if `reversed`.
    pub fn give_answers(&mut self, reversed: bool) {
        self.slow_files = false;
        while let Some(kept) = if reversed { self.kept.pop_back() } else { self.kept.pop_front() } {
            self.answer(kept);
        }
        self.settle();
    }

    /// Lets time pass; machines are stepped when they want to be.
    pub fn wait(&mut self, time: Duration) {
        let until = self.now.mono + time;
        loop {
            self.settle();
            let stepped =
                self.seat.machines().filter(|m| !matches!(m, Machine::Worker(w) if *w >= self.workers));
            let next = stepped.map(|m| self.seat.timeout(m)).min().unwrap_or(until);
            if next > until {
                break;
            }
            self.now = later(self.now, next.since(self.now.mono));
        }
        self.now = later(self.now, until.since(self.now.mono));
        self.settle();
    }

    /// The wall clock jumps.
    pub fn jump(&mut self, seconds: i64) {
        self.now.unix_us = self.now.unix_us.saturating_add_signed(seconds * 1_000_000);
    }

    /// Runs `during` while a stranger holds the stripes of some keys.
    pub fn while_held<T>(&mut self, keys: &[&[u8]], during: impl FnOnce(&mut Desk) -> T) -> T {
        let keyspace = self.seat.shared.keyspace.clone();
        let clock = store::Clock::new(self.now.unix_ms(), store::Touch::Lru);
        let turn = keyspace.enter(self.stranger(), clock).unwrap_or_else(|| panic!("the gate is closed"));
        let hashes: Vec<_> = keys.iter().map(|key| keyspace.hash(key)).collect();
        let access =
            turn.try_lock(&hashes, u64::MAX).unwrap_or_else(|c| panic!("stripe {} is held", c.stripe));
        let result = during(self);
        drop(access);
        drop(turn);
        result
    }

    /// Runs `during` while a stranger is inside the gate, with no stripe held.
    pub fn while_inside<T>(&mut self, during: impl FnOnce(&mut Desk) -> T) -> T {
        let keyspace = self.seat.shared.keyspace.clone();
        let clock = store::Clock::new(self.now.unix_ms(), store::Touch::Lru);
        let turn = keyspace.enter(self.stranger(), clock).unwrap_or_else(|| panic!("the gate is closed"));
        let result = during(self);
        drop(turn);
        result
    }

    /// A stranger takes the whole keyspace.
    pub fn take_whole(&mut self) {
        let ticket = Ticket(self.workers as u64);
        self.permit = self.seat.shared.keyspace.request_exclusive(ticket);
        assert!(self.permit.is_some(), "somebody is inside");
    }

    /// It gives it back.
    pub fn give_whole(&mut self) {
        assert!(self.permit.take().is_some(), "nobody took the keyspace");
    }

    fn stranger(&self) -> WorkerIdx {
        WorkerIdx(self.workers as u16)
    }
}

fn later(now: Now, time: Duration) -> Now {
    Now { mono: now.mono + time, unix_us: now.unix_us + time.as_micros() as u64 }
}
