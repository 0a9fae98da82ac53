//! One whole node as machines: N workers and control over a shared part. No machine blocks, none does I/O.
//!
//! `server` gives each machine a thread and real sockets; a simulator steps them all on one.

pub mod blocking;
pub mod clients;
pub mod config;
pub mod control;
pub mod counters;
pub mod dispatch;
pub mod errors;
mod families;
pub mod journal;
pub mod libraries;
pub mod mail;
pub mod migration;
pub mod pause;
pub mod pubsub;
pub mod samples;
pub mod scripts;
pub mod session;
pub mod shared;
pub mod start;
pub mod switches;
pub mod worker;

pub use families::table;
pub use store::set_element_key;
