//! Runs one command whose needs are met, and counts what it did.

use super::{Call, Core, Flow, Held, Request, Row, Run};
use crate::control::State;
use crate::families::pubsub::publish_notices;
use crate::session::Session;
use crate::shared::Level;
use commands::{Cmd, Ground, Walk, WalkHandler};
use resp::{Args, Reply};
use std::sync::atomic::Ordering::Relaxed;
use store::{Access, AccessStats, DbId};

impl Core {
    /// Runs a command on behalf of a worker.
    pub(crate) fn execute(
        &mut self,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        held: Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Flow {
        self.execute_with(row, session, request, held, None, out)
    }

    /// Runs a data command that holds the stripes of its keys: what [`Core::execute`] does for it, in few steps.
    pub(crate) fn execute_keys(
        &mut self,
        row: &'static Row,
        handler: commands::Handler,
        session: &mut Session,
        request: &Request<'_>,
        access: &mut Access<'_>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let start = out.len();
        session.card.command.store(u32::from(row.id.0), Relaxed);
        self.handle(handler, session, request, access, out);
        if self.effects.block.is_some() {
            self.park_for_keys(row, session, request, access);
            return self.conclude(row, session, Held::Access(access), Flow::Blocked, out, start);
        }
        self.conclude(row, session, Held::Access(access), Flow::Next, out, start)
    }

    #[inline(always)]
    fn handle(
        &mut self,
        handler: commands::Handler,
        session: &Session,
        request: &Request<'_>,
        access: &mut Access<'_>,
        out: &mut Vec<u8>,
    ) {
        access.no_touch = session.no_touch;
        handler(&mut Cmd {
            args: request.args,
            db: session.db,
            keys: access,
            hashes: request.hashes,
            out: &mut Reply::new(out, session.proto),
            env: &self.env,
            effects: &mut self.effects,
            rng: &mut self.rng,
        });
        self.book_access(session.db, request.args, access);
    }

    /// Runs a command; `state` is there on control only.
    pub(crate) fn execute_with(
        &mut self,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        mut held: Held<'_, '_>,
        state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let start = out.len();
        session.card.command.store(u32::from(row.id.0), Relaxed);
        let mut flow = match row.run {
            Run::Exec => self.as_unit(|core| core.exec(session, &mut held, state, out)),
            Run::Script(prepare) => {
                self.as_unit(|core| core.run_script(prepare, row, session, request, &mut held, out))
            }
            _ => self.run_one(row, session, request, held.again(), state, out),
        };
        if matches!(flow, Flow::Busy(_) | Flow::Suspended) {
            return flow;
        }
        if let Held::Access(access) = &mut held
            && self.effects.block.is_some()
        {
            self.park_for_keys(row, session, request, access);
            flow = Flow::Blocked;
        }
        self.conclude(row, session, held, flow, out, start)
    }

    /// What follows a command: others are told, it is counted, and its reply, which begins at `start`, goes out or not.
    #[inline(always)]
    pub(crate) fn conclude(
        &mut self,
        row: &'static Row,
        session: &mut Session,
        held: Held<'_, '_>,
        mut flow: Flow,
        out: &mut Vec<u8>,
        start: usize,
    ) -> Flow {
        let pushed = flow == Flow::Pushed;
        if pushed {
            flow = Flow::Next;
        }
        if let Held::Access(access) = held
            && access.has_news()
        {
            self.serve_ready(access);
            self.tell_expired(access);
        }
        if !self.effects.notices.is_empty() {
            publish_notices(self);
        }
        if flow != Flow::Blocked {
            self.book(row, session, out, start);
        }
        if !matches!(row.spec.name, "asking") && session.multi.is_none() {
            session.asking = false;
        }
        if flow != Flow::Blocked {
            let start = if pushed { out.len() } else { start };
            session.reply_mode.silence(out, start);
        }
        flow
    }

    /// Runs a command other than EXEC.
    pub(crate) fn run_one(
        &mut self,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        mut held: Held<'_, '_>,
        state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Flow {
        if let Run::Walk(handler) = row.run {
            let ground = match held {
                Held::Turn(turn) => Ground::Turn(turn),
                Held::Access(access) => Ground::Whole(access),
                Held::Nothing => unreachable!("{} walks without a permit", row.spec.name),
            };
            return self.walk(handler, session, request, ground, out);
        }
        if let (Run::Keys(handler) | Run::Whole(handler), Held::Access(access)) = (row.run, &mut held) {
            self.handle(handler, session, request, access, out);
            return Flow::Next;
        }
        let flow = self.run_node(row, session, request, held, state, out);
        if self.effects.dirty > 0 {
            self.book_effects(&AccessStats::default(), session.db, request.args, None);
        }
        flow
    }

    /// Runs a command of the node itself.
    fn run_node(
        &mut self,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        held: Held<'_, '_>,
        state: Option<&mut State>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let mut reply = Reply::new(out, session.proto);
        match (row.run, held, state) {
            (Run::Node(handler) | Run::NodeKeys(handler) | Run::NodeWhole(handler), held, _) => {
                handler(&mut Call { core: self, session, args: request.args, out: &mut reply, held })
            }
            (Run::Control(handler) | Run::ControlWhole(handler), held, Some(state)) => {
                let call = &mut super::ControlCall {
                    core: self,
                    state,
                    session,
                    args: request.args,
                    out: &mut reply,
                    held,
                };
                handler(call)
            }
            (run, ..) => {
                unreachable!("{} runs without what it needs: {:?}", row.spec.name, super::Needs::of(run))
            }
        }
    }

    fn walk(
        &mut self,
        handler: WalkHandler,
        session: &Session,
        request: &Request<'_>,
        ground: Ground<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Flow {
        let mut reply = Reply::new(out, session.proto);
        let token = u64::from(session.card.conn.0);
        let walked = handler(&mut Walk {
            args: request.args,
            db: session.db,
            ground,
            out: &mut reply,
            env: &self.env,
            effects: &mut self.effects,
            token,
            rng: &mut self.rng,
        });
        match walked {
            Ok(()) => {
                let stats = std::mem::take(&mut self.effects.stats);
                self.book_effects(&stats, session.db, request.args, None);
                let expired = std::mem::take(&mut self.effects.expired);
                self.tell_buried(expired, Vec::new());
                Flow::Next
            }
            Err(contended) => Flow::Busy(contended.stripe),
        }
    }

    /// Counts a call and its reply.
    pub(crate) fn book(&mut self, row: &Row, session: &Session, out: &[u8], start: usize) {
        let command = u32::from(row.id.0);
        let counters = self.command_counters(command);
        counters.calls.add(1);
        if out.get(start) == Some(&b'-') {
            counters.failed.add(1);
            if !std::mem::take(&mut self.error_counted) {
                self.count_error(&out[start..]);
            }
            if let Some(text) = self.effects.remark.take() {
                self.shared.log(Level::Warning, &text);
            }
        }
        self.counters().commands.add(1);
        self.recent.push(command);
        let card = &session.card;
        card.commands.store(card.commands.load(Relaxed) + 1, Relaxed);
    }

    /// Counts what a command looked up and changed; its changes join the unit.
    #[inline]
    pub(crate) fn book_access(&mut self, db: DbId, request: Args<'_>, access: &mut Access<'_>) {
        let stats = std::mem::take(&mut access.stats);
        self.book_effects(&stats, db, request, Some(access));
    }

    #[inline]
    fn book_effects(
        &mut self,
        stats: &AccessStats,
        db: DbId,
        request: Args<'_>,
        access: Option<&mut Access<'_>>,
    ) {
        let counters = self.counters();
        counters.hits.add(stats.hits);
        counters.misses.add(stats.misses);
        if stats.expired | stats.expired_fields != 0 {
            counters.expired.add(stats.expired);
            counters.expired_fields.add(stats.expired_fields);
        }
        if self.effects.dirty > 0 {
            counters.dirty.add(self.effects.dirty);
            if self.effects.logs() {
                self.collect(db, request, access);
            }
            self.effects.dirty = 0;
        }
    }

    /// Shares the time since `before` out among the commands that ran since then.
    pub(crate) fn book_time(&mut self, before: u64) {
        let ran = self.recent.len() as u64;
        if ran == 0 {
            return;
        }
        let nanos = self.shared.outside.process.ticks_ns().saturating_sub(before);
        let each = nanos * 1024 / 1000 / ran;
        for command in &self.recent {
            self.shared.command_counters[self.index][*command as usize].usec_1024.add(each);
        }
        self.recent.clear();
    }
}
