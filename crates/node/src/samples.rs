//! Rates per second, smoothed over the last samples, and the peak of memory.

use base::Mono;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Time between samples.
pub const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// Time between two samples of the memory of a node without traffic.
pub const QUIET_MEMORY_EVERY: Duration = Duration::from_secs(1);
/// Samples averaged.
const SAMPLES: usize = 16;

/// What is sampled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rate {
    /// Commands.
    Commands = 0,
    /// Bytes read from clients.
    Input = 1,
    /// Bytes written to clients.
    Output = 2,
}

/// How many there are.
pub const RATES: usize = 3;

#[derive(Default)]
struct Track {
    last: u64,
    last_at: Mono,
    per_second: [u64; SAMPLES],
    next: usize,
}

/// Rates and peaks of a node; control feeds them.
#[derive(Default)]
pub struct Samples {
    tracks: Mutex<[Track; RATES]>,
    memory_peak: AtomicU64,
}

impl Samples {
    /// Takes one sample of each counter, and of the memory if it was read.
    pub fn take(&self, values: [u64; RATES], memory: Option<u64>, now: Mono) {
        self.memory_peak.fetch_max(memory.unwrap_or(0), Relaxed);
        let Ok(mut tracks) = self.tracks.lock() else { return };
        for (track, value) in tracks.iter_mut().zip(values) {
            let elapsed = now.since(track.last_at).as_micros() as u64;
            if elapsed == 0 {
                continue;
            }
            let grown = value.saturating_sub(track.last);
            track.per_second[track.next % SAMPLES] = grown.saturating_mul(1_000_000) / elapsed;
            (track.last, track.last_at, track.next) = (value, now, track.next + 1);
        }
    }

    /// Mean of the last samples, per second.
    pub fn rate(&self, of: Rate) -> u64 {
        let Ok(tracks) = self.tracks.lock() else { return 0 };
        tracks[of as usize].per_second.iter().sum::<u64>() / SAMPLES as u64
    }

    /// Greatest memory use seen, at least what is in use now.
    pub fn memory_peak(&self, now_used: u64) -> u64 {
        self.memory_peak.fetch_max(now_used, Relaxed).max(now_used)
    }

    /// CONFIG RESETSTAT: rates and peak start over.
    pub fn reset(&self) {
        self.memory_peak.store(0, Relaxed);
        if let Ok(mut tracks) = self.tracks.lock() {
            for track in tracks.iter_mut() {
                *track = Track { last_at: track.last_at, ..Track::default() };
            }
        }
    }
}
