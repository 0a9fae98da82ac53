//! Connections come and go.

use super::Worker;
use super::conn::{Conn, Wait};
use crate::clients::{Card, CardFlags, Names};
use crate::mail::ConnId;
use crate::session::Session;
use base::Now;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64};

/// Spec `resp.md` §10; the text is Redis's.
const PROTECTED_MODE: &str = "-DENIED Redis is running in protected mode because protected mode is enabled \
and no password is set for the default user. In this mode connections are only accepted from the loopback \
interface. If you want to connect from external computers to Redis you may adopt one of the following \
solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the \
loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis \
is not publicly accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) \
Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting \
the protected mode option to 'no', and then restarting the server. 3) If you started the server manually \
just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication password for \
the default user. NOTE: You only need to do one of the above things in order for the server to start \
accepting connections from the outside.\r\n";
const TOO_MANY: &str = "-ERR max number of clients reached\r\n";

/// Who connects.
pub struct NewClient {
    /// Its address, `ip:port` or `path:0`.
    pub addr: String,
    /// Our side's address.
    pub laddr: String,
    /// Descriptor number.
    pub fd: i32,
    /// Over loopback or a Unix socket.
    pub is_local: bool,
    /// Over a Unix socket.
    pub is_unix: bool,
}

impl Worker {
    /// Takes a connection in; one that is refused is told why and closed.
    pub fn accept(&mut self, new: NewClient, now: Now) -> ConnId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.conns.push(None);
            ConnId(self.conns.len() as u32 - 1)
        });
        let shared = Arc::clone(&self.core.shared);
        let config = shared.config.load();
        let denied = config.network.protected_mode && !config.access.needs_password() && !new.is_local;
        let full = shared.clients.len() >= u64::from(config.clients.max);
        let card = Arc::new(card(&new, id, self.core.index, shared.clients.next_id(), now));
        let session = Box::new(Session::new(Arc::clone(&card), !config.access.needs_password()));
        shared.clients.enter(Arc::clone(&card));
        let mut conn = Box::new(Conn::new(id, card, session, now.mono));
        let counters = self.core.counters();
        counters.connections.add(1);
        if let Some(refusal) = if full { Some(TOO_MANY) } else { denied.then_some(PROTECTED_MODE) } {
            counters.rejected_connections.add(1);
            conn.output.writer().extend_from_slice(refusal.as_bytes());
            conn.closing = true;
        }
        self.conns[id.0 as usize] = Some(conn);
        self.queue_output(id);
        id
    }

    /// The connection broke.
    pub fn handle_closed(&mut self, id: ConnId, _now: Now) {
        self.close(id);
    }

    /// The other side sends nothing more. What it sent is still answered; then the connection is closed.
    pub fn handle_end(&mut self, id: ConnId, _now: Now) {
        let Some(conn) = self.conn_mut(id) else { return };
        conn.ended = true;
        if conn.is_done() {
            self.close(id);
        }
    }

    /// Forgets a connection; the driver closes its socket. What control still does for it is dropped when it
    /// comes back.
    pub(super) fn close(&mut self, id: ConnId) {
        let Some(mut conn) = self.conns.get_mut(id.0 as usize).and_then(Option::take) else { return };
        let shared = &self.core.shared;
        shared.clients.leave(conn.card.id);
        if conn.wait == Wait::Stripe || conn.reserved {
            shared.keyspace.forget(self.core.worker(), u64::from(id.0));
        }
        self.end_wait(&mut conn);
        if let Some(mut session) = conn.session.take() {
            self.forget_subscriptions(id, &mut session);
            conn.session = Some(session);
        }
        if let Some(session) = &mut conn.session {
            self.core.unwatch(session);
            self.core.collect_retired(session);
        }
        self.exclusivity.forget(id);
        self.paused.retain(|c| *c != id);
        self.closed.push(id);
    }
}

fn card(new: &NewClient, conn: ConnId, worker: usize, id: u64, now: Now) -> Card {
    Card {
        id,
        worker,
        conn,
        addr: new.addr.clone(),
        laddr: new.laddr.clone(),
        fd: new.fd,
        is_local: new.is_local,
        created_s: now.unix_s(),
        names: Mutex::new(Names::default()),
        active_s: AtomicU64::new(now.unix_s()),
        flags: AtomicU32::new(if new.is_unix { CardFlags::UNIX } else { 0 }),
        killed: AtomicBool::new(false),
        waiting: Mutex::default(),
        db: AtomicU32::new(0),
        multi: AtomicI64::new(-1),
        subscriptions: Default::default(),
        watching: AtomicU32::new(0),
        query: AtomicU64::new(0),
        query_free: AtomicU64::new(0),
        multi_bytes: AtomicU64::new(0),
        output: AtomicU64::new(0),
        command: AtomicU32::new(u32::MAX),
        proto: AtomicU8::new(2),
        net_in: AtomicU64::new(0),
        net_out: AtomicU64::new(0),
        commands: AtomicU64::new(0),
    }
}
