//! An interpreter on a stack of its own. It is handed a job and works until the job is done or its slice is over; between two slices its
//! worker may do something else.

use super::running::{Kind, Running};
use super::tidy::Tidied;
use crate::journal::Readers;
use crate::shared::{Level, Shared};
use resp::{Args, RequestBuf};
use script::library::{Libraries, Library};
use script::{Engine, Host, Outcome, Script, Settings, Tick};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use sync::fiber::{Fiber, Lane, Question};

/// Stack of a script. Two hundred nested calls of `string.gsub`, which Lua allows, take 1.7 MiB; pages are there once they are touched.
const STACK_BYTES: usize = 4 << 20;
/// Time from one tick of a script to the next, as far as its instructions let it be held.
const TICK_NS_MIN: u64 = 15_000;
const TICK_NS_MAX: u64 = 60_000;

/// Bytes of memory for a reply, and for a command, that are kept for the next.
const REPLY_KEPT_MAX: usize = 64 << 10;
const REQUEST_KEPT_MAX: usize = 64 << 10;

/// What a call gets when the machine that would run it is going.
const STOPPED: &[u8] = b"-ERR the server ends\r\n";

/// What a runner runs.
pub enum Job {
    /// EVAL and its kin.
    Eval {
        /// The script.
        script: Arc<Script>,
        /// How many of the command's arguments are keys.
        keys: usize,
        /// Protocol of the reply: RESP3?
        resp3: bool,
    },
    /// FCALL and FCALL_RO.
    Call {
        /// The libraries as they were when the call came.
        libraries: Arc<Libraries>,
        /// The one that has the function.
        library: Arc<Library>,
        /// Which function of it.
        index: usize,
        /// How many of the command's arguments are keys.
        keys: usize,
        /// Protocol of the reply: RESP3?
        resp3: bool,
    },
    /// SCRIPT LOAD: does it compile? The answer is empty, or the text of the error.
    Check(Arc<Script>),
    /// Nothing: an interpreter forgets what is gone before it begins.
    Tidy,
}

impl Job {
    /// What errors and logs call it, and which command ends it: the script's digest or the function's name.
    pub fn name(&self) -> (Kind, &str) {
        match self {
            Job::Eval { script, .. } => (Kind::Script, &script.sha),
            Job::Call { library, index, .. } => (Kind::Function, &library.functions[*index].name),
            Job::Check(_) | Job::Tidy => (Kind::Script, ""),
        }
    }
}

/// What is handed to an interpreter.
enum Input {
    /// A job, and an empty buffer for its reply.
    Run(Job, Arc<Running>, Vec<u8>),
    /// Go on: there is another slice.
    GoOn,
    /// End what runs, whatever it catches.
    Stop,
    /// There will be no more jobs.
    Quit,
}

/// Where an interpreter left off.
pub(crate) enum Left {
    /// The slice is over.
    Pause,
    /// The job is done. Its reply may be an error that was counted when a command gave it.
    End { reply: Vec<u8>, counted: bool },
    /// It is gone.
    Gone,
}

/// What a worker says to a running script.
pub(crate) enum Say {
    Start(Job, Arc<Running>),
    GoOn,
}

/// A command that a script calls.
pub(crate) struct Called<'q> {
    /// Its name and arguments.
    pub args: Args<'q>,
    /// Whether its reply is to be in RESP3.
    pub resp3: bool,
    /// Where its reply is appended.
    pub reply: &'q mut Vec<u8>,
}

/// What interpreters ask.
pub(crate) enum Calls {}

impl Question for Calls {
    type Of<'q> = &'q mut Called<'q>;
}

/// The way out of an interpreter's stack.
type Exit = Lane<Input, Left, Calls>;

/// One interpreter and its stack.
pub(crate) struct Runner {
    fiber: Fiber<Input, Left, Calls>,
    /// The command that runs a script: its name, the script, number of keys, keys, arguments.
    request: Rc<RefCell<RequestBuf>>,
    /// How long the slice is.
    slice_ns: Rc<Cell<u64>>,
    idle: bool,
    /// For the next reply.
    buffer: Vec<u8>,
}

impl Runner {
    pub fn new(shared: &Arc<Shared>) -> std::io::Result<Runner> {
        let shared = Arc::clone(shared);
        let slice_ns = Rc::new(Cell::new(0));
        let slice = Rc::clone(&slice_ns);
        let request = Rc::default();
        let command = Rc::clone(&request);
        let fiber = Fiber::new(STACK_BYTES, move |lane: &Exit, first| {
            serve(lane, first, shared, slice, &command);
            Left::Gone
        })?;
        Ok(Runner { fiber, request, slice_ns, idle: true, buffer: Vec::new() })
    }

    /// Takes in the command whose script is to run next. False if it is too long.
    pub fn set_request(&mut self, args: Args<'_>) -> bool {
        self.request.borrow_mut().fill(args)
    }

    /// Runs until the slice ends, after `slice_ns` and what is left of a tick, or the job does. `call` runs commands.
    pub fn resume(&mut self, say: Say, slice_ns: u64, call: &mut dyn FnMut(&mut Called<'_>)) -> Left {
        self.slice_ns.set(slice_ns);
        self.idle = false;
        let input = match say {
            Say::Start(job, running) => Input::Run(job, running, std::mem::take(&mut self.buffer)),
            Say::GoOn => Input::GoOn,
        };
        let left = self.fiber.resume(input, call);
        self.idle = matches!(left, Left::End { .. });
        left
    }
}

impl Runner {
    /// Takes a reply's memory back.
    pub fn reuse(&mut self, mut reply: Vec<u8>) {
        reply.clear();
        reply.shrink_to(REPLY_KEPT_MAX);
        self.buffer = reply;
        self.request.borrow_mut().shrink(REQUEST_KEPT_MAX);
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let mut nobody = |called: &mut Called<'_>| called.reply.extend_from_slice(STOPPED);
        // Its stack is left in order, not unwound: there are frames of C on it.
        while !self.idle && !self.fiber.is_done() {
            self.idle = matches!(self.fiber.resume(Input::Stop, &mut nobody), Left::End { .. });
        }
        if !self.fiber.is_done() {
            self.fiber.resume(Input::Quit, &mut nobody);
        }
    }
}

/// The life of an interpreter: one job after the other.
fn serve(
    lane: &Exit,
    first: Input,
    shared: Arc<Shared>,
    slice_ns: Rc<Cell<u64>>,
    request: &RefCell<RequestBuf>,
) {
    let redis_version = shared.config.load().process.redis_version.clone();
    let host = Rc::new(Window {
        lane: lane.clone(),
        shared,
        slice_ns,
        slice_end_ns: Cell::new(None),
        running: RefCell::new(None),
        stopped: Cell::new(false),
        last_tick_ns: Cell::new(None),
    });
    let settings = Settings { redis_version, ..Settings::default() };
    let engine = Engine::new(Rc::clone(&host) as Rc<dyn Host>, &settings);
    let mut tidied = Tidied::new(&host.shared);
    let mut memory = 0;
    let mut input = first;
    while let Input::Run(job, running, mut out) = input {
        host.stopped.set(false);
        host.last_tick_ns.set(None);
        host.slice_end_ns.set(None);
        *host.running.borrow_mut() = Some(running);
        let outcome = match &engine {
            Ok(engine) => {
                tidied.catch_up(&host.shared, engine);
                play(engine, &job, request.borrow().as_args(), &mut out)
            }
            Err(error) => {
                out.extend_from_slice(format!("-ERR cannot start Lua: {error}\r\n").as_bytes());
                Outcome::Failed { counted: false }
            }
        };
        let now = engine.as_ref().map_or(0, Engine::memory_used) as u64;
        host.shared.scripts.interpreters.fetch_add(now.wrapping_sub(memory), Relaxed);
        memory = now;
        *host.running.borrow_mut() = None;
        let counted = matches!(outcome, Outcome::Failed { counted: true });
        input = lane.hand_out(Left::End { reply: out, counted });
    }
    host.shared.scripts.interpreters.fetch_sub(memory, Relaxed);
}

fn play(engine: &Engine, job: &Job, command: Args<'_>, out: &mut Vec<u8>) -> Outcome {
    match job {
        Job::Eval { script, keys, resp3 } => {
            let (keys, argv) = command.sub(3).split_at(*keys);
            engine.eval(script, keys, argv, *resp3, out)
        }
        Job::Call { libraries, library, index, keys, resp3 } => {
            let args = command.sub(3).split_at(*keys);
            engine.fcall(libraries, (library, *index), args, *resp3, out)
        }
        Job::Check(script) => {
            if let Err(error) = engine.compile(script) {
                out.extend_from_slice(error.to_string().as_bytes());
            }
            Outcome::Replied
        }
        Job::Tidy => Outcome::Replied,
    }
}

/// What the interpreter sees of the node.
struct Window {
    lane: Exit,
    shared: Arc<Shared>,
    slice_ns: Rc<Cell<u64>>,
    /// When the slice ends, by the process's ticks. Set by the first tick: most scripts never see one, nor a clock.
    slice_end_ns: Cell<Option<u64>>,
    running: RefCell<Option<Arc<Running>>>,
    stopped: Cell<bool>,
    /// When this job's last tick was.
    last_tick_ns: Cell<Option<u64>>,
}

impl Window {
    /// Whether ticks come often enough to end a slice in time, and not so often that they cost.
    fn pace(&self, now: u64) -> Tick {
        match self.last_tick_ns.replace(Some(now)).map(|last| now.saturating_sub(last)) {
            Some(passed) if passed > TICK_NS_MAX => Tick::Sooner,
            Some(passed) if passed < TICK_NS_MIN => Tick::Later,
            _ => Tick::GoOn,
        }
    }

    /// Begins a slice. When it ends.
    fn begin_slice(&self, now: u64) -> u64 {
        let end = now.saturating_add(self.slice_ns.get());
        self.slice_end_ns.set(Some(end));
        end
    }

    fn is_stopped(&self) -> bool {
        self.stopped.get() || self.running.borrow().as_ref().is_some_and(|r| r.killed.load(Relaxed))
    }
}

impl Host for Window {
    fn call(&self, args: Args<'_>, resp3: bool, reply: &mut Vec<u8>) {
        if self.stopped.get() {
            return reply.extend_from_slice(STOPPED);
        }
        self.lane.ask(&mut Called { args, resp3, reply });
    }

    fn tick(&self) -> Tick {
        if self.is_stopped() {
            return Tick::Stop;
        }
        let now = self.shared.outside.process.ticks_ns();
        let pace = self.pace(now);
        if now < self.slice_end_ns.get().unwrap_or_else(|| self.begin_slice(now)) {
            return pace;
        }
        if matches!(self.lane.hand_out(Left::Pause), Input::Stop) {
            self.stopped.set(true);
        }
        let now = self.shared.outside.process.ticks_ns();
        self.last_tick_ns.set(Some(now));
        self.begin_slice(now);
        if self.is_stopped() { Tick::Stop } else { pace }
    }

    fn log(&self, level: script::Level, text: &[u8]) {
        let level = match level {
            script::Level::Debug => Level::Debug,
            script::Level::Verbose => Level::Verbose,
            script::Level::Notice => Level::Notice,
            script::Level::Warning => Level::Warning,
        };
        self.shared.log(level, &String::from_utf8_lossy(text));
    }

    fn may_run(&self, args: Args<'_>) -> Option<bool> {
        let found = !args.is_empty() && self.shared.table.resolve(args).is_ok();
        found.then_some(true)
    }

    fn set_replication(&self, aof: bool, replicas: bool) {
        if let Some(running) = &*self.running.borrow() {
            running.set_readers(Readers { aof, replicas });
        }
    }

    fn cpu_seconds(&self) -> f64 {
        let (system, user) = self.shared.outside.process.cpu();
        (system + user) as f64 / 1e6
    }
}
