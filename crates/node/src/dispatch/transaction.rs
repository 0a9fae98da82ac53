//! MULTI's queue and EXEC: what it needs, whether it may run, and its run.

use super::{Core, Flow, Held, Needs, Request};
use crate::control::State;
use crate::session::Session;
use commands::{KeyRef, routed_of};
use resp::Reply;
use std::sync::Arc;
use store::{Access, KeyHash};

/// What EXEC needs: the most that one of its commands needs. Commands that walk or need all get all.
pub fn needs_of(session: &Session) -> Needs {
    let Some(multi) = session.multi.as_deref() else { return Needs::Nothing };
    if multi.broken {
        return Needs::Nothing;
    }
    let needs = multi.queue.iter().map(|q| Needs::of_request(q.row, q.request.as_args()));
    let most = needs.max().unwrap_or(Needs::Nothing);
    match most {
        Needs::Nothing if session.watched.is_empty() => Needs::Nothing,
        Needs::Nothing | Needs::Keys if !walks(session) => Needs::Keys,
        Needs::Control | Needs::ControlWhole => Needs::ControlWhole,
        _ => Needs::Whole,
    }
}

fn walks(session: &Session) -> bool {
    session.multi.as_deref().is_some_and(|m| m.queue.iter().any(|q| Needs::of(q.row.run) == Needs::Walk))
}

impl Core {
    /// Hashes of the keys of all queued commands.
    pub(super) fn queued_keys(&self, session: &Session) -> Vec<KeyHash> {
        let (mut found, mut all) = (Vec::new(), Vec::new());
        for queued in session.multi.iter().flat_map(|m| &m.queue) {
            let args = queued.request.as_args();
            if routed_of(queued.row.spec, args, &mut found).is_ok() {
                all.extend(found.iter().map(|k| self.shared.keyspace.hash(&args[k.index as usize])));
            }
        }
        all
    }

    /// Hashes whose stripes EXEC holds: the queue's keys and the watched ones.
    pub(crate) fn transaction_hashes(&self, session: &Session) -> Vec<KeyHash> {
        let queued = self.queued_keys(session).into_iter();
        queued.chain(session.watched.iter().map(|w| self.shared.keyspace.hash(&w.key))).collect()
    }

    /// EXEC.
    pub(super) fn exec(
        &mut self,
        session: &mut Session,
        held: &mut Held<'_, '_>,
        state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let mut reply = Reply::new(out, session.proto);
        let Some(multi) = session.multi.take() else {
            reply.error("EXEC without MULTI");
            return Flow::Next;
        };
        let broken = multi.broken;
        let intact = match held {
            Held::Access(access) => self.watches_hold(session, access),
            _ => {
                let intact = !session.watcher.is_dirty();
                self.unwatch(session);
                intact
            }
        };
        if broken {
            reply.error("-EXECABORT Transaction discarded because of previous errors.");
            return Flow::Next;
        }
        if !intact {
            reply.null_array();
            return Flow::Next;
        }
        reply.array(multi.queue.len());
        self.run_queue(session, &multi.queue, held, state, out)
    }

    fn run_queue(
        &mut self,
        session: &mut Session,
        queue: &[crate::session::Queued],
        held: &mut Held<'_, '_>,
        mut state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let (mut keys, mut hashes): (Vec<KeyRef>, Vec<KeyHash>) = (Vec::new(), Vec::new());
        let mut flow = Flow::Next;
        for queued in queue {
            let args = queued.request.as_args();
            let bad_keys = routed_of(queued.row.spec, args, &mut keys).is_err();
            hashes.clear();
            hashes.extend(keys.iter().map(|k| self.shared.keyspace.hash(&args[k.index as usize])));
            let request = Request { args, keys: &keys, hashes: &hashes, bad_keys };
            let start = out.len();
            let asked = self.run_one(queued.row, session, &request, held.again(), state.as_deref_mut(), out);
            if let Some(block) = self.effects.block.take() {
                // Within a transaction nothing waits.
                block.nothing.reply(&mut Reply::new(out, session.proto));
            }
            self.book(queued.row, session, out, start);
            if asked == Flow::Close {
                flow = asked;
            }
        }
        flow
    }

    /// Whether no watched key was changed, and none has expired since it was watched. Takes the records out.
    fn watches_hold(&self, session: &mut Session, access: &mut Access<'_>) -> bool {
        let mut intact = !session.watcher.is_dirty();
        for watched in std::mem::take(&mut session.watched) {
            let key = self.key(&watched.key);
            intact &= !access.watch_expired(watched.db, key, &session.watcher);
            access.unwatch(watched.db, key, &session.watcher);
        }
        session.watcher.clear();
        intact
    }

    /// Ends the transaction, if one is open, and forgets watched keys.
    pub(crate) fn discard(&mut self, session: &mut Session) {
        session.multi = None;
        self.unwatch(session);
    }

    /// Forgets watched keys. Their records lie under stripes that are not held: the worker takes them out soon.
    pub(crate) fn unwatch(&mut self, session: &mut Session) {
        if session.watched.is_empty() {
            return;
        }
        let watcher = std::mem::take(&mut session.watcher);
        session.retired.extend(session.watched.drain(..).map(|w| (Arc::clone(&watcher), w)));
    }

    /// Takes over a session's dead records.
    pub(crate) fn collect_retired(&mut self, session: &mut Session) {
        self.retired.append(&mut session.retired);
    }

    /// Takes dead records out of the keyspace, those whose stripes are free.
    pub(crate) fn bury_retired(&mut self, turn: &store::Turn<'_>) {
        let shared = Arc::clone(&self.shared);
        self.retired.retain(|(watcher, watched)| {
            let key = shared.keyspace.key(&watched.key);
            match turn.try_lock(&[key.at], u64::MAX) {
                Ok(mut access) => {
                    access.unwatch(watched.db, key, watcher);
                    false
                }
                Err(_) => true,
            }
        });
    }
}
