//! Server processes: starting, being sure that they serve, stopping.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::address::NodeAddr;
use crate::connection::{Connection, Login};
use crate::error::Error;
use crate::up::layout::NodePlace;
use crate::up::signals::StopRequests;
use crate::up::{LOCAL, LOOK_EVERY, quoted};

/// From the start of a process to its first answer; a large dataset may have to be read.
const READY_WAIT_MAX: Duration = Duration::from_secs(60);
/// From SIGTERM to SIGKILL.
const STOP_WAIT_MAX: Duration = Duration::from_secs(15);
const PING_WAIT_MAX: Duration = Duration::from_secs(1);
/// Of a log, when its process has ended unasked.
const LOG_LINES_SHOWN: usize = 5;
/// Read from the end of a log to find them.
const LOG_TAIL_BYTES: usize = 4096;

/// The server's executable.
pub(crate) struct Program {
    path: PathBuf,
    /// This executable, which is a server by its first argument.
    own: bool,
}

/// A node that was started.
pub(crate) struct Process {
    port: u16,
    /// That starts it alone, for a shell.
    command: String,
    log: PathBuf,
    child: Child,
    end: Option<ExitStatus>,
}

impl Program {
    /// `given`, or this very executable.
    pub(crate) fn find(given: Option<&Path>) -> Result<Program, Error> {
        match given {
            Some(path) => Ok(Program { path: path.to_owned(), own: false }),
            None => {
                let path = std::env::current_exe().map_err(Error::file("this executable"))?;
                Ok(Program { path, own: true })
            }
        }
    }

    /// What makes `cluster up` choose this program again.
    pub(crate) fn option(&self) -> String {
        if self.own { String::new() } else { format!(" --server {}", quoted(&self.path)) }
    }

    /// Starts a node in a process group of its own, so that a terminal's Ctrl-C reaches this process alone.
    pub(crate) fn start(&self, node: &NodePlace) -> Result<Process, Error> {
        let log =
            File::options().create(true).append(true).open(node.log()).map_err(Error::file(node.log()))?;
        let errors = log.try_clone().map_err(Error::file(node.log()))?;
        let child = Command::new(&self.path)
            .args(self.args(node))
            .current_dir(&node.dir)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Start { program: self.path.clone(), source })?;
        let command = self.command(node);
        Ok(Process { port: node.port, command, log: node.log(), child, end: None })
    }

    /// The directory may have been moved since its files were written, so it is given again.
    fn args(&self, node: &NodePlace) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        if self.own {
            args.push("server".into());
        }
        args.push(node.config().into());
        args.extend(["--port".into(), node.port.to_string().into(), "--dir".into(), node.dir.clone().into()]);
        args
    }

    fn command(&self, node: &NodePlace) -> String {
        let mut words = vec![quoted(&self.path)];
        words.extend(self.args(node).iter().map(|arg| quoted(Path::new(arg))));
        words.join(" ")
    }
}

impl Process {
    /// Waits until the node answers PING; `still_waits` may end that.
    pub(crate) fn wait_ready(&mut self, still_waits: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
        let started = Instant::now();
        let addr = NodeAddr::new(LOCAL, self.port);
        loop {
            still_waits()?;
            self.must_run()?;
            let ping = Connection::open_within(&addr, &Login::default(), PING_WAIT_MAX)
                .and_then(|mut connection| connection.text(&["PING"]));
            match ping {
                Ok(_) => return Ok(()),
                Err(error) if started.elapsed() > READY_WAIT_MAX => {
                    let text =
                        format!("node {} does not get ready: {error}; see {}", self.port, self.log.display());
                    return Err(Error::State(text));
                }
                Err(_) => thread::sleep(LOOK_EVERY),
            }
        }
    }

    /// An error with the end of its log if the process has ended.
    pub(crate) fn must_run(&mut self) -> Result<(), Error> {
        self.look();
        let Some(end) = self.end else { return Ok(()) };
        let log = fs::read(&self.log).unwrap_or_default();
        let text = format!("node {} {}. Its log, {}, ends:", self.port, how(end), self.log.display());
        Err(Error::State(format!("{text}\n{}", last_lines(&log))))
    }

    /// What to tell the operator, once, when the process has ended.
    pub(crate) fn ended(&mut self) -> Option<String> {
        if self.end.is_some() {
            return None;
        }
        self.look();
        let end = self.end?;
        Some(format!("node {} {}; start it again with: {}", self.port, how(end), self.command))
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.end.is_some()
    }

    fn look(&mut self) {
        if self.end.is_none() {
            // Only a process that is not our child could fail here.
            self.end = self.child.try_wait().ok().flatten();
        }
    }

    fn ask_to_stop(&self) {
        // It may have ended just now; its number is not reused before it is waited for.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        self.end = self.child.wait().ok();
    }
}

/// SIGTERM to all; SIGKILL to those that take too long, or when the operator asks again.
pub(crate) fn stop(nodes: &mut [Process], asked: &StopRequests) {
    asked.forget();
    nodes.iter().filter(|node| !node.is_gone()).for_each(Process::ask_to_stop);
    let started = Instant::now();
    loop {
        nodes.iter_mut().for_each(Process::look);
        let left = nodes.iter_mut().filter(|node| !node.is_gone());
        if started.elapsed() > STOP_WAIT_MAX || asked.check().is_err() {
            for node in left {
                println!("node {} does not end by itself: killed", node.port);
                node.kill();
            }
            return;
        }
        if left.count() == 0 {
            return;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// A panic on the way must not leave processes behind.
impl Drop for Process {
    fn drop(&mut self) {
        if self.end.is_none() {
            self.kill();
        }
    }
}

fn how(end: ExitStatus) -> String {
    match (end.code(), end.signal()) {
        (Some(0), _) => "has ended".to_owned(),
        (Some(code), _) => format!("has ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "has ended".to_owned(),
    }
}

fn last_lines(log: &[u8]) -> String {
    let tail = String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]);
    let lines: Vec<&str> = tail.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
    shown.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_shown() {
        assert_eq!(last_lines(b""), "");
        assert_eq!(last_lines(b"1\n2\n\n3\n4\n5\n6\n"), "    2\n    3\n    4\n    5\n    6");
    }

    #[test]
    fn a_node_that_cannot_start_tells_why() {
        let temp = tempfile::tempdir().unwrap();
        let node = NodePlace { port: 1, dir: temp.path().into() };
        fs::write(node.log(), "Bad directive\n").unwrap();
        let program = Program { path: "/bin/false".into(), own: false };
        let error = program.start(&node).unwrap().wait_ready(|| Ok(())).unwrap_err().to_string();
        assert!(error.starts_with("node 1 has ended with status 1."), "{error}");
        assert!(error.ends_with("\n    Bad directive"), "{error}");
    }

    #[test]
    fn nodes_are_stopped_gently_and_then_not() {
        let temp = tempfile::tempdir().unwrap();
        let node = NodePlace { port: 1, dir: temp.path().into() };
        let script = temp.path().join("node.sh");
        fs::write(&script, "#!/bin/sh\necho up >ready\nexec sleep 100\n").unwrap();
        // The script's path takes the configuration's place as the first argument.
        let program = Program { path: "/bin/sh".into(), own: false };
        fs::rename(&script, node.config()).unwrap();
        let mut nodes = [program.start(&node).unwrap()];
        while !temp.path().join("ready").exists() {
            thread::sleep(Duration::from_millis(5));
        }
        stop(&mut nodes, &StopRequests::watch().unwrap());
        assert_eq!(nodes[0].end.and_then(|end| end.signal()), Some(15));
    }

    #[test]
    fn a_missing_program_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let node = NodePlace { port: 1, dir: temp.path().into() };
        let program = Program { path: "/nonexistent/server".into(), own: false };
        let error = program.start(&node).err().unwrap().to_string();
        assert!(error.starts_with("cannot start /nonexistent/server: "), "{error}");
    }
}
