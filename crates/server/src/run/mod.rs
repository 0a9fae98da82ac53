//! The threads: one per worker, one for control, one for files, and for a while one per host name.

pub mod control;
pub mod files;
pub mod names;
pub mod resolver;
pub mod worker;
