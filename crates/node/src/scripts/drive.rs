//! A script from its first line to its reply, a slice at a time.

use super::runner::{Job, Left, Runner, Say};
use super::running::{Kind, Running};
use super::{Troupe, called};
use crate::dispatch::{Core, Flow, Held, Prepare, Request, Row};
use crate::session::{Multi, Session};
use base::{Mono, Slot};
use commands::KeyRef;
use resp::Reply;
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
    /// Which command ends it.
    pub kind: Kind,
    /// Its digest, or the function's name.
    pub name: String,
    /// What it may do.
    pub rules: Rules,
}

/// A script under way.
pub(crate) struct Performance {
    part: Part,
    runner: Runner,
    next: Option<Say>,
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
        let Play { job, kind, name, rules } = play;
        let runner = match self.take_runner() {
            Ok(runner) => runner,
            Err(error) => {
                Reply::new(out, session.proto).error(&format!("cannot start Lua: {error}"));
                return Progress::Over;
            }
        };
        let running = Running { command: job.told(), ..Running::new(kind, name, self.now.mono) };
        let running = Arc::new(running);
        let mut inner = Session::new(Arc::clone(&session.card), true);
        inner.db = session.db;
        let next = Some(Say::Start(job, Arc::clone(&running)));
        let part = Part {
            running,
            session: inner,
            rules,
            slot: request.hashes.first().map(|hash| hash.slot),
            keys: Vec::new(),
            hashes: Vec::new(),
        };
        let script = Box::new(Performance { part, runner, next });
        self.drive(script, FIRST_SLICE_NS, held, out)
    }

    /// One slice. The reply is appended to `out` once there is one.
    fn drive(
        &mut self,
        mut script: Box<Performance>,
        slice_ns: u64,
        held: &mut Held<'_, '_>,
        out: &mut Vec<u8>,
    ) -> Progress {
        let end = self.shared.outside.process.ticks_ns().saturating_add(slice_ns);
        let say = script.next.take().unwrap_or(Say::GoOn);
        let Performance { part, runner, .. } = &mut *script;
        match runner.resume(say, end, &mut |call| called::run(self, part, held, call)) {
            Left::Pause => Progress::Paused(script),
            Left::End { reply, counted } => {
                self.error_counted = counted;
                out.extend_from_slice(&reply);
                let Performance { mut runner, part: Part { mut session, .. }, .. } = *script;
                runner.reuse(reply);
                self.collect_retired(&mut session);
                self.give_back(runner);
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
    pub(crate) fn check_script(&mut self, script: Arc<Script>) -> Result<Arc<Script>, String> {
        let mut runner = self.take_runner().map_err(|error| format!("cannot start Lua: {error}"))?;
        let running = runs_for(self.now.mono);
        let job = Say::Start(Job::Check(Arc::clone(&script)), running);
        let left = runner.resume(job, u64::MAX, &mut |_| {});
        let Left::End { reply: text, .. } = left else { return Err("compiling takes no slices".into()) };
        let outcome =
            if text.is_empty() { Ok(script) } else { Err(String::from_utf8_lossy(&text).into_owned()) };
        runner.reuse(text);
        self.give_back(runner);
        outcome
    }

    /// What this machine keeps of scripts.
    pub(crate) fn troupe(&mut self) -> &mut Troupe {
        self.troupe.get_or_make(Troupe::default)
    }

    pub(super) fn take_runner(&mut self) -> std::io::Result<Runner> {
        match self.troupe().idle.pop() {
            Some(runner) => Ok(runner),
            None => Runner::new(&self.shared),
        }
    }

    pub(super) fn give_back(&mut self, runner: Runner) {
        self.troupe().give_back(runner);
    }
}

/// What an interpreter gets beside a job that no client sees.
pub(super) fn runs_for(now: Mono) -> Arc<Running> {
    Arc::new(Running::new(Kind::Script, String::new(), now))
}
