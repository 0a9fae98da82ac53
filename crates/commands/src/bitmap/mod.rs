//! Commands on the bits of strings.

mod bit;
mod table;

pub use table::ROWS;
