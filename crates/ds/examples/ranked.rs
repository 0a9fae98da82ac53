//! Memory and speed of a sorted set, with the allocator of the binary.
//!
//! ```text
//! cargo run --release -p ds --example ranked -- MEMBERS
//! ```

#![allow(clippy::disallowed_methods, reason = "it measures time")]

use base::Rng;
use ds::Ranked;
use std::hint::black_box;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Distance of scores in the order of insertion: each pass over the range puts new elements between the old.
const STRIDE: usize = 7919;

fn main() {
    let Some(members) = std::env::args().nth(1).and_then(|arg| arg.parse::<usize>().ok()) else {
        return eprintln!("ranked MEMBERS");
    };
    let mut order: Vec<usize> = (0..members).collect();
    println!("{members} members \"member:%010d\"");
    memory("ascending", order.iter().copied());
    memory("in strides", order.iter().map(|i| i * STRIDE % members));
    Rng::new(1).shuffle(&mut order);
    let mut set = memory("at random", order.iter().copied());
    speed(&mut set, members);
    println!("slowest insert: {} ns, remove: {} ns", slowest_insert(&order), slowest_remove(set, members));
}

fn name(n: usize) -> Vec<u8> {
    format!("member:{n:010}").into_bytes()
}

/// Pages in memory, in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn memory(label: &str, scores: impl Iterator<Item = usize>) -> Ranked {
    let (before, start) = (resident(), Instant::now());
    let mut set = Ranked::new();
    for (n, score) in scores.enumerate() {
        set.insert(&name(n), score as f64);
    }
    let each = |bytes: usize| bytes as f64 / set.len() as f64;
    let (ns, grown) = (start.elapsed().as_nanos() as usize, resident().saturating_sub(before));
    println!(
        "{label:12} {:6.1} bytes each, {:6.1} resident, {:6.0} ns per insert",
        each(set.allocated()),
        each(grown),
        each(ns)
    );
    set
}

fn time(label: &str, count: usize, mut work: impl FnMut(&mut Rng)) {
    let (mut rng, start) = (Rng::new(2), Instant::now());
    (0..count).for_each(|_| work(&mut rng));
    println!("{label:24} {:8.1} ns", start.elapsed().as_nanos() as f64 / count as f64);
}

fn speed(set: &mut Ranked, members: usize) {
    let count = members.min(1_000_000);
    let any = |rng: &mut Rng| rng.below(members as u64) as usize;
    time("name", count, |rng| drop(black_box(name(any(rng)))));
    time("score", count, |rng| {
        black_box(set.score(&name(any(rng))));
    });
    time("rank", count, |rng| {
        black_box(set.rank(&name(any(rng))));
    });
    time("count of scores", count, |rng| {
        let at = any(rng) as f64;
        black_box(set.count_scores(|score| score < at));
    });
    time("range of 100 by rank", count / 10, |rng| {
        let at = any(rng);
        black_box(set.range(at, at + 100).map(|m| m.score()).sum::<f64>());
    });
    time("reverse range of 100", count / 10, |rng| {
        let at = any(rng);
        black_box(set.range(at, at + 100).rev().map(|m| m.score()).sum::<f64>());
    });
    time("add 1 to a score", count, |rng| {
        set.update(&name(any(rng)), |old| old.map(|old| old + 1.0));
    });
    time("another score", count, |rng| {
        let score = any(rng) as f64;
        set.insert(&name(any(rng)), score);
    });
    time("remove and insert", count, |rng| {
        let name = name(any(rng));
        let score = set.remove(&name).unwrap_or(0.0);
        set.insert(&name, score);
    });
}

/// Processor time of this thread: what others take from it does not count.
fn cpu_ns() -> u128 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as u128 * 1_000_000_000 + time.tv_nsec as u128
}

/// Of two runs of the same inserts each counts with the faster one: what is slow every time is ours.
fn slowest_insert(order: &[usize]) -> u128 {
    let mut fastest = vec![u32::MAX; order.len()];
    for _ in 0..2 {
        let mut set = Ranked::new();
        for (n, fastest) in fastest.iter_mut().enumerate() {
            let (name, start) = (name(n), cpu_ns());
            set.insert(&name, order[n] as f64);
            *fastest = (*fastest).min((cpu_ns() - start) as u32);
        }
    }
    fastest.into_iter().max().unwrap_or(0).into()
}

fn slowest_remove(mut set: Ranked, members: usize) -> u128 {
    let slowest = (0..members).map(|n| {
        let (name, start) = (name(n), cpu_ns());
        set.remove(&name);
        cpu_ns() - start
    });
    slowest.max().unwrap_or(0)
}
