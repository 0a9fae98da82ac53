//! Commands that take longer than a slice: they go on in the turns that follow, between those of other clients.

use super::drive::{Performance, Suspended};
use super::running::Running;
use crate::dispatch::{Core, Flow, Held, Row};
use crate::mail::{ConnId, Done, WorkerMail};
use crate::session::Session;
use crate::shared::Level;
use std::collections::VecDeque;
use std::sync::Arc;
use store::{Clock, KeptAccess, Untold};

/// Interpreters that a worker keeps for the next script.
const IDLE_MAX: usize = 4;

/// What one machine keeps of scripts.
#[derive(Default)]
pub(crate) struct Troupe {
    /// Interpreters without work.
    #[expect(clippy::vec_box, reason = "they are handed around in their boxes")]
    pub(super) idle: Vec<Box<Performance>>,
    /// The command that was just suspended; its locks are still to be kept.
    pub(crate) suspended: Option<Suspended>,
    /// Its client's part.
    pub(crate) leaving: Option<Leaving>,
    /// Commands that go on in the next turn, the first in front.
    long: VecDeque<Box<Long>>,
}

impl Troupe {
    pub(super) fn give_back(&mut self, idle: Box<Performance>) {
        if self.idle.len() < IDLE_MAX {
            self.idle.push(idle);
        }
    }
}

/// A suspended command with all that it needs to go on.
struct Long {
    conn: ConnId,
    session: Box<Session>,
    row: &'static Row,
    suspended: Option<Suspended>,
    kept: KeptAccess,
    untold: Untold,
    /// Time stands still for the keys that a script sees.
    clock: Clock,
    /// Its reply so far.
    out: Vec<u8>,
}

/// The client's part of a command that was just suspended.
pub(crate) struct Leaving {
    pub conn: ConnId,
    pub session: Box<Session>,
    pub row: &'static Row,
    pub out: Vec<u8>,
    pub untold: Untold,
    pub clock: Clock,
}

impl Core {
    /// Takes a command that was just suspended into the turns that follow.
    pub(crate) fn carry_on(&mut self, kept: KeptAccess) {
        let Some(leaving) = self.troupe().leaving.take() else { return };
        if let Some(departure) = self.flights.get().and_then(|flights| flights.departing.take()) {
            return self.depart(*departure, leaving, kept);
        }
        let Some(suspended) = self.troupe().suspended.take() else { return };
        let stripes =
            (!kept.holds_all()).then(|| (0..).take(sync::STRIPES).filter(|s| kept.holds(*s)).collect());
        self.shared.scripts.running.enter(Arc::clone(suspended.running()), stripes);
        let Leaving { conn, session, row, out, untold, clock } = leaving;
        let long = Long { conn, session, row, suspended: Some(suspended), kept, untold, clock, out };
        self.troupe().long.push_back(Box::new(long));
        self.long_runs += 1;
    }

    /// A slice for each suspended command; the answers of those that came to their end.
    pub(crate) fn play_on(&mut self) -> Vec<Done> {
        let mut over = Vec::new();
        for _ in 0..self.long_runs {
            let Some(mut long) = self.troupe().long.pop_front() else { break };
            let Some(suspended) = long.suspended.take() else { continue };
            let running = Arc::clone(suspended.running());
            match self.slice(&mut long, suspended) {
                Some(flow) => {
                    self.shared.scripts.running.leave(&running);
                    self.shared.changed();
                    let Long { conn, session, out, .. } = *long;
                    over.push(Done { conn, session, reply: out, close: flow == Flow::Close });
                }
                None => {
                    self.watch_time(&running);
                    self.troupe().long.push_back(long);
                }
            }
        }
        self.long_runs -= over.len();
        over
    }

    fn slice(&mut self, long: &mut Long, suspended: Suspended) -> Option<Flow> {
        let before = self.shared.outside.process.ticks_ns();
        let mut access = long.kept.access(long.clock);
        access.take_up(std::mem::take(&mut long.untold));
        let mut held = Held::Access(&mut access);
        let (session, out) = (&mut long.session, &mut long.out);
        let gone_on = self.as_unit(|core| core.go_on(suspended, session, &mut held, out));
        let flow = match gone_on {
            Ok(flow) => self.conclude(long.row, &mut long.session, held, flow, &mut long.out, 0),
            Err(suspended) => {
                long.suspended = Some(suspended);
                long.untold = access.put_aside();
                return None;
            }
        };
        self.book_time(before);
        Some(flow)
    }

    /// Others are told once a script has run for too long: they need not wait for it.
    fn watch_time(&mut self, running: &Arc<Running>) {
        let took = self.now.mono.since(running.began).as_millis() as u64;
        let threshold = self.config.scripts.busy_reply_threshold_ms;
        if took < threshold || !self.shared.scripts.running.grow_busy(running) {
            return;
        }
        let (kill, name) = (running.kind.killer(), &running.name);
        let text = format!(
            "Slow script detected: still in execution after {took} milliseconds. You can try killing the script using the \
             {kill} command. Script name is: {name}."
        );
        self.shared.log(Level::Warning, &text);
        self.shared.changed();
        for worker in 0..self.shared.workers {
            self.shared.outside.post.to_worker(worker, WorkerMail::Busy);
        }
    }
}
