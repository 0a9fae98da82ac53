//! The order of a turn.

use super::Worker;
use super::batch::{BATCH_MAX, Batch, Item};
use super::conn::{Conn, Wait};
use super::input::Input;
use super::step::Step;
use crate::dispatch::Core;
use crate::mail::ConnId;
use crate::pause::Paused;
use base::Now;
use resp::{Limits, OwnedRequest};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use store::{DbId, Turn};

impl Worker {
    /// A place for the next read of a connection; `None` while it should not be read.
    pub fn read_space(&mut self, id: ConnId) -> Option<&mut [u8]> {
        let conn = self.conns.get_mut(id.0 as usize)?.as_deref_mut()?;
        conn.held_back |= conn.is_full();
        if conn.closing || conn.dead || conn.ended || conn.held_back {
            return None;
        }
        let needed = conn.parser.needed();
        Some(conn.input.space(&mut self.pool, needed))
    }

    /// `n` bytes were read into the space.
    pub fn handle_read(&mut self, id: ConnId, n: usize, now: Now) {
        let counters = self.core.counters();
        counters.reads.add(1);
        counters.net_input.add(n as u64);
        let limit = self.core.config.clients.query_buffer_limit;
        let Some(conn) = self.conns.get_mut(id.0 as usize).and_then(Option::as_deref_mut) else { return };
        conn.input.filled(n);
        conn.active = now.mono;
        conn.card.active_s.store(now.unix_s(), Relaxed);
        conn.card.net_in.fetch_add(n as u64, Relaxed);
        conn.card.query.store(conn.input.len() as u64, Relaxed);
        conn.card.query_free.store(conn.input.free() as u64, Relaxed);
        if conn.input.len() as u64 > limit {
            counters.query_buffer_closed.add(1);
            self.close(id);
            return;
        }
        self.queue_ready(id);
    }

    /// One turn: what changed outside, then commands under the gate's permit, then what needs the whole
    /// keyspace, then upkeep. Replies are ready for [`Worker::poll_transmit`] afterwards.
    pub fn poll_turn(&mut self, now: Now) {
        self.core.now = now;
        let keyspace = Arc::clone(&self.core.shared.keyspace);
        match keyspace.enter(self.core.worker(), self.core.clock()) {
            Some(mut turn) => {
                self.gated = false;
                // Not before: what an exclusive holder changed is in force for all who enter after it.
                if self.refresh() {
                    self.redirect_blocked(&turn);
                    self.leave_lost_channels();
                }
                turn.clock = self.core.clock();
                self.release_paused();
                self.end_overdue();
                self.core.serve_deferred(&turn);
                self.run_ready(&mut turn);
                self.core.bury_retired(&turn);
                self.core.bury_waits(&turn);
                self.sweep(&turn);
            }
            None => self.gated = !self.ready.is_empty(),
        }
        self.run_exclusive();
        // Big values that were removed are freed here, where nobody waits for a stripe.
        self.core.free_litter();
        self.upkeep();
    }

    /// Whether there are commands that take long.
    pub fn has_slices(&self) -> bool {
        self.core.long_runs > 0
    }

    /// A slice for each command that takes long; whether there are new replies. Called once those of the turn are sent: they would
    /// wait for it.
    pub fn poll_slices(&mut self) -> bool {
        let over = self.core.play_on();
        let any = !over.is_empty();
        over.into_iter().for_each(|done| self.come_home(done));
        any
    }

    /// Looks at configuration, view and pause again if one of them changed; whether one has. Called with a permit in hand.
    pub(super) fn refresh(&mut self) -> bool {
        let generation = self.core.shared.generation.load(Acquire);
        if generation != self.seen_generation {
            self.seen_generation = generation;
            self.core.refresh();
            return true;
        }
        false
    }

    fn release_paused(&mut self) {
        if (self.paused.is_empty() && !self.core.pausing) || self.core.paused() != Paused::Nothing {
            return;
        }
        self.core.refresh();
        for id in std::mem::take(&mut self.paused) {
            self.unpark(id, Wait::Pause);
        }
    }

    /// Lets a connection run its waiting command again.
    pub(super) fn unpark(&mut self, id: ConnId, from: Wait) {
        if let Some(conn) = self.conn_mut(id)
            && conn.wait == from
        {
            conn.wait = Wait::Nothing;
            self.queue_ready(id);
        }
    }

    /// Serves each connection that was ready when the turn began, in groups: the keys of a group are on their
    /// way into the cache before its first command runs.
    fn run_ready(&mut self, turn: &mut Turn<'_>) {
        let mut left = self.ready.len();
        let mut group = std::mem::take(&mut self.group);
        while left > 0 && !turn.asked_to_leave() {
            left -= self.gather(&mut group, left);
            prefetch(turn, &mut group);
            for Member { conn, batch } in &mut group {
                if let Some(mut conn) = conn.take() {
                    let more = self.run_pipeline(turn, &mut conn, batch);
                    let id = conn.id;
                    self.settle(conn);
                    if more {
                        self.queue_ready(id);
                    }
                }
            }
        }
        self.group = group;
    }

    /// Parses ahead for connections at the front of the queue, `most` of them, until a batch's worth of
    /// requests is found; how many connections were taken.
    fn gather(&mut self, group: &mut Vec<Member>, most: usize) -> usize {
        let (mut taken, mut requests) = (0, 0);
        while taken < most && taken < BATCH_MAX && requests < BATCH_MAX {
            let Some(id) = self.ready.pop_front() else { break };
            if group.len() == taken {
                group.push(Member::default());
            }
            let member = &mut group[taken];
            member.conn = self.conns.get_mut(id.0 as usize).and_then(Option::take);
            taken += 1;
            if let Some(conn) = &mut member.conn {
                conn.queued_ready = false;
                self.core.parse_ahead(conn, &mut member.batch);
                requests += member.batch.items.len();
            }
        }
        taken
    }

    /// Runs a connection's requests until they end, one of them must wait, or somebody asks for the whole
    /// keyspace: then there may be more, and the answer is true. The first batch is parsed.
    fn run_pipeline(&mut self, turn: &mut Turn<'_>, conn: &mut Conn, batch: &mut Batch) -> bool {
        if conn.card.is_killed() {
            conn.dead = true;
        }
        while conn.may_run() && !(batch.items.is_empty() && batch.error.is_none()) {
            self.run_batch(turn, conn, batch);
            // Before more is parsed: a line of text is changed by that.
            if turn.asked_to_leave() {
                return true;
            }
            if conn.input.len() == 0 {
                batch.clear();
                return false;
            }
            self.core.parse_ahead(conn, batch);
            if let Some(session) = conn.session.as_deref() {
                batch.prefetch_slots(turn, session.db);
                batch.prefetch_buckets(turn, session.db);
                batch.prefetch_entries(turn, session.db);
                let input = conn.input.bytes();
                batch.prefetch_values(turn, session.db, input);
                batch.prefetch_element_buckets(turn, session.db, input);
                batch.prefetch_elements(turn, session.db, input);
            }
        }
        false
    }

    fn run_batch(&mut self, turn: &mut Turn<'_>, conn: &mut Conn, batch: &mut Batch) {
        let before = self.core.shared.outside.process.ticks_ns();
        let mut done = 0;
        for item in &batch.items {
            match self.core.step(turn, conn, batch, item) {
                Step::Next => done = item.end,
                Step::Blocked | Step::Suspended => {
                    done = item.end;
                    break;
                }
                Step::Wait => {
                    if item.is_line {
                        keep_line(&mut conn.input, batch, item);
                    }
                    break;
                }
                Step::Away => {
                    done = item.end;
                    let request = OwnedRequest::from_args(batch.args(item, conn.input.bytes()));
                    self.core.send_away(conn, request, None);
                    break;
                }
            }
            // Before anybody's next command.
            let all_served = self.core.deferred.is_empty() || self.core.serve_deferred(turn);
            if !conn.may_run() || !all_served {
                break;
            }
        }
        self.core.book_time(before);
        let finished = batch.items.last().is_none_or(|last| last.end == done);
        conn.input.consume(done);
        if finished && conn.may_run() {
            if let Some(error) = batch.error.take() {
                self.core.protocol_error(conn, &error);
            }
        } else {
            // Requests parsed ahead but not run are parsed again when their turn comes.
            conn.parser = resp::Parser::default();
        }
    }

    /// Puts a connection back after it was served.
    pub(super) fn settle(&mut self, mut conn: Box<Conn>) {
        let id = conn.id;
        conn.input.settle(&mut self.pool);
        if let Some(session) = &mut conn.session
            && !session.retired.is_empty()
        {
            self.core.collect_retired(session);
        }
        self.note_subscriptions(&mut conn);
        conn.publish();
        if conn.reserved && conn.wait != Wait::Stripe {
            // It got what it wanted, or was refused meanwhile: others must not wait for it.
            (conn.reserved, conn.contended) = (false, 0);
            self.core.shared.keyspace.forget(self.core.worker(), u64::from(id.0));
        }
        if conn.held_back && !conn.is_full() {
            conn.held_back = false;
            self.resumed.push(id);
        }
        let (waits, dead) = (conn.wait, conn.dead);
        let overflow =
            conn.output.exceeds(&self.core.output_limit_of(conn.session.as_deref()), self.core.now.mono);
        self.core.counters().max_output.raise(conn.output.len() as u64);
        self.conns[id.0 as usize] = Some(conn);
        if overflow {
            self.core.counters().output_buffer_closed.add(1);
            self.core.log_output_overflow(self.conn(id).map(|c| &*c.card));
            self.close(id);
            return;
        }
        match waits {
            Wait::Exclusive => self.exclusivity.enqueue(id),
            Wait::Pause => self.paused.push(id),
            Wait::Key => self.await_deadline(id),
            Wait::Nothing | Wait::Stripe | Wait::Control | Wait::Script => {}
        }
        if dead {
            self.close(id);
        } else {
            self.queue_output(id);
        }
    }
}

impl Core {
    /// Parses a connection's next requests, if it may run any.
    fn parse_ahead(&self, conn: &mut Conn, batch: &mut Batch) {
        let may_run = conn.may_run();
        let Some(session) = conn.session.as_deref().filter(|_| may_run) else {
            batch.clear();
            return;
        };
        let authenticated = self.is_authenticated(session);
        let limits =
            Limits { bulk_max: self.config.clients.bulk_max as usize, unauthenticated: !authenticated };
        // Before authentication limits depend on each command's outcome.
        let most = if authenticated { BATCH_MAX } else { 1 };
        let shared = &self.shared;
        let input = conn.input.bytes_mut();
        let dropped = batch.fill(&mut conn.parser, input, most, &limits, shared.table, &shared.keyspace);
        if batch.items.is_empty() && batch.error.is_none() {
            conn.input.consume(dropped);
        }
    }
}

/// A connection of a group and its requests.
#[derive(Default)]
pub(super) struct Member {
    conn: Option<Box<Conn>>,
    batch: Batch,
}

/// Asks for the cache lines that a group will need: first the buckets, then the entries they name. A lone
/// request finds them as fast by itself.
fn prefetch(turn: &Turn<'_>, group: &mut [Member]) {
    let members = || group.iter().filter_map(|m| Some((&m.batch, m.conn.as_deref()?.session.as_deref()?.db)));
    if members().map(|(batch, _)| batch.keys_ahead()).sum::<usize>() < 2 {
        return;
    }
    members().for_each(|(batch, db)| batch.prefetch_slots(turn, db));
    members().for_each(|(batch, db)| batch.prefetch_buckets(turn, db));
    members().for_each(|(batch, db)| batch.prefetch_entries(turn, db));
    if members().any(|(batch, _)| batch.has_elements()) {
        prefetch_elements(turn, group);
    }
}

/// Asks for the elements that requests name in the values of their keys.
fn prefetch_elements(turn: &Turn<'_>, group: &mut [Member]) {
    each(group, |batch, db, input| batch.prefetch_values(turn, db, input));
    each(group, |batch, db, input| batch.prefetch_element_buckets(turn, db, input));
    each(group, |batch, db, input| batch.prefetch_elements(turn, db, input));
}

/// Every batch of a group, with its database and the bytes that it was parsed from.
fn each(group: &mut [Member], step: impl Fn(&mut Batch, DbId, &[u8])) {
    for Member { conn, batch } in group {
        if let Some(conn) = conn
            && let Some(session) = &conn.session
        {
            step(batch, session.db, conn.input.bytes());
        }
    }
}

/// A line of text that must wait was changed by parsing it: its arguments take its place.
fn keep_line(input: &mut Input, batch: &Batch, item: &Item) {
    let mut encoded = Vec::new();
    let args: Vec<&[u8]> = batch.args(item, input.bytes()).iter().collect();
    resp::client::encode_command(&mut encoded, &args);
    input.replace_front(item.end, &encoded);
}
