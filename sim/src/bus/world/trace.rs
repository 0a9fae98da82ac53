//! What happened: a hash of all of it, and the last of it as text.

use std::collections::VecDeque;

/// Lines kept for the end.
const LINES_KEPT: usize = 1000;

/// One thing that happened.
pub enum Line {
    /// In words.
    Text(String),
    /// A packet left.
    Sent {
        /// The sending host.
        from: u32,
        /// The receiving host.
        to: u32,
        /// Its type, as on the wire.
        kind: u16,
        /// Its length.
        len: u32,
    },
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::Text(text) => f.write_str(text),
            Line::Sent { from, to, kind, len } => {
                let name = cluster::wire::kind_name(kind & !cluster::wire::LIGHT);
                write!(f, "n{from} -> n{to} {name} of {len} bytes")
            }
        }
    }
}

/// The trace of a run.
#[derive(Default)]
pub struct Trace {
    /// Print each line at once.
    pub loud: bool,
    lines: VecDeque<(u64, Line)>,
    hash: u64,
}

impl Trace {
    /// Something happened at that time of the world, microseconds.
    pub fn line(&mut self, now_us: u64, line: Line) {
        self.mix(now_us);
        if let Line::Text(text) = &line {
            self.mix_bytes(text.as_bytes());
        }
        if self.loud {
            println!("{:14.6} {line}", now_us as f64 / 1e6);
        }
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((now_us, line));
    }

    /// Words of eight bytes at a time: this sees every packet.
    pub fn mix_bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        rest.iter().for_each(|byte| self.mix(u64::from(*byte)));
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    /// Names the run: the same seed has the same.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines.
    pub fn last(&self) -> Vec<String> {
        self.lines.iter().map(|(at, line)| format!("{:14.6} {line}", *at as f64 / 1e6)).collect()
    }
}
