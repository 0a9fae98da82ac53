//! Words every other crate speaks: ids, slots, epochs, time and randomness as arguments, checksums,
//! globs and the text of numbers. No I/O, no global clock, no global random source.

pub mod bytes;
pub mod crc;
pub mod glob;
pub mod id;
pub mod num;
pub mod rng;
pub mod slot;
pub mod slot_set;
pub mod time;
pub mod tokens;

pub use id::{Epoch, NodeId, ReplOffset, ShardId};
pub use rng::Rng;
pub use slot::{SLOTS, Slot};
pub use slot_set::SlotSet;
pub use time::{Mono, Now};
