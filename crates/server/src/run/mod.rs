//! The threads: one per worker, one for control, one for files.

pub mod control;
pub mod files;
pub mod names;
pub mod worker;
