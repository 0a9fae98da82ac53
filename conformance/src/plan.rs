//! The committed plan: which units run when (`units.toml`), and which tests are not expected to pass (`exceptions.toml`).

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use crate::mode::Mode;

/// A test that Handfast does not pass, on purpose or by circumstance.
#[derive(Debug)]
pub struct Exception {
    /// The unit, or `*`.
    pub unit: String,
    /// Whole names of tests; none, and no tags, means the whole unit.
    pub tests: Vec<String>,
    /// Tags of the harness whose blocks are left out, servers and all: naming their tests would still start them.
    pub tags: Vec<String>,
    /// The modes that it is about.
    pub modes: Vec<Mode>,
    /// Whether it would break the run of the others, so that the harness must leave it out.
    pub skip: bool,
    /// Why.
    pub reason: String,
}

impl Exception {
    /// Whether this exception covers `test` of `unit`.
    pub fn covers(&self, mode: Mode, unit: &str, test: &str) -> bool {
        self.in_unit(mode, unit) && (self.is_whole() || self.tests.iter().any(|name| name == test))
    }

    fn is_whole(&self) -> bool {
        self.tests.is_empty() && self.tags.is_empty()
    }

    fn in_unit(&self, mode: Mode, unit: &str) -> bool {
        self.modes.contains(&mode) && (self.unit == "*" || self.unit == unit)
    }
}

/// Both files, read.
pub struct Plan {
    push: Table,
    exceptions: Vec<Exception>,
}

impl Plan {
    /// The plan of this source tree.
    pub fn of_tree() -> Result<Plan> {
        Plan::parse(include_str!("../units.toml"), include_str!("../exceptions.toml"))
    }

    fn parse(units: &str, exceptions: &str) -> Result<Plan> {
        let push = units.parse::<Table>().context("units.toml")?;
        let Some(Value::Table(push)) = push.get("push").cloned() else { bail!("units.toml has no [push]") };
        let table = exceptions.parse::<Table>().context("exceptions.toml")?;
        let rows = table.get("exception").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let exceptions = rows.iter().map(exception).collect::<Result<_>>().context("exceptions.toml")?;
        Ok(Plan { push, exceptions })
    }

    /// The units of a run on each push.
    pub fn push_units(&self, mode: Mode) -> Vec<String> {
        let list = self.push.get(mode.name()).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The exception that covers a test, if there is one.
    pub fn exception(&self, mode: Mode, unit: &str, test: &str) -> Option<&Exception> {
        self.exceptions.iter().find(|e| e.covers(mode, unit, test))
    }

    /// Whether the unit is not to be run at all.
    pub fn is_left_out(&self, mode: Mode, unit: &str) -> bool {
        self.exceptions.iter().any(|e| e.skip && e.is_whole() && e.in_unit(mode, unit))
    }

    /// The tests that the harness must leave out of a unit.
    pub fn skipped_tests(&self, mode: Mode, unit: &str) -> Vec<&str> {
        let skipped = self.exceptions.iter().filter(|e| e.skip && e.in_unit(mode, unit));
        skipped.flat_map(|e| &e.tests).map(String::as_str).collect()
    }

    /// The tags of what the harness must leave out of a unit.
    pub fn skipped_tags(&self, mode: Mode, unit: &str) -> Vec<&str> {
        let skipped = self.exceptions.iter().filter(|e| e.skip && e.in_unit(mode, unit));
        skipped.flat_map(|e| &e.tags).map(String::as_str).collect()
    }
}

fn exception(row: &Value) -> Result<Exception> {
    let text =
        |name: &str| row.get(name).and_then(Value::as_str).with_context(|| format!("no {name} in {row:?}"));
    let list = |name: &str| {
        let values = row.get(name).and_then(Value::as_array)?;
        Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
    };
    let modes = match list("modes") {
        None => Mode::ALL.to_vec(),
        Some(list) => list.iter().map(|mode| mode.parse()).collect::<Result<_>>()?,
    };
    let skip = row.get("skip").and_then(Value::as_bool).unwrap_or(false);
    let tests = list("tests").unwrap_or_default();
    let tags = list("tags").unwrap_or_default();
    let (unit, reason) = (text("unit")?.into(), text("reason")?.into());
    let exception = Exception { unit, tests, tags, modes, skip, reason };
    ensure!(skip || exception.tags.is_empty(), "tags of {} are of use to `skip` only", exception.unit);
    ensure!(!exception.reason.trim().is_empty(), "an exception of {} has no reason", exception.unit);
    Ok(exception)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_plan_is_sound() -> Result<()> {
        let plan = Plan::of_tree()?;
        for mode in Mode::ALL {
            assert!(!plan.push_units(mode).is_empty(), "{mode} runs nothing");
            for unit in plan.push_units(mode) {
                assert!(!plan.is_left_out(mode, &unit), "{mode} {unit} is planned and left out");
            }
        }
        Ok(())
    }

    #[test]
    fn exceptions_cover_their_modes_only() -> Result<()> {
        let plan = Plan::parse(
            "[push]\nspawn = [\"unit/a\"]",
            "[[exception]]\nunit = \"unit/a\"\ntests = [\"x\"]\nmodes = [\"spawn\"]\nskip = true\nreason = \"no forks\"\n\
             [[exception]]\nunit = \"unit/b\"\nskip = true\nreason = \"modules\"\n\
             [[exception]]\nunit = \"unit/c\"\ntags = [\"needs:debug\"]\nskip = true\nreason = \"no log\"\n",
        )?;
        assert_eq!(plan.skipped_tests(Mode::Spawn, "unit/a"), ["x"]);
        assert!(plan.skipped_tests(Mode::External, "unit/a").is_empty());
        assert!(plan.exception(Mode::Spawn, "unit/a", "y").is_none());
        assert!(plan.is_left_out(Mode::Cluster, "unit/b"));
        assert!(!plan.is_left_out(Mode::Cluster, "unit/c"));
        assert_eq!(plan.skipped_tags(Mode::Cluster, "unit/c"), ["needs:debug"]);
        assert!(plan.exception(Mode::Cluster, "unit/c", "any").is_none());
        Ok(())
    }

    #[test]
    fn an_exception_needs_a_reason() {
        assert!(Plan::parse("[push]", "[[exception]]\nunit = \"u\"\nreason = \" \"").is_err());
        assert!(Plan::parse("[push]", "[[exception]]\nunit = \"u\"").is_err());
    }
}
