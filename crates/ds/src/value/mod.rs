//! Values that have elements: lists, sets, sorted sets, hashes and streams. Each type is an enum over its encodings
//! whose payload is one thin pointer, so that a value is a [`Word`]: an encoding's number and a pointer, and lies in
//! its key's entry without a box of its own.
//!
//! Thresholds between encodings come in as arguments: a small struct of limits for each type.

pub mod hash;
pub mod list;
mod object;
pub mod set;
pub mod stream;
mod view;
pub mod zset;

pub use hash::{Hash, HashLimits};
pub use list::{List, ListLimits};
pub use object::Object;
pub use set::{Set, SetLimits};
pub use stream::{Stream, StreamLimits};
pub use view::View;
pub use zset::{Zset, ZsetLimits};

use crate::table::{Hints, TableStats};
use crate::{Kind, ListpackRef, StrRef};
use std::ptr::NonNull;

/// Encodings of a type: their number is below this.
pub const ENCODINGS_MAX: u8 = 16;

/// A value of one type that can be kept as an encoding's number and a pointer.
///
/// # Safety
/// * The number is below [`ENCODINGS_MAX`]; `from_word` gives the same value back.
/// * A value is its pointer and what is behind it: a bitwise copy that is neither changed nor dropped may be read while
///   the original is not changed either. A `Box` would claim to be the only owner: [`Thin`](crate::Thin) does not.
pub unsafe trait Word: Sized + Clone + Send + Sync {
    /// Its type.
    const KIND: Kind;

    /// Gives the ownership up.
    fn into_word(self) -> (u8, NonNull<u8>);

    /// Takes the ownership back.
    ///
    /// # Safety
    /// Encoding and pointer came from `into_word` of this type, and are taken back once.
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Self;

    /// Bytes of memory that the value holds. Constant time: it is asked before and after every change.
    fn allocated(&self) -> usize;

    /// The name that `OBJECT ENCODING` answers.
    fn encoding(&self) -> &'static str;

    /// Whether the key is to go: types that cannot be empty are.
    fn is_spent(&self) -> bool;

    /// Number of elements; fields, of a hash.
    fn count(&self) -> usize;

    /// When the first of its elements expires, in milliseconds since the Unix epoch: fields of hashes do, nothing else.
    #[inline]
    fn next_expiry(&self) -> Option<u64> {
        None
    }

    /// For asking for elements ahead, if they are found by their [hash](crate::element_hash).
    #[inline]
    fn hints(&self) -> Option<Hints<'_>> {
        None
    }

    /// Frees about `budget` elements, for a big value that goes bit by bit. True when dropping the rest is quick.
    fn shed(&mut self, budget: usize) -> bool {
        let _ = budget;
        true
    }

    /// Shows each element with all that belongs to it (a field and its value, a member and its score), in order if the
    /// type has one.
    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>]));

    /// The listpack that the value is, if it is one.
    fn as_pack(&self) -> Option<ListpackRef<'_>> {
        None
    }

    /// Counts the hash table that the value is kept in; false if it is kept in none.
    fn add_table_stats(&self, stats: &mut TableStats) -> bool {
        let _ = stats;
        false
    }

    /// Panics if the value contradicts itself.
    fn check_invariants(&self);
}
