//! How the value is kept in an entry.

use super::{Fields, Hash, pack};
use crate::listpack::{Listpack, ListpackRef};
use crate::table::{Hints, TableStats};
use crate::value::Word;
use crate::{Kind, StrRef, Thin};
use std::ptr::NonNull;

const PACK: u8 = 0;
const TABLE: u8 = 1;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for Hash {
    const KIND: Kind = Kind::Hash;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            Hash::Pack(pack) => (PACK, pack.into_raw()),
            Hash::Table(fields) => (TABLE, fields.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Hash {
        // SAFETY: the caller vouches for what the word came from.
        unsafe {
            match encoding {
                PACK => Hash::Pack(Listpack::from_raw(raw)),
                TABLE => Hash::Table(Thin::from_raw(raw)),
                other => unreachable!("no hash has encoding {other}"),
            }
        }
    }

    #[inline]
    fn allocated(&self) -> usize {
        match self {
            Hash::Pack(pack) => pack.allocated(),
            Hash::Table(fields) => Thin::<Fields>::ALLOCATED + fields.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Hash::Pack(_) => "listpack",
            Hash::Table(_) => "hashtable",
        }
    }

    #[inline]
    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        self.len()
    }

    #[inline]
    fn next_expiry(&self) -> Option<u64> {
        match self {
            Hash::Pack(_) => None,
            Hash::Table(fields) => fields.next_expiry(),
        }
    }

    fn hints(&self) -> Option<Hints<'_>> {
        match self {
            Hash::Pack(_) => None,
            Hash::Table(fields) => Some(fields.hints()),
        }
    }

    fn shed(&mut self, budget: usize) -> bool {
        match self {
            Hash::Pack(_) => true,
            Hash::Table(fields) => fields.shed(budget),
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        self.iter().for_each(|pair| show(&[pair.field, pair.value]));
    }

    fn as_pack(&self) -> Option<ListpackRef<'_>> {
        match self {
            Hash::Pack(pack) => Some(pack.view()),
            _ => None,
        }
    }

    fn add_table_stats(&self, stats: &mut TableStats) -> bool {
        match self {
            Hash::Table(inner) => {
                inner.add_table_stats(stats);
                true
            }
            _ => false,
        }
    }

    fn check_invariants(&self) {
        match self {
            Hash::Table(fields) => fields.check_invariants(),
            Hash::Pack(pack) => {
                pack.check_invariants();
                assert!(pack::is_sound(pack.view()), "{pack:?}");
            }
        }
    }
}
