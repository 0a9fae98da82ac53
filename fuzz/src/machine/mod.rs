//! The cluster machine as one node among four, with everything around it decided by the input: packets of friends and
//! strangers, links, clocks, a disk that may fail or lose power, and an operator.

mod act;
mod bench;
mod operator;

use arbitrary::{Arbitrary, Unstructured};
use base::Rng;

use bench::Bench;

/// Acts of one input.
const ACTS_MAX: usize = 200;
/// Lives to begin with, and their bytes.
const SEEDS: u64 = 24;
const SEED_LEN: u64 = 1500;

/// Long lives: what only shows after many packets is not found by adding byte to byte.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let life = |seed| {
        let mut rng = Rng::new(seed);
        (0..100 + rng.below(SEED_LEN)).map(|_| rng.next_u64() as u8).collect()
    };
    (0..SEEDS).map(life).collect()
}

pub(crate) fn run(input: &[u8]) {
    let mut u = Unstructured::new(input);
    let Ok(choice) = u8::arbitrary(&mut u) else { return };
    let mut bench = Bench::start(choice);
    for _ in 0..ACTS_MAX {
        if u.is_empty() || act::next(&mut bench, &mut u).is_err() {
            break;
        }
        bench.check();
    }
    bench.finish();
}
