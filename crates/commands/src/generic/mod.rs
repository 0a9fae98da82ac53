//! Commands on keys of any type.

mod copy;
mod count;
mod delete;
mod dump;
pub(crate) mod expire;
mod memory;
mod object;
mod random;
mod rename;
mod scan;
mod table;
mod ttl;

pub use dump::Dumps;
pub(crate) use scan::slot_of_pattern;
pub use table::ROWS;
