//! A worker: connections, and the commands of their clients. It never blocks and has no I/O of its own.
//!
//! Its driver calls, each turn and in this order: [`Worker::handle_mail`] for letters,
//! [`Worker::handle_read`] for what arrived, [`Worker::poll_turn`], then [`Worker::poll_transmit`],
//! [`Worker::poll_close`] and [`Worker::poll_read`] until they are empty, and sleeps until
//! [`Worker::poll_timeout`].

mod accept;
mod batch;
mod blocked;
mod conn;
mod exclusive;
mod input;
mod listening;
mod mailroom;
mod output;
mod step;
mod sweep;
mod turn;
mod upkeep;

pub use accept::NewClient;
pub use output::OutputLimit;

use crate::dispatch::Core;
use crate::mail::{ConnId, WorkerIdx};
use crate::pubsub::Listeners;
use crate::shared::Shared;
use base::{Mono, Now};
use batch::Batch;
use conn::Conn;
use exclusive::Exclusivity;
use input::Pool;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use sweep::Sweep;

/// One worker.
pub struct Worker {
    core: Core,
    conns: Vec<Option<Box<Conn>>>,
    free: Vec<ConnId>,
    /// Connections with input that may hold a command, in the order in which it came.
    ready: VecDeque<ConnId>,
    /// Connections with output to send.
    unsent: VecDeque<ConnId>,
    /// Connections whose socket must be closed by the driver.
    closed: Vec<ConnId>,
    /// Connections whose command waits for CLIENT PAUSE to end.
    paused: Vec<ConnId>,
    /// Connections that may be read again.
    resumed: Vec<ConnId>,
    /// When the waits of blocked commands end.
    deadlines: BTreeSet<(Mono, ConnId)>,
    listeners: Listeners,
    exclusivity: Exclusivity,
    sweep: Sweep,
    pool: Pool,
    /// For the one request at the front of a connection.
    batch: Batch,
    group: Vec<turn::Member>,
    /// The gate was closed when a turn began: commands wait for its opening.
    gated: bool,
    next_upkeep: Mono,
    upkeep_at: usize,
    seen_generation: u64,
}

impl Worker {
    /// A worker without connections.
    pub fn new(index: WorkerIdx, shared: Arc<Shared>, now: Now, seed: u64) -> Worker {
        let workers = shared.workers;
        Worker {
            core: Core::new(index, shared, now, seed),
            conns: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            unsent: VecDeque::new(),
            closed: Vec::new(),
            paused: Vec::new(),
            resumed: Vec::new(),
            deadlines: BTreeSet::new(),
            listeners: Listeners::default(),
            exclusivity: Exclusivity::new(index),
            sweep: Sweep::new(index, workers),
            pool: Pool::default(),
            batch: Batch::default(),
            group: Vec::new(),
            gated: false,
            next_upkeep: now.mono,
            upkeep_at: 0,
            seen_generation: 0,
        }
    }

    /// Whether there is something to do at once.
    pub fn has_work(&self) -> bool {
        ((!self.ready.is_empty() || !self.core.deferred.is_empty()) && !self.gated)
            || self.core.long_runs > 0
            || self.exclusivity.is_due()
            || !self.core.effects.litter.is_empty()
    }

    /// When to call [`Worker::poll_turn`] next, if nothing happens before.
    pub fn poll_timeout(&self) -> Option<Mono> {
        let exclusive = self.exclusivity.deadline();
        let wait = self.deadlines.first().map(|(at, _)| *at);
        exclusive.into_iter().chain(wait).chain([self.next_upkeep]).min()
    }

    /// A connection whose socket is to be closed now; its id is free afterwards.
    pub fn poll_close(&mut self) -> Option<ConnId> {
        let id = self.closed.pop()?;
        self.free.push(id);
        Some(id)
    }

    /// A connection that was not read because [`Worker::read_space`] had no room: try again. What is left of its
    /// bytes shows in no other way.
    pub fn poll_read(&mut self) -> Option<ConnId> {
        self.resumed.pop()
    }

    /// What is to be sent next: a connection and its bytes. Answer with [`Worker::handle_sent`],
    /// [`Worker::handle_blocked`] or [`Worker::handle_closed`].
    pub fn poll_transmit(&mut self) -> Option<(ConnId, &[u8])> {
        while let Some(id) = self.unsent.front().copied() {
            let wanted = self.conn(id).is_some_and(|c| !c.dead && !c.output.is_empty() && !c.output.blocked);
            if wanted {
                return self.conns[id.0 as usize].as_deref().map(|c| (id, c.output.bytes()));
            }
            self.unsent.pop_front();
            self.output_done(id);
        }
        None
    }

    /// The socket took `n` bytes.
    pub fn handle_sent(&mut self, id: ConnId, n: usize, _now: Now) {
        let counters = self.core.counters();
        counters.writes.add(1);
        counters.net_output.add(n as u64);
        if let Some(conn) = self.conn_mut(id) {
            conn.output.sent(n);
            conn.card.net_out.fetch_add(n as u64, Relaxed);
            conn.card.output.store(conn.output.len() as u64, Relaxed);
        }
    }

    /// The socket takes nothing more for now.
    pub fn handle_blocked(&mut self, id: ConnId, _now: Now) {
        if let Some(conn) = self.conn_mut(id) {
            conn.output.blocked = true;
        }
    }

    /// The socket takes bytes again.
    pub fn handle_writable(&mut self, id: ConnId) {
        if let Some(conn) = self.conn_mut(id)
            && conn.output.blocked
        {
            conn.output.blocked = false;
            self.queue_output(id);
        }
    }

    fn output_done(&mut self, id: ConnId) {
        let Some(conn) = self.conn_mut(id) else { return };
        conn.queued_output = false;
        if conn.output.is_empty() && (conn.closing || conn.ended && conn.is_done()) {
            self.close(id);
        }
    }

    fn queue_output(&mut self, id: ConnId) {
        if let Some(conn) = self.conn_mut(id)
            && !conn.queued_output
        {
            conn.queued_output = true;
            self.unsent.push_back(id);
        }
    }

    fn queue_ready(&mut self, id: ConnId) {
        if let Some(conn) = self.conn_mut(id)
            && !conn.queued_ready
            && conn.may_run()
        {
            conn.queued_ready = true;
            self.ready.push_back(id);
        }
    }

    fn conn(&self, id: ConnId) -> Option<&Conn> {
        self.conns.get(id.0 as usize)?.as_deref()
    }

    fn conn_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.0 as usize)?.as_deref_mut()
    }
}
