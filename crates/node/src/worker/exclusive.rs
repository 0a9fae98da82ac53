//! Commands that need the whole keyspace: one request for the exclusive permit serves all that wait.

use super::Worker;
use super::conn::{Conn, Wait};
use super::step::Step;
use crate::mail::{ConnId, WorkerIdx};
use base::Mono;
use resp::OwnedRequest;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use store::{ExclusiveAccess, Ticket};

/// A request that is not granted by then is withdrawn, so that a long holder of stripes stalls only those
/// who need what it holds.
const PATIENCE: Duration = Duration::from_millis(2);
/// Pause before asking again; it doubles up to the limit.
const RETRY: Duration = Duration::from_millis(1);
const RETRY_MAX: Duration = Duration::from_millis(64);

/// A worker's wish for the whole keyspace.
pub struct Exclusivity {
    ticket: Ticket,
    waiting: VecDeque<ConnId>,
    asked_at: Option<Mono>,
    retry_at: Option<Mono>,
    pause: Duration,
    granted: bool,
}

impl Exclusivity {
    /// Nobody waits.
    pub fn new(worker: WorkerIdx) -> Exclusivity {
        Exclusivity {
            ticket: Ticket(worker as u64),
            waiting: VecDeque::new(),
            asked_at: None,
            retry_at: None,
            pause: RETRY,
            granted: false,
        }
    }

    /// A connection's next command needs the whole keyspace.
    pub fn enqueue(&mut self, conn: ConnId) {
        if !self.waiting.contains(&conn) {
            self.waiting.push_back(conn);
        }
    }

    /// The connection is gone.
    pub fn forget(&mut self, conn: ConnId) {
        self.waiting.retain(|c| *c != conn);
    }

    /// All permits are back.
    pub fn ready(&mut self) {
        self.granted = true;
    }

    /// Whether a request should be made now.
    pub fn is_due(&self) -> bool {
        !self.waiting.is_empty() && self.asked_at.is_none() && self.retry_at.is_none()
    }

    /// When something must be done about the request.
    pub fn deadline(&self) -> Option<Mono> {
        self.asked_at.map(|at| at + PATIENCE).or(self.retry_at)
    }

    /// The permit, if it can be had now.
    fn obtain(&mut self, keyspace: &Arc<store::Keyspace>, now: Mono) -> Option<ExclusiveAccess> {
        // The letter may be about a request that was withdrawn before it was read: then there is nothing to take.
        if std::mem::take(&mut self.granted)
            && self.asked_at.is_some()
            && let Some(access) = keyspace.take_exclusive(self.ticket)
        {
            self.asked_at = None;
            return Some(access);
        }
        if self.waiting.is_empty() {
            if self.asked_at.take().is_some() {
                keyspace.withdraw(self.ticket);
            }
            (self.retry_at, self.pause) = (None, RETRY);
            return None;
        }
        if let Some(asked) = self.asked_at {
            if now.since(asked) >= PATIENCE {
                keyspace.withdraw(self.ticket);
                self.asked_at = None;
                self.retry_at = Some(now + self.pause);
                self.pause = (self.pause * 2).min(RETRY_MAX);
            }
            return None;
        }
        if self.retry_at.is_some_and(|at| now < at) {
            return None;
        }
        self.retry_at = None;
        let access = keyspace.request_exclusive(self.ticket);
        if access.is_none() {
            self.asked_at = Some(now);
        }
        access
    }
}

impl Worker {
    /// Runs the commands that wait for the whole keyspace, if it can be had. Called without a permit.
    pub(super) fn run_exclusive(&mut self) {
        let keyspace = Arc::clone(&self.core.shared.keyspace);
        let Some(mut access) = self.exclusivity.obtain(&keyspace, self.core.now.mono) else { return };
        self.exclusivity.pause = RETRY;
        self.refresh();
        while let Some(id) = self.exclusivity.waiting.pop_front() {
            let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) else { continue };
            conn.wait = Wait::Nothing;
            let (step, away) = self.step_exclusive(&mut conn, &mut access);
            if step == Step::Suspended {
                // A long script keeps what it holds beyond this turn; the others wait for it.
                self.core.carry_on(access.keep(self.core.worker()));
                self.settle(conn);
                return;
            }
            if let Some(request) = away {
                // Control runs it while nobody else acts, and gives the permit back itself.
                self.core.send_away(&mut conn, request, Some(access));
                self.settle(conn);
                return;
            }
            self.settle(conn);
            self.queue_ready(id);
        }
    }

    /// Runs the one command at the front of a connection; a command of control is handed back.
    fn step_exclusive(
        &mut self,
        conn: &mut Conn,
        access: &mut ExclusiveAccess,
    ) -> (Step, Option<OwnedRequest>) {
        let mut batch = std::mem::take(&mut self.batch);
        conn.parser = resp::Parser::default();
        // The limits were applied when the request was first parsed.
        let limits = resp::Limits { bulk_max: usize::MAX, unauthenticated: false };
        let core = &mut self.core;
        batch.fill(
            &mut conn.parser,
            conn.input.bytes_mut(),
            1,
            &limits,
            core.shared.table,
            &core.shared.keyspace,
        );
        conn.parser = resp::Parser::default();
        let (mut step, mut away) = (Step::Next, None);
        if let Some(item) = batch.items.first() {
            let before = core.shared.outside.process.ticks_ns();
            step = core.step_exclusive(access, conn, &batch, item);
            if step == Step::Away {
                away = Some(OwnedRequest::from_args(batch.args(item, conn.input.bytes())));
            }
            core.book_time(before);
            if step != Step::Wait {
                conn.input.consume(item.end);
            }
        }
        self.batch = batch;
        (step, away)
    }
}
