//! Memory and speed of a hash, and the slowest single operation while it grows from nothing and shrinks to nothing, with
//! the allocator of the binary.
//!
//! ```text
//! cargo run --release -p ds --example hash -- FIELDS [slowest]
//! ```

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use base::Rng;
use ds::Word;
use ds::value::hash::Ttl;
use ds::value::{Hash, HashLimits};
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const LIMITS: HashLimits = HashLimits { pack_fields_max: 512, pack_value_max: 64 };

/// Runs of the same operations: each counts with its fastest, so that what is slow every time is ours.
const RUNS: usize = 2;

fn main() {
    let Some(fields) = std::env::args().nth(1).and_then(|arg| arg.parse::<usize>().ok()) else {
        return eprintln!("hash FIELDS [slowest]");
    };
    println!("{fields} fields \"field:%010d\" with \"value%010d\"");
    if std::env::args().nth(2).is_some_and(|arg| arg == "slowest") {
        return slowest(fields);
    }
    let mut hash = memory("without expiry", fields, |_| Ttl::Clear);
    speed(&mut hash, fields);
    drop(hash);
    drop(memory("expiring in order", fields, |n| Ttl::At(n as u64 + 1)));
    drop(memory("expiring anyhow", fields, |n| Ttl::At((n as u64 + 1).wrapping_mul(7919) % fields as u64)));
    slowest(fields);
}

fn name(n: usize) -> Vec<u8> {
    format!("field:{n:010}").into_bytes()
}

fn value(n: usize) -> Vec<u8> {
    format!("value{n:010}").into_bytes()
}

/// Pages in memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn memory(label: &str, fields: usize, ttl: impl Fn(usize) -> Ttl) -> Hash {
    let (before, start) = (resident(), Instant::now());
    let mut hash = Hash::new();
    for n in 0..fields {
        hash.set(&name(n), &value(n), ttl(n), 0, &LIMITS);
    }
    let each = |bytes: usize| bytes as f64 / hash.len() as f64;
    let (ns, grown) = (start.elapsed().as_nanos() as usize, resident().saturating_sub(before));
    let (own, grown, ns) = (each(hash.allocated()), each(grown), each(ns));
    println!("{label:18} {own:6.1} bytes each, {grown:6.1} resident, {ns:6.0} ns per insert");
    hash
}

fn time(label: &str, count: usize, mut work: impl FnMut(&mut Rng)) {
    let (mut rng, start) = (Rng::new(2), Instant::now());
    (0..count).for_each(|_| work(&mut rng));
    println!("{label:18} {:8.1} ns", start.elapsed().as_nanos() as f64 / count as f64);
}

fn speed(hash: &mut Hash, fields: usize) {
    let count = fields.min(1_000_000);
    let any = |rng: &mut Rng| rng.below(fields as u64) as usize;
    time("name", count, |rng| drop(black_box(name(any(rng)))));
    time("get", count, |rng| {
        black_box(hash.get(&name(any(rng)), 0));
    });
    time("random", count, |rng| {
        black_box(hash.random(0, rng));
    });
    time("same size", count, |rng| {
        hash.set(&name(any(rng)), b"another value 1", Ttl::Clear, 0, &LIMITS);
    });
    time("remove and set", count, |rng| {
        let name = name(any(rng));
        hash.remove(&name, 0);
        hash.set(&name, b"another value 1", Ttl::Clear, 0, &LIMITS);
    });
    time("expire", count, |rng| {
        let at = rng.below(1 << 40);
        hash.set_expiry(&name(any(rng)), Some(at));
    });
    time("persist", count, |rng| {
        hash.set_expiry(&name(any(rng)), None);
    });
}

/// Processor time of this thread: what others take from it does not count.
fn cpu_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn slowest(fields: usize) {
    let (mut inserts, mut removes) = (vec![u32::MAX; fields], vec![u32::MAX; fields]);
    let mut steps: Vec<u32> = Vec::new();
    for _ in 0..RUNS {
        let mut hash = Hash::new();
        for (n, fastest) in inserts.iter_mut().enumerate() {
            let (name, value, start) = (name(n), value(n), cpu_ns());
            hash.set(&name, &value, Ttl::Clear, 0, &LIMITS);
            *fastest = (*fastest).min((cpu_ns() - start) as u32);
        }
        let mut copy = hash.clone();
        for (n, fastest) in removes.iter_mut().enumerate() {
            let (name, start) = (name(n), cpu_ns());
            hash.remove(&name, 0);
            *fastest = (*fastest).min((cpu_ns() - start) as u32);
        }
        let mut at = 0;
        loop {
            let start = cpu_ns();
            let done = copy.shed(1000);
            let took = (cpu_ns() - start) as u32;
            steps.resize(steps.len().max(at + 1), u32::MAX);
            steps[at] = steps[at].min(took);
            at += 1;
            if done {
                break;
            }
        }
    }
    report("insert", inserts);
    report("remove", removes);
    report("shed 1000", steps);
}

fn report(label: &str, mut ns: Vec<u32>) {
    ns.sort_unstable();
    let part = |part: f64| ns[((ns.len() - 1) as f64 * part) as usize];
    println!(
        "{label:18} median {} ns, 99.9 % {} ns, slowest {} ns",
        part(0.5),
        part(0.999),
        ns[ns.len() - 1]
    );
}
