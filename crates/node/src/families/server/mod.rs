//! Operating the server.

mod command;
mod config;
mod debug;
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
