//! What happened, line by line: the last lines to be shown, and a hash of all.

use base::crc::crc64;
use std::collections::VecDeque;

/// Lines kept for the end.
const LINES_KEPT: usize = 400;

/// The trace of a run.
#[derive(Default)]
pub struct Trace {
    /// Print each line at once.
    pub loud: bool,
    lines: VecDeque<String>,
    hash: u64,
}

impl Trace {
    /// One line.
    pub fn line(&mut self, now_us: u64, text: &str) {
        let line = format!("{:12.6} {text}", now_us as f64 / 1e6);
        self.hash = crc64(self.hash, line.as_bytes());
        if self.loud {
            println!("{line}");
        }
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// A hash of all lines: the same seed has the same.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines.
    pub fn last(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}
