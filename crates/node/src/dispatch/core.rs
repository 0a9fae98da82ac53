//! What every machine that runs commands has: snapshots of configuration and view, its counters, the time.

use crate::blocking::Parked;
use crate::clients::Card;
use crate::config::{Config, Encodings, OutputClass};
use crate::counters::{CommandCounters, Counters};
use crate::journal::{Readers, Unit};
use crate::mail::WorkerIdx;
use crate::migration::Flights;
use crate::pause::Paused;
use crate::scripts::{Busy, Troupe};
use crate::session::Session;
use crate::shared::{Level, Shared};
use crate::switches::Switches;
use crate::worker::OutputLimit;
use base::{Now, Rng};
use cluster::view::View;
use commands::{Dumps, Effects, Env, Limits};
use resp::ProtocolError;
use std::sync::Arc;
use store::value::{HashLimits, ListLimits, SetLimits, StreamLimits, ZsetLimits};
use store::{Clock, Expired, Key, Touch};

/// Unsent bytes at which a client that has not authenticated is closed: it would only be filling memory.
const UNAUTHENTICATED_OUTPUT_MAX: u64 = 17 << 10;

/// Elements of removed values that are freed in a turn.
const LITTER_ELEMENTS_A_TURN: usize = 4096;

/// The common part of workers and control.
pub struct Core {
    /// Place in the lists of counters: the worker's index; control comes last.
    pub index: WorkerIdx,
    /// The node's shared part.
    pub shared: Arc<Shared>,
    /// Configuration as of this turn.
    pub config: Arc<Config>,
    /// The cluster as of this turn.
    pub view: Arc<View>,
    /// The time, taken once a turn.
    pub now: Now,
    /// Values of the configuration that data commands read.
    pub env: Env,
    /// What commands did besides replying.
    pub effects: Effects,
    /// What they changed, for the journal: that of a command, EXEC or script that has not ended.
    pub(crate) unit: Unit,
    /// Commands that run are parts of a unit: those of EXEC or a script.
    pub(crate) in_unit: bool,
    /// Who is to see what the command that runs changes.
    pub(crate) readers: Readers,
    /// A source of randomness.
    pub rng: Rng,
    /// Records of watches that lie in the keyspace and mean nothing any more.
    pub(crate) retired: Vec<(Arc<store::Watcher>, crate::session::Watched)>,
    /// Blocked commands to be served once more stripes are held than their keys' writer held.
    pub(crate) deferred: Vec<Arc<store::Waiter>>,
    /// Records of ended waits that still lie in the keyspace.
    pub(crate) ended_waits: Vec<Arc<store::Waiter>>,
    /// Keys on their way to other servers.
    pub(crate) flights: sync::Moored<Flights>,
    /// Interpreters, and commands that take more than a turn.
    pub(crate) troupe: sync::Moored<Troupe>,
    /// How many of those there are.
    pub(crate) long_runs: usize,
    /// The error that a script replies was counted when a command gave it.
    pub(crate) error_counted: bool,
    /// The wait that the command just run began.
    pub(crate) parked: Option<Box<Parked>>,
    /// Commands counted since time was last booked.
    pub(super) recent: Vec<u32>,
    /// A script that holds everything and runs for too long.
    pub(super) busy: Option<Busy>,
    /// Nothing about the node needs the careful path of dispatch.
    pub(super) plain: bool,
    /// CLIENT PAUSE was in force when the snapshots were taken.
    pub(crate) pausing: bool,
}

impl Core {
    /// The common part of one machine.
    pub fn new(index: WorkerIdx, shared: Arc<Shared>, now: Now, seed: u64) -> Core {
        let (config, view) = (shared.config.load_full(), shared.view.load_full());
        let env = env_of(&config, &shared);
        let mut effects = Effects::default();
        effects.set_logs(shared.outside.journal.is_some());
        Core {
            index,
            shared,
            config,
            view,
            now,
            env,
            effects,
            unit: Unit::new(),
            in_unit: false,
            readers: Readers::ALL,
            rng: Rng::new(seed),
            retired: Vec::new(),
            deferred: Vec::new(),
            ended_waits: Vec::new(),
            flights: sync::Moored::default(),
            troupe: sync::Moored::default(),
            long_runs: 0,
            error_counted: false,
            parked: None,
            recent: Vec::new(),
            busy: None,
            plain: false,
            pausing: false,
        }
    }

    /// Takes new snapshots.
    pub fn refresh(&mut self) {
        self.config = self.shared.config.load_full();
        self.view = self.shared.view.load_full();
        self.env = env_of(&self.config, &self.shared);
        self.pausing = self.paused() != Paused::Nothing;
        self.busy = self.shared.scripts.running.busy_everywhere();
        self.plain = !self.config.cluster.enabled && !self.pausing && self.busy.is_none();
        self.effects.listen(self.config.notify_keyspace_events.classes());
    }

    /// Frees some of the big values that commands removed.
    pub(crate) fn free_litter(&mut self) {
        if let Some(object) = self.effects.litter.last_mut()
            && object.shed(LITTER_ELEMENTS_A_TURN)
        {
            self.effects.litter.pop();
        }
    }

    /// This worker, as the keyspace counts them.
    pub fn worker(&self) -> store::WorkerIdx {
        store::WorkerIdx(self.index as u16)
    }

    /// This machine's counters.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters[self.index]
    }

    /// This machine's counters of a command.
    pub fn command_counters(&self, command: u32) -> &CommandCounters {
        &self.shared.command_counters[self.index][command as usize]
    }

    /// Whether a client may run commands that need authentication.
    pub fn is_authenticated(&self, session: &Session) -> bool {
        session.authenticated || !self.config.access.needs_password()
    }

    /// What CLIENT PAUSE stops now.
    pub fn paused(&self) -> Paused {
        self.shared.pause.at(self.now.mono)
    }

    /// A key, hashed.
    pub fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        self.shared.keyspace.key(bytes)
    }

    /// The time and the rules of the keyspace, for this turn.
    pub fn clock(&self) -> Clock {
        let memory = &self.config.memory;
        let touch = if memory.policy.is_lfu() {
            Touch::Lfu { log_factor: memory.lfu_log_factor, decay_minutes: memory.lfu_decay_time_min }
        } else {
            Touch::Lru
        };
        let mut clock = Clock::new(self.now.unix_ms(), touch);
        if self.paused() != Paused::Nothing {
            // Nothing may change, not even by the passing of time.
            clock.expired = Expired::Hide;
        }
        clock
    }

    /// Time between two rounds of background work (`hz`).
    pub fn period(&self) -> std::time::Duration {
        std::time::Duration::from_secs(1) / self.config.process.hz.max(1)
    }

    /// Keys of all databases.
    pub fn key_count(&self) -> u64 {
        let keyspace = &self.shared.keyspace;
        (0..keyspace.databases()).map(|db| keyspace.db_size(db)).sum()
    }

    /// Counts an error reply.
    pub fn count_error(&self, reply: &[u8]) {
        self.counters().errors.add(1);
        self.shared.errors.count(reply);
    }

    /// Limits on unsent bytes of an ordinary client.
    pub fn output_limit(&self) -> OutputLimit {
        self.limit_of(OutputClass::Normal)
    }

    fn limit_of(&self, class: OutputClass) -> OutputLimit {
        let limit = self.config.clients.output_limit(class);
        OutputLimit {
            hard: limit.hard,
            soft: limit.soft,
            soft_for: std::time::Duration::from_secs(limit.soft_seconds),
        }
    }

    /// Limits on unsent bytes of one client.
    pub fn output_limit_of(&self, session: Option<&Session>) -> OutputLimit {
        match session {
            Some(session) if !self.is_authenticated(session) => {
                OutputLimit { hard: UNAUTHENTICATED_OUTPUT_MAX, ..OutputLimit::default() }
            }
            Some(session) => self.limit_of(Self::output_class(session)),
            None => self.limit_of(OutputClass::Normal),
        }
    }

    /// Which limits on unsent bytes hold for a client.
    fn output_class(session: &Session) -> OutputClass {
        if session.subscriptions.is_some() { OutputClass::PubSub } else { OutputClass::Normal }
    }

    pub(crate) fn log_output_overflow(&self, conn: Option<&Card>) {
        if let Some(card) = conn {
            let text = format!(
                "Client id={} addr={} scheduled to be closed ASAP for overcoming of output buffer limits.",
                card.id, card.addr
            );
            self.shared.log(Level::Warning, &text);
        }
    }

    pub(crate) fn log_protocol_error(&self, card: &Card, error: &ProtocolError) {
        self.shared.log(Level::Verbose, &format!("{error} from client: id={} addr={}", card.id, card.addr));
    }
}

fn env_of(config: &Config, shared: &Shared) -> Env {
    Env {
        cluster: config.cluster.enabled,
        databases: shared.keyspace.databases(),
        string_bytes_max: config.clients.bulk_max as usize,
        lfu: config.memory.policy.is_lfu(),
        limits: limits_of(&config.encodings, &shared.switches),
        dumps: Dumps {
            compress: config.encodings.rdb_compression,
            checksum: shared.switches.dump_checksum(),
        },
        in_script: false,
    }
}

fn limits_of(config: &Encodings, switches: &Switches) -> Limits {
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Limits {
        list: ListLimits { node_size: config.list_max_listpack_size, long: switches.long_elements() },
        set: SetLimits {
            ints_max: size(config.set_max_intset_entries),
            pack_members_max: size(config.set_max_listpack_entries),
            pack_value_max: size(config.set_max_listpack_value),
        },
        zset: ZsetLimits {
            pack_members_max: size(config.zset_max_listpack_entries),
            pack_value_max: size(config.zset_max_listpack_value),
        },
        hash: HashLimits {
            pack_fields_max: size(config.hash_max_listpack_entries),
            pack_value_max: size(config.hash_max_listpack_value),
        },
        stream: StreamLimits {
            node_bytes_max: size(config.stream_node_max_bytes),
            node_entries_max: size(config.stream_node_max_entries),
        },
        hll_sparse_bytes_max: size(config.hll_sparse_max_bytes),
    }
}
