//! The commands that run other programs: tests, conformance, the nightly run.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::shell::{cargo, run};
use crate::{check, fuzz, hammer, instructions, needs};

/// Seeds of the simulator on each push, and each night.
const SEEDS_PUSH: u32 = 20;
const SEEDS_NIGHTLY: u32 = 2000;
/// Lives of cluster machines alone each night, and their hours.
const BUS_SEEDS_NIGHTLY: u32 = 250;
const BUS_HOURS_NIGHTLY: u32 = 5;
/// Crowds that form each night.
const MESH_NODES_NIGHTLY: [u32; 2] = [1000, 2000];

/// Seconds that the mixed cluster of the nightly run is watched.
const SOAK_SECONDS: u32 = 600;

/// Random commands against real servers each night, seconds.
const DIFFER_SECONDS_NIGHTLY: u64 = 3600;

/// Steps that ran, with their seconds: printed at the end, so that one sees where the time goes.
#[derive(Default)]
struct Progress {
    steps: Vec<(&'static str, f32)>,
}

impl Progress {
    fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        eprintln!("\n== {name}");
        let start = Instant::now();
        work().with_context(|| format!("step {name:?} failed"))?;
        self.steps.push((name, start.elapsed().as_secs_f32()));
        Ok(())
    }

    fn print(&self) {
        eprintln!();
        for (name, seconds) in &self.steps {
            eprintln!("{seconds:7.1} s  {name}");
        }
    }
}

/// Everything that must pass on each push, cheap and local things first.
pub fn test() -> Result<()> {
    let mut progress = Progress::default();
    progress.step("tools", needs::install)?;
    progress.step("format", || run(cargo(&["fmt", "--all", "--check"])))?;
    progress.step("rules", check::run)?;
    progress.step("lints", || {
        run(cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    progress.step("loom", loom)?;
    progress.step("server", || build_server().map(drop))?;
    progress.step("peers", peers)?;
    progress.step("tests", tests)?;
    progress.step("documentation tests", || run(cargo(&["test", "--quiet", "--workspace", "--doc"])))?;
    if Path::new("sim").exists() {
        progress.step("simulation", || simulate(SEEDS_PUSH))?;
    }
    progress.step("fuzz corpora", || fuzz::replay(&target()))?;
    progress.step("conformance", || conformance(&[]))?;
    progress.step("instructions", || instructions::instructions(&[], &target()))?;
    progress.print();
    println!("every step passed");
    Ok(())
}

/// What takes hours.
pub fn nightly() -> Result<()> {
    test()?;
    let mut progress = Progress::default();
    if Path::new("sim").exists() {
        progress.step("simulation", || simulate(SEEDS_NIGHTLY))?;
        progress.step("simulation of the bus", simulate_bus)?;
    }
    progress.step("fuzz", || fuzz::fuzz(&[], &target()))?;
    progress.step("hammer", || hammer::hammer(&[], &target()))?;
    progress.step("differences", || differ(&["--seconds".to_owned(), DIFFER_SECONDS_NIGHTLY.to_string()]))?;
    progress.step("soak", soak)?;
    progress.step("a thousand crashes", crashes)?;
    progress.step("conformance, all of it", || conformance(&["--all".to_owned()]))?;
    progress.print();
    Ok(())
}

/// Random commands to our binary and to real servers.
pub fn differ(arguments: &[String]) -> Result<()> {
    let server = build_server()?;
    let mut command =
        cargo(&["run", "--quiet", "--profile", "quick", "--package", "conformance", "--", "differ"]);
    command.args(arguments).env("HANDFAST_SERVER", server);
    run(command)
}

/// CPU time per request beside a real server, of the program that users run.
pub fn bench(arguments: &[String]) -> Result<()> {
    run(cargo(&["build", "--quiet", "--release", "--package", "handfast"]))?;
    let mut command =
        cargo(&["run", "--quiet", "--profile", "quick", "--package", "conformance", "--", "bench"]);
    command.args(arguments).env("HANDFAST_SERVER", target().join("release/handfast"));
    run(command)
}

/// Redis's suite; the arguments go to the `conformance` program.
pub fn conformance(arguments: &[String]) -> Result<()> {
    let server = build_server()?;
    let mut command = cargo(&["run", "--quiet", "--package", "conformance", "--", "suite", "--server"]);
    command.arg(server).args(arguments);
    run(command)
}

/// The same, adding to the lists.
pub fn bless(arguments: &[String]) -> Result<()> {
    let mut arguments = arguments.to_vec();
    arguments.push("--bless".into());
    conformance(&arguments)
}

/// Fetches what the tests meet the outside world with.
pub fn peers() -> Result<()> {
    run(cargo(&["run", "--quiet", "--package", "conformance", "--", "fetch"]))
}

/// The simulator. Hours and crowds want speed, and their checkers look from outside; whole nodes have every assertion on.
pub fn sim(arguments: &[String]) -> Result<()> {
    let fast = matches!(arguments.first().map(String::as_str), Some("bus" | "mesh" | "redial"));
    let profile = if fast { "quick" } else { "checked" };
    let mut command = cargo(&["run", "--quiet", "--profile", profile, "--package", "sim", "--"]);
    command.args(arguments);
    run(command)
}

/// Many hours of many clusters, and crowds.
fn simulate_bus() -> Result<()> {
    let text = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    let (seeds, hours) = (BUS_SEEDS_NIGHTLY.to_string(), BUS_HOURS_NIGHTLY.to_string());
    sim(&text(&["bus", "--seeds", &seeds, "--hours", &hours]))?;
    MESH_NODES_NIGHTLY.iter().try_for_each(|nodes| sim(&text(&["mesh", "--nodes", &nodes.to_string()])))?;
    sim(&text(&["redial", "--nodes", "1000"]))
}

/// The generated part of DIVERGENCES.md is a test of `node`, which knows the directives.
pub fn divergences(arguments: &[String]) -> Result<()> {
    let mut command = cargo(&["test", "--quiet", "--package", "node", "--test", "divergences"]);
    if !arguments.iter().any(|a| a == "--check") {
        command.env("UPDATE", "1");
    }
    run(command)
}

fn tests() -> Result<()> {
    let mut command = cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
    command.env("HANDFAST_SERVER", server_path());
    run(command)
}

fn soak() -> Result<()> {
    let mut command = cargo(&["nextest", "run", "--package", "conformance", "--run-ignored", "only", "soak"]);
    command.env("HANDFAST_SERVER", server_path()).env("SOAK_SECONDS", SOAK_SECONDS.to_string());
    run(command)
}

/// kill -9 while the node writes its cluster configuration.
fn crashes() -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--package", "conformance", "--", "crashes"]);
    command.env("HANDFAST_SERVER", server_path());
    run(command)
}

fn simulate(seeds: u32) -> Result<()> {
    sim(&["--seeds".to_owned(), seeds.to_string()])
}

/// The shared-memory primitives under every interleaving. Their own target directory: the flag would rebuild everything else.
fn loom() -> Result<()> {
    let mut command = cargo(&["test", "--release", "--package", "sync", "--test", "loom"]);
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", target().join("loom"));
    run(command)
}

/// Builds the server that conformance and peers tests use, and says where it is.
fn build_server() -> Result<PathBuf> {
    run(cargo(&["build", "--quiet", "--profile", "checked", "--package", "handfast"]))?;
    Ok(server_path())
}

fn server_path() -> PathBuf {
    target().join("checked/handfast")
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::path::absolute(&target).unwrap_or(target)
}
