//! What a node is given: boxes for letters, a log, and facts about a process that does not exist.

use node::journal::{Journal, Reader, Unit};
use node::mail::{ControlMail, Post, WorkerIdx, WorkerMail};
use node::shared::{Level, Log, Process};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Log lines kept.
const LOG_LINES_MAX: usize = 100_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A resolver that knows addresses by their own text, and this host.
pub fn resolve(host: &str) -> Result<Vec<IpAddr>, String> {
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    host.parse().map(|ip| vec![ip]).map_err(|_| "Name or service not known".to_owned())
}

/// Letters that no machine has read yet.
pub struct Boxes {
    workers: Vec<Mutex<Vec<WorkerMail>>>,
    control: Mutex<Vec<ControlMail>>,
}

impl Boxes {
    /// Empty boxes for so many workers.
    pub fn new(workers: usize) -> Boxes {
        Boxes { workers: (0..workers).map(|_| Mutex::default()).collect(), control: Mutex::default() }
    }

    /// A worker's letters, in the order in which they came.
    pub fn take_worker(&self, worker: WorkerIdx) -> Vec<WorkerMail> {
        std::mem::take(&mut lock(&self.workers[worker]))
    }

    /// Control's letters.
    pub fn take_control(&self) -> Vec<ControlMail> {
        std::mem::take(&mut lock(&self.control))
    }

    /// Whether a worker has letters.
    pub fn worker_has_mail(&self, worker: WorkerIdx) -> bool {
        !lock(&self.workers[worker]).is_empty()
    }

    /// Whether control has letters.
    pub fn control_has_mail(&self) -> bool {
        !lock(&self.control).is_empty()
    }
}

impl Post for Boxes {
    fn to_worker(&self, worker: WorkerIdx, mail: WorkerMail) {
        lock(&self.workers[worker]).push(mail);
    }

    fn to_control(&self, mail: ControlMail) {
        lock(&self.control).push(mail);
    }
}

/// Keeps log lines until they are taken.
#[derive(Default)]
pub struct LogBook {
    lines: Mutex<Vec<(Level, String)>>,
}

impl LogBook {
    /// The lines since the last call.
    pub fn take(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut lock(&self.lines))
    }
}

impl Log for LogBook {
    fn log(&self, level: Level, text: &str) {
        let mut lines = lock(&self.lines);
        if lines.len() < LOG_LINES_MAX {
            lines.push((level, text.to_owned()));
        }
    }
}

/// Keeps what a node did until it is taken.
#[derive(Default)]
pub struct DayBook {
    units: Mutex<Vec<Unit>>,
}

impl DayBook {
    /// The units since the last call.
    pub fn take(&self) -> Vec<Unit> {
        std::mem::take(&mut lock(&self.units))
    }

    /// The same as the bytes that a replica would get; `db`: the database of the last request before them.
    pub fn stream(&self, db: &mut Option<store::DbId>) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.take().iter().for_each(|unit| unit.write(Reader::Replicas, db, &mut bytes));
        bytes
    }
}

impl Journal for DayBook {
    fn append(&self, unit: Unit) {
        lock(&self.units).push(unit);
    }
}

/// A process that does not exist.
pub struct Facts {
    /// Time for commands' durations, nanoseconds.
    pub ticks_ns: AtomicU64,
    /// What a look at it costs, nanoseconds: with none, scripts never come to the end of their slice.
    pub look_ns: AtomicU64,
    /// Descriptors that the system would give to clients.
    pub clients_max: AtomicU32,
    /// What INFO calls the configuration file.
    pub config_file: &'static str,
}

impl Default for Facts {
    fn default() -> Facts {
        Facts {
            ticks_ns: AtomicU64::new(0),
            look_ns: AtomicU64::new(0),
            clients_max: AtomicU32::new(100_000),
            config_file: "handfast.conf",
        }
    }
}

impl Process for Facts {
    fn pid(&self) -> u32 {
        1
    }

    fn allocator(&self) -> (u64, u64, u64) {
        (1 << 20, 1 << 20, 1 << 20)
    }

    fn resident(&self) -> u64 {
        1 << 20
    }

    fn total_memory(&self) -> u64 {
        1 << 34
    }

    fn cpu(&self) -> (u64, u64) {
        (0, 0)
    }

    fn executable(&self) -> String {
        "handfast".into()
    }

    fn config_file(&self) -> String {
        self.config_file.into()
    }

    fn os(&self) -> String {
        "none".into()
    }

    fn raise_clients(&self, wanted: u32) -> u32 {
        wanted.min(self.clients_max.load(Relaxed))
    }

    fn ticks_ns(&self) -> u64 {
        self.ticks_ns.fetch_add(self.look_ns.load(Relaxed), Relaxed)
    }
}
