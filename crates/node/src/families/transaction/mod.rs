//! MULTI, EXEC, DISCARD, WATCH, UNWATCH.

mod multi;
mod rows;
mod watch;

pub use rows::ROWS;
