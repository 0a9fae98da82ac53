//! What every machine that runs commands has: snapshots of configuration and view, its counters, the time.

use crate::clients::Card;
use crate::config::Config;
use crate::counters::{CommandCounters, Counters};
use crate::mail::WorkerIdx;
use crate::pause::Paused;
use crate::session::Session;
use crate::shared::{Level, Shared};
use crate::worker::OutputLimit;
use base::{Now, Rng};
use cluster::view::View;
use commands::{Effects, Env};
use resp::ProtocolError;
use std::sync::Arc;
use store::Key;

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
    /// A source of randomness.
    pub rng: Rng,
    /// Commands counted since time was last booked.
    pub(super) recent: Vec<u32>,
}

impl Core {
    /// The common part of one machine.
    pub fn new(index: WorkerIdx, shared: Arc<Shared>, now: Now, seed: u64) -> Core {
        let (config, view) = (shared.config.load_full(), shared.view.load_full());
        let env = config.env();
        Core {
            index,
            shared,
            config,
            view,
            now,
            env,
            effects: Effects::default(),
            rng: Rng::new(seed),
            recent: Vec::new(),
        }
    }

    /// Takes new snapshots.
    pub fn refresh(&mut self) {
        self.config = self.shared.config.load_full();
        self.view = self.shared.view.load_full();
        self.env = self.config.env();
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
        session.authenticated || self.config.clients.requirepass.is_empty()
    }

    /// What CLIENT PAUSE stops now.
    pub fn paused(&self) -> Paused {
        self.shared.pause.at(self.now.unix_ms())
    }

    /// A key, hashed.
    pub fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        self.shared.keyspace.key(bytes)
    }

    /// Counts an error reply.
    pub fn count_error(&self, reply: &[u8]) {
        self.counters().errors.add(1);
        self.shared.errors.count(reply);
    }

    /// Limits on unsent bytes of an ordinary client.
    pub fn output_limit(&self) -> OutputLimit {
        let normal = &self.config.clients.output_limits.normal;
        OutputLimit { hard: normal.hard, soft: normal.soft, soft_for: std::time::Duration::from_secs(normal.soft_seconds) }
    }

    pub(crate) fn log_output_overflow(&self, conn: Option<&Card>) {
        if let Some(card) = conn {
            let text = format!("Client id={} addr={} scheduled to be closed ASAP for overcoming of output buffer limits.", card.id, card.addr);
            self.shared.log(Level::Warning, &text);
        }
    }

    pub(crate) fn log_protocol_error(&self, card: &Card, error: &ProtocolError) {
        self.shared.log(Level::Verbose, &format!("{error} from client: id={} addr={}", card.id, card.addr));
    }
}
