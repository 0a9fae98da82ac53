//! What takes bytes from outside, each as one function over any bytes: it must return, and what it asserts must hold.
//!
//! `replay` runs the committed inputs, on any toolchain; `discover` searches for new ones under libFuzzer.

use std::path::{Path, PathBuf};

mod bus_packet;
mod config_file;
mod functions;
mod golden;
mod intset;
mod listpack;
mod lua;
mod machine;
mod nodes_conf;
mod packets;
mod replies;
mod requests;
mod restore;
mod script_libs;
mod text;

/// One function under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its corpus.
    pub name: &'static str,
    /// Panics if the bytes show a fault.
    pub run: fn(&[u8]),
    /// Inputs to begin with, besides the corpus.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Longest input worth trying, in bytes.
    pub len_max: usize,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "bus_packet", run: bus_packet::run, seeds: bus_packet::seeds, len_max: 8192 },
    Target { name: "cjson", run: script_libs::json, seeds: script_libs::json_seeds, len_max: 2048 },
    Target {
        name: "cmsgpack",
        run: script_libs::message_pack,
        seeds: script_libs::message_pack_seeds,
        len_max: 2048,
    },
    Target { name: "config_file", run: config_file::run, seeds: config_file::seeds, len_max: 2048 },
    Target { name: "functions", run: functions::run, seeds: functions::seeds, len_max: 1024 },
    Target { name: "intset", run: intset::run, seeds: intset::seeds, len_max: 1024 },
    Target { name: "listpack", run: listpack::run, seeds: listpack::seeds, len_max: 4096 },
    Target { name: "lua", run: lua::run, seeds: lua::seeds, len_max: 1024 },
    Target { name: "machine", run: machine::run, seeds: machine::seeds, len_max: 2048 },
    Target { name: "nodes_conf", run: nodes_conf::run, seeds: nodes_conf::seeds, len_max: 4096 },
    Target { name: "replies", run: replies::run, seeds: replies::seeds, len_max: 1024 },
    Target { name: "requests", run: requests::run, seeds: requests::seeds, len_max: 1024 },
    Target { name: "restore", run: restore::run, seeds: restore::seeds, len_max: 4096 },
    Target { name: "struct", run: script_libs::structs, seeds: script_libs::struct_seeds, len_max: 1024 },
    Target { name: "text", run: text::run, seeds: text::seeds, len_max: 256 },
];

/// The target of this name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}

/// Where the committed inputs of a target are.
pub fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name)
}

/// Test data of another crate of the tree.
fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(path)
}

/// Splits an input at its NUL bytes into at most `N` parts; those that it lacks are empty.
fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut rest = input.splitn(N, |b| *b == 0);
    std::array::from_fn(|_| rest.next().unwrap_or_default())
}
