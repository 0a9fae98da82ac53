//! The real clocks, read here and nowhere else.

use base::{Mono, Now};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Reads both clocks of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    zero: Instant,
}

impl Clock {
    /// A clock whose monotonic zero lies an hour back, so that "a moment ago" never underflows at the start.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    pub fn new() -> Clock {
        let now = Instant::now();
        Clock { zero: now.checked_sub(std::time::Duration::from_secs(3600)).unwrap_or(now) }
    }

    /// Both clocks, now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clocks")]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: Mono(self.zero.elapsed().as_micros() as u64), unix_us: unix.as_micros() as u64 }
    }

    /// Nanoseconds since the clock's zero.
    pub fn nanos(&self) -> u64 {
        self.zero.elapsed().as_nanos() as u64
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
