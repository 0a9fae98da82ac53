//! CLIENT PAUSE: until when, and whom.

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

/// The pause in force. Set by commands under the exclusive gate, read by workers once a turn.
#[derive(Default)]
pub struct Pause {
    until_unix_ms: AtomicU64,
    what: AtomicU8,
}

impl Pause {
    /// Starts or widens a pause: an earlier, stricter or longer one stays in force as Redis has it.
    pub fn start(&self, what: Paused, until_unix_ms: u64, now_ms: u64) {
        let current = self.at(now_ms);
        let until = if current == Paused::Nothing { until_unix_ms } else { self.until().max(until_unix_ms) };
        self.what.store(current.max(what) as u8, Relaxed);
        self.until_unix_ms.store(until, Relaxed);
    }

    /// Ends the pause.
    pub fn end(&self) {
        self.until_unix_ms.store(0, Relaxed);
    }

    /// When the pause ends, Unix milliseconds; 0 = none was ever set, or it was ended.
    pub fn until(&self) -> u64 {
        self.until_unix_ms.load(Relaxed)
    }

    /// What is paused at a time.
    pub fn at(&self, now_ms: u64) -> Paused {
        if now_ms >= self.until() {
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
        let pause = Pause::default();
        assert_eq!(pause.at(0), Paused::Nothing);
        pause.start(Paused::All, 100, 0);
        pause.start(Paused::Writes, 50, 0);
        assert_eq!((pause.at(60), pause.until()), (Paused::All, 100));
        assert_eq!(pause.at(100), Paused::Nothing);
        pause.start(Paused::Writes, 200, 150);
        assert_eq!(pause.at(199), Paused::Writes);
        pause.end();
        assert_eq!(pause.at(199), Paused::Nothing);
    }
}
