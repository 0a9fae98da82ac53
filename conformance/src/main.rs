//! `conformance`: what `cargo xtask conformance`, `peers` and `bless` call.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use conformance::mode::Mode;
use conformance::node::Kind;
use conformance::plan::Plan;
use conformance::run::{Newcomers, run_all};
use conformance::unit::Bench;
use conformance::{apps, bench, clients, crashes, differ, hammer, namespace, peers, suite};

const USAGE: &str = "usage: conformance fetch
       conformance suite [--all] [--mode external|cluster|spawn]… [--unit UNIT]… [--jobs N] [--bless] --server PATH
       conformance crashes [--kills N] [--seed N]
       conformance hammer [--packets N] [--seed N]
       conformance bench [--rounds N] [--percent N] [--workload W]… [--against valkey|redis7|redis8] [--port P]
       conformance bench --growth FIELDS [--against valkey|redis7|redis8] [--port P]
       conformance differ [--seconds S] [--seed N] [--against redis7|valkey] [--family F]… [--port P]
       conformance differ --numbers yes [--seconds S] [--seed N] [--against redis7|valkey] [--port P]";

/// How often `crashes` kills, and from which port up it listens, unless told otherwise.
const KILLS: u32 = 1000;
const CRASHES_PORT: u16 = 20440;

/// Packets that `hammer` sends, and from which port up its servers listen, unless told otherwise.
const PACKETS: u64 = 10_000_000;
const HAMMER_PORT: u16 = 20460;

/// How often `bench` runs each workload, and where its servers listen, unless told otherwise.
const BENCH_ROUNDS: usize = 5;
const BENCH_PORT: u16 = 20870;

/// How long `differ` compares, and from which port up its servers listen, unless told otherwise.
const DIFFER_TIME: Duration = Duration::from_secs(60);
const DIFFER_PORT: u16 = 20425;

/// What the command line asks of the suite.
#[derive(Default)]
struct Wanted {
    all: bool,
    bless: bool,
    modes: Vec<Mode>,
    units: Vec<String>,
    jobs: Option<usize>,
    server: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("fetch") => {
            println!("{}", suite::source()?.display());
            println!("{}", peers::bin()?.display());
            for fetched in [clients::fetch()?, apps::fetch()?].concat() {
                println!("{}", fetched.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        Some("suite") => run_suite(parse(arguments)?),
        Some("crashes") => run_crashes(arguments),
        Some("hammer") => run_hammer(arguments.collect()),
        Some("bench") => run_bench(arguments),
        Some("differ") => run_differ(arguments),
        _ => bail!("{USAGE}"),
    }
}

fn run_bench(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let (workloads, against) = (Vec::new(), Kind::Valkey9);
    let mut plan = bench::Plan { rounds: BENCH_ROUNDS, percent: 100, workloads, against, port: BENCH_PORT };
    let mut growth = None;
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{option} needs a value\n{USAGE}"))?;
        match (option.as_str(), value.as_str()) {
            ("--growth", _) => growth = Some(value.parse()?),
            ("--rounds", _) => plan.rounds = value.parse()?,
            ("--percent", _) => plan.percent = value.parse()?,
            ("--port", _) => plan.port = value.parse()?,
            ("--workload", _) => plan.workloads.push(value),
            ("--against", "valkey") => plan.against = Kind::Valkey9,
            ("--against", "redis7") => plan.against = Kind::Redis7,
            ("--against", "redis8") => plan.against = Kind::Redis8,
            _ => bail!("{option} {value} is not known\n{USAGE}"),
        }
    }
    anyhow::ensure!(plan.rounds > 0, "--rounds needs a number above zero");
    let say = |line: &str| println!("{line}");
    match growth {
        Some(fields) => bench::growth::run(&plan, fields, say)?,
        None => bench::run(&plan, say)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn run_differ(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let seed = std::time::UNIX_EPOCH.elapsed()?.as_secs();
    let (against, families) = (Vec::new(), Vec::new());
    let mut numbers = false;
    let mut plan = differ::Plan { seed, time: DIFFER_TIME, against, families, port: DIFFER_PORT };
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{option} needs a value\n{USAGE}"))?;
        match option.as_str() {
            "--seconds" => plan.time = Duration::from_secs(value.parse()?),
            "--seed" => plan.seed = value.parse()?,
            "--port" => plan.port = value.parse()?,
            "--family" => plan.families.push(value),
            "--numbers" => numbers = value == "yes",
            "--against" => plan.against.push(differ::Against::named(&value).context(USAGE)?),
            _ => bail!("{option} is not known\n{USAGE}"),
        }
    }
    if plan.against.is_empty() {
        plan.against = differ::Against::ALL.to_vec();
    }
    let outcome = if numbers { differ::numbers::run(&plan)? } else { differ::run(&plan)? };
    print!("{}", outcome.text);
    Ok(if outcome.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_crashes(mut arguments: impl Iterator<Item = String>) -> Result<ExitCode> {
    let since_epoch = std::time::UNIX_EPOCH.elapsed()?;
    let mut plan = crashes::Plan { kills: KILLS, seed: since_epoch.as_secs(), port: CRASHES_PORT };
    while let Some(option) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{option} needs a value\n{USAGE}"))?;
        match option.as_str() {
            "--kills" => plan.kills = value.parse()?,
            "--seed" => plan.seed = value.parse()?,
            _ => bail!("{option} is not known\n{USAGE}"),
        }
    }
    println!("{}", crashes::run(&plan)?);
    Ok(ExitCode::SUCCESS)
}

/// In a network of its own, since addresses in mutated packets are dialled.
fn run_hammer(arguments: Vec<String>) -> Result<ExitCode> {
    let since_epoch = std::time::UNIX_EPOCH.elapsed()?;
    let mut plan = hammer::Plan { packets: PACKETS, seed: since_epoch.as_secs(), port: HAMMER_PORT };
    let mut inside = false;
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let mut value = || rest.next().with_context(|| format!("{option} needs a value\n{USAGE}"));
        match option.as_str() {
            "--packets" => plan.packets = value()?.parse()?,
            "--seed" => plan.seed = value()?.parse()?,
            "--inside" => inside = true,
            _ => bail!("{option} is not known\n{USAGE}"),
        }
    }
    if !inside {
        let seed = ["hammer", "--inside", "--seed", &plan.seed.to_string()].map(str::to_owned);
        println!("seed {}, {}", plan.seed, conformance::node::handfast()?.display());
        let ended = namespace::again(&[&seed[..], &arguments].concat())?;
        return Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    println!("{}", hammer::run(&plan)?);
    Ok(ExitCode::SUCCESS)
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    while let Some(option) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{option} needs a value\n{USAGE}"));
        match option.as_str() {
            "--all" => wanted.all = true,
            "--bless" => wanted.bless = true,
            "--mode" => wanted.modes.push(value()?.parse()?),
            "--unit" => wanted.units.push(value()?),
            "--jobs" => wanted.jobs = Some(value()?.parse()?),
            "--server" => wanted.server = Some(value()?.into()),
            _ => bail!("{option} is not known\n{USAGE}"),
        }
    }
    Ok(wanted)
}

fn run_suite(wanted: Wanted) -> Result<ExitCode> {
    let server = wanted.server.as_deref().context(USAGE)?;
    let plan = Plan::of_tree()?;
    let bench = Bench {
        source: suite::source()?,
        peers: peers::bin()?,
        server: server.canonicalize().with_context(|| format!("no server at {}", server.display()))?,
        work: work_directory()?,
    };
    let mut runs = Vec::new();
    for mode in Mode::ALL {
        if wanted.modes.is_empty() || wanted.modes.contains(&mode) {
            runs.extend(units(&wanted, &plan, &bench.source, mode)?.into_iter().map(|unit| (mode, unit)));
        }
    }
    let jobs = wanted.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let newcomers = if wanted.bless { Newcomers::Bless } else { Newcomers::Report };
    let lost = run_all(&bench, &plan, runs, jobs, newcomers)?;
    Ok(if lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The units to run in a mode.
fn units(wanted: &Wanted, plan: &Plan, source: &Path, mode: Mode) -> Result<Vec<String>> {
    if !wanted.units.is_empty() {
        return Ok(wanted.units.clone());
    }
    if !wanted.all {
        return Ok(plan.push_units(mode));
    }
    let mut units = suite::default_units(source)?;
    if mode == Mode::Spawn {
        units.extend(suite::cluster_units(source)?);
    }
    units.retain(|unit| !plan.is_left_out(mode, unit));
    Ok(units)
}

/// Trees and logs go beside the build: `conformance` under the directory that holds this program's profile directory.
fn work_directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("this program is not in a target directory")?;
    let work = target.join("conformance");
    std::fs::create_dir_all(&work)?;
    Ok(work)
}
