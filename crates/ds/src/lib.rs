//! Memory layouts: the entry that holds one key and its value, and the hash table that indexes entries.
//!
//! Knows nothing of slots, databases, clocks or commands.

mod class;
pub mod entry;
mod keyed;
pub mod ranked;
mod same;
mod siphash;
pub mod table;

pub use entry::{Entry, EntryRef, Kind, NewString, StrRef, ValueRef};
pub use keyed::set_element_key;
pub use ranked::Ranked;
pub use siphash::SipHash;
pub use table::{Item, Occupied, Probe, Table};
