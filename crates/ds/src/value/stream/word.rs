//! How the value is kept in an entry.

use super::{Body, Stream};
use crate::value::Word;
use crate::{Kind, StrRef, Thin};
use std::ptr::NonNull;

const TREE: u8 = 0;

// SAFETY: the one encoding is a `Thin`.
unsafe impl Word for Stream {
    const KIND: Kind = Kind::Stream;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        (TREE, self.0.into_raw())
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Stream {
        assert_eq!(encoding, TREE);
        // SAFETY: the caller vouches for what the word came from.
        Stream(unsafe { Thin::from_raw(raw) })
    }

    fn allocated(&self) -> usize {
        Thin::<Body>::ALLOCATED
    }

    fn encoding(&self) -> &'static str {
        "stream"
    }

    fn is_spent(&self) -> bool {
        false
    }

    fn count(&self) -> usize {
        0
    }

    fn visit(&self, _: &mut dyn FnMut(&[StrRef<'_>])) {}

    fn check_invariants(&self) {}
}
