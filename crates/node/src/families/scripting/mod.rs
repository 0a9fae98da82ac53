//! Scripts and functions.

mod eval;
mod function;
mod rows;
mod script;

pub use rows::ROWS;
