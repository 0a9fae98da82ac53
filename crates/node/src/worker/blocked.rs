//! The clients of this worker whose command waits for a key: how their waits end.

use super::Worker;
use super::conn::{Conn, Wait};
use crate::blocking::{Blocked, Parked};
use crate::dispatch::{Held, Request};
use crate::mail::ConnId;
use resp::Reply;
use std::time::Duration;
use store::Turn;

/// A wait whose time is over while another worker tries to serve it is looked at again after this.
const RETRY: Duration = Duration::from_millis(1);

impl Worker {
    /// A connection has just begun to wait: its deadline is kept.
    pub(super) fn await_deadline(&mut self, id: ConnId) {
        let deadline = self.conn(id).and_then(|c| c.parked.as_deref()).and_then(|p| p.deadline);
        self.deadlines.extend(deadline.map(|at| (at, id)));
    }

    /// Ends the waits whose time is over.
    pub(super) fn end_overdue(&mut self) {
        let now = self.core.now.mono;
        while let Some((at, id)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.deadlines.remove(&(at, id));
            let Some(parked) = self.conn(id).and_then(|c| c.parked.as_deref()) else { continue };
            if parked.waiter.claim.end() {
                self.wake(id, |out| out.null_array());
            } else if !parked.waiter.claim.has_ended() {
                self.deadlines.insert((now + RETRY, id));
                if let Some(parked) = self.conn_mut(id).and_then(|c| c.parked.as_deref_mut()) {
                    parked.deadline = Some(now + RETRY);
                }
            }
        }
    }

    /// The reply of a blocked command came from whoever served it.
    pub(super) fn served(&mut self, id: ConnId, client: u64, reply: &[u8]) {
        if self.waits(id, client) {
            self.wake(id, |out| out.raw(reply));
        }
    }

    /// CLIENT UNBLOCK ended the wait.
    pub(super) fn unblocked(&mut self, id: ConnId, client: u64, error: bool) {
        if self.waits(id, client) {
            self.wake(id, |out| match error {
                true => out.error("-UNBLOCKED client unblocked via CLIENT UNBLOCK"),
                false => out.null_array(),
            });
        }
    }

    /// Slots may have gone to other nodes: those who wait for their keys here are sent after them.
    pub(super) fn redirect_blocked(&mut self, turn: &Turn<'_>) {
        if !self.core.config.cluster.enabled {
            return;
        }
        let blocked = |c: &&Conn| c.wait == Wait::Key;
        let waiting: Vec<ConnId> =
            self.conns.iter().flatten().map(|c| &**c).filter(blocked).map(|c| c.id).collect();
        for id in waiting {
            let Some(conn) = self.conn(id) else { continue };
            let (Some(parked), Some(session)) = (conn.parked.as_deref(), conn.session.as_deref()) else {
                continue;
            };
            let Blocked { row, request, keys, hashes, .. } = parked.blocked();
            let request = Request { args: request.as_args(), keys, hashes, bad_keys: false };
            let Err(error) = self.core.check_route(&Held::Turn(turn), session, row, &request) else {
                continue;
            };
            let is_final = error.starts_with("-MOVED") || error.starts_with("-CLUSTERDOWN");
            if is_final && parked.waiter.claim.end() {
                self.wake(id, |out| out.error(&error));
            }
        }
    }

    /// Forgets the wait of a connection, if it has one.
    pub(super) fn end_wait(&mut self, conn: &mut Conn) {
        let Some(parked) = conn.parked.take() else { return };
        let Parked { waiter, deadline, .. } = *parked;
        // Whether the claim succeeds or somebody serves it at this moment: nobody is there to hear of it.
        let _ = waiter.claim.end();
        self.deadlines.remove(&(deadline.unwrap_or_default(), conn.id));
        conn.card.block(None);
        self.core.ended_waits.push(waiter);
    }

    fn waits(&self, id: ConnId, client: u64) -> bool {
        self.conn(id).is_some_and(|c| c.card.id == client && c.wait == Wait::Key)
    }

    /// Ends the wait of a connection with a reply, and lets its next command run.
    fn wake(&mut self, id: ConnId, reply: impl FnOnce(&mut Reply<'_>)) {
        let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) else { return };
        let row = conn.parked.as_deref().map(|parked| parked.blocked().row);
        self.end_wait(&mut conn);
        conn.wait = Wait::Nothing;
        if let Some(session) = conn.session.as_deref_mut() {
            let out = conn.output.writer();
            let start = out.len();
            reply(&mut Reply::new(out, session.proto));
            // A call counts when it ends.
            if let Some(row) = row {
                self.core.book(row, session, out, start);
            }
            session.reply_mode.silence(out, start);
        }
        conn.publish();
        self.conns[id.0 as usize] = Some(conn);
        self.queue_output(id);
        self.queue_ready(id);
    }
}
