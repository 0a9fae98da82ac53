//! How the value is kept in an entry.

use super::List;
use crate::listpack::Listpack;
use crate::value::Word;
use crate::{Kind, StrRef};
use std::ptr::NonNull;

const PACK: u8 = 0;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for List {
    const KIND: Kind = Kind::List;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            List::Pack(pack) => (PACK, pack.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> List {
        match encoding {
            // SAFETY: the caller vouches for what the word came from.
            PACK => List::Pack(unsafe { Listpack::from_raw(raw) }),
            other => unreachable!("no list has encoding {other}"),
        }
    }

    fn allocated(&self) -> usize {
        match self {
            List::Pack(pack) => pack.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            List::Pack(_) => "listpack",
        }
    }

    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        match self {
            List::Pack(pack) => pack.len(),
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        match self {
            List::Pack(pack) => pack.view().iter().for_each(|element| show(&[element])),
        }
    }

    fn check_invariants(&self) {
        match self {
            List::Pack(pack) => {
                pack.check_invariants();
            }
        }
    }
}
