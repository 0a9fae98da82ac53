//! How the value is kept in an entry.

use super::{Zset, pack, with_score_text};
use crate::listpack::{Listpack, ListpackRef};
use crate::ranked::{Ranked, compare_scores};
use crate::table::{Hints, TableStats};
use crate::value::Word;
use crate::{Kind, StrRef, Thin};
use std::cmp::Ordering;
use std::ptr::NonNull;

const PACK: u8 = 0;
const TREE: u8 = 1;

// SAFETY: each encoding is one pointer, a block of bytes or a `Thin`; the number says which.
unsafe impl Word for Zset {
    const KIND: Kind = Kind::Zset;

    #[inline]
    fn into_word(self) -> (u8, NonNull<u8>) {
        match self {
            Zset::Pack(pack) => (PACK, pack.into_raw()),
            Zset::Tree(tree) => (TREE, tree.into_raw()),
        }
    }

    #[inline]
    unsafe fn from_word(encoding: u8, raw: NonNull<u8>) -> Zset {
        // SAFETY: the caller vouches for what the word came from.
        unsafe {
            match encoding {
                PACK => Zset::Pack(Listpack::from_raw(raw)),
                TREE => Zset::Tree(Thin::from_raw(raw)),
                other => unreachable!("no zset has encoding {other}"),
            }
        }
    }

    #[inline]
    fn allocated(&self) -> usize {
        match self {
            Zset::Pack(pack) => pack.allocated(),
            Zset::Tree(tree) => Thin::<Ranked>::ALLOCATED + tree.allocated(),
        }
    }

    fn encoding(&self) -> &'static str {
        match self {
            Zset::Pack(_) => "listpack",
            Zset::Tree(_) => "skiplist",
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
            Zset::Pack(_) => None,
            Zset::Tree(tree) => Some(tree.hints()),
        }
    }

    fn visit(&self, show: &mut dyn FnMut(&[StrRef<'_>])) {
        for element in self.iter() {
            with_score_text(element.score, |score| show(&[element.member, score]));
        }
    }

    fn as_pack(&self) -> Option<ListpackRef<'_>> {
        match self {
            Zset::Pack(pack) => Some(pack.view()),
            _ => None,
        }
    }

    fn add_table_stats(&self, stats: &mut TableStats) -> bool {
        match self {
            Zset::Tree(inner) => {
                inner.add_table_stats(stats);
                true
            }
            _ => false,
        }
    }

    fn check_invariants(&self) {
        match self {
            Zset::Tree(tree) => tree.check_invariants(),
            Zset::Pack(pack) => {
                pack.check_invariants();
                assert!(pack::is_sound(pack.view()), "{pack:?}");
            }
        }
        let scores = self.iter().zip(self.iter().skip(1));
        assert!(scores.into_iter().all(|(a, b)| compare_scores(a.score, b.score) != Ordering::Greater));
    }
}
