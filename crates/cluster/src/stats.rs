//! Counters of messages and bytes.

use crate::wire::kinds;

const KINDS: usize = kinds::COUNT as usize;

/// What CLUSTER INFO shows; CONFIG RESETSTAT zeroes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    pub sent: [u64; KINDS],
    pub received: [u64; KINDS],
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub pubsub_bytes_sent: u64,
    pub pubsub_bytes_received: u64,
    pub module_bytes_sent: u64,
    pub module_bytes_received: u64,
    pub buffer_limit_exceeded: u64,
}

fn is_pubsub(kind: u16) -> bool {
    kind == kinds::PUBLISH || kind == kinds::PUBLISHSHARD
}

impl Stats {
    pub fn sent(&mut self, kind: u16, bytes: usize) {
        if let Some(count) = self.sent.get_mut(usize::from(kind)) {
            *count += 1;
        }
        self.bytes_sent += bytes as u64;
        self.pubsub_bytes_sent += if is_pubsub(kind) { bytes as u64 } else { 0 };
        self.module_bytes_sent += if kind == kinds::MODULE { bytes as u64 } else { 0 };
    }

    pub fn received(&mut self, kind: u16, bytes: usize) {
        if let Some(count) = self.received.get_mut(usize::from(kind)) {
            *count += 1;
        }
        self.bytes_received += bytes as u64;
        self.pubsub_bytes_received += if is_pubsub(kind) { bytes as u64 } else { 0 };
        self.module_bytes_received += if kind == kinds::MODULE { bytes as u64 } else { 0 };
    }
}
