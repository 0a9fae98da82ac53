//! Lives of the second storey under fixed seeds, and a crowd. `cargo xtask nightly` lives many more, and for longer.

use sim::bus::life::{Mix, Plan, Report, live};
use sim::bus::mesh::{Crowd, form, redial};
use sim::bus::world::Family;
use sim::check::Broken;

/// Virtual seconds: a few episodes.
const SECONDS: u64 = 60;

fn plan(seed: u64, nodes: usize, mix: Mix) -> Plan {
    Plan { seed, nodes: Some(nodes), seconds: SECONDS, timeout_ms: Some(1000), mix: Some(mix), loud: false }
}

fn run(plan: Plan) -> Report {
    let report = live(plan);
    if let Err(broken) = &report.outcome {
        panic!("{}\nseed {}: {broken}", report.trace.join("\n"), plan.seed);
    }
    report
}

macro_rules! seeds {
    ($($name:ident: $seed:literal $nodes:literal $mix:expr;)*) => {
        $(
            #[test]
            fn $name() {
                run(plan($seed, $nodes, $mix));
            }
        )*
    };
}

seeds! {
    seed_1_ours: 1 3 Mix::Ours;
    seed_2_ours: 2 5 Mix::Ours;
    seed_3_ours: 3 8 Mix::Ours;
    seed_4_ours: 4 10 Mix::Ours;
    seed_5_redis_7: 5 4 Mix::With(Family::Redis7);
    seed_6_redis_7: 6 7 Mix::With(Family::Redis7);
    seed_7_redis_8: 7 6 Mix::With(Family::Redis8);
    seed_8_valkey: 8 4 Mix::With(Family::Valkey9);
    seed_9_valkey: 9 7 Mix::With(Family::Valkey9);
    seed_10_all: 10 8 Mix::All;
}

#[test]
fn a_seed_is_a_life() {
    let life = |seed| run(Plan { seconds: 15, ..plan(seed, 4, Mix::All) }).hash;
    assert_eq!(life(11), life(11));
    assert_ne!(life(11), life(12));
}

fn crowd(nodes: usize, star: bool) -> Crowd {
    Crowd { seed: 1, nodes, star, latency_us: 1000, timeout_ms: 15_000, most_us: 3_000_000 }
}

#[test]
fn a_crowd_forms_and_finds_a_node_that_restarts() {
    for star in [false, true] {
        let mut formed = form(crowd(40, star)).unwrap_or_else(|broken| panic!("{broken}"));
        assert!(formed.packets.0 <= 6 * 40 * 40, "{} packets", formed.packets.0);
        let found = redial(&mut formed, 2_000_000).unwrap_or_else(|broken| panic!("{broken}"));
        assert!(found.links_us.1 < 2_000_000, "{} us", found.links_us.1);
    }
}

#[test]
fn what_took_too_long_is_a_failure_of_liveness() {
    let broken = form(Crowd { most_us: 1_000, ..crowd(5, false) }).err();
    assert!(matches!(broken, Some(Broken::Liveness(_))) && broken.is_some_and(|b| b.exit_code() == 3));
    assert_eq!(Broken::Safety(String::new()).exit_code(), 2);
}
