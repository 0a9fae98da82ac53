//! Lua 5.1 as Redis runs it: an interpreter that can reach nothing but its [`Host`].

mod host;
pub mod libs;

pub use host::{Host, Level, Tick};
