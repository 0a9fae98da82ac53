//! A few seconds of random commands against both real servers, always the same ones. `cargo xtask differ` goes on for as long as one likes.

use std::time::Duration;

use anyhow::{Result, ensure};
use conformance::differ::{Against, Plan, run};

const PORT: u16 = 20430;
const SEED: u64 = 9;
const TIME: Duration = Duration::from_secs(4);

#[test]
fn replies_and_keys_are_those_of_real_servers() -> Result<()> {
    let plan =
        Plan { seed: SEED, time: TIME, against: Against::ALL.to_vec(), families: Vec::new(), port: PORT };
    let outcome = run(&plan)?;
    ensure!(outcome.differences.is_empty(), "{}\n{}", outcome.differences.join("\n"), outcome.text);
    Ok(())
}
