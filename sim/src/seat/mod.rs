//! One running node: its machines, their letters, and the client sockets that they serve.
//!
//! It does what `server`'s threads do, one turn at a time and when it is told to: sockets are edge-triggered, as
//! epoll's are here, so that a machine which forgets to ask again waits for ever in the simulation too.

mod bench;
mod socket;

pub use bench::Sent;
pub use socket::SocketKey;

use crate::outside::{Boxes, DayBook, Facts, LogBook};
use base::{Mono, Now, Rng};
use bench::Bench;
use node::config::Settings;
use node::control::{Action, ActionId, Control, FileOp, LinkAction, OpId, Outcome, Transmit};
use node::shared::{Outside, Shared};
use node::start::{LoadedFiles, Node, Plan};
use node::worker::NewClient;
use socket::Socket;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// One machine of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Machine {
    /// A worker.
    Worker(usize),
    /// Control.
    Control,
}

/// What control wants done.
pub enum Wish {
    /// A step of a save.
    File(FileOp),
    /// Something that only a process can do.
    Act(Action),
    /// A bus connection to open or close.
    Link(LinkAction),
    /// A packet.
    Transmit(Transmit),
}

/// A running node.
pub struct Seat {
    /// The shared part.
    pub shared: Arc<Shared>,
    /// Log lines.
    pub log: Arc<LogBook>,
    /// The process it believes to be in.
    pub facts: Arc<Facts>,
    boxes: Arc<Boxes>,
    benches: Vec<Bench>,
    control: Control,
    sockets: BTreeMap<SocketKey, Socket>,
}

impl Seat {
    /// Starts a node. The error is its fatal log line. `journal` is told of its changes.
    pub fn start(
        settings: Settings,
        files: LoadedFiles,
        journal: Option<Arc<DayBook>>,
        seed: u64,
        now: Now,
    ) -> Result<Seat, String> {
        let workers = settings.snapshot().process.io_threads;
        let boxes = Arc::new(Boxes::new(workers));
        let (log, facts) = (Arc::new(LogBook::default()), Arc::new(Facts::default()));
        let outside = Outside {
            post: Arc::clone(&boxes) as _,
            log: Arc::clone(&log) as _,
            process: Arc::clone(&facts) as _,
            journal: journal.map(|book| book as _),
        };
        let mut rng = Rng::new(seed);
        let hash_key = (rng.next_u64(), rng.next_u64());
        let plan = Plan { settings, renames: Vec::new(), files, hash_key, seed: rng.next_u64() };
        let Node { shared, workers, control } = Node::start(plan, outside, now).map_err(|e| e.to_string())?;
        let benches = workers.into_iter().map(Bench::new).collect();
        Ok(Seat { shared, log, facts, boxes, benches, control, sockets: BTreeMap::new() })
    }

    /// Every machine.
    pub fn machines(&self) -> impl Iterator<Item = Machine> + use<> {
        (0..self.benches.len()).map(Machine::Worker).chain([Machine::Control])
    }

    /// Whether a machine has something to do at once.
    pub fn is_busy(&self, machine: Machine, now: Mono) -> bool {
        match machine {
            Machine::Worker(w) => {
                self.boxes.worker_has_mail(w) || self.benches[w].is_busy() || self.timeout(machine) <= now
            }
            Machine::Control => self.boxes.control_has_mail() || self.timeout(machine) <= now,
        }
    }

    /// When a machine wants to be stepped if nothing happens before.
    pub fn timeout(&self, machine: Machine) -> Mono {
        match machine {
            Machine::Worker(w) => self.benches[w].worker.poll_timeout().unwrap_or(Mono(u64::MAX)),
            Machine::Control => self.control.poll_timeout(),
        }
    }

    /// One turn of a worker: what its sockets got and lost. With `rng`, reads and writes are cut anywhere.
    pub fn step_worker(&mut self, worker: usize, now: Now, rng: Option<&mut Rng>) -> Vec<Sent> {
        self.facts.ticks_ns.fetch_max(now.mono.0 * 1000, Relaxed);
        let letters = self.boxes.take_worker(worker);
        self.benches[worker].turn(&mut self.sockets, letters, now, rng)
    }

    /// One turn of control.
    pub fn step_control(&mut self, now: Now) -> Vec<Wish> {
        self.facts.ticks_ns.fetch_max(now.mono.0 * 1000, Relaxed);
        let mut wishes = Vec::new();
        for letter in self.boxes.take_control() {
            self.control.handle_mail(letter, now);
            self.collect(&mut wishes);
        }
        if now.mono >= self.control.poll_timeout() {
            self.control.handle_timeout(now);
        }
        self.collect(&mut wishes);
        wishes
    }

    /// Tells control something, and takes what it wants done then.
    pub fn tell_control(&mut self, tell: impl FnOnce(&mut Control)) -> Vec<Wish> {
        tell(&mut self.control);
        let mut wishes = Vec::new();
        self.collect(&mut wishes);
        wishes
    }

    /// A file step ended.
    pub fn file_done(&mut self, op: OpId, result: Result<(), String>, now: Now) -> Vec<Wish> {
        self.tell_control(|control| control.handle_file(op, result, now))
    }

    /// An action ended.
    pub fn action_done(&mut self, id: ActionId, outcome: Outcome, now: Now) -> Vec<Wish> {
        self.tell_control(|control| control.handle_outcome(id, outcome, now))
    }

    fn collect(&mut self, wishes: &mut Vec<Wish>) {
        while let Some(op) = self.control.poll_file() {
            wishes.push(Wish::File(op));
        }
        while let Some(action) = self.control.poll_action() {
            wishes.push(Wish::Act(action));
        }
        while let Some(action) = self.control.poll_link() {
            wishes.push(Wish::Link(action));
        }
        while let Some(packet) = self.control.poll_transmit() {
            wishes.push(Wish::Transmit(packet));
        }
    }

    /// A client connects to a worker; `room`: bytes that its side takes before it must read.
    pub fn connect(&mut self, key: SocketKey, worker: usize, client: NewClient, room: usize) {
        assert!(!self.sockets.contains_key(&key), "{key:?} is connected already");
        self.sockets.insert(key, Socket::new(worker, room));
        self.benches[worker].arrive(key, client);
    }

    /// Bytes of a client arrived at the node.
    pub fn deliver(&mut self, key: SocketKey, bytes: &[u8]) {
        if let Some(socket) = self.sockets.get_mut(&key) {
            socket.input.extend(bytes);
            self.benches[socket.worker].readable(key);
        }
    }

    /// The client sends nothing more.
    pub fn end(&mut self, key: SocketKey) {
        if let Some(socket) = self.sockets.get_mut(&key) {
            socket.ended = true;
            self.benches[socket.worker].readable(key);
        }
    }

    /// The connection is broken.
    pub fn break_off(&mut self, key: SocketKey) {
        if let Some(socket) = self.sockets.get_mut(&key) {
            socket.broken = true;
            self.benches[socket.worker].readable(key);
        }
    }

    /// The client's side takes so many more bytes.
    pub fn make_room(&mut self, key: SocketKey, bytes: usize) {
        if let Some(socket) = self.sockets.get_mut(&key) {
            let was_full = socket.room == 0;
            socket.room = socket.room.saturating_add(bytes);
            if was_full && bytes > 0 {
                self.benches[socket.worker].writable(key);
            }
        }
    }

    /// Whether the node has this connection.
    pub fn is_connected(&self, key: SocketKey) -> bool {
        self.sockets.contains_key(&key)
    }
}
