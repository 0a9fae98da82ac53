//! Counters of messages and bytes.

use crate::wire::{self, kinds};
use std::collections::BTreeMap;

const KINDS: usize = kinds::COUNT as usize;

/// What CLUSTER INFO shows; CONFIG RESETSTAT zeroes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    pub sent: Traffic,
    pub received: Traffic,
    pub buffer_limit_exceeded: u64,
    /// Packets that were thrown away, by the name of the reason.
    pub dropped: BTreeMap<&'static str, u64>,
}

/// What a packet is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// Who is there: PING, PONG, MEET.
    Gossip,
    /// What was decided: FAIL, UPDATE, votes, manual failovers.
    Decision,
    /// Clients' messages.
    Pubsub,
    /// Modules' messages.
    Module,
}

impl Class {
    const COUNT: usize = 4;

    fn of(kind: u16) -> Class {
        match kind {
            kinds::PING | kinds::PONG | kinds::MEET => Class::Gossip,
            kinds::PUBLISH | kinds::PUBLISHSHARD => Class::Pubsub,
            kinds::MODULE => Class::Module,
            _ => Class::Decision,
        }
    }
}

/// Messages and bytes of one direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    /// By type.
    pub messages: [u64; KINDS],
    /// Of all types, those from the future too.
    pub bytes: u64,
    by_class: [u64; Class::COUNT],
}

impl Traffic {
    fn add(&mut self, kind: u16, bytes: usize) {
        if let Some(count) = self.messages.get_mut(usize::from(kind)) {
            *count += 1;
        }
        self.bytes += bytes as u64;
        self.by_class[Class::of(kind) as usize] += bytes as u64;
    }

    /// Bytes of one class.
    pub fn of(&self, class: Class) -> u64 {
        self.by_class[class as usize]
    }
}

impl Stats {
    /// A packet was handed out for sending. What is no packet of the bus is not counted.
    pub fn sent(&mut self, bytes: &[u8]) {
        if let Some(kind) = wire::kind_of(bytes).filter(|_| bytes.starts_with(b"RCmb")) {
            self.sent.add(kind, bytes.len());
        }
    }

    /// A packet came, whatever is thought of it.
    pub fn received(&mut self, kind: u16, bytes: usize) {
        self.received.add(kind, bytes);
    }

    /// A packet was thrown away.
    pub fn dropped(&mut self, reason: &'static str) {
        *self.dropped.entry(reason).or_default() += 1;
    }
}
