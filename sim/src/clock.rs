//! A host's clocks: they run a little fast or slow, and the wall clock may jump.

use base::{Mono, Now};

/// What a host's wall clock shows when the simulation begins: 2023-11-14 22:13:20 UTC.
const UNIX_START_US: i64 = 1_700_000_000_000_000;
const PPM: i64 = 1_000_000;

/// Both clocks of a host.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// What the monotonic clock showed when the simulation began.
    mono_start: u64,
    /// Parts per million that it runs fast.
    drift_ppm: i64,
    /// How far the wall clock is off.
    wall_offset_us: i64,
}

impl Clock {
    /// A clock that began at `mono_start` and runs `drift_ppm` fast.
    pub fn new(mono_start: u64, drift_ppm: i64, wall_offset_us: i64) -> Clock {
        assert!(drift_ppm.abs() < PPM / 2, "a clock that stands still shows nothing");
        Clock { mono_start, drift_ppm, wall_offset_us }
    }

    /// What it shows at a time of the world, in microseconds.
    pub fn at(&self, world_us: u64) -> Now {
        let passed = world_us as i64 + world_us as i64 / 1000 * self.drift_ppm / (PPM / 1000);
        let mono = Mono(self.mono_start + passed as u64);
        Now { mono, unix_us: (UNIX_START_US + passed + self.wall_offset_us) as u64 }
    }

    /// The world's time at which the monotonic clock shows `mono`, or little before: never later than needed.
    pub fn when(&self, mono: Mono) -> u64 {
        let passed = mono.0.saturating_sub(self.mono_start) as i128;
        (passed * i128::from(PPM) / i128::from(PPM + self.drift_ppm)) as u64
    }

    /// The wall clock is set.
    pub fn jump(&mut self, by_us: i64) {
        self.wall_offset_us += by_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for drift in [-300, 0, 300] {
            let clock = Clock::new(5_000, drift, -1_000_000);
            for world in [0, 1, 999, 1_000, 123_456_789, 86_400_000_000] {
                let back = clock.when(clock.at(world).mono);
                assert!(back.abs_diff(world) <= 2_000, "{drift} {world} {back}");
            }
        }
        let mut clock = Clock::new(0, 0, 0);
        clock.jump(-3_600_000_000);
        assert_eq!(clock.at(0).unix_us, 1_699_996_400_000_000);
        assert_eq!(clock.at(7).mono, Mono(7));
    }
}
