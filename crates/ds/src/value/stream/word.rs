//! How the value is kept in an entry.

use super::{Body, Stream, StreamId};
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

    #[inline]
    fn allocated(&self) -> usize {
        Thin::<Body>::ALLOCATED + self.0.allocated()
    }

    fn encoding(&self) -> &'static str {
        "stream"
    }

    fn is_spent(&self) -> bool {
        false
    }

    fn count(&self) -> usize {
        self.log().len() as usize
    }

    fn shed(&mut self, budget: usize) -> bool {
        self.0.shed(budget)
    }

    /// Entries only, each with its id first. The id's text has a dot, as digests of other servers have it.
    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        for entry in self.log().range(StreamId::MIN, StreamId::MAX) {
            let id = entry.id.text_with(b'.');
            let mut parts = vec![StrRef::Bytes(&id)];
            parts.extend(entry.pairs().flat_map(|(field, value)| [field, value]));
            show(&parts);
        }
    }

    fn check_invariants(&self) {
        self.0.check_invariants();
    }
}
