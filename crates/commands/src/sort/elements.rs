//! The elements to be sorted, copied: other keys are looked up meanwhile.

use std::ops::Range;

use store::value::list::End;
use store::value::{List, Set, Zset};
use store::{Kind, StrRef};

use super::options::Options;
use crate::args::{Refused, WRONG_TYPE};
use crate::command::Cmd;

/// Copies of elements.
#[derive(Default)]
pub(super) struct Elements {
    bytes: Vec<u8>,
    items: Vec<Item>,
    /// Which of them are wanted, by their place in the order to be found.
    pub wanted: Range<usize>,
}

#[derive(Clone, Copy)]
enum Item {
    Int(i64),
    /// Up to where its bytes go; they begin where those of the one before end.
    Bytes {
        start: usize,
        len: usize,
    },
}

impl Elements {
    /// The elements of the key. Those of a list or sorted set that stays in its order are only those that are wanted.
    pub fn load(cmd: &mut Cmd<'_, '_>, options: &mut Options<'_>) -> Result<Elements, Refused> {
        let key = cmd.first();
        let kind = cmd.keys.lookup(cmd.db, key).map(|entry| entry.kind());
        let mut elements = Elements::default();
        match kind {
            None => cmd.missed(key),
            Some(Kind::List) => {
                let list = cmd.keys.peek_as::<List>(cmd.db, key)?;
                list.iter().for_each(|list| elements.load_list(list, options));
            }
            Some(Kind::Set) => {
                if options.unsorted && (options.store_at.is_some() || cmd.env.in_script) {
                    // What is stored, or what a script does with it, must not depend on the order in which a table happens to be.
                    (options.unsorted, options.alpha, options.by) = (false, true, None);
                }
                let set = cmd.keys.peek_as::<Set>(cmd.db, key)?;
                set.iter().for_each(|set| set.iter().for_each(|member| elements.push(member)));
                elements.wanted = wanted(options.limit, elements.len());
            }
            Some(Kind::Zset) => {
                let zset = cmd.keys.peek_as::<Zset>(cmd.db, key)?;
                zset.iter().for_each(|zset| elements.load_zset(zset, options));
            }
            Some(_) => return Err(WRONG_TYPE),
        }
        Ok(elements)
    }

    fn load_list(&mut self, list: &List, options: &Options<'_>) {
        let wanted = wanted(options.limit, list.len());
        if options.unsorted {
            let from = if options.descending { End::Right } else { End::Left };
            list.range(from, wanted.start, wanted.len(), |element| self.push(element));
            self.wanted = 0..self.len();
        } else {
            list.range(End::Left, 0, list.len(), |element| self.push(element));
            self.wanted = wanted;
        }
    }

    fn load_zset(&mut self, zset: &Zset, options: &Options<'_>) {
        let (len, wanted) = (zset.len(), wanted(options.limit, zset.len()));
        if !options.unsorted {
            zset.iter().for_each(|element| self.push(element.member));
            self.wanted = wanted;
            return;
        }
        if options.descending {
            let range = zset.range(len - wanted.end, len - wanted.start);
            range.rev().for_each(|element| self.push(element.member));
        } else {
            zset.range(wanted.start, wanted.end).for_each(|element| self.push(element.member));
        }
        self.wanted = 0..self.len();
    }

    fn push(&mut self, element: StrRef<'_>) {
        self.items.push(match element {
            StrRef::Int(n) => Item::Int(n),
            StrRef::Bytes(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                Item::Bytes { start, len: bytes.len() }
            }
        });
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn get(&self, index: usize) -> StrRef<'_> {
        match self.items[index] {
            Item::Int(n) => StrRef::Int(n),
            Item::Bytes { start, len } => StrRef::Bytes(&self.bytes[start..start + len]),
        }
    }

    /// The order in which they are.
    pub fn as_they_are(&self) -> Vec<u32> {
        (0..self.len() as u32).collect()
    }
}

/// The places that LIMIT asks for, of `len`.
fn wanted((offset, count): (i64, i64), len: usize) -> Range<usize> {
    let start = usize::try_from(offset).unwrap_or(0).min(len);
    let count = usize::try_from(count).unwrap_or(len);
    start..start.saturating_add(count).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let check = |limit, expect: Range<usize>| assert_eq!(wanted(limit, 5), expect, "{limit:?}");
        check((0, -1), 0..5);
        check((1, 2), 1..3);
        check((-3, 2), 0..2);
        check((4, 9), 4..5);
        check((5, 1), 5..5);
        check((9, -9), 5..5);
        check((2, 0), 2..2);
        check((i64::MAX, i64::MAX), 5..5);
        check((i64::MIN, i64::MIN), 0..5);
    }
}
