//! What ZUNION and its kin take members from: a sorted set, or a set whose members all count 1.

use ds::value::{Set, View, Zset};
use store::{Access, DbId, IntText, Key, Kind};

use super::combine::not_nan;
use crate::args::{Refused, WRONG_TYPE};

/// One source, and what its scores are multiplied by.
pub(super) struct Source<'a> {
    members: Members<'a>,
    weight: f64,
}

enum Members<'a> {
    Zset(View<'a, Zset>),
    Set(View<'a, Set>),
    None,
}

impl<'a> Source<'a> {
    /// What a key holds, which was looked up before.
    pub fn new(keys: &'a Access<'_>, db: DbId, key: Key<'_>, weight: f64) -> Result<Source<'a>, Refused> {
        let members = match keys.peek(db, key) {
            None => Members::None,
            Some(entry) => match entry.kind() {
                Kind::Zset => Members::Zset(entry.view_as().ok_or(WRONG_TYPE)?),
                Kind::Set => Members::Set(entry.view_as().ok_or(WRONG_TYPE)?),
                _ => return Err(WRONG_TYPE),
            },
        };
        Ok(Source { members, weight })
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Zset(zset) => zset.len(),
            Members::Set(set) => set.len(),
            Members::None => 0,
        }
    }

    /// Shows members with their weighted scores, in order, as long as `show` wants more.
    pub fn each(&self, show: &mut dyn FnMut(&[u8], f64) -> bool) {
        match &self.members {
            Members::None => {}
            Members::Zset(zset) => {
                let mut elements = zset.iter();
                let mut more = || {
                    let element = elements.next()?;
                    Some(element.with_bytes(|member| show(member, self.weighted(element.score))))
                };
                while more() == Some(true) {}
            }
            Members::Set(set) => {
                let score = self.weighted(1.0);
                set.iter().all(|member| show(member.text(&mut IntText::new()), score));
            }
        }
    }

    /// The weighted score of a member; NaN for infinity times 0, as others leave it to the aggregate here.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.members {
            Members::None => None,
            Members::Zset(zset) => zset.score(member).map(|score| score * self.weight),
            Members::Set(set) => set.contains(member).then_some(self.weight),
        }
    }

    /// Infinity times 0 makes 0.
    fn weighted(&self, score: f64) -> f64 {
        not_nan(score * self.weight)
    }
}
