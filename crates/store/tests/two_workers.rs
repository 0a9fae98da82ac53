//! Two workers on the same keys: nothing is lost, and counts agree with what is there.

use base::Rng;
use std::sync::Arc;
use store::{Access, Clock, Expiry, Keyspace, Params, StrRef, Ticket, Touch, Wake, WorkerIdx};

struct Quiet;

impl Wake for Quiet {
    fn stripe_free(&self, _: WorkerIdx, _: u64) {}
    fn gate_open(&self, _: WorkerIdx) {}
    fn exclusive_ready(&self, _: Ticket) {}
}

const WORKERS: u16 = 2;
const STEPS: u64 = 40_000;
const KEYS: u64 = 50;
const NOW: u64 = 1_700_000_000_000;

/// Adds one to a number that may not be there yet.
fn add_one(access: &mut Access<'_>, key: store::Key<'_>) {
    let old = match access.lookup(0, key).and_then(|entry| entry.text()) {
        Some(StrRef::Int(n)) => n,
        _ => 0,
    };
    access.set_string(0, key, (old + 1).to_string().as_bytes(), Expiry::Clear);
    access.signal_modified(0, key);
}

/// Returns how often each of the counters was added to.
fn work(keyspace: &Keyspace, worker: u16) -> u64 {
    let mut rng = Rng::new(u64::from(worker));
    let mut added = 0;
    while added < STEPS {
        let Some(turn) = keyspace.enter(WorkerIdx(worker), Clock::new(NOW, Touch::Lru)) else { continue };
        let counter = format!("counter{}", rng.below(KEYS));
        let passing = format!("passing{}", rng.below(KEYS));
        let (counter, passing) = (keyspace.key(counter.as_bytes()), keyspace.key(passing.as_bytes()));
        turn.prefetch_bucket(0, counter.at);
        turn.prefetch_entry(0, counter.at);
        let Ok(mut access) = turn.try_lock(&[counter.at, passing.at], 1) else { continue };
        add_one(&mut access, counter);
        if rng.one_in(2) {
            access.set_string(0, passing, b"v", Expiry::At(NOW + 1000));
        } else {
            access.remove(0, passing);
        }
        added += 1;
    }
    added
}

#[test]
fn nothing_is_lost_between_two_workers() {
    let params = Params { databases: 2, workers: usize::from(WORKERS), hash_key: (1, 2) };
    let keyspace = Keyspace::new(params, Box::new(Quiet));
    let added: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let keyspace: &Arc<Keyspace> = &keyspace;
                scope.spawn(move || work(keyspace, worker))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let mut exclusive = keyspace.request_exclusive(Ticket(1)).expect("nobody is in");
    let access = exclusive.access(Clock::new(NOW, Touch::Lru));
    access.check_invariants();
    let mut sum = 0;
    access.for_each(0, |entry| {
        if let Some(StrRef::Int(n)) = entry.text() {
            sum += n as u64;
        }
    });
    assert_eq!(sum, added);
}
