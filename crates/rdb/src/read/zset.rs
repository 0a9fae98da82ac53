//! Sorted sets.

use super::{Items, Rules, filled, pack};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::old::ziplist;
use crate::value::Value;
use base::num::parse_f64;
use ds::value::Zset;
use ds::{IntText, StrRef};

/// Lengths of a score's text that stand for scores without one.
const NAN: u8 = 253;
const INFINITY: u8 = 254;
const NEG_INFINITY: u8 = 255;

const NOT_A_NUMBER: Fault = Fault::Bad("a score is not a number");
const TWICE: Fault = Fault::Bad("a member is there twice");

/// How a score lies behind its member.
type Score = fn(&mut Cursor<'_>) -> Result<f64, Fault>;

/// Members with scores.
pub(super) struct Members {
    zset: Zset,
    count: usize,
    score: Score,
}

impl Members {
    pub fn new(score: Score) -> Members {
        Members { zset: Zset::new(), count: 0, score }
    }
}

impl Items for Members {
    fn head(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        let count = from.number()?;
        self.count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(count)
    }

    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let (member, score) = (from.text()?, (self.score)(from)?);
        if self.zset.is_empty() {
            self.zset = Zset::for_members(self.count, member.len(), &rules.limits.zset);
        }
        add(&mut self.zset, &member, score, rules)
    }

    fn finish(self, _: &Rules) -> Result<Value, Fault> {
        filled(self.zset)
    }
}

/// A score of eight bytes.
pub(super) fn binary(from: &mut Cursor<'_>) -> Result<f64, Fault> {
    from.f64()
}

/// A score as text behind a length of one byte.
pub(super) fn text(from: &mut Cursor<'_>) -> Result<f64, Fault> {
    match from.byte()? {
        NAN => Err(NOT_A_NUMBER),
        INFINITY => Ok(f64::INFINITY),
        NEG_INFINITY => Ok(f64::NEG_INFINITY),
        len => parse_f64(from.take(usize::from(len))?).ok_or(NOT_A_NUMBER),
    }
}

/// A sorted set that is one listpack.
pub(super) fn of_pack(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let pack = pack::parse(bytes)?;
    let zset = Zset::from_pack(pack, &rules.limits.zset);
    filled(zset.ok_or(Fault::Bad("members or scores are not in order"))?)
}

/// A sorted set that is one ziplist.
pub(super) fn of_ziplist(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let elements = ziplist::parse(bytes)?;
    let (pairs, rest) = elements.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Fault::Bad("a member has no score"));
    }
    let mut zset = Zset::for_members(pairs.len(), 0, &rules.limits.zset);
    for [member, score] in pairs {
        let score = match score {
            StrRef::Int(n) => *n as f64,
            StrRef::Bytes(text) => parse_f64(text).ok_or(NOT_A_NUMBER)?,
        };
        add(&mut zset, member.text(&mut IntText::new()), score, rules)?;
    }
    filled(zset)
}

fn add(zset: &mut Zset, member: &[u8], score: f64, rules: &Rules) -> Result<(), Fault> {
    if score.is_nan() {
        return Err(NOT_A_NUMBER);
    }
    if zset.insert(member, score, &rules.limits.zset) { Ok(()) } else { Err(TWICE) }
}
