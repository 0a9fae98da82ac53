//! Functions: their libraries, and calls of them.

mod function;
mod rows;

pub use rows::ROWS;
