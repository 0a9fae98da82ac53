//! Active expiry: each worker goes round its share of the stripes, by try-lock, ten times a second.

use super::Worker;
use crate::families::pubsub::publish_notices;
use crate::mail::WorkerIdx;
use crate::pause::Paused;
use base::Mono;
use std::time::Duration;
use store::Turn;
use sync::STRIPES;

/// Time between two slices at most; `hz` may make it shorter.
const EVERY_MAX: Duration = Duration::from_millis(100);
/// Keys and fields looked at in a slice at most, times `active-expire-effort`.
const KEYS_PER_SLICE: usize = 20_000;
/// Keys and fields looked at under one hold of a stripe.
const KEYS_PER_HOLD: usize = 256;

/// Where the round has got to.
pub struct Sweep {
    worker: WorkerIdx,
    workers: usize,
    stripe: usize,
    next: Mono,
}

impl Sweep {
    /// The round of one worker of so many.
    pub fn new(worker: WorkerIdx, workers: usize) -> Sweep {
        Sweep { worker, workers, stripe: worker, next: Mono(0) }
    }

    fn advance(&mut self) {
        self.stripe += self.workers;
        if self.stripe >= STRIPES {
            self.stripe = self.worker;
        }
    }
}

impl Worker {
    /// Takes a slice of the round, if it is time: one round at most.
    pub(super) fn sweep(&mut self, turn: &Turn<'_>) {
        let now = self.core.now;
        let stopped = !self.core.shared.switches.active_expire() || self.core.paused() != Paused::Nothing;
        if now.mono < self.sweep.next || stopped {
            return;
        }
        self.sweep.next = now.mono + self.core.period().min(EVERY_MAX);
        let keyspace = &self.core.shared.keyspace;
        if (0..keyspace.databases()).all(|db| keyspace.expires(db) + keyspace.volatile(db) == 0) {
            return;
        }
        let mut budget = KEYS_PER_SLICE * self.core.config.memory.active_expire_effort as usize;
        let (mut expired, mut fields) = (0, 0);
        for _ in 0..STRIPES / self.sweep.workers + 1 {
            let mut done = true;
            if let Some(mut access) = turn.try_stripe(self.sweep.stripe as u16) {
                let swept = access.sweep(self.sweep.stripe as u16, KEYS_PER_HOLD.min(budget));
                expired += swept.removed as u64;
                fields += swept.fields as u64;
                budget -= swept.examined.min(budget);
                done = swept.done;
                if access.has_news() {
                    self.core.serve_ready(&mut access);
                }
                self.core.tell_expired(&mut access);
                publish_notices(&mut self.core);
            }
            if budget == 0 || turn.asked_to_leave() {
                break;
            }
            if done {
                self.sweep.advance();
            }
        }
        self.core.counters().expired.add(expired);
        self.core.counters().expired_fields.add(fields);
    }
}
