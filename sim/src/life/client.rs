//! A client: a few connections, each with keys of its own, and more requests whenever the last are answered.

use super::line::Line;
use super::op::{Keys, Op};
use crate::check::Broken;
use crate::world::{Ending, World};
use base::{Rng, Slot};

/// Connections of a client at once.
const LINES_MAX: usize = 3;
/// Requests sent in one go.
const PIPELINE_MAX: u64 = 12;
/// Tags tried to find one of a node's own slots.
const TAG_TRIES_MAX: usize = 64;
/// A connection asks for more at one look in so many, and ends at one of so many of those.
const WORK_ONE_IN: u64 = 16;
const ENDING_ONE_IN: u64 = 60;
/// Keys that a connection uses.
const KEYS: u64 = 5;

/// A client.
pub struct Client {
    /// Whether it goes on asking.
    pub working: bool,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests whose connection ended first.
    pub lost: u64,
    id: usize,
    rng: Rng,
    lines: Vec<(Line, String)>,
    /// What connections left behind whose requests were all answered: host, life of its node, keys.
    settled: Vec<(usize, u64, Keys)>,
    serial: u64,
}

impl Client {
    /// A client that does nothing yet.
    pub fn new(id: usize, seed: u64) -> Client {
        Client {
            working: false,
            answered: 0,
            lost: 0,
            id,
            rng: Rng::new(seed),
            lines: Vec::new(),
            settled: Vec::new(),
            serial: 0,
        }
    }

    /// What it waits for, if it does.
    pub fn waits(&self) -> Option<String> {
        let (line, _) = self.lines.iter().find(|(line, _)| line.pending() > 0 || !line.is_open())?;
        Some(format!("client {} at n{} waits for {:?}", self.id, line.host, line.first_pending()))
    }

    /// Takes answers in, and asks for more.
    pub fn look(&mut self, world: &mut World) -> Result<(), Broken> {
        let mut at = 0;
        while at < self.lines.len() {
            let (answered, over) = self.lines[at].0.look(world)?;
            self.answered += answered;
            if over {
                let (line, _) = self.lines.swap_remove(at);
                self.bury(line);
            } else {
                at += 1;
            }
        }
        if self.working {
            self.work(world);
        }
        Ok(())
    }

    fn bury(&mut self, line: Line) {
        self.lost += line.pending() as u64;
        // What was under way may have been done or not: nothing is known of those keys.
        if line.pending() == 0 {
            self.settled.push((line.host, line.life, line.keys));
        }
    }

    fn work(&mut self, world: &mut World) {
        if self.lines.len() < LINES_MAX && self.rng.one_in(20) {
            self.open(world);
        }
        for at in 0..self.lines.len() {
            if !self.lines[at].0.is_open() || !self.rng.one_in(WORK_ONE_IN) {
                continue;
            }
            if self.rng.one_in(ENDING_ONE_IN) {
                let ending = if self.rng.one_in(2) { Ending::End } else { Ending::Break };
                self.lines[at].0.end(world, ending);
            } else if self.lines[at].0.pending() == 0 || self.rng.one_in(4) {
                let ops = self.requests(at);
                self.lines[at].0.send(world, ops);
            }
        }
    }

    /// A connection to a running node, and a tag of one of its slots.
    fn open(&mut self, world: &mut World) {
        let host = self.rng.below(world.hosts.len() as u64) as usize;
        if !world.hosts[host].is_alive() {
            return;
        }
        self.serial += 1;
        let Some(seat) = &world.hosts[host].seat else { return };
        let view = seat.shared.view.load_full();
        let tag = (0..TAG_TRIES_MAX)
            .map(|n| format!("{{c{}.{}.{n}}}", self.id, self.serial))
            .find(|tag| view.owns(Slot::of_key(tag.as_bytes())));
        if let Some(tag) = tag {
            self.lines.push((Line::open(world, host), tag));
        }
    }

    fn requests(&mut self, line: usize) -> Vec<Op> {
        let mut ops = Vec::new();
        for _ in 0..=self.rng.below(PIPELINE_MAX) {
            if self.rng.one_in(8) {
                ops.push(Op::Multi);
                let queued: Vec<Op> = (0..self.rng.below(4)).map(|_| self.keyed(line)).collect();
                ops.extend(queued.iter().cloned());
                ops.push(Op::Exec(queued));
            } else {
                ops.push(self.request(line));
            }
        }
        ops
    }

    fn request(&mut self, line: usize) -> Op {
        self.serial += 1;
        let any = |words: &[&str]| Op::Any(words.iter().map(|w| (*w).to_owned()).collect());
        match self.rng.below(30) {
            0 => any(&["CLUSTER", "COUNTKEYSINSLOT", "5"]),
            1 => any(&["CLUSTER", "NODES"]),
            2 => any(&["CONFIG", "SET", "timeout", "0"]),
            3 => any(&["SCAN", "0", "COUNT", "5"]),
            4 => any(&["CLIENT", "LIST"]),
            5..=8 => Op::Echo(format!("{}:{}", self.id, self.serial)),
            _ => self.keyed(line),
        }
    }

    fn keyed(&mut self, line: usize) -> Op {
        self.serial += 1;
        let tag = self.lines[line].1.clone();
        let (n, other) = (self.rng.below(KEYS), self.rng.below(KEYS));
        let key = |kind: &str| format!("{tag}{kind}{n}");
        match self.rng.below(7) {
            0 => Op::Set(key("s"), format!("v{}", self.serial)),
            1 => Op::Get(key("s")),
            2 => Op::Incr(key("n")),
            3 => Op::Append(key("a"), format!("{}", self.serial % 10)),
            4 => Op::Del(key(["s", "n", "a"][other as usize % 3])),
            5 => Op::MGet(key("s"), format!("{tag}n{other}")),
            _ => Op::Get(key("n")),
        }
    }

    /// Reads all keys of connections that ended in order, on nodes that have run since.
    pub fn read_back(&mut self, world: &mut World) {
        for (line, _) in std::mem::take(&mut self.lines) {
            self.bury(line);
        }
        for (host, life, keys) in std::mem::take(&mut self.settled) {
            if world.hosts[host].life != life || keys.is_empty() {
                continue;
            }
            let mut line = Line::open(world, host);
            let ops: Vec<Op> = keys.keys().map(|key| Op::Get(key.clone())).collect();
            line.keys = keys;
            line.send(world, ops);
            self.lines.push((line, String::new()));
        }
    }
}
