//! The outside world against a Handfast binary: Redis's own test suite, real Redis and Valkey servers as cluster peers, and real
//! client libraries. Everything is fetched with the system's package manager into a cache outside the tree.

pub mod announced;
pub mod apps;
pub mod apt;
pub mod bench;
pub mod cache;
pub mod client;
pub mod clients;
pub mod command;
pub mod crashes;
pub mod differ;
pub mod fake;
pub mod hammer;
pub mod mesh;
pub mod mode;
pub mod namespace;
pub mod node;
pub mod packages;
pub mod passing;
pub mod peers;
pub mod plan;
pub mod rng;
pub mod run;
pub mod suite;
pub mod transcript;
pub mod unit;
pub mod warnings;
