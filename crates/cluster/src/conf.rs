//! nodes.conf: its text, and how two generations of it are kept on a disk that may fail at any moment.
//!
//! Redis 7, Redis 8 and Valkey 9 files are read; what is written, Redis 8 and Valkey 9 read too.

mod address;
mod format;
mod generations;
mod parse;
mod saved;

pub use format::format;
pub use generations::{BadConf, Choice, Files, Generations, Save, Step, choose};
pub use parse::{ConfError, Parsed, parse};
pub use saved::{Saved, SavedNode, TOMBSTONES_MAX, Tombstone};

#[cfg(test)]
mod tests;
