//! Whether this node is the one to ask, in a cluster.

use super::{Core, Held, Request, Row, Run};
use crate::session::{Queued, Session};
use base::Slot;
use cluster::route::{KeyCounts, Query, Route, route};
use cluster::view::Audience;
use commands::Flag;
use resp::Args;
use store::{DbId, Key};

impl Core {
    /// The redirection decision for a command; EXEC is decided by its whole queue.
    pub(crate) fn check_route(
        &self,
        held: &Held<'_, '_>,
        session: &Session,
        row: &Row,
        request: &Request<'_>,
    ) -> Result<(), String> {
        if !self.config.cluster.enabled || request.bad_keys {
            return Ok(());
        }
        let decision = if matches!(row.run, Run::Exec) {
            let Some(multi) = session.multi.as_deref() else { return Ok(()) };
            if multi.broken {
                return Ok(());
            }
            let keys = self.queued_keys(session);
            let slots: Vec<Slot> = keys.iter().map(|key| key.slot).collect();
            let writes = multi.queue.iter().any(|q| q.row.spec.is(Flag::Write));
            let other_db = in_databases(&multi.queue, session.db)
                .any(|(queued, db)| leaves_database(queued.row, queued.request.as_args(), db));
            let query = Query {
                several_keys: keys.len() > 1,
                readonly: session.readonly,
                asking: session.asking,
                writes,
                other_db,
                ..Query::read(&slots)
            };
            route(&self.view, &query, || self.count_queued(held, session))
        } else {
            if request.hashes.is_empty() {
                return Ok(());
            }
            if let [only] = request.hashes
                && self.view.state_ok
                && self.view.owns(only.slot)
                && self.view.migrating.is_empty()
            {
                return Ok(());
            }
            let slots: Vec<Slot> = request.hashes.iter().map(|h| h.slot).collect();
            let query = Query {
                several_keys: several(request),
                readonly: session.readonly,
                asking: session.asking || row.spec.is(Flag::Asking),
                writes: row.spec.is(Flag::Write),
                shard_pubsub: matches!(row.spec.name, "ssubscribe" | "sunsubscribe" | "spublish"),
                migrate: row.spec.name == "migrate",
                other_db: leaves_database(row, request.args, session.db),
                queueing: session.multi.is_some(),
                ..Query::read(&slots)
            };
            route(&self.view, &query, || count_request(held, session, request))
        };
        self.explain(decision, session)
    }

    fn explain(&self, decision: Route, session: &Session) -> Result<(), String> {
        let audience = Audience { tls: false, ipv6: session.card.addr.starts_with('[') };
        match decision.error(&self.view, audience) {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    fn count_queued(&self, held: &Held<'_, '_>, session: &Session) -> KeyCounts {
        let mut counts = KeyCounts::default();
        let Some(multi) = session.multi.as_deref() else { return counts };
        let mut found = Vec::new();
        for (queued, db) in in_databases(&multi.queue, session.db) {
            let args = queued.request.as_args();
            if commands::routed_of(queued.row.spec, args, &mut found).is_ok() {
                for key in &found {
                    count_key(held, &mut counts, db, self.key(&args[key.index as usize]));
                }
            }
        }
        counts
    }
}

/// Tries to lock a stripe before the client is told to try again.
const TRIES_MAX: usize = 10_000;

fn count_request(held: &Held<'_, '_>, session: &Session, request: &Request<'_>) -> KeyCounts {
    let mut counts = KeyCounts::default();
    for (key, hash) in request.keys.iter().zip(request.hashes) {
        let bytes = request.args.get(key.index as usize).unwrap_or_default();
        count_key(held, &mut counts, session.db, Key { bytes, at: *hash });
    }
    counts
}

/// Counts a key of an open slot. Another worker holds a stripe for a command at most, and this one holds none:
/// it is waited for, within reason. A key that cannot be looked at counts both ways, which is TRYAGAIN.
fn count_key(held: &Held<'_, '_>, counts: &mut KeyCounts, db: DbId, key: Key<'_>) {
    let exists = match held {
        Held::Access(access) => Some(access.peek(db, key).is_some()),
        Held::Turn(turn) => (0..TRIES_MAX)
            .find_map(|_| turn.try_lock(&[key.at], u64::MAX).ok())
            .map(|access| access.peek(db, key).is_some()),
        Held::Nothing => None,
    };
    counts.existing += usize::from(exists != Some(false));
    counts.missing += usize::from(exists != Some(true));
}

fn several(request: &Request<'_>) -> bool {
    let key = |i: usize| request.args.get(request.keys[i].index as usize);
    (1..request.keys.len()).any(|i| key(i) != key(0))
}

/// Queued commands with the databases they will run in: a SELECT among them counts for those behind it.
fn in_databases(queue: &[Queued], mut db: DbId) -> impl Iterator<Item = (&Queued, DbId)> {
    queue.iter().map(move |queued| {
        let here = db;
        if queued.row.spec.name == "select" {
            let number = queued.request.as_args().get(1).and_then(base::num::parse_i64);
            db = number.and_then(|n| DbId::try_from(n).ok()).unwrap_or(db);
        }
        (queued, here)
    })
}

/// MOVE, and COPY with a DB clause that names another database than the client's.
fn leaves_database(row: &Row, args: Args<'_>, db: DbId) -> bool {
    let other = |at: usize| args.get(at).and_then(base::num::parse_i64) != Some(i64::from(db));
    match row.spec.name {
        "move" => true,
        "copy" => (3..args.len()).any(|i| args[i].eq_ignore_ascii_case(b"db") && other(i + 1)),
        _ => false,
    }
}
