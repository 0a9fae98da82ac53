//! A list of short strings and integers in one run of bytes, the same as that of Redis and Valkey:
//!
//! ```text
//! total bytes 4 | count 2 (65535: too many) | entry ... | 0xFF
//! ```
//!
//! An entry is an encoding, its data, and the length of both for those who come from the right. What is stored here is
//! always sound: bytes from outside pass [`Listpack::parse`] first.

mod codec;
mod edit;
mod roomy;
mod verify;
mod view;

pub use roomy::Roomy;
pub use verify::BadListpack;
pub use view::{Iter, ListpackRef};

use crate::StrRef;
use crate::block::{Block, is_guest};
use std::ptr::NonNull;

const HEAD: usize = 6;

/// Bytes of the empty listpack.
const EMPTY: [u8; 7] = [7, 0, 0, 0, 0, 0, codec::END];

/// The stored count when there are this many elements or more.
const COUNT_UNKNOWN: u16 = u16::MAX;

/// A listpack does not grow beyond this, bytes.
pub const LISTPACK_BYTES_MAX: usize = 1 << 30;

/// An owned listpack: a thin pointer to its bytes.
pub struct Listpack(Block);

impl Listpack {
    /// An empty one.
    pub fn new() -> Listpack {
        Listpack(Block::new(&EMPTY))
    }

    /// A copy of a sound one.
    pub fn copy_of(pack: ListpackRef<'_>) -> Listpack {
        Listpack(Block::new(pack.bytes()))
    }

    /// One with these elements.
    pub fn of<'v>(items: impl Iterator<Item = StrRef<'v>> + Clone) -> Listpack {
        let mut pack = Listpack::new();
        pack.extend(items);
        pack
    }

    /// For reading.
    #[inline]
    pub fn view(&self) -> ListpackRef<'_> {
        // SAFETY: the first four bytes are the number of all bytes.
        ListpackRef::new(unsafe { self.0.bytes(self.total()) })
    }

    /// Number of all bytes.
    #[inline]
    pub fn total(&self) -> usize {
        // SAFETY: a listpack has a head.
        unsafe { self.0.first_u32() as usize }
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.0.allocated(self.total())
    }

    /// Number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// Whether there is no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.total() == EMPTY.len()
    }

    /// Whether so many bytes more, of elements without their encoding, leave it a listpack.
    pub fn fits(&self, more: usize) -> bool {
        self.total().saturating_add(more) <= LISTPACK_BYTES_MAX
    }

    /// The same with an allocation of its own: one that is a guest of an entry moves out.
    pub(crate) fn alone(self) -> Listpack {
        if is_guest(NonNull::from(&self.view().bytes()[0])) { Listpack::copy_of(self.view()) } else { self }
    }

    /// Gives the ownership up.
    #[inline]
    pub fn into_raw(self) -> NonNull<u8> {
        let pack = std::mem::ManuallyDrop::new(self);
        // SAFETY: the block is read once; the listpack that owned it is not dropped.
        unsafe { std::ptr::read(&pack.0) }.into_raw()
    }

    /// Takes the ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw`, and is taken back once.
    #[inline]
    pub unsafe fn from_raw(raw: NonNull<u8>) -> Listpack {
        // SAFETY: the caller vouches for it.
        Listpack(unsafe { Block::from_raw(raw) })
    }

    /// Panics if the bytes contradict each other.
    pub fn check_invariants(&self) {
        let bytes = self.view().bytes();
        if let Err(why) = verify::sound(bytes) {
            panic!("{why}: {bytes:?}");
        }
    }
}

/// The count to be stored when elements go and come.
#[inline]
fn count_after(stored: u16, removed: usize, added: usize) -> u16 {
    match stored {
        COUNT_UNKNOWN => COUNT_UNKNOWN,
        count => u16::try_from(usize::from(count) - removed + added).unwrap_or(COUNT_UNKNOWN),
    }
}

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl Clone for Listpack {
    fn clone(&self) -> Listpack {
        Listpack::copy_of(self.view())
    }
}

impl Drop for Listpack {
    fn drop(&mut self) {
        let total = self.total();
        // SAFETY: the block has as many bytes, and is not used any more.
        unsafe { self.0.free(total) }
    }
}

impl PartialEq for Listpack {
    fn eq(&self, other: &Listpack) -> bool {
        self.view().bytes() == other.view().bytes()
    }
}

impl Eq for Listpack {}

impl std::fmt::Debug for Listpack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

#[cfg(test)]
mod tests;
