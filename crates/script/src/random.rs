//! The generator behind `math.random`: the 48-bit linear congruential one of drand48, as Redis has it, so that equal seeds give
//! equal sequences on all servers.

use std::cell::Cell;

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
const MASK: u64 = (1 << 48) - 1;

/// What stands below a seed.
const SEED_TAIL: u64 = 0x330E;

/// Above all draws.
const DRAW_MAX: u32 = i32::MAX as u32;

/// A generator's state. It goes on from script to script.
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub fn new(seed: u32) -> Random {
        let random = Random(Cell::new(0));
        random.seed(seed);
        random
    }

    /// `math.randomseed`.
    pub fn seed(&self, seed: u32) {
        self.0.set(u64::from(seed) << 16 | SEED_TAIL);
    }

    /// The next number in [0, 1).
    pub fn draw(&self) -> f64 {
        let next = self.0.get().wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        self.0.set(next);
        let high = (next >> 17) as u32;
        f64::from(high % DRAW_MAX) / f64::from(DRAW_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Taken from Redis 7.0.15 and Valkey 9.1.2.
    #[test]
    fn sequences_are_those_of_redis() {
        let near = |draw: f64, expect: f64| assert!((draw - expect).abs() < 1e-13, "{draw} {expect}");
        let ten = Random::new(10);
        near(ten.draw(), 0.87885112309775);
        near(ten.draw(), 0.7958066229689);
        let zero = Random::new(0);
        near(zero.draw(), 0.17082803611217);
        near(zero.draw(), 0.74990198051087);
        near(Random::new(-5_i32 as u32).draw(), 0.8168164928522);
        near(Random::new(1_000_000_000_000_i64 as u32).draw(), 0.75932615192576);
        near(Random::new(1).draw(), 0.041630344484761);
        let fresh = Random::new(0x1234_abcd);
        let hundred = [(); 3].map(|()| (fresh.draw() * 100.0).floor() + 1.0);
        assert_eq!(hundred, [40.0, 85.0, 36.0]);
    }
}
