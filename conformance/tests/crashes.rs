//! kill -9 while the cluster configuration is written.

use anyhow::Result;
use conformance::crashes::{Plan, run};

#[test]
fn a_killed_node_comes_back_as_itself() -> Result<()> {
    let report = run(&Plan { kills: 40, seed: 1, port: 20450 })?;
    println!("{report}");
    Ok(())
}
