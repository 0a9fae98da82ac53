//! The shared part of a node: what all its machines hold. It has no thread of its own.

use crate::clients::Registry;
use crate::config::{Config, Settings};
use crate::counters::{CommandCounters, Counters};
use crate::dispatch::Table;
use crate::errors::ErrorCounts;
use crate::journal::Journal;
use crate::libraries::Shelf;
use crate::mail::{Post, WorkerIdx};
use crate::migration::{Ended, Transfer};
use crate::pause::Pause;
use crate::pubsub::Hub;
use crate::scripts::Scripts;
use arc_swap::ArcSwap;
use base::{Now, Rng};
use cluster::view::View;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Keyspace;

/// How much a log line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Everything.
    Debug,
    /// Much that is rarely of use.
    Verbose,
    /// What an operator wants to know.
    Notice,
    /// What an operator must know.
    Warning,
    /// Above all lines: a log at this level stays empty.
    Nothing,
}

/// Where log lines go.
pub trait Log: Send + Sync {
    /// One line, without its newline.
    fn log(&self, level: Level, text: &str);
}

/// What the outside gives a node.
pub struct Outside {
    /// Letters between machines.
    pub post: Arc<dyn Post>,
    /// Log lines.
    pub log: Arc<dyn Log>,
    /// Facts about the process, and readings of it.
    pub process: Arc<dyn Process>,
    /// Who wants to know of changes, if anybody does.
    pub journal: Option<Arc<dyn Journal>>,
}

/// What INFO tells about the process; `server` asks the system, `sim` makes it up.
pub trait Process: Send + Sync {
    /// Process id.
    fn pid(&self) -> u32;
    /// Memory in use as the allocator counts it: (allocated, active, resident), bytes.
    fn allocator(&self) -> (u64, u64, u64);
    /// Resident size of the process, bytes.
    fn resident(&self) -> u64;
    /// Memory of the machine, bytes.
    fn total_memory(&self) -> u64;
    /// CPU time of the process: (system, user), microseconds.
    fn cpu(&self) -> (u64, u64);
    /// Path of the executable.
    fn executable(&self) -> String;
    /// Path of the configuration file, empty if none.
    fn config_file(&self) -> String;
    /// Operating system, as `uname` tells it.
    fn os(&self) -> String;
    /// Makes room for so many clients' descriptors; how many are possible.
    fn raise_clients(&self, wanted: u32) -> u32;
    /// Changes the working directory and returns it, absolute. The error is the system's text. A process without
    /// files stays where it is.
    fn change_dir(&self, dir: &[u8]) -> Result<Vec<u8>, String> {
        Ok(dir.to_vec())
    }
    /// Carries keys to another server; returns at once. A process without a network reaches none.
    fn migrate(&self, transfer: Transfer) {
        (transfer.answer)(Ended::unconnected());
    }
    /// Connections to other servers that are kept for the next keys.
    fn idle_links(&self) -> usize {
        0
    }
    /// Closes those that were idle for too long. Called some times a second.
    fn close_idle_links(&self) {}
    /// A counter that runs at a constant rate, for the time spent in commands: nanoseconds.
    fn ticks_ns(&self) -> u64;
}

/// The shared part.
pub struct Shared {
    /// The data.
    pub keyspace: Arc<Keyspace>,
    /// The configuration in force.
    pub config: ArcSwap<Config>,
    /// All its values, as CONFIG GET and REWRITE know them; control changes them.
    settings: Mutex<Settings>,
    /// The cluster as workers see it.
    pub view: ArcSwap<View>,
    /// Counts up when `config`, `view` or `pause` changes, so that a turn tests one number.
    pub generation: AtomicU64,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// All clients.
    pub clients: Registry,
    /// Who listens to which channels.
    pub hub: Hub,
    /// Scripts.
    pub scripts: Scripts,
    /// Libraries of functions.
    pub libraries: Shelf,
    /// All commands.
    pub table: &'static Table,
    /// Counters: one set per worker, the last is control's.
    pub counters: Box<[Counters]>,
    /// Counters of each command: one list per worker, the last is control's.
    pub command_counters: Box<[Box<[CommandCounters]>]>,
    /// Error replies by code.
    pub errors: ErrorCounts,
    /// Rates and peaks.
    pub samples: crate::samples::Samples,
    /// Switches of DEBUG.
    pub switches: crate::switches::Switches,
    /// The outside.
    pub outside: Outside,
    /// When the node started.
    pub started: Now,
    /// Forty random hex digits, new at each start.
    pub run_id: base::NodeId,
    /// Forty random hex digits: the replication id.
    pub repl_id: base::NodeId,
    /// Number of workers.
    pub workers: usize,
}

impl Shared {
    /// A node's shared part.
    pub fn new(
        settings: Settings,
        table: &'static Table,
        view: View,
        keyspace: Arc<Keyspace>,
        outside: Outside,
        now: Now,
        rng: &mut Rng,
    ) -> Shared {
        let config = settings.snapshot();
        let workers = config.process.io_threads;
        let commands = table.all().count();
        let per_machine = |_| (0..commands).map(|_| CommandCounters::default()).collect();
        Shared {
            keyspace,
            config: ArcSwap::from_pointee(config),
            settings: Mutex::new(settings),
            view: ArcSwap::from_pointee(view),
            generation: AtomicU64::new(1),
            pause: Pause::default(),
            clients: Registry::default(),
            hub: Hub::default(),
            scripts: Scripts::default(),
            libraries: Shelf::default(),
            table,
            counters: (0..=workers).map(|_| Counters::default()).collect(),
            command_counters: (0..=workers).map(per_machine).collect(),
            errors: ErrorCounts::default(),
            samples: Default::default(),
            switches: Default::default(),
            outside,
            started: now,
            run_id: base::NodeId::random(rng),
            repl_id: base::NodeId::random(rng),
            workers,
        }
    }

    /// Tells every worker to look at configuration, view and pause again.
    pub fn changed(&self) {
        self.generation.fetch_add(1, std::sync::atomic::Ordering::Release);
    }

    /// All values of the configuration.
    pub fn settings(&self) -> MutexGuard<'_, Settings> {
        // A panic ends the process; a poisoned lock is never seen outside of tests.
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a new view of the cluster.
    pub fn set_view(&self, view: View) {
        self.view.store(Arc::new(view));
        self.changed();
    }

    /// Sum of one counter over all machines.
    pub fn total(&self, of: impl Fn(&Counters) -> &crate::counters::Counter) -> u64 {
        self.counters.iter().map(|c| of(c).get()).sum()
    }

    /// Writes a log line.
    pub fn log(&self, level: Level, text: &str) {
        self.outside.log.log(level, text);
    }

    /// Control's place in the lists of counters.
    pub fn control_index(&self) -> WorkerIdx {
        self.workers
    }
}
