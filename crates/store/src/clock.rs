//! What time it is, and what that does to entries: expiry and the access word.
//!
//! The access word of an entry is 24 bits: seconds of the last access (LRU), or minutes of the last decay and a
//! logarithmic counter (LFU), as in Redis.

/// What an access leaves in an entry: the family of `maxmemory-policy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    /// The time.
    Lru,
    /// A counter that grows more slowly the greater it is.
    Lfu {
        /// `lfu-log-factor`.
        log_factor: u32,
        /// `lfu-decay-time`: minutes that take one from the counter; 0 for never.
        decay_minutes: u32,
    },
}

/// What happens to a key that has expired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// It is removed as soon as someone asks for it.
    Remove,
    /// It is not shown, and left for the primary to remove.
    Hide,
    /// It is as any other: commands from our primary, which knows better.
    Show,
}

/// The time and the rules of one turn.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// What happens to expired keys.
    pub expired: Expired,
    touch: Touch,
    seconds: u32,
    minutes: u32,
}

/// Bits of the access word.
const WORD: u32 = (1 << 24) - 1;
/// Counter of a new key, so that it is not the next to be evicted.
const LFU_START: u32 = 5;
const LFU_MAX: u32 = 255;

impl Clock {
    /// A turn at `now_ms`, of a primary.
    pub fn new(now_ms: u64, touch: Touch) -> Clock {
        let seconds = now_ms / 1000;
        let (minutes, seconds) = ((seconds / 60) as u32 & 0xFFFF, seconds as u32 & WORD);
        Clock { now_ms, expired: Expired::Remove, touch, seconds, minutes }
    }

    /// Whether an expiry has come. At the very millisecond it has not.
    #[inline]
    pub fn is_past(&self, expiry: u64) -> bool {
        self.now_ms > expiry
    }

    /// Elements of a value that expire before this are not to be seen; 0 if all are.
    #[inline]
    pub fn horizon(&self) -> u64 {
        if self.expired == Expired::Show { 0 } else { self.now_ms }
    }

    /// Access word of a new entry.
    pub fn start(&self) -> u32 {
        match self.touch {
            Touch::Lru => self.seconds,
            Touch::Lfu { .. } => self.minutes << 8 | LFU_START,
        }
    }

    /// Access word after an access. `draw` gives a random number.
    #[inline]
    pub(crate) fn touched(&self, word: u32, draw: impl FnOnce() -> u64) -> u32 {
        match self.touch {
            Touch::Lru => self.seconds,
            Touch::Lfu { log_factor, .. } => {
                let counter = self.decayed(word);
                (self.minutes << 8) | (counter + u32::from(counts(counter, log_factor, draw())))
            }
        }
    }

    /// Milliseconds since the last access of an entry with this access word.
    pub fn idle_ms(&self, word: u32) -> u64 {
        u64::from(self.seconds.wrapping_sub(word) & WORD) * 1000
    }

    /// The counter in an access word, after what time has taken from it.
    pub fn frequency(&self, word: u32) -> u8 {
        self.decayed(word) as u8
    }

    /// The access word of an entry that was idle so long (LRU).
    pub fn word_of_idle(&self, seconds: u64) -> u32 {
        self.seconds.wrapping_sub(seconds as u32) & WORD
    }

    /// The access word of an entry with this counter (LFU).
    pub fn word_of_frequency(&self, counter: u8) -> u32 {
        self.minutes << 8 | u32::from(counter)
    }

    fn decayed(&self, word: u32) -> u32 {
        let Touch::Lfu { decay_minutes, .. } = self.touch else { return word & LFU_MAX };
        let minutes = self.minutes.wrapping_sub(word >> 8) & 0xFFFF;
        let periods = minutes.checked_div(decay_minutes).unwrap_or(0);
        (word & LFU_MAX).saturating_sub(periods)
    }
}

/// Whether one more access is counted: with probability 1 / ((counter − start) × factor + 1).
fn counts(counter: u32, log_factor: u32, draw: u64) -> bool {
    if counter >= LFU_MAX {
        return false;
    }
    let above = u64::from(counter.saturating_sub(LFU_START));
    let one_in = above.saturating_mul(u64::from(log_factor)) + 1;
    (u128::from(draw) * u128::from(one_in)) >> 64 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LFU: Touch = Touch::Lfu { log_factor: 10, decay_minutes: 1 };

    #[test]
    fn idle_time_survives_the_wrap() {
        let word = Clock::new(((1 << 24) - 1) * 1000, Touch::Lru).start();
        assert_eq!(Clock::new(((1 << 24) + 9) * 1000, Touch::Lru).idle_ms(word), 10_000);
        let clock = Clock::new(5_000_000_000, Touch::Lru);
        assert_eq!(clock.idle_ms(clock.word_of_idle(77)), 77_000);
    }

    #[test]
    fn frequency_grows_by_logarithm_and_decays() {
        let clock = Clock::new(1_700_000_000_000, LFU);
        let mut rng = base::Rng::new(1);
        let mut word = clock.start();
        assert_eq!(clock.frequency(word), 5);
        for _ in 0..1000 {
            word = clock.touched(word, || rng.next_u64());
        }
        // Published for factor 10: a thousand hits give about 18, a hundred thousand 142.
        assert!((12..=25).contains(&clock.frequency(word)), "{}", clock.frequency(word));
        for _ in 0..99_000 {
            word = clock.touched(word, || rng.next_u64());
        }
        assert!((125..=160).contains(&clock.frequency(word)), "{}", clock.frequency(word));
        let later = Clock::new(1_700_000_000_000 + 100 * 60_000, LFU);
        assert_eq!(later.frequency(word), clock.frequency(word) - 100);
        assert_eq!(clock.frequency(clock.word_of_frequency(200)), 200);
    }
}
