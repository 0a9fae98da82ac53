//! Values of Lua and replies of commands, each as the other.

mod argument;
mod into_lua;
mod into_reply;
mod number;

pub(crate) use argument::{First, Request, Taken};
pub(crate) use into_lua::{bulk, error_table, into_lua};
pub(crate) use into_reply::{Writer, until_zero};
pub(crate) use number::truncated;
