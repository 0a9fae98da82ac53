//! How the value is kept in an entry.

use super::Zset;
use crate::listpack::Listpack;
use crate::value::Word;
use crate::{Kind, StrRef};
use std::ptr::NonNull;

const PACK: u8 = 0;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for Zset {
    const KIND: Kind = Kind::Zset;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            Zset::Pack(pack) => (PACK, pack.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Zset {
        match encoding {
            // SAFETY: the caller vouches for what the word came from.
            PACK => Zset::Pack(unsafe { Listpack::from_raw(raw) }),
            other => unreachable!("no zset has encoding {other}"),
        }
    }

    fn allocated(&self) -> usize {
        match self {
            Zset::Pack(pack) => pack.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Zset::Pack(_) => "listpack",
        }
    }

    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        match self {
            Zset::Pack(pack) => pack.len() / 2,
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        match self {
            Zset::Pack(pack) => pack.view().pairs().for_each(|(a, b)| show(&[a, b])),
        }
    }

    fn check_invariants(&self) {
        match self {
            Zset::Pack(pack) => {
                pack.check_invariants();
                assert!(pack.len().is_multiple_of(2));
            }
        }
    }
}
