//! Every workload of the bench does what it says on our server. No figure is looked at: a busy machine makes any.

use anyhow::{Result, ensure};
use conformance::bench::{Plan, WORKLOADS, growth, run};
use conformance::node::Kind;

#[test]
fn every_workload_runs() -> Result<()> {
    let plan = Plan { rounds: 1, percent: 1, workloads: Vec::new(), against: Kind::Handfast, port: 20870 };
    let mut lines = Vec::new();
    run(&plan, |line| lines.push(line.to_owned()))?;
    ensure!(lines.len() == WORKLOADS.len() + 2, "{lines:?}");
    Ok(())
}

#[test]
fn a_hash_grows() -> Result<()> {
    let plan = Plan { rounds: 1, percent: 1, workloads: Vec::new(), against: Kind::Handfast, port: 20872 };
    let mut lines = Vec::new();
    growth::run(&plan, 1600, |line| lines.push(line.to_owned()))?;
    ensure!(lines.len() == 4, "{lines:?}");
    Ok(())
}

#[test]
fn an_unknown_workload_is_named() {
    let workloads = vec!["no-such".to_owned()];
    let plan = Plan { rounds: 1, percent: 1, workloads, against: Kind::Handfast, port: 20871 };
    let error = run(&plan, |_| ()).expect_err("there is none");
    assert!(error.to_string().contains("get-p16"), "{error}");
}
