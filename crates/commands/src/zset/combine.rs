//! ZUNION, ZINTER, ZDIFF, their STORE forms and ZINTERCARD: over sorted sets, and over sets whose members all count 1.

use base::num::{parse_f64, parse_i64};
use ds::value::Zset;
use ds::value::zset::ZsetLimits;
use store::{Key, Kind};

use super::source::Source;
use super::stored::store;
use super::{reply_element, reply_head};
use crate::args::{NOT_INTEGER, Refused, SYNTAX, WRONG_TYPE, is};
use crate::command::Cmd;
use crate::effects::Class;

/// What becomes of members.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Inter,
    Diff,
}

/// What becomes of the scores of a member that several sets have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

/// Where a result goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Reply,
    /// To the first key.
    Store(&'static str),
    /// Only its size is replied.
    Count,
}

/// What a command is, by its name.
struct Form {
    name: &'static str,
    operation: Operation,
    goal: Goal,
}

/// Options behind the keys.
struct Options {
    aggregate: Aggregate,
    weights: Vec<f64>,
    scores: bool,
    /// ZINTERCARD: no more than this are counted.
    limit: usize,
}

/// `ZUNION numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]`
pub fn zunion(cmd: &mut Cmd<'_, '_>) {
    run(cmd, &Form { name: "zunion", operation: Operation::Union, goal: Goal::Reply });
}

/// `ZINTER numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]`
pub fn zinter(cmd: &mut Cmd<'_, '_>) {
    run(cmd, &Form { name: "zinter", operation: Operation::Inter, goal: Goal::Reply });
}

/// `ZDIFF numkeys key [key ...] [WITHSCORES]`
pub fn zdiff(cmd: &mut Cmd<'_, '_>) {
    run(cmd, &Form { name: "zdiff", operation: Operation::Diff, goal: Goal::Reply });
}

/// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM|MIN|MAX]`
pub fn zunionstore(cmd: &mut Cmd<'_, '_>) {
    let goal = Goal::Store("zunionstore");
    run(cmd, &Form { name: "zunionstore", operation: Operation::Union, goal });
}

/// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM|MIN|MAX]`
pub fn zinterstore(cmd: &mut Cmd<'_, '_>) {
    let goal = Goal::Store("zinterstore");
    run(cmd, &Form { name: "zinterstore", operation: Operation::Inter, goal });
}

/// `ZDIFFSTORE destination numkeys key [key ...]`
pub fn zdiffstore(cmd: &mut Cmd<'_, '_>) {
    let goal = Goal::Store("zdiffstore");
    run(cmd, &Form { name: "zdiffstore", operation: Operation::Diff, goal });
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn zintercard(cmd: &mut Cmd<'_, '_>) {
    run(cmd, &Form { name: "zintercard", operation: Operation::Inter, goal: Goal::Count });
}

fn run(cmd: &mut Cmd<'_, '_>, form: &Form) {
    let stores = matches!(form.goal, Goal::Store(_));
    let number_at = if stores { 2 } else { 1 };
    match number_of_keys(cmd, number_at) {
        Ok(0) => {
            let name = form.name;
            cmd.out.error(&format!("at least 1 input key is needed for '{name}' command"));
        }
        Ok(count) => {
            let hashes = usize::from(stores);
            let keys: Vec<Key<'_>> = (0..count).map(|i| cmd.key(number_at + 1 + i, hashes + i)).collect();
            let result = combine(cmd, form, &keys, number_at + 1 + count);
            cmd.end(result);
        }
        Err(refused) => cmd.end(Err(refused)),
    }
}

/// The number of keys; 0 stands for all that are too small.
fn number_of_keys(cmd: &Cmd<'_, '_>, at: usize) -> Result<usize, Refused> {
    let number = parse_i64(cmd.args.at(at)).ok_or(Refused(NOT_INTEGER))?;
    let number = usize::try_from(number).unwrap_or(0);
    if number > cmd.args.len() - at - 1 { Err(Refused(SYNTAX)) } else { Ok(number) }
}

fn combine(cmd: &mut Cmd<'_, '_>, form: &Form, keys: &[Key<'_>], options_at: usize) -> Result<(), Refused> {
    for key in keys {
        match cmd.keys.lookup(cmd.db, *key).map(|entry| entry.kind()) {
            Some(Kind::Zset | Kind::Set) => {}
            Some(_) => return Err(WRONG_TYPE),
            None => cmd.effects.notify(Class::KeyMiss, "keymiss", cmd.db, key.bytes),
        }
    }
    let options = options(cmd, form, keys.len(), options_at)?;
    let mut sources = Vec::with_capacity(keys.len());
    for (key, weight) in keys.iter().zip(&options.weights) {
        sources.push(Source::new(cmd.keys, cmd.db, *key, *weight)?);
    }
    if form.operation != Operation::Diff {
        // Others start with the smallest, and add scores up in that order.
        sources.sort_by_key(Source::len);
    }
    if form.goal == Goal::Count {
        let count = inter(&sources, &options, |_, _| {});
        cmd.out.int(count as i64);
        return Ok(());
    }
    let limits = cmd.env.limits.zset;
    // Not a listpack, whatever the size: that would not keep the sign of a zero, which others show.
    let mut result = Zset::for_members(usize::MAX, 0, &limits);
    match form.operation {
        Operation::Union => {
            for source in &sources {
                source.each(&mut |member, score| {
                    add_up(&mut result, member, score, options.aggregate, &limits);
                    true
                });
            }
        }
        Operation::Inter => {
            inter(&sources, &options, |member, score| {
                result.insert(member, score, &limits);
            });
        }
        Operation::Diff => diff(&sources, |member, score| {
            result.insert(member, score, &limits);
        }),
    }
    drop(sources);
    match form.goal {
        Goal::Store(event) => store(cmd, cmd.key(1, 0), result, event),
        _ => {
            reply_head(cmd.out, result.len(), options.scores);
            result.iter().for_each(|element| reply_element(cmd.out, element, options.scores));
        }
    }
    Ok(())
}

/// Joins the score of one source to those before it.
fn add_up(result: &mut Zset, member: &[u8], score: f64, aggregate: Aggregate, limits: &ZsetLimits) {
    let mut is_zero_again = false;
    result.update(member, limits, |old| {
        let sum = old.map_or(score, |old| aggregate.of(old, score));
        is_zero_again = old.is_some_and(|old| old == sum && old.to_bits() != sum.to_bits());
        Some(sum)
    });
    if is_zero_again {
        // An update keeps what is equal, and so the sign of -0; -0 + 0 has lost it.
        result.remove(member);
        result.insert(member, 0.0, limits);
    }
}

fn options(cmd: &Cmd<'_, '_>, form: &Form, keys: usize, at: usize) -> Result<Options, Refused> {
    let (counts, stores) = (form.goal == Goal::Count, matches!(form.goal, Goal::Store(_)));
    let mixes = form.operation != Operation::Diff && !counts;
    let mut options =
        Options { aggregate: Aggregate::Sum, weights: vec![1.0; keys], scores: false, limit: usize::MAX };
    let mut words = cmd.args.sub(at).iter();
    while let Some(word) = words.next() {
        if mixes && is(word, "weights") && words.len() >= keys {
            for weight in &mut options.weights {
                let number = words.next().and_then(parse_f64);
                *weight = number.ok_or(Refused("weight value is not a float"))?;
            }
        } else if mixes && is(word, "aggregate") {
            options.aggregate = match words.next() {
                Some(word) if is(word, "sum") => Aggregate::Sum,
                Some(word) if is(word, "min") => Aggregate::Min,
                Some(word) if is(word, "max") => Aggregate::Max,
                _ => return Err(Refused(SYNTAX)),
            };
        } else if !stores && !counts && is(word, "withscores") {
            options.scores = true;
        } else if counts && is(word, "limit") {
            let number = parse_i64(words.next().ok_or(Refused(SYNTAX))?);
            let limit = number.and_then(|n| usize::try_from(n).ok());
            let limit = limit.ok_or(Refused("LIMIT can't be negative"))?;
            options.limit = if limit == 0 { usize::MAX } else { limit };
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    Ok(options)
}

impl Aggregate {
    /// Two scores into one. Infinities that cancel out make 0.
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => not_nan(a + b),
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

/// A score; 0 in place of what is none.
pub(super) fn not_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// Shows the members that all sources have, and returns how many there are; stops at the limit.
fn inter(sources: &[Source<'_>], options: &Options, mut show: impl FnMut(&[u8], f64)) -> usize {
    let Some((first, others)) = sources.split_first() else { return 0 };
    if first.len() == 0 {
        return 0;
    }
    let mut count = 0;
    first.each(&mut |member, score| {
        let all =
            others.iter().try_fold(score, |sum, other| Some(options.aggregate.of(sum, other.score(member)?)));
        if let Some(score) = all {
            show(member, score);
            count += 1;
        }
        count < options.limit
    });
    count
}

/// Shows the members that only the first source has.
fn diff(sources: &[Source<'_>], mut show: impl FnMut(&[u8], f64)) {
    let Some((first, others)) = sources.split_first() else { return };
    first.each(&mut |member, score| {
        if others.iter().all(|other| other.score(member).is_none()) {
            show(member, score);
        }
        true
    });
}
