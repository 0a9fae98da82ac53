//! A script from its first line to its reply, a slice at a time.

use super::runner::{Job, Left, Runner, Say};
use super::running::{Kind, Running};
use super::{Troupe, called};
use crate::clients::Card;
use crate::dispatch::{Core, Flow, Held, Prepare, Request, Row};
use crate::journal::Unit;
use crate::session::{Multi, Session};
use crate::shared::Shared;
use base::{Mono, Slot};
use commands::KeyRef;
use resp::{OwnedRequest, Reply};
use script::Script;
use std::sync::Arc;
use store::KeyHash;

/// The first slice: most scripts never see its end.
const FIRST_SLICE_NS: u64 = 5_000_000;
/// Slices after that: others wait for their end.
const SLICE_NS: u64 = 150_000;

/// What a script may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// No command that writes: EVAL_RO, or the flag `no-writes`.
    pub read_only: bool,
    /// Which keys it may touch in a cluster.
    pub slots: Slots,
}

/// Slots of a cluster that a script may touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slots {
    /// One: that of the keys that it names, else that of the first that it touches.
    One,
    /// Those that it holds: scripts without a shebang.
    Held,
    /// All, so it holds them: `allow-cross-slot-keys`.
    All,
}

/// A script that is about to run.
pub struct Play {
    /// What it is.
    pub job: Job,
    /// What it may do.
    pub rules: Rules,
}

/// A script under way, or the interpreter and the memory that the next one runs in.
pub(crate) struct Performance {
    part: Part,
    pub(super) runner: Runner,
    next: Option<Say>,
    /// What it changed, and the transaction around it, while others run.
    unit: Unit,
}

/// What its commands are run with.
pub(super) struct Part {
    /// What others may know and do.
    pub running: Arc<Running>,
    /// The client that they are run for.
    pub session: Session,
    pub rules: Rules,
    /// The only slot that it may touch, once that is known.
    pub slot: Option<Slot>,
    /// Keys of the command that it calls.
    pub keys: Vec<KeyRef>,
    /// Their hashes.
    pub hashes: Vec<KeyHash>,
}

impl Performance {
    fn new(shared: &Arc<Shared>, card: &Arc<Card>) -> std::io::Result<Box<Performance>> {
        let part = Part {
            running: runs_for(Mono::default()),
            session: Session::new(Arc::clone(card), true),
            rules: Rules { read_only: false, slots: Slots::One },
            slot: None,
            keys: Vec::new(),
            hashes: Vec::new(),
        };
        Ok(Box::new(Performance { part, runner: Runner::new(shared)?, next: None, unit: Unit::new() }))
    }

    /// Takes in the script that is to run.
    fn set_out(&mut self, play: Play, session: &Session, first_slot: Option<Slot>, now: Mono) {
        let Play { job, rules } = play;
        let (part, (kind, name)) = (&mut self.part, job.name());
        match Arc::get_mut(&mut part.running) {
            Some(running) => running.renew(kind, name, now),
            None => part.running = Arc::new(Running::new(kind, name.to_owned(), now)),
        }
        part.session.renew(&session.card);
        part.session.db = session.db;
        (part.rules, part.slot) = (rules, first_slot);
        self.next = Some(Say::Start(job, Arc::clone(&part.running)));
    }
}

/// A command that goes on in another turn.
pub(crate) enum Suspended {
    /// A script.
    Script(Box<Performance>),
    /// EXEC, with one of its commands under way.
    Exec {
        /// That command.
        script: Box<Performance>,
        /// The transaction.
        multi: Box<Multi>,
        /// Where in the queue it is.
        at: usize,
        /// What becomes of the client.
        flow: Flow,
    },
}

impl Suspended {
    /// What others may know of it.
    pub fn running(&self) -> &Arc<Running> {
        match self {
            Suspended::Script(script) | Suspended::Exec { script, .. } => &script.part.running,
        }
    }
}

/// How far a script got.
pub(crate) enum Progress {
    /// It is over, and its reply written.
    Over,
    /// The slice is.
    Paused(Box<Performance>),
}

impl Core {
    /// EVAL, FCALL and their kin outside of a transaction.
    #[inline(never)]
    pub(crate) fn run_script(
        &mut self,
        prepare: Prepare,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Flow {
        match self.begin_script(prepare, row, session, request, held, out) {
            Progress::Over => Flow::Next,
            Progress::Paused(script) => {
                self.troupe().suspended = Some(Suspended::Script(script));
                Flow::Suspended
            }
        }
    }

    /// Its first slice.
    pub(crate) fn begin_script(
        &mut self,
        prepare: Prepare,
        row: &'static Row,
        session: &mut Session,
        request: &Request<'_>,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Progress {
        let play = match prepare(self, row, session, request) {
            Ok(play) => play,
            Err(error) => {
                Reply::new(out, session.proto).error(&error);
                return Progress::Over;
            }
        };
        let mut script = match self.take_performance(&session.card) {
            Ok(script) => script,
            Err(error) => {
                Reply::new(out, session.proto).error(&format!("cannot start Lua: {error}"));
                return Progress::Over;
            }
        };
        if !script.runner.set_request(request.args) {
            Reply::new(out, session.proto).error("the command is too long for a script");
            return Progress::Over;
        }
        script.set_out(play, session, request.hashes.first().map(|hash| hash.slot), self.now.mono);
        let progress = self.drive(script, FIRST_SLICE_NS, held, out);
        if let Progress::Paused(script) = &progress {
            script.part.running.command.get_or_init(|| OwnedRequest::from_args(request.args));
        }
        progress
    }

    /// One slice. The reply is appended to `out` once there is one.
    fn drive(
        &mut self,
        mut script: Box<Performance>,
        slice_ns: u64,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Progress {
        let say = script.next.take().unwrap_or_else(|| {
            self.unit = std::mem::take(&mut script.unit);
            Say::GoOn
        });
        let Performance { part, runner, .. } = &mut *script;
        match runner.resume(say, slice_ns, &mut |call| called::run(self, part, held, call)) {
            Left::Pause => {
                script.unit = std::mem::take(&mut self.unit);
                Progress::Paused(script)
            }
            Left::End { reply, counted } => {
                self.error_counted = counted;
                out.extend_from_slice(&reply);
                script.runner.reuse(reply);
                self.collect_retired(&mut script.part.session);
                self.troupe().give_back(script);
                Progress::Over
            }
            Left::Gone => unreachable!("an interpreter goes when it is told to"),
        }
    }

    /// The next slice of a command that was suspended; its reply so far is in `out`.
    pub(crate) fn go_on(
        &mut self,
        suspended: Suspended,
        session: &mut Session,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Result<Flow, Suspended> {
        match suspended {
            Suspended::Script(script) => match self.drive(script, SLICE_NS, held, out) {
                Progress::Over => Ok(Flow::Next),
                Progress::Paused(script) => Err(Suspended::Script(script)),
            },
            Suspended::Exec { script, multi, at, flow } => {
                let start = out.len();
                match self.drive(script, SLICE_NS, held, out) {
                    Progress::Over => self.go_on_with_exec(session, multi, at, start, flow, held, out),
                    Progress::Paused(script) => Err(Suspended::Exec { script, multi, at, flow }),
                }
            }
        }
    }

    /// SCRIPT LOAD: whether a script compiles; the error is the reply.
    pub(crate) fn check_script(
        &mut self,
        script: Arc<Script>,
        session: &Session,
    ) -> Result<Arc<Script>, String> {
        let mut idle =
            self.take_performance(&session.card).map_err(|error| format!("cannot start Lua: {error}"))?;
        let running = runs_for(self.now.mono);
        let job = Say::Start(Job::Check(Arc::clone(&script)), running);
        let left = idle.runner.resume(job, u64::MAX, &mut |_| {});
        let Left::End { reply: text, .. } = left else { return Err("compiling takes no slices".into()) };
        let outcome =
            if text.is_empty() { Ok(script) } else { Err(String::from_utf8_lossy(&text).into_owned()) };
        idle.runner.reuse(text);
        self.troupe().give_back(idle);
        outcome
    }

    /// What this machine keeps of scripts.
    pub(crate) fn troupe(&mut self) -> &mut Troupe {
        self.troupe.get_or_make(Troupe::default)
    }

    fn take_performance(&mut self, card: &Arc<Card>) -> std::io::Result<Box<Performance>> {
        match self.troupe().idle.pop() {
            Some(idle) => Ok(idle),
            None => Performance::new(&self.shared, card),
        }
    }
}

/// What an interpreter gets beside a job that no client sees.
pub(super) fn runs_for(now: Mono) -> Arc<Running> {
    Arc::new(Running::new(Kind::Script, String::new(), now))
}
