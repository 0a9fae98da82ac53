//! Running many units at once and judging what came out.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use anyhow::{Result, anyhow};

use crate::mode::Mode;
use crate::passing::Passing;
use crate::plan::Plan;
use crate::unit::{Bench, Outcome};

/// What to do with names that pass and are not on the list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Newcomers {
    /// Say how many there are.
    Report,
    /// Add them to the list.
    Bless,
}

/// Runs every (mode, unit) on `jobs` threads; returns how many units lost a test that used to pass.
pub fn run_all(
    bench: &Bench,
    plan: &Plan,
    work: Vec<(Mode, String)>,
    jobs: usize,
    newcomers: Newcomers,
) -> Result<usize> {
    let passing = Passing::of_tree();
    let queue = Mutex::new(work.into_iter());
    let regressed = Mutex::new(Vec::new());
    let totals = Mutex::new((0usize, 0usize));
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    loop {
                        let next = queue.lock().map_err(|_| anyhow!("another run failed"))?.next();
                        let Some((mode, unit)) = next else { return Ok(()) };
                        let outcome = run_one(bench, plan, &passing, mode, &unit)?;
                        let lost = judge(plan, &passing, &outcome, newcomers)?;
                        if let Ok(mut totals) = totals.lock() {
                            totals.0 += outcome.transcript.passed.len();
                            totals.1 += outcome.transcript.failed.len();
                        }
                        if !lost.is_empty()
                            && let Ok(mut list) = regressed.lock()
                        {
                            list.push(format!("{mode} {unit}"));
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| w.join().map_err(|_| anyhow!("a run panicked"))?)
    })?;
    let (passed, failed) = totals.into_inner().unwrap_or_default();
    let regressed = regressed.into_inner().unwrap_or_default();
    println!("suite: {passed} tests pass, {failed} do not; {} units lost a test", regressed.len());
    for unit in &regressed {
        println!("  lost: {unit}");
    }
    Ok(regressed.len())
}

/// Runs a unit; once more if something that must pass did not, for the suite has tests that depend on the machine's load.
fn run_one(bench: &Bench, plan: &Plan, passing: &Passing, mode: Mode, unit: &str) -> Result<Outcome> {
    let outcome = bench.run(mode, unit, plan)?;
    let lost = missing(passing, &outcome)?;
    if lost.is_empty() {
        return Ok(outcome);
    }
    println!("{mode} {unit}: {} did not pass; running the unit a second time", quoted(&lost));
    let mut second = bench.run(mode, unit, plan)?;
    if missing(passing, &second)?.is_empty() {
        // What passed in either run passed: a test that fails every second time shows in the line above.
        second.transcript.passed.extend(outcome.transcript.passed);
    }
    Ok(second)
}

fn missing(passing: &Passing, outcome: &Outcome) -> Result<BTreeSet<String>> {
    let must = passing.load(outcome.mode, &outcome.unit)?;
    Ok(must.difference(&outcome.transcript.passed).cloned().collect())
}

/// Prints one unit's line, keeps the list, and returns the names that used to pass and did not.
fn judge(
    plan: &Plan,
    passing: &Passing,
    outcome: &Outcome,
    newcomers: Newcomers,
) -> Result<BTreeSet<String>> {
    let (mode, unit, t) = (outcome.mode, &outcome.unit, &outcome.transcript);
    let must = passing.load(mode, unit)?;
    let fresh: BTreeSet<String> = t.passed.difference(&must).cloned().collect();
    let lost = missing(passing, outcome)?;
    let open = t.failed.iter().filter(|(name, _)| plan.exception(mode, unit, name).is_none()).count();
    let mut line = format!(
        "{mode:8} {unit:32} {:4} ok {:3} err {:5.1} s",
        t.passed.len(),
        t.failed.len(),
        outcome.took.as_secs_f32()
    );
    if open > 0 {
        line.push_str(&format!(", {open} without an exception"));
    }
    for exception in &t.exceptions {
        line.push_str(&format!("\n    exception: {exception}"));
    }
    if outcome.timed_out {
        line.push_str("\n    stopped at its time limit");
    } else if !t.finished {
        line.push_str("\n    the harness did not come to its end");
    }
    for name in &lost {
        line.push_str(&format!("\n    LOST: {name}"));
    }
    if !fresh.is_empty() && newcomers == Newcomers::Report {
        line.push_str(&format!("\n    {} pass that are not on the list", fresh.len()));
    }
    if !lost.is_empty() || !t.exceptions.is_empty() || outcome.timed_out {
        line.push_str(&format!("\n    see {}", outcome.log.display()));
    }
    if newcomers == Newcomers::Bless {
        let added = passing.add(mode, unit, &fresh)?;
        if added > 0 {
            line.push_str(&format!(", {added} added to the list"));
        }
    }
    println!("{line}");
    Ok(lost)
}

fn quoted(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
