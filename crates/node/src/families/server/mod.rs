//! Operating the server.

mod command;
mod config;
pub(crate) mod debug;
mod digest;
mod flush;
mod help;
mod info;
mod reload;
mod rows;
mod shutdown;
mod structure;
mod time;

pub use rows::ROWS;
