//! Lives of clusters under fixed seeds. `cargo xtask nightly` lives many more.

use sim::life::{Plan, Report, live};

/// Seconds of trouble.
const SECONDS: u64 = 7;

fn run(seed: u64, seconds: u64) -> Report {
    let report = live(Plan { seed, nodes: None, seconds, loud: false });
    if let Err(broken) = &report.outcome {
        panic!("{}\nseed {seed}: {broken}", report.trace.join("\n"));
    }
    report
}

macro_rules! seeds {
    ($($name:ident $seed:literal,)*) => {
        $(
            #[test]
            fn $name() {
                assert!(run($seed, SECONDS).answered > 1000);
            }
        )*
    };
}

seeds! {
    seed_1 1,
    seed_2 2,
    seed_3 3,
    seed_4 4,
    seed_5 5,
    seed_6 6,
    seed_7 7,
    seed_8 8,
    seed_9 9,
    seed_10 10,
}

#[test]
fn a_seed_is_a_life() {
    assert_eq!(run(11, 2).hash, run(11, 2).hash);
    assert_ne!(run(11, 2).hash, run(12, 2).hash);
}
