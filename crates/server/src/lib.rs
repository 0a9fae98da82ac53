//! The outside of a node: threads, sockets, files, the log, the command line.

mod clock;
pub mod config;
mod host;
mod log;
mod mailbox;
mod migrate;
mod net;
mod run;
mod start;
mod sys;
mod title;

pub use start::main;
