//! How the value is kept in an entry.

use super::{Members, Set, is_distinct};
use crate::intset::Intset;
use crate::listpack::{Listpack, ListpackRef};
use crate::table::{Hints, TableStats};
use crate::value::Word;
use crate::{Kind, StrRef, Thin};
use std::ptr::NonNull;

const INTS: u8 = 0;
const PACK: u8 = 1;
const TABLE: u8 = 2;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for Set {
    const KIND: Kind = Kind::Set;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            Set::Ints(ints) => (INTS, ints.into_raw()),
            Set::Pack(pack) => (PACK, pack.into_raw()),
            Set::Table(members) => (TABLE, members.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Set {
        // SAFETY: the caller vouches for what the word came from.
        unsafe {
            match encoding {
                INTS => Set::Ints(Intset::from_raw(raw)),
                PACK => Set::Pack(Listpack::from_raw(raw)),
                TABLE => Set::Table(Thin::from_raw(raw)),
                other => unreachable!("no set has encoding {other}"),
            }
        }
    }

    #[inline]
    fn allocated(&self) -> usize {
        match self {
            Set::Ints(ints) => ints.allocated(),
            Set::Pack(pack) => pack.allocated(),
            Set::Table(members) => Thin::<Members>::ALLOCATED + members.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Set::Ints(_) => "intset",
            Set::Pack(_) => "listpack",
            Set::Table(_) => "hashtable",
        }
    }

    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn hints(&self) -> Option<Hints<'_>> {
        match self {
            Set::Ints(_) | Set::Pack(_) => None,
            Set::Table(members) => Some(members.hints()),
        }
    }

    fn shed(&mut self, budget: usize) -> bool {
        match self {
            Set::Table(members) => members.shed(budget),
            Set::Ints(_) | Set::Pack(_) => true,
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        self.iter().for_each(|member| show(&[member]));
    }

    fn as_pack(&self) -> Option<ListpackRef<'_>> {
        match self {
            Set::Pack(pack) => Some(pack.view()),
            _ => None,
        }
    }

    fn add_table_stats(&self, stats: &mut TableStats) -> bool {
        match self {
            Set::Table(inner) => {
                inner.add_table_stats(stats);
                true
            }
            _ => false,
        }
    }

    fn check_invariants(&self) {
        match self {
            Set::Ints(ints) => ints.check_invariants(),
            Set::Pack(pack) => {
                pack.check_invariants();
                assert!(is_distinct(pack), "{pack:?}");
            }
            Set::Table(members) => members.check_invariants(),
        }
    }
}
