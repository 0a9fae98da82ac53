//! How the value is kept in an entry.

use super::End;
use super::List;
use super::quick::Quick;
use crate::listpack::{Listpack, ListpackRef};
use crate::value::Word;
use crate::{Kind, StrRef, Thin};
use std::ptr::NonNull;

const PACK: u8 = 0;
const QUICK: u8 = 1;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for List {
    const KIND: Kind = Kind::List;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            List::Pack(pack) => (PACK, pack.into_raw()),
            List::Quick(quick) => (QUICK, quick.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> List {
        // SAFETY: the caller vouches for what the word came from.
        unsafe {
            match encoding {
                PACK => List::Pack(Listpack::from_raw(raw)),
                QUICK => List::Quick(Thin::from_raw(raw)),
                other => unreachable!("no list has encoding {other}"),
            }
        }
    }

    #[inline]
    fn allocated(&self) -> usize {
        match self {
            List::Pack(pack) => pack.allocated(),
            List::Quick(quick) => Thin::<Quick>::ALLOCATED + quick.held(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            List::Pack(_) => "listpack",
            List::Quick(_) => "quicklist",
        }
    }

    #[inline]
    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn shed(&mut self, budget: usize) -> bool {
        match self {
            List::Pack(_) => true,
            List::Quick(quick) => quick.shed(budget),
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        self.scan(End::Left, 0, |element| {
            show(&[element]);
            true
        });
    }

    fn as_pack(&self) -> Option<ListpackRef<'_>> {
        match self {
            List::Pack(pack) => Some(pack.view()),
            _ => None,
        }
    }

    fn check_invariants(&self) {
        match self {
            List::Pack(pack) => pack.check_invariants(),
            List::Quick(quick) => quick.check_invariants(),
        }
    }
}
