//! Commands on keys of any type.

mod copy;
mod count;
mod delete;
pub(crate) mod expire;
mod memory;
mod object;
mod random;
mod rename;
mod scan;
mod table;
mod ttl;

pub use table::ROWS;
