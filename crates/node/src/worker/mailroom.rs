//! Letters to a worker.

use super::Worker;
use super::conn::{Conn, Wait};
use crate::mail::{ConnId, Done, WorkerMail};
use base::Now;

impl Worker {
    /// Something was posted to this worker.
    pub fn handle_mail(&mut self, mail: WorkerMail, now: Now) {
        self.core.now = now;
        match mail {
            WorkerMail::StripeFree(id) => self.unpark(id, Wait::Stripe),
            WorkerMail::GateOpen => self.gated = false,
            WorkerMail::ExclusiveReady => self.exclusivity.ready(),
            WorkerMail::Done(done) => self.come_home(*done),
            WorkerMail::Kill { conn, client } => {
                if self.conn(conn).is_some_and(|c| c.card.id == client) {
                    self.close(conn);
                }
            }
            WorkerMail::Served { conn, client, reply } => self.served(conn, client, &reply),
            WorkerMail::Unblocked { conn, client, error } => self.unblocked(conn, client, error),
            WorkerMail::Published(message) => self.published(&message),
            // The turn that follows looks at the pause itself.
            WorkerMail::Unpaused => {}
            WorkerMail::Migrated(ticket, ended) => {
                if let Some(done) = self.core.land(ticket, *ended) {
                    self.come_home(done);
                }
            }
            WorkerMail::Busy => self.retry_waiting(),
            WorkerMail::Tidy => self.core.tidy(),
        }
    }

    /// Those who wait for stripes, or for everything, try again: what is in their way may have an answer for them.
    fn retry_waiting(&mut self) {
        let waits = |c: &&Conn| matches!(c.wait, Wait::Stripe | Wait::Exclusive);
        let waiting: Vec<(ConnId, Wait)> =
            self.conns.iter().flatten().map(|c| &**c).filter(waits).map(|c| (c.id, c.wait)).collect();
        for (id, wait) in waiting {
            match wait {
                Wait::Stripe => self.core.shared.keyspace.forget(self.core.worker(), u64::from(id.0)),
                _ => self.exclusivity.forget(id),
            }
            self.unpark(id, wait);
        }
    }

    /// Control, or a long script, is done with a client's command.
    pub(super) fn come_home(&mut self, done: Done) {
        let Done { conn: id, mut session, reply, close } = done;
        self.core.collect_retired(&mut session);
        match self.conn_mut(id) {
            Some(conn)
                if conn.card.id == session.id() && matches!(conn.wait, Wait::Control | Wait::Script) =>
            {
                conn.output.writer().extend_from_slice(&reply);
                conn.wait = Wait::Nothing;
                conn.closing |= close;
                conn.session = Some(session);
                conn.publish();
                self.note_subscriptions_of(id);
                self.queue_output(id);
                self.queue_ready(id);
            }
            // The client went away meanwhile.
            _ => {
                self.forget_subscriptions(id, &mut session);
                self.core.unwatch(&mut session);
                self.core.collect_retired(&mut session);
            }
        }
    }
}
