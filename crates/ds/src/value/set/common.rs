//! Members that several sets share, and those that only one has.

use super::{Members, Set};
use crate::keyed::hash;
use crate::{IntText, Intset, StrRef};
use std::cmp::Ordering;

/// Shows the members that all these sets have, as long as `show` wants more. Put the smallest first: its members are
/// looked for in the others, in their order.
pub fn common<'a>(sets: &[&'a Set], mut show: impl FnMut(StrRef<'a>) -> bool) {
    let Some((first, others)) = sets.split_first() else { return };
    match (first, others.split_first()) {
        (_, None) => {
            first.iter().all(show);
        }
        (Set::Ints(a), Some((Set::Ints(b), rest))) => {
            both(a, b, |n| !all_have(rest, StrRef::Int(n)) || show(StrRef::Int(n)));
        }
        (Set::Table(a), Some((Set::Table(b), rest))) => {
            a.common(b, |member| {
                let member = StrRef::Bytes(member);
                !all_have(rest, member) || show(member)
            });
        }
        _ => {
            first.iter().all(|member| !all_have(others, member) || show(member));
        }
    }
}

/// Shows the members of a set that none of the others has.
pub fn apart<'a>(first: &'a Set, others: &[&Set], mut show: impl FnMut(StrRef<'a>)) {
    let total: usize = others.iter().map(|set| set.len()).sum();
    if others.len() > 1 && total < first.len() {
        let mut all = Members::default();
        for member in others.iter().flat_map(|set| set.iter()) {
            all.insert(member.text(&mut IntText::new()));
        }
        first.iter().filter(|member| !all.contains(member.text(&mut IntText::new()))).for_each(show);
        return;
    }
    for member in first.iter() {
        let mut sought = Sought::new(member);
        let found = with_text(member, |text| others.iter().any(|set| sought.is_in(set, text)));
        if !found {
            show(member);
        }
    }
}

/// Whether each of the sets has this member.
fn all_have(sets: &[&Set], member: StrRef<'_>) -> bool {
    if sets.is_empty() {
        return true;
    }
    let mut sought = Sought::new(member);
    with_text(member, |text| sets.iter().all(|set| sought.is_in(set, text)))
}

fn with_text<R>(member: StrRef<'_>, show: impl FnOnce(&[u8]) -> R) -> R {
    show(member.text(&mut IntText::new()))
}

/// A member that is looked for in several sets: it is hashed once at most.
struct Sought {
    number: Option<i64>,
    hash: Option<u64>,
}

impl Sought {
    fn new(member: StrRef<'_>) -> Sought {
        let number = match member {
            StrRef::Int(n) => Some(n),
            StrRef::Bytes(_) => None,
        };
        Sought { number, hash: None }
    }

    fn is_in(&mut self, set: &Set, text: &[u8]) -> bool {
        match (set, self.number) {
            (Set::Table(members), _) => {
                members.contains_hashed(*self.hash.get_or_insert_with(|| hash(text)), text)
            }
            (Set::Ints(ints), Some(n)) => ints.contains(n),
            _ => set.contains(text),
        }
    }
}

/// How many times as long the other must be for a search of each integer to beat a walk through both.
const SEARCH_TIMES_MIN: usize = 16;

/// Shows the integers that both have, ascending, as long as `show` wants more.
fn both(a: &Intset, b: &Intset, mut show: impl FnMut(i64) -> bool) {
    if b.len() > a.len().saturating_mul(SEARCH_TIMES_MIN) {
        a.iter().filter(|n| b.contains(*n)).all(show);
        return;
    }
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            Ordering::Less => a.next(),
            Ordering::Greater => b.next(),
            Ordering::Equal => {
                if !show(*x) {
                    return;
                }
                a.next();
                b.next()
            }
        };
    }
}
