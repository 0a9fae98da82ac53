//! Scripts and functions.

mod eval;
mod fcall;
mod function;
mod rows;
mod script;

pub use rows::ROWS;
