//! One request of one client: refused, queued, run, or made to wait.

use super::batch::{Batch, Item};
use super::conn::{Conn, Wait};
use crate::dispatch::{Core, Flow, Held, Needs, Refusal, Row, Run};
use crate::mail::{ControlMail, Job};
use crate::scripts::{Busy, Leaving};
use commands::Flag;
use resp::{OwnedRequest, ProtocolError, Reply};
use std::sync::Arc;
use store::{ExclusiveAccess, Expired, Turn, Untold};

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
    /// It takes long and goes on without its connection: done with for now.
    Suspended,
}

impl Core {
    /// One request under the shared permit.
    pub(super) fn step(&mut self, turn: &mut Turn<'_>, conn: &mut Conn, batch: &Batch, item: &Item) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Wait };
        let request = batch.request(item, input.bytes());
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
        // By far the most common case first.
        let Run::Keys(handler) = row.run else { return self.step_other(turn, conn, batch, item, row) };
        if row.spec.reaches.is_some() {
            return self.step_other(turn, conn, batch, item, row);
        }
        let flow = match turn.try_lock(request.hashes, u64::from(conn.id.0)) {
            Ok(mut access) => {
                conn.contended = 0;
                self.execute_keys(row, handler, session, &request, &mut access, out)
            }
            Err(contended) => return self.contended(turn, conn, item, row, contended.stripe),
        };
        if flow == Flow::Blocked { self.block(conn) } else { Step::Next }
    }

    /// An admitted request that is not simply a data command on keys that it names.
    #[inline(never)]
    fn step_other(
        &mut self,
        turn: &mut Turn<'_>,
        conn: &mut Conn,
        batch: &Batch,
        item: &Item,
        row: &'static Row,
    ) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Wait };
        let request = batch.request(item, input.bytes());
        let out = output.writer();
        let needs = self.needs(row, session, &request);
        let flow = match needs {
            Needs::Nothing => self.execute(row, session, &request, Held::Nothing, out),
            Needs::Walk => {
                let expired = turn.clock.expired;
                if self.effects.logs() && expired == Expired::Remove {
                    // A walk has given its stripes back when its unit is handed over: too late for what it removes.
                    turn.clock.expired = Expired::Hide;
                }
                let flow = self.execute(row, session, &request, Held::Turn(turn), out);
                turn.clock.expired = expired;
                match flow {
                    Flow::Busy(stripe) => return self.contended(turn, conn, item, row, stripe),
                    flow => flow,
                }
            }
            Needs::Keys => return self.step_compound(turn, conn, batch, item, row),
            Needs::Whole | Needs::ControlWhole => {
                return self.step_whole(turn, conn, batch, item, row, needs);
            }
            Needs::Control => return Step::Away,
        };
        self.finish(turn, conn, flow)
    }

    /// EXEC, a script or a command of the node, with the stripes of all its keys. It may take long and go on in other turns.
    #[inline(never)]
    fn step_compound(
        &mut self,
        turn: &Turn<'_>,
        conn: &mut Conn,
        batch: &Batch,
        item: &Item,
        row: &'static Row,
    ) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Wait };
        let request = batch.request(item, input.bytes());
        let of_queue = matches!(row.run, Run::Exec).then(|| self.transaction_hashes(session));
        let mut access =
            match turn.try_lock(of_queue.as_deref().unwrap_or(request.hashes), u64::from(conn.id.0)) {
                Ok(access) => access,
                Err(contended) => return self.contended(turn, conn, item, row, contended.stripe),
            };
        conn.contended = 0;
        let out = output.writer();
        let start = out.len();
        let flow = self.execute(row, session, &request, Held::Access(&mut access), out);
        if flow != Flow::Suspended {
            drop(access);
            return self.finish(turn, conn, flow);
        }
        let untold = access.put_aside();
        let kept = turn.keep(&Arc::clone(&self.shared.keyspace), &mut access);
        let step = self.leave(conn, row, start, untold);
        self.carry_on(kept);
        step
    }

    /// A stripe is held by another: the client waits for it, unless a script holds it for too long.
    #[inline(never)]
    fn contended(&mut self, turn: &Turn<'_>, conn: &mut Conn, item: &Item, row: &Row, stripe: u16) -> Step {
        self.counters().stripe_waits.add(1);
        if let Some(busy) = self.must_not_wait(row, Some(stripe))
            && let Some(session) = conn.session.as_deref_mut()
        {
            self.refuse(session, &item.named, busy.text(), conn.output.writer());
            return Step::Next;
        }
        park(turn, conn, stripe)
    }

    /// A request that needs the whole keyspace: at once if there is no other worker, else it waits.
    #[inline(never)]
    fn step_whole(
        &mut self,
        turn: &mut Turn<'_>,
        conn: &mut Conn,
        batch: &Batch,
        item: &Item,
        row: &'static Row,
        needs: Needs,
    ) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Wait };
        let request = batch.request(item, input.bytes());
        let out = output.writer();
        let start = out.len();
        let alone = if needs == Needs::Whole { turn.try_all_alone() } else { None };
        let ran = alone.map(|mut access| {
            let flow = self.execute(row, session, &request, Held::Access(&mut access), out);
            (flow, access.put_aside())
        });
        match ran {
            Some((Flow::Suspended, untold)) => return self.suspend_all(turn, conn, row, start, untold),
            Some((flow, _)) => return self.finish(turn, conn, flow),
            None => {}
        }
        if let Some(busy) = self.must_not_wait(row, None) {
            self.refuse(session, &item.named, busy.text(), out);
            return Step::Next;
        }
        conn.wait = Wait::Exclusive;
        Step::Wait
    }

    /// The script that a command need not wait for, in whose way it is: at a stripe, or anywhere.
    #[inline(never)]
    fn must_not_wait(&self, row: &Row, stripe: Option<u16>) -> Option<Busy> {
        let running = &self.shared.scripts.running;
        let busy = stripe.map_or_else(|| running.busy_anywhere(), |stripe| running.busy_at(stripe));
        busy.filter(|_| !row.spec.is(Flag::AllowBusy))
    }

    /// A command that has everything because there is no other worker takes long: it goes on in the turns that follow.
    #[cold]
    fn suspend_all(
        &mut self,
        turn: &Turn<'_>,
        conn: &mut Conn,
        row: &'static Row,
        start: usize,
        untold: Untold,
    ) -> Step {
        let Ok(mut access) = turn.try_lock_all(u64::from(conn.id.0)) else {
            unreachable!("nobody else is there to hold a stripe")
        };
        let kept = turn.keep(&Arc::clone(&self.shared.keyspace), &mut access);
        let step = self.leave(conn, row, start, untold);
        self.carry_on(kept);
        step
    }

    /// A client's command goes on without the client's connection, once its locks are kept.
    fn leave(&mut self, conn: &mut Conn, row: &'static Row, start: usize, untold: Untold) -> Step {
        let Some(session) = conn.session.take() else { return Step::Next };
        let out = conn.output.writer().split_off(start);
        let clock = self.clock();
        self.troupe().leaving = Some(Leaving { conn: conn.id, session, row, out, untold, clock });
        conn.wait = Wait::Script;
        Step::Suspended
    }

    /// One request that waited for the whole keyspace. Much may have happened meanwhile: it is admitted again. One that is suspended
    /// goes on once the permit is kept, by [`Core::carry_on`].
    pub(super) fn step_exclusive(
        &mut self,
        access: &mut ExclusiveAccess,
        conn: &mut Conn,
        batch: &Batch,
        item: &Item,
    ) -> Step {
        let Conn { session, input, output, .. } = conn;
        let Some(session) = session.as_deref_mut() else { return Step::Next };
        let request = batch.request(item, input.bytes());
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
        if self.needs(row, session, &request) == Needs::ControlWhole {
            return Step::Away;
        }
        let start = out.len();
        let flow = self.execute(row, session, &request, held, out);
        if flow == Flow::Suspended {
            return self.leave(conn, row, start, access.put_aside());
        }
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
            Flow::Suspended => unreachable!("only what holds keys is suspended"),
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
