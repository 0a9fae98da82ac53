//! A connection's unsent bytes.

use base::Mono;
use std::time::Duration;

/// An emptied buffer larger than this is given back to the allocator.
const KEEP_BYTES_MAX: usize = 16 * 1024;

/// Limits on unsent bytes (`client-output-buffer-limit`).
#[derive(Clone, Copy, Debug, Default)]
pub struct OutputLimit {
    /// Closed at once above this; 0 = no limit.
    pub hard: u64,
    /// Closed when above this for `soft_for`; 0 = no limit.
    pub soft: u64,
    /// How long.
    pub soft_for: Duration,
}

/// Bytes on their way to the client.
#[derive(Default)]
pub struct Output {
    buf: Vec<u8>,
    sent: usize,
    /// The socket takes no more for now.
    pub blocked: bool,
    over_soft_since: Option<Mono>,
}

impl Output {
    /// Where replies are written.
    pub fn writer(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// What is not sent yet.
    pub fn bytes(&self) -> &[u8] {
        &self.buf[self.sent..]
    }

    /// How much that is.
    pub fn len(&self) -> usize {
        self.buf.len() - self.sent
    }

    /// Whether all is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `n` bytes were sent.
    pub fn sent(&mut self, n: usize) {
        self.sent += n;
        assert!(self.sent <= self.buf.len(), "more was sent than there was");
        if self.sent == self.buf.len() {
            self.sent = 0;
            self.buf.clear();
            if self.buf.capacity() > KEEP_BYTES_MAX {
                self.buf = Vec::new();
            }
        } else if self.sent > self.buf.len() / 2 {
            self.buf.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Gives the memory of an idle connection back.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            self.buf = Vec::new();
            self.sent = 0;
        }
    }

    /// Whether the client must be closed for what it has not read.
    pub fn exceeds(&mut self, limit: &OutputLimit, now: Mono) -> bool {
        let held = self.len() as u64;
        if limit.soft == 0 || held <= limit.soft {
            self.over_soft_since = None;
        }
        if limit.hard > 0 && held > limit.hard {
            return true;
        }
        if limit.soft > 0 && held > limit.soft {
            let since = *self.over_soft_since.get_or_insert(now);
            return now.since(since) >= limit.soft_for;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hard_at_once_soft_after_a_while() {
        let mut out = Output::default();
        let limit = OutputLimit { hard: 100, soft: 10, soft_for: Duration::from_secs(1) };
        out.writer().extend_from_slice(&[0; 50]);
        assert!(!out.exceeds(&limit, Mono(0)));
        assert!(!out.exceeds(&limit, Mono(999_999)));
        assert!(out.exceeds(&limit, Mono(1_000_000)));
        out.sent(45);
        assert!(!out.exceeds(&limit, Mono(1_100_000)));
        out.writer().extend_from_slice(&[0; 100]);
        assert!(out.exceeds(&limit, Mono(1_100_000)));
    }

    #[test]
    fn sent_bytes_leave() {
        let mut out = Output::default();
        out.writer().extend_from_slice(b"hello world");
        out.sent(6);
        assert_eq!(out.bytes(), b"world");
        out.writer().extend_from_slice(b"!");
        out.sent(6);
        assert!(out.is_empty());
    }
}
