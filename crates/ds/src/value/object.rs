//! A value of any type that has elements.

use super::{Hash, List, Set, Stream, Word, Zset};
use crate::table::{Hints, TableStats};
use crate::{Kind, ListpackRef, StrRef};
use std::ptr::NonNull;

/// A value of any type that has elements.
#[derive(Clone, Debug)]
pub enum Object {
    /// A list.
    List(List),
    /// A set.
    Set(Set),
    /// A sorted set.
    Zset(Zset),
    /// A hash.
    Hash(Hash),
    /// A stream.
    Stream(Stream),
}

/// The same expression over the value of any type.
macro_rules! each {
    ($object:expr, $value:ident => $result:expr) => {
        match $object {
            Object::List($value) => $result,
            Object::Set($value) => $result,
            Object::Zset($value) => $result,
            Object::Hash($value) => $result,
            Object::Stream($value) => $result,
        }
    };
}

impl Object {
    /// # Safety
    /// As [`Word::from_word`], with the type that the word came from.
    #[inline]
    pub(crate) unsafe fn from_word(kind: Kind, encoding: u8, raw: NonNull<u8>) -> Object {
        // SAFETY: the caller vouches for all three.
        unsafe {
            match kind {
                Kind::List => Object::List(List::from_word(encoding, raw)),
                Kind::Set => Object::Set(Set::from_word(encoding, raw)),
                Kind::Zset => Object::Zset(Zset::from_word(encoding, raw)),
                Kind::Hash => Object::Hash(Hash::from_word(encoding, raw)),
                Kind::Stream => Object::Stream(Stream::from_word(encoding, raw)),
                Kind::String => unreachable!("a string is no word"),
            }
        }
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        fn of<T: Word>(_: &T) -> Kind {
            T::KIND
        }
        each!(self, value => of(value))
    }

    /// Bytes of memory that the value holds.
    pub fn allocated(&self) -> usize {
        each!(self, value => value.allocated())
    }

    /// The name that `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        each!(self, value => value.encoding())
    }

    /// Number of elements.
    pub fn count(&self) -> usize {
        each!(self, value => value.count())
    }

    /// When the first of its elements expires; see [`Word::next_expiry`].
    pub fn next_expiry(&self) -> Option<u64> {
        each!(self, value => value.next_expiry())
    }

    /// See [`Word::hints`].
    pub fn hints(&self) -> Option<Hints<'_>> {
        each!(self, value => value.hints())
    }

    /// Frees about `budget` elements; true when dropping the rest is quick.
    pub fn shed(&mut self, budget: usize) -> bool {
        each!(self, value => value.shed(budget))
    }

    /// Shows each element; see [`Word::visit`].
    pub fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        each!(self, value => value.visit(show));
    }

    /// The listpack that the value is, if it is one.
    pub fn as_pack(&self) -> Option<ListpackRef<'_>> {
        each!(self, value => value.as_pack())
    }

    /// Counts the hash table that the value is kept in; false if it is kept in none.
    pub fn add_table_stats(&self, stats: &mut TableStats) -> bool {
        each!(self, value => value.add_table_stats(stats))
    }

    /// Panics if the value contradicts itself.
    pub fn check_invariants(&self) {
        each!(self, value => {
            value.check_invariants();
            assert!(!value.is_spent(), "a key holds an empty value");
        });
    }

    pub(crate) fn into_word(self) -> (Kind, u8, NonNull<u8>) {
        fn of<T: Word>(value: T) -> (Kind, u8, NonNull<u8>) {
            let (encoding, raw) = value.into_word();
            (T::KIND, encoding, raw)
        }
        each!(self, value => of(value))
    }
}

macro_rules! from {
    ($($kind:ident)*) => {
        $(impl From<$kind> for Object {
            fn from(value: $kind) -> Object {
                Object::$kind(value)
            }
        })*
    };
}

from!(List Set Zset Hash Stream);
