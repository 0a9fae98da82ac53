//! How the value is kept in an entry.

use super::Hash;
use crate::listpack::Listpack;
use crate::value::Word;
use crate::{Kind, StrRef};
use std::ptr::NonNull;

const PACK: u8 = 0;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for Hash {
    const KIND: Kind = Kind::Hash;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            Hash::Pack(pack) => (PACK, pack.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Hash {
        match encoding {
            // SAFETY: the caller vouches for what the word came from.
            PACK => Hash::Pack(unsafe { Listpack::from_raw(raw) }),
            other => unreachable!("no hash has encoding {other}"),
        }
    }

    fn allocated(&self) -> usize {
        match self {
            Hash::Pack(pack) => pack.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Hash::Pack(_) => "listpack",
        }
    }

    fn is_spent(&self) -> bool {
        self.is_empty()
    }

    fn count(&self) -> usize {
        match self {
            Hash::Pack(pack) => pack.len() / 2,
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        match self {
            Hash::Pack(pack) => pack.view().pairs().for_each(|(a, b)| show(&[a, b])),
        }
    }

    fn check_invariants(&self) {
        match self {
            Hash::Pack(pack) => {
                pack.check_invariants();
                assert!(pack.len().is_multiple_of(2));
            }
        }
    }
}
