//! The libraries of scripts: `cjson`, `cmsgpack`, `struct` and `bit`, each a table of functions.
//!
//! They answer as those of Redis do, bytes and error texts alike. Nothing recurses deeper than a named constant, as scripts run
//! on small stacks, and nothing is allocated on the word of a length in the input.

mod arguments;
pub mod bit;
pub mod cjson;
pub mod cmsgpack;
mod failure;
mod number;
mod pace;
mod results;
mod shelf;
pub mod structs;

pub use pace::Pace;

/// Slots of Lua's stack that one C function can use: what bounds depths and counts in Redis, whose libraries are written in C.
const STACK_SLOTS_MAX: usize = 8000;
