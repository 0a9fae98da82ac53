//! Running one unit of the suite in one mode.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::mode::Mode;
use crate::namespace::{self, End};
use crate::plan::Plan;
use crate::suite;
use crate::transcript::Transcript;

/// Where things are for every run.
pub struct Bench {
    /// The suite's unpacked source.
    pub source: PathBuf,
    /// The peers' launchers, for the stock tools.
    pub peers: PathBuf,
    /// The server under test.
    pub server: PathBuf,
    /// Trees and logs are made here.
    pub work: PathBuf,
}

/// What one run gave.
pub struct Outcome {
    /// Mode of the run.
    pub mode: Mode,
    /// Unit that ran.
    pub unit: String,
    /// The results.
    pub transcript: Transcript,
    /// How long it took.
    pub took: Duration,
    /// Whether it was stopped at its time limit.
    pub timed_out: bool,
    /// The harness's output.
    pub log: PathBuf,
}

/// Longest that a unit may take. The slowest takes 218 s with the stock server.
const UNIT_TIME_MAX: Duration = Duration::from_secs(600);

/// The server's part of the external modes: start it, wait for it, and take all slots in cluster mode.
const START_SERVER: &str = r#"
mkdir -p tests/tmp/external
src/redis-server --port 22100 --save '' --dir tests/tmp/external --enable-protected-configs yes --enable-debug-command yes \
    --enable-module-command yes --cluster-enabled "$CLUSTER" $WORKERS > tests/tmp/external/log 2>&1 &
server=$!
ask() { src/redis-cli -p 22100 "$@" 2>&1; }
for try in $(seq 200); do [ "$(ask ping)" = PONG ] && break; sleep 0.05; done
[ "$(ask ping)" = PONG ] || { echo "[exception]: the server did not start"; cat tests/tmp/external/log; exit 1; }
if [ "$CLUSTER" = yes ]; then
    ask cluster addslotsrange 0 16383
    for try in $(seq 200); do ask cluster info | grep -q cluster_state:ok && break; sleep 0.05; done
fi
"#;

/// What follows the harness: the server's last words, when it is no longer there to be stopped.
const STOP_SERVER: &str = r#"
code=$?
kill -0 $server 2>/dev/null || { echo "[exception]: the server ended during the tests"; tail -50 tests/tmp/external/log; }
exit $code
"#;

impl Bench {
    /// Runs `unit` in a tree and a network of its own.
    pub fn run(&self, mode: Mode, unit: &str, plan: &Plan) -> Result<Outcome> {
        let name = format!("{mode}-{}", unit.replace('/', "-"));
        let tree = self.work.join(&name);
        suite::lay_out(&self.source, &tree, &self.server, &self.peers)?;
        let log = self.work.join(format!("{name}.log"));
        let one_worker = !unit.starts_with("cluster/") && suite::relies_on_arrival_order(&self.source, unit)?;
        if one_worker {
            suite::give_one_worker(&tree)?;
        }
        let (script, arguments) = invocation(mode, unit, plan, one_worker)?;
        let start = Instant::now();
        let end = namespace::run(&script, &arguments, &tree, &log, UNIT_TIME_MAX)?;
        let took = start.elapsed();
        let transcript = Transcript::parse(&String::from_utf8_lossy(&fs::read(&log)?));
        let outcome =
            Outcome { mode, unit: unit.to_owned(), transcript, took, timed_out: end == End::TimedOut, log };
        keep_server_logs(&tree, &self.work.join(&name).with_extension("server.log"))?;
        fs::remove_dir_all(&tree)?;
        Ok(outcome)
    }
}

/// The script to run inside, and its arguments (`"$@"` is the harness's command line).
fn invocation(mode: Mode, unit: &str, plan: &Plan, one_worker: bool) -> Result<(String, Vec<String>)> {
    let mut arguments: Vec<String> = vec!["tclsh".into()];
    if let Some(file) = unit.strip_prefix("cluster/tests/") {
        if mode != Mode::Spawn {
            bail!("{unit} starts its own servers: it runs in spawn mode only");
        }
        arguments.extend(["tests/cluster/run.tcl", "--single", file].map(String::from));
        return Ok(("\"$@\"\nexit $?".into(), arguments));
    }
    arguments.extend(
        ["tests/test_helper.tcl", "--single", unit, "--durable", "--ignore-encoding"].map(String::from),
    );
    for test in plan.skipped_tests(mode, unit) {
        arguments.extend(["--skiptest".into(), test.into()]);
    }
    let (external, cluster) = match mode {
        Mode::Spawn => (false, false),
        Mode::External => (true, false),
        Mode::Cluster => (true, true),
    };
    // Tests tagged slow expect to find the server's process by its id, which an external server does not give.
    let slow = external.then_some("slow");
    let denied: Vec<String> =
        plan.skipped_tags(mode, unit).into_iter().chain(slow).map(|tag| format!("-{tag}")).collect();
    arguments.extend(["--tags".into(), denied.join(" ")]);
    if !external {
        arguments.extend("--clients 1 --baseport 22000 --portcount 4000".split(' ').map(String::from));
        return Ok(("\"$@\"\nexit $?".into(), arguments));
    }
    arguments.extend("--host 127.0.0.1 --port 22100 --baseport 22000".split(' ').map(String::from));
    if cluster {
        arguments.push("--cluster-mode".into());
    }
    let enabled = if cluster { "yes" } else { "no" };
    let workers = if one_worker { "--io-threads 1" } else { "" };
    Ok((format!("CLUSTER={enabled}\nWORKERS='{workers}'\n{START_SERVER}\n\"$@\"\n{STOP_SERVER}"), arguments))
}

/// Most bytes kept of one run's server logs.
const SERVER_LOG_MAX: usize = 1 << 20;

/// Saves what the servers under test wrote, for the one who looks for the cause of a failure.
fn keep_server_logs(tree: &Path, to: &Path) -> Result<()> {
    let mut text = Vec::new();
    let mut directories = vec![tree.join("tests/tmp"), tree.join("tests/cluster/tmp")];
    while let Some(dir) = directories.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .file_name()
                .is_some_and(|n| ["stdout", "stderr", "log", "log.txt", "err.txt"].iter().any(|w| n == *w))
            {
                let bytes = fs::read(&path)?;
                if text.len() + bytes.len() < SERVER_LOG_MAX && !bytes.is_empty() {
                    text.extend(format!("==> {}\n", path.display()).bytes());
                    text.extend(bytes);
                }
            }
        }
    }
    fs::write(to, text)?;
    Ok(())
}
