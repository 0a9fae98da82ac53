//! Small sorted sets: a listpack of members and scores, ascending.

use super::range::PackRange;
use crate::StrRef;
use crate::listpack::{Listpack, ListpackRef};
use crate::ranked::compare_scores;
use crate::text::IntText;
use base::num::{format_f64, parse_f64};
use std::cmp::Ordering;
use std::collections::HashSet;

/// Integral scores up to this magnitude are stored as integers.
const INTEGER_MAX: f64 = (1u64 << 62) as f64;

/// Where a member is, and its score.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub at: usize,
    pub score: f64,
}

/// The score that an entry holds. Ours are sound.
#[inline]
pub(super) fn score_of(value: StrRef<'_>) -> f64 {
    match value {
        StrRef::Int(n) => n as f64,
        StrRef::Bytes(text) => parse_f64(text).expect("a score is a number"),
    }
}

/// A score as it is stored.
pub(super) fn with_text<R>(score: f64, show: impl FnOnce(StrRef<'_>) -> R) -> R {
    if score.abs() <= INTEGER_MAX && score.trunc() == score {
        return show(StrRef::Int(score as i64));
    }
    let mut text = Vec::with_capacity(24);
    format_f64(&mut text, score);
    show(StrRef::Bytes(&text))
}

pub(super) fn find(pack: ListpackRef<'_>, member: &[u8]) -> Option<Found> {
    let at = pack.find(pack.first(), member, 1)?;
    Some(Found { at, score: score_of(pack.get(pack.after(at))) })
}

pub(super) fn rank(pack: ListpackRef<'_>, member: &[u8]) -> Option<(usize, f64)> {
    let wanted = StrRef::compact(member);
    let mut pairs = pack.pairs().enumerate();
    let (rank, (_, score)) = pairs.find(|(_, (stored, _))| *stored == wanted)?;
    Some((rank, score_of(score)))
}

/// Adds a member that is not there, where it belongs.
pub(super) fn insert(pack: &mut Listpack, member: &[u8], score: f64) {
    let view = pack.view();
    let mut next = view.first();
    while let Some(at) = next {
        let score_at = view.after(at);
        let order = compare_scores(score_of(view.get(score_at)), score)
            .then_with(|| view.get(at).text(&mut IntText::new()).cmp(member));
        if order == Ordering::Greater {
            break;
        }
        next = view.next(score_at);
    }
    let at = next.unwrap_or(view.end());
    with_text(score, |score| pack.replace_run(at, 0, [StrRef::compact(member), score].into_iter()));
}

/// Adds a member behind all others.
pub(super) fn push(pack: &mut Listpack, member: &[u8], score: f64) {
    with_text(score, |score| pack.extend([StrRef::compact(member), score].into_iter()));
}

pub(super) fn range(pack: ListpackRef<'_>, start: usize, end: usize) -> PackRange<'_> {
    let len = pack.len() / 2;
    let (start, end) = (start.min(len), end.min(len));
    // Only one of the two is walked, as a rule, but both are found from the nearer end.
    let seek = |rank: usize| match rank == len {
        true => pack.end(),
        false => pack.seek(2 * rank as i64).unwrap_or(pack.end()),
    };
    PackRange::new(pack, seek(start), seek(end.max(start)), end.saturating_sub(start))
}

/// Whether a listpack from outside is a sorted set.
pub(super) fn is_sound(pack: ListpackRef<'_>) -> bool {
    if !pack.len().is_multiple_of(2) {
        return false;
    }
    let mut seen = HashSet::new();
    let mut last: Option<(f64, Vec<u8>)> = None;
    for (member, score) in pack.pairs() {
        let score = match score {
            StrRef::Int(n) => Some(n as f64),
            StrRef::Bytes(text) => parse_f64(text),
        };
        let (Some(score), member) = (score, member.to_vec()) else { return false };
        let ascends = last.as_ref().is_none_or(|(before, name)| {
            compare_scores(*before, score).then_with(|| name.cmp(&member)) == Ordering::Less
        });
        if !ascends || !seen.insert(member.clone()) {
            return false;
        }
        last = Some((score, member));
    }
    true
}
