//! A private network for every run: ports cannot collide, and nothing outlives the run.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How a command inside ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code (or none, by a signal).
    Exit(Option<i32>),
    /// It was stopped at its time limit.
    TimedOut,
}

const POLL: Duration = Duration::from_millis(50);

/// Runs the shell text `script` with `arguments` in network and process namespaces of its own, in the directory `cwd`, output to
/// `log`. All its processes are gone when this returns.
pub fn run(script: &str, arguments: &[String], cwd: &Path, log: &Path, limit: Duration) -> Result<End> {
    let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    // The shell is the first process of its namespace, so it also collects the servers that the harness leaves behind.
    command
        .args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c"])
        .arg(format!("ip link set lo up || exit 1\n{script}\n"))
        .arg("bash")
        .args(arguments)
        .current_dir(cwd)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0);
    let mut child = command.spawn().context("cannot start unshare: is util-linux installed?")?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(End::Exit(status.code()));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(End::TimedOut);
        }
        thread::sleep(POLL);
    }
}

/// Runs this program again with `arguments`, in a network of its own that has nothing but loopback.
pub fn again(arguments: &[String]) -> Result<ExitStatus> {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["--net", "bash", "-c", "ip link set lo up || exit 1\nexec \"$@\"", "bash"])
        .arg(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null());
    command.status().context("cannot start unshare: is util-linux installed?")
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0")
}
