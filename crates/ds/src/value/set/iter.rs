//! Members of a set, one after the other.

use super::members::{Members, MembersIter};
use crate::StrRef;
use crate::intset::Intset;
use crate::listpack::{self, ListpackRef};

/// Members of a set.
pub struct Iter<'a>(Inner<'a>);

enum Inner<'a> {
    Ints(&'a Intset, usize),
    Pack(listpack::Iter<'a>),
    Table(MembersIter<'a>),
}

impl<'a> Iter<'a> {
    #[inline]
    pub(super) fn ints(ints: &'a Intset) -> Iter<'a> {
        Iter(Inner::Ints(ints, 0))
    }

    #[inline]
    pub(super) fn pack(pack: ListpackRef<'a>) -> Iter<'a> {
        Iter(Inner::Pack(pack.iter()))
    }

    #[inline]
    pub(super) fn table(members: &'a Members) -> Iter<'a> {
        Iter(Inner::Table(members.iter()))
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = StrRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<StrRef<'a>> {
        match &mut self.0 {
            Inner::Table(members) => members.next().map(StrRef::Bytes),
            Inner::Pack(pack) => pack.next(),
            Inner::Ints(ints, index) => {
                *index += 1;
                ints.get(*index - 1).map(StrRef::Int)
            }
        }
    }
}
