//! `handfast cluster up`: a cluster in the foreground, stopped and started again as an operator does it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use conformance::clients::{CLIS, cli};
use conformance::command::output;
use conformance::mesh::wait;
use conformance::node::handfast;

const NODES: u16 = 6;
const READY_TIME_MAX: Duration = Duration::from_secs(20);
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// The command running; killed if the test ends before it does.
struct Up {
    child: Child,
    output: PathBuf,
}

impl Up {
    fn start(dir: &Path, port: u16) -> Result<Up> {
        let output = dir.join("output");
        let file = fs::File::create(&output)?;
        let child = command(&dir.join("cluster"), port)?
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        Ok(Up { child, output })
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        wait(READY_TIME_MAX, "cluster", || {
            ensure!(self.said().contains("The cluster is ready"), "it says:\n{}", self.said());
            Ok(())
        })
    }

    /// Ctrl-C, and a good end.
    fn interrupt(mut self) -> Result<()> {
        output(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
        wait(STOP_TIME_MAX, "end", || match self.child.try_wait()? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("it ended with {status}:\n{}", self.said()),
            None => bail!("it runs on:\n{}", self.said()),
        })
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // SIGTERM, so that it takes its nodes with it; gone already is well.
        let _ = Command::new("kill").arg(self.child.id().to_string()).output();
        let _ = self.child.wait();
    }
}

fn command(dir: &Path, port: u16) -> Result<Command> {
    let mut command = Command::new(handfast()?);
    command.args(["cluster", "up", "--port", &port.to_string(), "--dir"]).arg(dir);
    Ok(command)
}

/// What a start says that must not succeed.
fn refused(dir: &Path, port: u16) -> Result<String> {
    let done = command(dir, port)?.stdin(Stdio::null()).output()?;
    ensure!(!done.status.success(), "it started");
    Ok(String::from_utf8_lossy(&done.stderr).into_owned())
}

#[test]
fn a_local_cluster_is_made_stopped_and_started_again() -> Result<()> {
    let port = 20660;
    let temp = std::env::temp_dir().join(format!("handfast-up-{}", std::process::id()));
    fs::create_dir_all(&temp)?;
    let mut up = Up::start(&temp, port)?;
    up.wait_until_ready()?;
    let (entry, last) = (port.to_string(), (port + NODES - 1).to_string());
    let ids = cli(CLIS[0], &["-p", &entry, "CLUSTER", "MYID"])?;
    cli(CLIS[0], &["-c", "-p", &entry, "SET", "key", "value"])?;
    ensure!(cli(CLIS[1], &["-c", "-p", &last, "GET", "key"])?.trim() == "value");

    let said = refused(&temp.join("other"), port + 3)?;
    ensure!(said.contains(&format!("port {} of node 1 is taken by handfast", port + 3)), "{said}");
    ensure!(said.contains("Nothing was started.") && !temp.join("other").exists(), "{said}");
    let said = refused(&temp.join("cluster"), port)?;
    ensure!(said.contains("is up already"), "{said}");

    up.interrupt()?;
    ensure!(cli(CLIS[0], &["-p", &entry, "PING"]).is_err(), "a node outlived the command");
    let mut again = Up::start(&temp, port)?;
    again.wait_until_ready()?;
    ensure!(cli(CLIS[0], &["-p", &entry, "CLUSTER", "MYID"])? == ids, "a new cluster was made");
    cli(CLIS[0], &["--cluster", "check", &format!("127.0.0.1:{entry}")]).context("after the restart")?;
    again.interrupt()?;
    fs::remove_dir_all(&temp)?;
    Ok(())
}
