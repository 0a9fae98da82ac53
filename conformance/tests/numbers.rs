//! Some ten thousand random numbers through arithmetic and printing, always the same ones. `cargo xtask differ --numbers yes` goes on.

use std::time::Duration;

use anyhow::{Result, ensure};
use conformance::differ::{Against, Plan, numbers};

const PORT: u16 = 20434;
const SEED: u64 = 4;
const TIME: Duration = Duration::from_secs(4);

#[test]
fn numbers_are_printed_as_real_servers_print_them() -> Result<()> {
    let plan =
        Plan { seed: SEED, time: TIME, against: Against::ALL.to_vec(), families: Vec::new(), port: PORT };
    let outcome = numbers::run(&plan)?;
    ensure!(outcome.differences.is_empty(), "{}\n{}", outcome.differences.join("\n"), outcome.text);
    Ok(())
}
