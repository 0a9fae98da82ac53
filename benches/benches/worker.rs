#![allow(missing_docs, reason = "the benchmark macros make items without them")]

//! Instructions of sixteen pipelined requests through a worker: read, parse, execute, reply. The limits, which
//! only go down, are per sixteen requests.

use benches::{Bench, get, set};
use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use std::hint::black_box;

const KEYS: usize = 10_000;

fn ready(request: fn(usize) -> Vec<u8>) -> (Bench, Vec<u8>) {
    let mut bench = Bench::new(KEYS);
    let pipeline: Vec<u8> = (0..16).flat_map(|i| request(i * 577)).collect();
    // Buffers and counters are in place once the same pipeline has passed.
    bench.exchange(&pipeline);
    (bench, pipeline)
}

/// Fails when more instructions than these are executed.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

#[library_benchmark(config = at_most(31_000))]
#[bench::hit(ready(get))]
fn get16((mut bench, pipeline): (Bench, Vec<u8>)) -> (Bench, usize) {
    let len = bench.exchange(black_box(&pipeline));
    (bench, len)
}

#[library_benchmark(config = at_most(36_200))]
#[bench::overwrite(ready(|key| set(key, b'y')))]
fn set16((mut bench, pipeline): (Bench, Vec<u8>)) -> (Bench, usize) {
    let len = bench.exchange(black_box(&pipeline));
    (bench, len)
}

library_benchmark_group!(name = worker, benchmarks = [get16, set16]);
main!(library_benchmark_groups = worker);
