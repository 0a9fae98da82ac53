//! ZADD and ZINCRBY.

use base::num::parse_f64;
use ds::value::Zset;
use ds::value::zset::Updated;

use super::changed;
use crate::args::{NOT_FLOAT, Refused, SYNTAX, is};
use crate::command::Cmd;

const NAN: Refused = Refused("resulting score is not a number (NaN)");

/// What a member must be like to be given a score.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Conditions {
    /// NX: not there.
    pub absent: bool,
    /// XX: there.
    pub present: bool,
    /// GT: there with a lower score, or not there.
    pub greater: bool,
    /// LT: there with a higher score, or not there.
    pub less: bool,
}

/// A member and the score that it is to have.
pub(crate) type Pair<'a> = (&'a [u8], f64);

/// How many members [`add`] made and changed.
#[derive(Clone, Copy, Default, Debug)]
struct Count {
    added: u64,
    updated: u64,
}

/// What ZADD was asked for.
#[derive(Default)]
struct Options {
    only: Conditions,
    /// CH: the reply counts changes too.
    changed: bool,
    /// INCR: the score is added to the old one.
    increment: bool,
    /// Where the first score stands.
    pairs_at: usize,
}

impl Conditions {
    /// Whether a score that a member has, if any, may be replaced.
    fn allow(self, old: Option<f64>, new: f64) -> bool {
        match old {
            None => !self.present,
            Some(old) => {
                let refused = self.absent || self.greater && new <= old || self.less && new >= old;
                !refused
            }
        }
    }

    /// Checks that they do not contradict each other.
    pub fn check(self) -> Result<(), Refused> {
        if self.absent && self.present {
            return Err(Refused("XX and NX options at the same time are not compatible"));
        }
        if self.greater && self.less || self.absent && (self.greater || self.less) {
            return Err(Refused("GT, LT, and/or NX options at the same time are not compatible"));
        }
        Ok(())
    }
}

/// `ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]`
pub fn zadd(cmd: &mut Cmd<'_, '_>) {
    let result = try_zadd(cmd);
    cmd.end(result);
}

/// `ZINCRBY key increment member`
pub fn zincrby(cmd: &mut Cmd<'_, '_>) {
    let result = try_zincrby(cmd);
    cmd.end(result);
}

fn try_zadd(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let options = options(cmd)?;
    let words = cmd.args.sub(options.pairs_at);
    if words.is_empty() || !words.len().is_multiple_of(2) {
        return Err(Refused(SYNTAX));
    }
    options.only.check()?;
    if options.increment {
        if words.len() > 2 {
            return Err(Refused("INCR option supports a single increment-element pair"));
        }
        let by = parse_f64(words.at(0)).ok_or(Refused(NOT_FLOAT))?;
        return increment(cmd, words.at(1), by, options.only);
    }
    if words.len() == 2 {
        let score = parse_f64(words.at(0)).ok_or(Refused(NOT_FLOAT))?;
        return add(cmd, &[(words.at(1), score)], options.only, options.changed);
    }
    let pair = |i| parse_f64(words.at(i)).map(|score| (words.at(i + 1), score)).ok_or(Refused(NOT_FLOAT));
    let pairs: Vec<Pair<'_>> = (0..words.len()).step_by(2).map(pair).collect::<Result<_, _>>()?;
    add(cmd, &pairs, options.only, options.changed)
}

fn options(cmd: &Cmd<'_, '_>) -> Result<Options, Refused> {
    let mut options = Options { pairs_at: 2, ..Options::default() };
    for word in cmd.args.sub(2).iter() {
        // Most requests have a number here.
        let flag = match word.len() {
            2 if is(word, "nx") => &mut options.only.absent,
            2 if is(word, "xx") => &mut options.only.present,
            2 if is(word, "gt") => &mut options.only.greater,
            2 if is(word, "lt") => &mut options.only.less,
            2 if is(word, "ch") => &mut options.changed,
            4 if is(word, "incr") => &mut options.increment,
            _ => break,
        };
        *flag = true;
        options.pairs_at += 1;
    }
    Ok(options)
}

/// Gives members scores, and replies how many are new, or new and changed.
pub(crate) fn add(
    cmd: &mut Cmd<'_, '_>,
    pairs: &[Pair<'_>],
    only: Conditions,
    with_changed: bool,
) -> Result<(), Refused> {
    let (key, limits) = (cmd.first(), cmd.env.limits.zset);
    let put = |zset: &mut Zset| {
        let mut count = Count::default();
        for (member, score) in pairs {
            let decide = |old| Some(*score).filter(|score| only.allow(old, *score));
            match zset.update(member, &limits, decide) {
                Updated::Added => count.added += 1,
                Updated::Rescored(_) => count.updated += 1,
                Updated::Kept(_) => {}
            }
        }
        count
    };
    let edited = cmd.edit_or_create(key, put)?;
    let count = edited.result;
    if count.added + count.updated > 0 {
        changed(cmd, count.added + count.updated, key, "zadd");
    }
    cmd.out.int((if with_changed { count.added + count.updated } else { count.added }) as i64);
    Ok(())
}

fn try_zincrby(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let by = parse_f64(cmd.args.at(2)).ok_or(Refused(NOT_FLOAT))?;
    increment(cmd, cmd.args.at(3), by, Conditions::default())
}

/// Adds to a member's score, which is 0 if it is not there, and replies the sum; null if the conditions are not met.
fn increment(cmd: &mut Cmd<'_, '_>, member: &[u8], by: f64, only: Conditions) -> Result<(), Refused> {
    let (key, limits) = (cmd.first(), cmd.env.limits.zset);
    let (mut sum, mut allowed) = (by, false);
    let put = |zset: &mut Zset| {
        zset.update(member, &limits, |old| {
            if only.absent && old.is_some() {
                return None;
            }
            sum = old.map_or(by, |old| old + by);
            allowed = sum.is_nan() || only.allow(old, sum);
            Some(sum).filter(|sum| allowed && !sum.is_nan())
        })
    };
    let edited = cmd.edit_or_create(key, put)?;
    if sum.is_nan() {
        return Err(NAN);
    }
    if !matches!(edited.result, Updated::Kept(_)) {
        changed(cmd, 1, key, "zincr");
    }
    if allowed {
        cmd.out.double(sum)
    } else {
        cmd.out.null()
    }
    Ok(())
}
