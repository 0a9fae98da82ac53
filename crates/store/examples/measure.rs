//! Memory and speed of the keyspace on one thread, with the allocator of the binary.
//!
//! ```text
//! cargo run --release -p store --example measure -- memory KEYS VALUE_BYTES [ttl]
//! cargo run --release -p store --example measure -- speed KEYS
//! cargo run --release -p store --example measure -- growth KEYS one|all
//! cargo run --release -p store --example measure -- calls hash|get|set COUNT   (under callgrind)
//! ```

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use base::Rng;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use store::{Clock, Expiry, Key, Keyspace, Params, Ticket, Touch, Turn, Wake, WorkerIdx};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const NOW: u64 = 1_700_000_000_000;
/// Keys of `calls`: thirty in a slot.
const CALL_KEYS: usize = 500_000;
/// Runs of `growth`.
const GROWTH_RUNS: usize = 4;
/// Keys that a pipeline names at once.
const BATCH: usize = 16;

struct Quiet;

impl Wake for Quiet {
    fn stripe_free(&self, _: WorkerIdx, _: u64) {}
    fn gate_open(&self, _: WorkerIdx) {}
    fn exclusive_ready(&self, _: Ticket) {}
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize| args.get(i).and_then(|a| a.parse::<usize>().ok());
    match (args.first().map(String::as_str), number(1)) {
        (Some("memory"), Some(keys)) => memory(keys, number(2).unwrap_or(64), args.len() > 3),
        (Some("speed"), Some(keys)) => speed(keys),
        (Some("growth"), Some(keys)) => growth(keys, args.get(2).is_some_and(|a| a == "one")),
        (Some("calls"), None) => calls(args.get(1).map_or("", |a| a), number(2).unwrap_or(0)),
        _ => eprintln!("memory KEYS VALUE_BYTES [ttl] | speed KEYS | growth KEYS one|all"),
    }
}

fn keyspace(workers: usize) -> Arc<Keyspace> {
    Keyspace::new(Params { databases: 16, workers, hash_key: (17, 23) }, Box::new(Quiet))
}

fn turn(keyspace: &Keyspace) -> Turn<'_> {
    keyspace.enter(WorkerIdx(0), Clock::new(NOW, Touch::Lru)).expect("nobody else is there")
}

/// Pages in memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn name(n: usize) -> Vec<u8> {
    format!("key:{n:012}").into_bytes()
}

fn set(turn: &Turn<'_>, key: Key<'_>, value: &[u8], expiry: Expiry) -> bool {
    let mut access = turn.try_lock(&[key.at], 0).expect("one thread");
    let existed = access.set_string(0, key, value, expiry);
    access.signal_modified(0, key);
    existed
}

fn memory(keys: usize, value: usize, ttl: bool) {
    let empty = resident();
    let keyspace = keyspace(1);
    let made = resident();
    let turn = turn(&keyspace);
    let expiry = if ttl { Expiry::At(NOW + 100_000_000) } else { Expiry::Clear };
    for n in 0..keys {
        let text = if value == 8 { format!("{:08}", n * 7 % 99_999_999) } else { "x".repeat(value) };
        set(&turn, keyspace.key(&name(n)), text.as_bytes(), expiry);
    }
    let used = keyspace.memory_used() as f64 / keys as f64;
    let each = (resident() - made) as f64 / keys as f64;
    println!(
        "{keys} keys, {value} bytes, ttl {ttl}: {each:.1} resident, {used:.1} allocated per key; empty {} KiB",
        (made - empty) / 1024
    );
}

/// Nanoseconds per call, the best of five rounds.
fn time(label: &str, calls: usize, mut round: impl FnMut()) {
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_nanos() as f64 / calls as f64
        })
        .fold(f64::MAX, f64::min);
    println!("{label:34} {best:7.1} ns");
}

fn speed(keys: usize) {
    for workers in [1, 2] {
        println!("{keys} keys, made for {workers} worker(s)");
        let keyspace = keyspace(workers);
        let turn = turn(&keyspace);
        let mut names: Vec<Vec<u8>> = (0..keys).map(name).collect();
        let start = Instant::now();
        for name in &names {
            set(&turn, keyspace.key(name), &[b'x'; 64], Expiry::Clear);
        }
        println!("{:34} {:7.1} ns", "set, new", start.elapsed().as_nanos() as f64 / keys as f64);
        Rng::new(4).shuffle(&mut names);
        time("hash", keys, || {
            for name in &names {
                black_box(keyspace.key(name));
            }
        });
        time("get", keys, || names.iter().for_each(|name| get(&turn, keyspace.key(name))));
        time("get, prefetched", keys, || {
            names.chunks(BATCH).for_each(|batch| {
                let keys: Vec<Key<'_>> = ahead(&turn, batch);
                keys.into_iter().for_each(|key| get(&turn, key));
            });
        });
        time("set, same size", keys, || {
            for name in &names {
                assert!(set(&turn, keyspace.key(name), &[b'y'; 64], Expiry::Clear));
            }
        });
        time("set, same size, prefetched", keys, || {
            names.chunks(BATCH).for_each(|batch| {
                for key in ahead(&turn, batch) {
                    assert!(set(&turn, key, &[b'y'; 64], Expiry::Clear));
                }
            });
        });
    }
}

/// So many calls, each on another key: two runs with different counts tell the instructions of one call.
fn calls(what: &str, count: usize) {
    let keyspace = keyspace(1);
    let turn = turn(&keyspace);
    let names: Vec<Vec<u8>> = (0..CALL_KEYS).map(name).collect();
    for name in &names {
        set(&turn, keyspace.key(name), &[b'x'; 64], Expiry::Clear);
    }
    for name in names.iter().cycle().take(count) {
        let key = black_box(keyspace.key(name));
        match what {
            "get" => get(&turn, key),
            "set" => drop(black_box(set(&turn, key, &[b'y'; 64], Expiry::Clear))),
            _ => {}
        }
    }
}

fn ahead<'k>(turn: &Turn<'_>, batch: &'k [Vec<u8>]) -> Vec<Key<'k>> {
    let keys: Vec<Key<'_>> = batch.iter().map(|name| turn.keyspace().key(name)).collect();
    keys.iter().for_each(|key| turn.prefetch_bucket(0, key.at));
    keys.iter().for_each(|key| turn.prefetch_entry(0, key.at));
    keys
}

fn get(turn: &Turn<'_>, key: Key<'_>) {
    let mut access = turn.try_lock(&[key.at], 0).expect("one thread");
    let Some(value) = access.lookup(0, key).expect("it is there").text() else { return };
    let mut out = [0; 64];
    let mut text = store::IntText::new();
    let value = value.text(&mut text);
    out[..value.len()].copy_from_slice(value);
    black_box(&out);
    black_box(access.stats);
}

/// Processor time of this thread: what others take from it does not count.
fn cpu_ns() -> u128 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u128 * 1_000_000_000 + time.tv_nsec as u128
}

/// The slowest inserts on the way to `keys` keys. Of several runs of the same inserts each counts with its fastest:
/// what is slow every time is ours.
fn growth(keys: usize, one_slot: bool) {
    let mut fastest = vec![u32::MAX; keys];
    for _ in 0..GROWTH_RUNS {
        let keyspace = keyspace(1);
        let turn = turn(&keyspace);
        for (n, fastest) in fastest.iter_mut().enumerate() {
            let name = if one_slot { format!("{{x}}{n:013}").into_bytes() } else { name(n) };
            let key = keyspace.key(&name);
            let start = cpu_ns();
            set(&turn, key, &[b'x'; 8], Expiry::Clear);
            *fastest = (*fastest).min((cpu_ns() - start) as u32);
        }
    }
    let mut slowest: Vec<(u32, usize)> = fastest.iter().enumerate().map(|(n, ns)| (*ns, n)).collect();
    slowest.sort_by(|a, b| b.cmp(a));
    slowest.truncate(8);
    println!("slowest (ns, at key): {slowest:?}");
    let mut histogram = [0usize; 32];
    fastest.iter().for_each(|ns| histogram[(*ns).max(1).ilog2() as usize] += 1);
    for (log2, count) in histogram.iter().enumerate().filter(|(_, count)| **count > 0) {
        println!("< {:>10} ns: {count}", 2u64 << log2);
    }
}
