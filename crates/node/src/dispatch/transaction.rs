//! MULTI's queue and EXEC: what it needs, whether it may run, and its run.

use super::{Core, Flow, Held, Needs, Prepare, Request, Row, Run};
use crate::config::UndeclaredKeys;
use crate::control::State;
use crate::scripts::{Progress, Slots, Suspended};
use crate::session::{Multi, Session};
use commands::{KeyRef, routed_of};
use resp::Reply;
use std::sync::Arc;
use store::{Access, KeyHash};

const NOT_IN_TRANSACTION: &str = "Handfast does not migrate keys inside a transaction";
const BESIDE_CONTROL: &str =
    "Handfast runs no script in one transaction with commands that change the cluster or the server";

impl Core {
    /// What a request must hold.
    #[inline]
    pub(crate) fn needs(&mut self, row: &'static Row, session: &Session, request: &Request<'_>) -> Needs {
        match row.run {
            Run::Exec => self.needs_of_queue(session),
            Run::Script(prepare) => self.needs_of_script(prepare, row, session, request),
            _ => Needs::of_request(row, request.args),
        }
    }

    /// A script may touch keys that it does not name, unless the configuration forbids it. In a cluster it names them, or none, unless it
    /// says that its keys are in several slots.
    #[inline(never)]
    fn needs_of_script(
        &mut self,
        prepare: Prepare,
        row: &'static Row,
        session: &Session,
        request: &Request<'_>,
    ) -> Needs {
        if self.config.scripts.undeclared_keys == UndeclaredKeys::Deny {
            return Needs::Keys;
        }
        if !self.config.cluster.enabled || request.keys.is_empty() {
            return Needs::Whole;
        }
        // Few scripts say anything: only those that may are looked at twice.
        let may_say = self.shared.scripts.may_cross_slots() || request.args[1].starts_with(b"#!");
        let says =
            may_say && prepare(self, row, session, request).is_ok_and(|play| play.rules.slots == Slots::All);
        if says { Needs::Whole } else { Needs::Keys }
    }

    /// What EXEC needs: the most that one of its commands needs. Commands that walk or need all get all.
    #[inline(never)]
    fn needs_of_queue(&mut self, session: &Session) -> Needs {
        let Some(multi) = session.multi.as_deref() else { return Needs::Nothing };
        if multi.broken {
            return Needs::Nothing;
        }
        let mut found = Vec::new();
        let needs = multi.queue.iter().map(|q| match q.row.run {
            Run::Script(prepare) => {
                let args = q.request.as_args();
                let bad_keys = routed_of(q.row.spec, args, &mut found).is_err();
                let request = Request { args, keys: &found, hashes: &[], bad_keys };
                self.needs_of_script(prepare, q.row, session, &request)
            }
            _ => Needs::of_request(q.row, q.request.as_args()),
        });
        let most = needs.max().unwrap_or(Needs::Nothing);
        match most {
            Needs::Nothing if session.watched.is_empty() => Needs::Nothing,
            Needs::Nothing | Needs::Keys if !walks(session) => Needs::Keys,
            Needs::Control | Needs::ControlWhole => Needs::ControlWhole,
            _ => Needs::Whole,
        }
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
        Reply::new(out, session.proto).array(multi.queue.len());
        match self.run_queue(session, multi, 0, Flow::Next, held, state, out) {
            Ok(flow) => flow,
            Err(suspended) => {
                self.troupe().suspended = Some(suspended);
                Flow::Suspended
            }
        }
    }

    /// Runs the queue from `at` on. `flow` is what the commands before it asked for.
    #[allow(clippy::too_many_arguments)]
    fn run_queue(
        &mut self,
        session: &mut Session,
        multi: Box<Multi>,
        mut at: usize,
        mut flow: Flow,
        held: &mut Held<'_, '_>,
        mut state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Result<Flow, Suspended> {
        let (mut keys, mut hashes): (Vec<KeyRef>, Vec<KeyHash>) = (Vec::new(), Vec::new());
        while let Some(queued) = multi.queue.get(at) {
            let args = queued.request.as_args();
            let bad_keys = routed_of(queued.row.spec, args, &mut keys).is_err();
            hashes.clear();
            hashes.extend(keys.iter().map(|k| self.shared.keyspace.hash(&args[k.index as usize])));
            let request = Request { args, keys: &keys, hashes: &hashes, bad_keys };
            let start = out.len();
            let mut asked = Flow::Next;
            if state.is_some() && matches!(queued.row.run, Run::Script(_)) {
                // Control never stays away from the bus for as long as a script may take.
                Reply::new(out, session.proto).error(BESIDE_CONTROL);
            } else if let Run::Script(prepare) = queued.row.run {
                let progress = self.begin_script(prepare, queued.row, session, &request, held, out);
                if let Progress::Paused(script) = progress {
                    return Err(Suspended::Exec { script, multi, at, flow });
                }
            } else {
                asked = self.run_one(queued.row, session, &request, held.again(), state.as_deref_mut(), out);
                if asked == Flow::Suspended {
                    self.flights().departing = None;
                    Reply::new(out, session.proto).error(NOT_IN_TRANSACTION);
                }
            }
            if let Some(block) = self.effects.block.take() {
                // Within a transaction nothing waits.
                block.nothing.reply(&mut Reply::new(out, session.proto));
            }
            self.book(queued.row, session, out, start);
            if asked == Flow::Close {
                flow = asked;
            }
            at += 1;
        }
        Ok(flow)
    }

    /// The rest of EXEC, after a script in it that took long and whose reply begins at `start`.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn go_on_with_exec(
        &mut self,
        session: &mut Session,
        multi: Box<Multi>,
        at: usize,
        start: usize,
        flow: Flow,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Result<Flow, Suspended> {
        self.book(multi.queue[at].row, session, out, start);
        self.run_queue(session, multi, at + 1, flow, held, None, out)
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
