//! What a script asks of the server that runs it.

use resp::Args;

/// What the interpreter does after a tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// It goes on.
    GoOn,
    /// It goes on, and the next tick comes after fewer instructions than this one: they take long.
    Sooner,
    /// It goes on, and the next tick comes after more instructions.
    Later,
    /// It ends, whatever the script catches: SCRIPT KILL, FUNCTION KILL, or the server's end.
    Stop,
}

/// Levels of `redis.log`, as their numbers say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// `redis.LOG_DEBUG`.
    Debug = 0,
    /// `redis.LOG_VERBOSE`.
    Verbose = 1,
    /// `redis.LOG_NOTICE`.
    Notice = 2,
    /// `redis.LOG_WARNING`.
    Warning = 3,
}

/// The server, as seen from a running script. Methods take `&self`, as calls come from many functions of the interpreter; each call
/// ends before the next begins.
pub trait Host {
    /// Runs a command, its name first, and appends its reply to `reply`: RESP3 if `resp3`, else RESP2. A command that may not run
    /// answers with an error reply, whose first byte is `-`, as the command itself may. Such an error counts as reported already.
    /// May return late: the host serves others meanwhile, but not with this interpreter.
    fn call(&self, args: Args<'_>, resp3: bool, reply: &mut Vec<u8>);

    /// Called every so many instructions: as many as its answers make it, between ten and ten thousand. It may return late: the host
    /// serves others meanwhile.
    fn tick(&self) -> Tick;

    /// `redis.log`.
    fn log(&self, level: Level, text: &[u8]);

    /// `redis.acl_check_cmd`: whether the user may run it; `None` if there is no such command.
    fn may_run(&self, args: Args<'_>) -> Option<bool>;

    /// `redis.set_repl`: whether the effects of calls from here on go to the append-only file, and to replicas. Each script begins
    /// with both, which the host sees to.
    fn set_replication(&self, aof: bool, replicas: bool);

    /// CPU seconds of this process: `os.clock`.
    fn cpu_seconds(&self) -> f64;
}
