//! What a server without functions can say of them.

mod function;
mod rows;

pub use rows::ROWS;
