//! Memory layouts: the entry that holds one key and its value, the hash table that indexes entries, and the values that
//! have elements.
//!
//! Knows nothing of slots, databases, clocks or commands.

pub mod bits;
mod block;
mod class;
pub mod entry;
pub mod geohash;
pub mod hll;
pub mod intset;
mod keyed;
pub mod listpack;
pub mod ranked;
mod same;
mod siphash;
pub mod table;
mod text;
mod thin;
pub mod value;

pub use entry::{Entry, EntryRef, Kind, NewString, ObjectMut, ValueRef};
pub use intset::Intset;
pub use keyed::{hash as element_hash, set_element_key};
pub use listpack::{Listpack, ListpackRef};
pub use ranked::Ranked;
pub use siphash::SipHash;
pub use table::{Item, Occupied, Probe, Table};
pub use text::{IntText, StrRef};
pub use thin::Thin;
pub use value::{Object, View, Word};
