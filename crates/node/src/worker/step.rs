//! One request of one client: refused, queued, run, or made to wait.

use super::batch::{Batch, Item};
use super::conn::{Conn, Wait};
use crate::dispatch::{Core, Flow, Held, Needs, Refusal, Request, Run, needs_of};
use crate::mail::{ControlMail, Job};
use resp::{OwnedRequest, ProtocolError, Reply};
use store::{ExclusiveAccess, KeyHash, Turn};

/// Times that a client finds a stripe taken before it reserves it.
const CONTENDED_MAX: u8 = 3;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Done with, answered or not.
    Next,
    /// Not run; `conn.wait` says why.
    Wait,
    /// Control must run it.
    Away,
    /// It found nothing and waits for a key: done with for now.
    Blocked,
}

impl Core {
    /// One request under the shared permit.
    pub(super) fn step(&mut self, turn: &Turn<'_>, conn: &mut Conn, batch: &Batch, item: &Item) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Wait };
        let args = batch.args(item, input.bytes());
        let (keys, hashes) = batch.keys(item);
        let request = Request { args, keys, hashes, bad_keys: item.bad_keys };
        let out = output.writer();
        let row = match self.admit(&Held::Turn(turn), session, &item.named, &request, out) {
            Ok(Some(row)) => row,
            Ok(None) => return Step::Next,
            Err(Refusal::Close) => {
                conn.dead = true;
                return Step::Next;
            }
            Err(Refusal::Pause) => {
                conn.wait = Wait::Pause;
                return Step::Wait;
            }
        };
        let needs = match row.run {
            Run::Exec => needs_of(session),
            _ => Needs::of_request(row, args),
        };
        let flow = match needs {
            Needs::Nothing => self.execute(row, session, &request, Held::Nothing, out),
            Needs::Walk => self.execute(row, session, &request, Held::Turn(turn), out),
            Needs::Keys => {
                let exec_hashes;
                let all: &[KeyHash] = if matches!(row.run, Run::Exec) {
                    exec_hashes = self.transaction_hashes(session);
                    &exec_hashes
                } else {
                    hashes
                };
                match turn.try_lock(all, u64::from(conn.id.0)) {
                    Ok(mut access) => {
                        conn.contended = 0;
                        self.execute(row, session, &request, Held::Access(&mut access), out)
                    }
                    Err(contended) => {
                        self.counters().stripe_waits.add(1);
                        return park(turn, conn, contended.stripe);
                    }
                }
            }
            Needs::Whole | Needs::ControlWhole => {
                conn.wait = Wait::Exclusive;
                return Step::Wait;
            }
            Needs::Control => return Step::Away,
        };
        self.finish(turn, conn, flow)
    }

    /// One request that waited for the whole keyspace. Much may have happened meanwhile: it is admitted again.
    pub(super) fn step_exclusive(
        &mut self,
        access: &mut ExclusiveAccess,
        conn: &mut Conn,
        batch: &Batch,
        item: &Item,
    ) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Next };
        let args = batch.args(item, input.bytes());
        let (keys, hashes) = batch.keys(item);
        let request = Request { args, keys, hashes, bad_keys: item.bad_keys };
        let out = output.writer();
        let mut access = access.access(self.clock());
        let mut held = Held::Access(&mut access);
        let row = match self.admit(&held.again(), session, &item.named, &request, out) {
            Ok(Some(row)) => row,
            Ok(None) => return Step::Next,
            Err(Refusal::Close) => {
                conn.dead = true;
                return Step::Next;
            }
            Err(Refusal::Pause) => {
                conn.wait = Wait::Pause;
                return Step::Wait;
            }
        };
        let needs = match row.run {
            Run::Exec => needs_of(session),
            _ => Needs::of_request(row, args),
        };
        if needs == Needs::ControlWhole {
            return Step::Away;
        }
        let flow = self.execute(row, session, &request, held, out);
        drop(access);
        conn.closing |= flow == Flow::Close;
        if flow == Flow::Blocked { self.block(conn) } else { Step::Next }
    }

    fn finish(&mut self, turn: &Turn<'_>, conn: &mut Conn, flow: Flow) -> Step {
        match flow {
            Flow::Next | Flow::Pushed => Step::Next,
            Flow::Close => {
                conn.closing = true;
                Step::Next
            }
            Flow::Busy(stripe) => park(turn, conn, stripe),
            Flow::Blocked => self.block(conn),
        }
    }

    /// The client waits for what its command has just left a record of.
    fn block(&mut self, conn: &mut Conn) -> Step {
        conn.parked = self.parked.take();
        conn.wait = Wait::Key;
        Step::Blocked
    }

    /// Hands a client's command to control; the client waits.
    pub(super) fn send_away(
        &self,
        conn: &mut Conn,
        request: OwnedRequest,
        exclusive: Option<ExclusiveAccess>,
    ) {
        let Some(session) = conn.session.take() else { return };
        session.publish();
        conn.wait = Wait::Control;
        let job = Job { worker: self.index, conn: conn.id, session, request, exclusive };
        self.shared.outside.post.to_control(ControlMail::Run(Box::new(job)));
    }

    /// The bytes make no sense: says so after what was answered before, and closes.
    pub(super) fn protocol_error(&mut self, conn: &mut Conn, error: &ProtocolError) {
        let proto = conn.session.as_ref().map_or(resp::Proto::Resp2, |s| s.proto);
        let start = conn.output.writer().len();
        Reply::new(conn.output.writer(), proto).error(&error.to_string());
        self.count_error(&conn.output.writer()[start..]);
        if let Some(session) = &mut conn.session {
            session.reply_mode.silence(conn.output.writer(), start);
        }
        self.log_protocol_error(&conn.card, error);
        conn.closing = true;
    }
}

/// Waits for a stripe; after some tries it is kept for this client.
fn park(turn: &Turn<'_>, conn: &mut Conn, stripe: u16) -> Step {
    let token = u64::from(conn.id.0);
    conn.contended = conn.contended.saturating_add(1);
    if conn.contended >= CONTENDED_MAX {
        turn.reserve(stripe, token);
        conn.reserved = true;
    }
    conn.wait = Wait::Stripe;
    if !turn.park(stripe, token) {
        // It became free meanwhile: the pipeline tries again at once.
        conn.wait = Wait::Nothing;
    }
    Step::Wait
}
