//! CLIENT PAUSE: until when, and whom.

use base::Mono;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// What is paused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Paused {
    /// Nothing.
    Nothing,
    /// Commands that may write.
    Writes,
    /// Every command.
    All,
}

/// The pause in force. Set by commands under the exclusive gate, read by workers once a turn. It runs on the
/// monotonic clock: a jump of the other one must not stop a server.
#[derive(Default)]
pub struct Pause {
    until_us: AtomicU64,
    what: AtomicU8,
}

impl Pause {
    /// Starts or widens a pause: an earlier, stricter or longer one stays in force as Redis has it.
    pub fn start(&self, what: Paused, until: Mono, now: Mono) {
        let current = self.at(now);
        let until = if current == Paused::Nothing { until } else { self.until().max(until) };
        self.what.store(current.max(what) as u8, Relaxed);
        self.until_us.store(until.0, Relaxed);
    }

    /// Ends the pause.
    pub fn end(&self) {
        self.until_us.store(0, Relaxed);
    }

    /// When the pause ends; zero = none was ever set, or it was ended.
    pub fn until(&self) -> Mono {
        Mono(self.until_us.load(Relaxed))
    }

    /// What is paused at a time.
    pub fn at(&self, now: Mono) -> Paused {
        if now >= self.until() {
            return Paused::Nothing;
        }
        match self.what.load(Relaxed) {
            2 => Paused::All,
            1 => Paused::Writes,
            _ => Paused::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_and_the_longer_win() {
        let (pause, at) = (Pause::default(), Mono);
        assert_eq!(pause.at(at(0)), Paused::Nothing);
        pause.start(Paused::All, at(100), at(0));
        pause.start(Paused::Writes, at(50), at(0));
        assert_eq!((pause.at(at(60)), pause.until()), (Paused::All, at(100)));
        assert_eq!(pause.at(at(100)), Paused::Nothing);
        pause.start(Paused::Writes, at(200), at(150));
        assert_eq!(pause.at(at(199)), Paused::Writes);
        pause.end();
        assert_eq!(pause.at(at(199)), Paused::Nothing);
    }
}
