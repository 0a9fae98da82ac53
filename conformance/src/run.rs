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

/// Runs every (mode, unit) on `jobs` threads; returns how many units lost a test that used to pass, or have one that fails without an
/// exception though they run on each push.
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
                        let sound = judge(plan, &passing, &outcome, newcomers)?;
                        if let Ok(mut totals) = totals.lock() {
                            totals.0 += outcome.transcript.passed.len();
                            totals.1 += outcome.transcript.failed.len();
                        }
                        if !sound && let Ok(mut list) = regressed.lock() {
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
    println!(
        "suite: {passed} tests pass, {failed} do not; {} units are worse than they must be",
        regressed.len()
    );
    for unit in &regressed {
        println!("  {unit}");
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

/// Prints one unit's line, keeps the list, and says whether the unit is as good as it must be.
fn judge(plan: &Plan, passing: &Passing, outcome: &Outcome, newcomers: Newcomers) -> Result<bool> {
    let (mode, unit, t) = (outcome.mode, &outcome.unit, &outcome.transcript);
    let must = passing.load(mode, unit)?;
    let fresh: BTreeSet<String> = t.passed.difference(&must).cloned().collect();
    let lost = missing(passing, outcome)?;
    let open: BTreeSet<&str> = t
        .failed
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| plan.exception(mode, unit, name).is_none())
        .collect();
    let mut line = format!(
        "{mode:8} {unit:32} {:4} ok {:3} err {:5.1} s",
        t.passed.len(),
        t.failed.len(),
        outcome.took.as_secs_f32()
    );
    let mut note = |text: String| line.push_str(&format!("\n    {text}"));
    t.exceptions.iter().for_each(|text| note(format!("exception: {text}")));
    if outcome.timed_out {
        note("stopped at its time limit".into());
    } else if !t.finished {
        note("the harness did not come to its end".into());
    }
    lost.iter().for_each(|name| note(format!("LOST: {name}")));
    let strict = plan.push_units(mode).contains(unit);
    if strict {
        open.iter()
            .filter(|name| !lost.contains(**name))
            .for_each(|name| note(format!("fails without an exception: {name}")));
    } else if !open.is_empty() {
        note(format!("{} fail without an exception", open.len()));
    }
    for name in t.passed.iter().filter(|name| plan.exception(mode, unit, name).is_some()) {
        note(format!("passes, and is still an exception: {name}"));
    }
    if newcomers == Newcomers::Bless {
        note(format!("{} added to the list", passing.add(mode, unit, &fresh)?));
    } else if !fresh.is_empty() {
        note(format!("{} pass that are not on the list", fresh.len()));
    }
    let sound = lost.is_empty() && (!strict || open.is_empty() && t.finished);
    if !sound || !t.exceptions.is_empty() || outcome.timed_out {
        note(format!("see {}", outcome.log.display()));
    }
    println!("{line}");
    Ok(sound)
}

fn quoted(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
