//! `handfast cluster up`: a real local cluster in the foreground.

mod layout;
mod ports;
mod process;
mod signals;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::address::NodeAddr;
use crate::connection::Login;
use crate::create::{Operator, connect, form, wait_agreed};
use crate::error::Error;
use crate::plan::CreatePlan;
use layout::Layout;
use process::{Process, Program};
use signals::StopRequests;

/// How often running nodes are looked after.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The address that local nodes listen on and meet by.
const LOCAL: &str = "127.0.0.1";

/// What the operator asked for.
pub struct UpOptions {
    /// As many as the directory has, or 6.
    pub nodes: Option<usize>,
    /// Of the first node; as the directory has, or 7000.
    pub port: Option<u16>,
    /// Where the nodes live.
    pub dir: PathBuf,
    /// This executable if `None`.
    pub server: Option<PathBuf>,
}

/// Starts the nodes, makes a cluster of them or waits until they are one again, and stays until told to stop.
pub fn up(options: &UpOptions) -> Result<(), Error> {
    let layout = Layout::open(options)?;
    let program = Program::find(options.server.as_deref())?;
    ports::check_free(&layout)?;
    layout.prepare()?;
    let stop = StopRequests::watch()?;
    let mut running = Running { nodes: Vec::new(), stop };
    let done = running.start(&layout, &program).and_then(|()| running.serve(&layout, &program));
    running.stop_all();
    match done {
        Err(Error::Interrupted) => Ok(()),
        other => other,
    }
}

/// The nodes that were started. None outlives the run of the command.
struct Running {
    nodes: Vec<Process>,
    stop: StopRequests,
}

impl Running {
    fn start(&mut self, layout: &Layout, program: &Program) -> Result<(), Error> {
        for node in layout.nodes() {
            self.nodes.push(program.start(&node)?);
        }
        for process in &mut self.nodes {
            process.wait_ready(|| self.stop.check())?;
        }
        println!("{} nodes started below {}", self.nodes.len(), layout.dir().display());
        Ok(())
    }

    fn serve(&mut self, layout: &Layout, program: &Program) -> Result<(), Error> {
        let addrs: Vec<NodeAddr> = layout.nodes().map(|node| NodeAddr::new(LOCAL, node.port)).collect();
        let mut connections = connect(addrs.iter(), &Login::default())?;
        if layout.is_formed() {
            match wait_agreed(&mut connections, self) {
                // The operator may have changed the cluster since; it is theirs to look at.
                Err(Error::State(why)) => println!("The nodes run, but {why}"),
                other => other?,
            }
        } else {
            form(&CreatePlan::even(addrs)?, &mut connections, self)?;
            layout.set_formed()?;
        }
        drop(connections);
        welcome(layout, program);
        self.watch()
    }

    /// Until asked to stop; an error if no node is left.
    fn watch(&mut self) -> Result<(), Error> {
        loop {
            self.stop.check()?;
            for process in &mut self.nodes {
                if let Some(end) = process.ended() {
                    println!("{end}");
                }
            }
            if self.nodes.iter().all(Process::is_gone) {
                return Err(Error::State("all nodes have ended".to_owned()));
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn stop_all(&mut self) {
        if self.nodes.iter().all(Process::is_gone) {
            return;
        }
        println!("Stopping the nodes");
        process::stop(&mut self.nodes, &self.stop);
        println!("Stopped");
    }
}

impl Operator for Running {
    fn say(&mut self, line: &str) {
        println!("{line}");
    }

    fn still_waits(&mut self) -> Result<(), Error> {
        self.stop.check()?;
        self.nodes.iter_mut().try_for_each(Process::must_run)
    }
}

fn welcome(layout: &Layout, program: &Program) {
    let (count, port, dir) = (layout.count(), layout.port(), layout.dir().display());
    let last = port + (count - 1) as u16;
    let lines = [
        (format!("redis-cli -c -p {port}"), "a shell"),
        (format!("redis://{LOCAL}:{port}"), "for clients with cluster support"),
        (format!("handfast cluster check {LOCAL}:{port}"), "is it whole?"),
        (format!("{dir}/{port}/handfast.log"), "the first node's log"),
    ];
    println!("\nThe cluster is ready: {count} nodes on ports {port} to {last}.\n");
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
    for (line, purpose) in lines {
        println!("    {line:<width$}  {purpose}");
    }
    println!("\nCtrl-C stops it. To start it again:\n");
    println!("    handfast cluster up --dir {}{}\n", quoted(layout.dir()), program.option());
}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) && !text.is_empty() {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_a_shell_takes_them() {
        assert_eq!(quoted(Path::new("/var/tmp/a-b_1.c")), "/var/tmp/a-b_1.c");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
