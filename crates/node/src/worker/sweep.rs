//! Active expiry: each worker goes round its share of the slots, by try-lock, a little every tenth of a
//! second.

use super::Worker;
use crate::mail::WorkerIdx;
use base::{Mono, SLOTS, Slot};
use std::time::Duration;
use store::Turn;

/// Time between two slices.
const EVERY: Duration = Duration::from_millis(100);
/// Expired keys removed in a slice at most, times `active-expire-effort`.
const KEYS_PER_SLICE: usize = 2000;
/// Keys removed under one hold of a stripe.
const KEYS_PER_HOLD: usize = 64;

/// Where the round has got to.
pub struct Sweep {
    worker: WorkerIdx,
    workers: usize,
    db: u32,
    slot: usize,
    next: Mono,
}

impl Sweep {
    /// The round of one worker of so many.
    pub fn new(worker: WorkerIdx, workers: usize) -> Sweep {
        Sweep { worker, workers, db: 0, slot: worker, next: Mono(0) }
    }

    /// The next slot of this worker's share; a new database after the last.
    fn advance(&mut self, databases: u32) {
        self.slot += self.workers;
        if self.slot >= SLOTS {
            self.slot = self.worker;
            self.db = (self.db + 1) % databases;
        }
    }
}

impl Worker {
    /// Takes a slice of the round, if it is time.
    pub(super) fn sweep(&mut self, turn: &Turn<'_>) {
        let now = self.core.now;
        if now.mono < self.sweep.next {
            return;
        }
        self.sweep.next = now.mono + EVERY;
        if !self.core.shared.switches.active_expire() {
            return;
        }
        let keyspace = &self.core.shared.keyspace;
        let databases = keyspace.databases();
        if (0..databases).all(|db| keyspace.expires(db) == 0) {
            return;
        }
        let mut budget = KEYS_PER_SLICE * self.core.config.memory.active_expire_effort as usize;
        let mut expired = 0;
        // One round at most: a slot without a due key costs a look at its lower bound.
        for _ in 0..SLOTS / self.sweep.workers * databases as usize {
            let (db, slot) = (self.sweep.db, self.sweep.slot);
            if keyspace.expires(db) == 0 {
                (self.sweep.db, self.sweep.slot) = ((db + 1) % databases, self.sweep.worker);
                continue;
            }
            let slot = Slot::from_low_bits(slot as u64);
            let removed = turn.expire_slot(db, slot, now.unix_ms(), KEYS_PER_HOLD.min(budget));
            expired += removed as u64;
            budget -= removed.min(budget);
            if budget == 0 || turn.asked_to_leave() {
                break;
            }
            if removed < KEYS_PER_HOLD {
                self.sweep.advance(databases);
            }
        }
        self.core.counters().expired.add(expired);
    }
}
