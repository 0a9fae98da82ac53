//! The client's own connection, and others'.

mod auth;
mod client;
mod hello;
mod help;
mod kill;
mod pause;
mod rows;
mod simple;
mod unblock;

pub use rows::ROWS;
