//! CPU time per request of our server beside that of a real one, in one run. Throughput depends on what else a machine does, and on the
//! client; CPU time less so, and its ratio less again.

pub mod growth;
mod workloads;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::client::{Client, Reply};
use crate::command::output;
use crate::node::{Kind, Node};
use crate::peers;

pub use workloads::{WORKLOADS, Workload};

/// Clients, each on a connection of its own.
const CLIENTS: &str = "50";
/// Keys that workloads on random keys choose from.
const KEYS: &str = "1000000";
/// Bytes of a value.
const VALUE_BYTES: &str = "64";
/// A tick of `/proc/PID/stat`, which is 100 Hz on every Linux.
const TICK_US: f64 = 10_000.0;
/// Where server and client run, if there are two cores.
const SERVER_CORE: &str = "0";
const CLIENT_CORE: &str = "1";

/// What to measure.
#[derive(Debug)]
pub struct Plan {
    /// How often each server runs each workload; the median counts.
    pub rounds: usize,
    /// Part of a workload's requests that is sent, in percent.
    pub percent: u64,
    /// Names of workloads; all if there are none.
    pub workloads: Vec<String>,
    /// The server beside ours.
    pub against: Kind,
    /// Where the servers listen, one after the other.
    pub port: u16,
}

/// Runs a plan. `say` gets each line of the table as soon as it is known.
pub fn run(plan: &Plan, mut say: impl FnMut(&str)) -> Result<()> {
    let names: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
    for name in &plan.workloads {
        ensure!(names.contains(&name.as_str()), "no workload {name:?}; there are {}", names.join(", "));
    }
    let kinds = [plan.against, Kind::Handfast];
    say(&format!("CPU microseconds per request, medians of {}", plan.rounds));
    say(&format!("{:<24}{:>16}{:>16}{:>8}", "", kinds[0].name(), kinds[1].name(), "ratio"));
    let wanted = |workload: &&Workload| {
        plan.workloads.is_empty() || plan.workloads.iter().any(|name| name == workload.name)
    };
    for workload in WORKLOADS.iter().filter(wanted) {
        let mut figures = [Vec::new(), Vec::new()];
        for _ in 0..plan.rounds {
            for (kind, figures) in kinds.iter().zip(&mut figures) {
                let figure = measure(plan, *kind, workload);
                figures.push(figure.with_context(|| format!("{} on {}", workload.name, kind.name()))?);
            }
        }
        let [theirs, ours] = figures.map(median);
        say(&format!("{:<24}{theirs:>16.2}{ours:>16.2}{:>7.2}x", workload.name, ours / theirs));
    }
    Ok(())
}

fn measure(plan: &Plan, kind: Kind, workload: &Workload) -> Result<f64> {
    let node = Node::start(kind, plan.port, &["--save", "", "--io-threads", "1"])?;
    let pinned = pin(&node)?;
    let requests = (workload.requests * plan.percent / 100).max(1);
    let (mut client, mut digest) = (Client::connect(plan.port)?, String::new());
    for command in workload.prepare {
        let reply = client.call(command)?;
        ensure!(!matches!(reply, Reply::Error(_)), "{command:?}: {reply}");
        digest = reply.text().unwrap_or_default().to_owned();
    }
    if let Some(filler) = workload.fill {
        load(plan, pinned, &["-P", "16"], requests, filler)?;
    }
    let words: Vec<&str> =
        workload.command.split(' ').map(|word| if word == "DIGEST" { &digest } else { word }).collect();
    let before = cpu_us(node.pid())?;
    load(plan, pinned, &["-P", workload.pipeline], requests, &words)?;
    Ok((cpu_us(node.pid())? - before) / requests as f64)
}

/// Keeps a server to its core; false if there is but one.
fn pin(node: &Node) -> Result<bool> {
    let pinned = std::thread::available_parallelism()?.get() > 1;
    if pinned {
        output(Command::new("taskset").args(["-a", "-c", "-p", SERVER_CORE, &node.pid().to_string()]))?;
    }
    Ok(pinned)
}

/// Sends requests and waits for their replies.
fn load(plan: &Plan, pinned: bool, options: &[&str], requests: u64, words: &[&str]) -> Result<()> {
    let program = peers::bin()?.join("valkey-benchmark");
    let mut command = match pinned {
        true => {
            let mut command = Command::new("taskset");
            command.args(["-c", CLIENT_CORE]).arg(program);
            command
        }
        false => Command::new(program),
    };
    command.args(["-p", &plan.port.to_string(), "-c", CLIENTS, "-r", KEYS, "-d", VALUE_BYTES, "-q"]);
    command.args(options).args(["-n", &requests.to_string()]).args(words);
    let said = output(&mut command)?;
    ensure!(said.contains("requests per second"), "{said}");
    Ok(())
}

/// What a process has used of processors, in microseconds.
fn cpu_us(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? * TICK_US)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() % 2 {
        0 => (figures[middle - 1] + figures[middle]) / 2.0,
        _ => figures[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
