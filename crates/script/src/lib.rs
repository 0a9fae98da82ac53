//! Lua 5.1 as Redis runs it: an interpreter that can reach nothing but its [`Host`].

mod api;
mod bytecode;
mod collector;
mod convert;
mod engine;
mod failure;
mod host;
mod keys;
pub mod library;
pub mod libs;
mod random;
mod recent;
mod sandbox;
mod script;

pub use engine::{Engine, EngineError, Outcome, SCRIPT_MEMORY_MAX, SCRIPT_REPLY_MAX, Settings};
pub use host::{Host, Level, Tick};
pub use script::{Script, ScriptError, sha1_hex};
