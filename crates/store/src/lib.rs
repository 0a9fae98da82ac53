//! The keyspace: databases of 16384 slots behind the gate and stripes of `sync`, entries and tables of `ds` in them.
//!
//! A [`Keyspace`] is shared by all workers. A worker [enters](Keyspace::enter) for a turn, locks the stripes of the
//! keys that a command names, and gets an [`Access`], which has every operation on keys. Counts and the map of
//! occupied slots are read without a lock.
//!
//! Knows nothing of commands, replies, clients or the log.

mod access;
mod clock;
mod counters;
mod cursor;
mod key;
mod keyspace;
mod occupied;
mod slot;
mod stripe;
mod turn;
mod wait;
mod watch;

pub use access::{Access, AccessStats, Changed, EntryMut, Expiry, Garbage, Lapsed, Swept, Untold, WrongKind};
pub use clock::{Clock, Expired, Touch};
pub use cursor::Cursor;
pub use ds::entry::EXPIRY_MAX_MS;
pub use ds::table::TableStats;
pub use ds::{Entry, EntryRef, IntText, Kind, NewString, Object, StrRef, ValueRef, View, Word};
pub use ds::{element_hash, set_element_key, value};
pub use key::{DbId, Key, KeyHash};
pub use keyspace::{Keyspace, Params};
pub use sync::{Claim, Contended, Ticket, Wake, WorkerIdx};
pub use turn::{ExclusiveAccess, KeptAccess, Scanned, Turn};
pub use wait::Waiter;
pub use watch::Watcher;
