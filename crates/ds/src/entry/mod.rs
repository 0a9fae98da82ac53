//! One key and its value in one allocation, byte-packed:
//!
//! ```text
//! type and encoding 1 | flags 1 | access word 3 | key length 1 or 5 | [expiry 6] | key | value
//! ```
//!
//! The value of a string is a length (1, 3, 5 or 9 bytes) and its bytes, or 8 bytes of an integer; that of anything with
//! elements is a listpack as a guest (a byte or two before it, then its bytes), or a pointer to them. The head of six bytes lets a 16-byte key with 8 bytes of value fit a 32-byte class.

mod edit;
mod layout;
mod object;
mod view;

pub use layout::EXPIRY_MAX_MS;
pub use object::ObjectMut;
pub use view::{EntryRef, ValueRef};

use crate::StrRef;
use crate::class::{class_of, obtain};
use crate::table::Item;
use crate::value::Object;
use layout::{ALIGN, Shape};
use std::ptr::NonNull;

/// The data type of a value. Its number is in the first byte of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A byte string or an integer.
    String = 0,
    /// Elements in the order in which they were put there.
    List = 1,
    /// Members without order.
    Set = 2,
    /// Members with scores.
    Zset = 3,
    /// Fields with values.
    Hash = 4,
    /// Entries by id.
    Stream = 6,
}

impl Kind {
    /// The name that `TYPE` answers.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Zset => "zset",
            Kind::Hash => "hash",
            Kind::Stream => "stream",
        }
    }

    #[inline]
    fn from_bits(bits: u8) -> Kind {
        match bits {
            0 => Kind::String,
            1 => Kind::List,
            2 => Kind::Set,
            3 => Kind::Zset,
            4 => Kind::Hash,
            6 => Kind::Stream,
            other => unreachable!("no value is of type {other}"),
        }
    }
}

/// A string value to be stored, in the encoding that it shall have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewString<'a> {
    /// Eight bytes; `OBJECT ENCODING` says `int`.
    Int(i64),
    /// As given; `embstr` up to 44 bytes, `raw` above.
    Bytes(&'a [u8]),
    /// As given; `raw` at any length, as after `APPEND` and `SETRANGE`.
    Raw(&'a [u8]),
}

/// An owned entry: a thin pointer to the one allocation.
pub struct Entry(NonNull<u8>);

// SAFETY: an entry owns its bytes alone; nothing in them is tied to a thread.
unsafe impl Send for Entry {}
// SAFETY: shared access only reads.
unsafe impl Sync for Entry {}

impl Entry {
    /// A string entry. `expiry` in milliseconds since the Unix epoch, cut to [`EXPIRY_MAX_MS`]. The access word is 0.
    pub fn string(key: &[u8], value: NewString<'_>, expiry: Option<u64>) -> Entry {
        let shape = Shape::of_string(key.len(), expiry.is_some(), value);
        let raw = obtain(class_of(shape.total()), ALIGN);
        // SAFETY: the allocation holds `shape.total()` bytes and nobody else has it.
        unsafe {
            layout::write_head(raw, &shape);
            layout::write_key(raw, &shape, key);
            layout::write_expiry(raw, &shape, expiry);
            layout::write_string(raw, &shape, value);
        }
        Entry(raw)
    }

    /// A view for reading.
    #[inline]
    pub fn view(&self) -> EntryRef<'_> {
        // SAFETY: the entry is alive and unchanged as long as `self` is borrowed.
        unsafe { EntryRef::new(self.0) }
    }

    /// A copy under another key, with value, expiry and access word of this one.
    pub fn with_key(&self, key: &[u8]) -> Entry {
        let view = self.view();
        let string = |value| Entry::string(key, value, view.expiry());
        let mut copy = match view.value() {
            ValueRef::Str(StrRef::Int(n)) => string(NewString::Int(n)),
            ValueRef::Str(StrRef::Bytes(bytes)) if view.is_forced_raw() => string(NewString::Raw(bytes)),
            ValueRef::Str(StrRef::Bytes(bytes)) => string(NewString::Bytes(bytes)),
            ValueRef::Object(object) => Entry::object(key, Object::clone(&object), view.expiry()),
        };
        copy.set_access(view.access());
        copy
    }

    fn shape(&self) -> Shape {
        // SAFETY: the entry is alive and its head is written.
        unsafe { Shape::read(self.0) }
    }
}

impl Clone for Entry {
    fn clone(&self) -> Entry {
        self.with_key(self.view().key())
    }
}

impl Drop for Entry {
    /// Out of line: most who could drop an entry never have one.
    #[inline(never)]
    fn drop(&mut self) {
        // SAFETY: neither value nor allocation is used after this.
        unsafe {
            if !layout::has_guest(self.0) {
                drop(self.take_object());
            }
            self.release();
        }
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

// SAFETY: the pointer comes from the allocator, aligned to 8, and stays put while the item is in a table; the key is
// part of the allocation.
unsafe impl Item for Entry {
    type Ref<'a> = EntryRef<'a>;

    #[inline]
    fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0
    }

    #[inline]
    unsafe fn from_raw(raw: NonNull<u8>) -> Entry {
        Entry(raw)
    }

    #[inline]
    unsafe fn borrow<'a>(raw: NonNull<u8>) -> EntryRef<'a> {
        // SAFETY: the caller vouches for a live item during `'a`.
        unsafe { EntryRef::new(raw) }
    }

    #[inline]
    fn view(&self) -> EntryRef<'_> {
        Entry::view(self)
    }

    #[inline]
    fn key<'a>(item: EntryRef<'a>) -> &'a [u8]
    where
        Self: 'a,
    {
        item.key()
    }
}

#[cfg(test)]
mod tests;
