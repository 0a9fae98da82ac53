//! ZRANGE in all forms, its older names, and ZRANGESTORE.

use ds::value::Zset;
use ds::value::zset::Element;
use store::Key;

use super::bounds::{Ranks, Span};
use super::stored::store;
use super::{reply_element, reply_head};
use crate::args::{Refused, SYNTAX, integer, is};
use crate::command::Cmd;
use crate::typed::read;

/// What the bounds of a range are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// What a command's name says already; options may say the rest.
#[derive(Clone, Copy)]
struct Form {
    by: Option<By>,
    reverse: Option<bool>,
    /// Where the bounds stand.
    bounds_at: usize,
    /// The result goes to a key.
    stores: bool,
}

/// What is asked for.
struct Query<'a> {
    span: Span<'a>,
    reverse: bool,
    offset: i64,
    /// Negative: no limit.
    limit: i64,
    scores: bool,
}

const READ: Form = Form { by: None, reverse: None, bounds_at: 2, stores: false };

/// `ZRANGE key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub fn zrange(cmd: &mut Cmd<'_, '_>) {
    run(cmd, READ);
}

/// `ZREVRANGE key start stop [WITHSCORES]`
pub fn zrevrange(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { by: Some(By::Rank), reverse: Some(true), ..READ });
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub fn zrangebyscore(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { by: Some(By::Score), reverse: Some(false), ..READ });
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub fn zrevrangebyscore(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { by: Some(By::Score), reverse: Some(true), ..READ });
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
pub fn zrangebylex(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { by: Some(By::Lex), reverse: Some(false), ..READ });
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
pub fn zrevrangebylex(cmd: &mut Cmd<'_, '_>) {
    run(cmd, Form { by: Some(By::Lex), reverse: Some(true), ..READ });
}

/// `ZRANGESTORE dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]`
pub fn zrangestore(cmd: &mut Cmd<'_, '_>) {
    let form = Form { bounds_at: 3, stores: true, ..READ };
    let result = query(cmd, form).and_then(|query| store_range(cmd, &query));
    cmd.end(result);
}

fn run(cmd: &mut Cmd<'_, '_>, form: Form) {
    let result = query(cmd, form).and_then(|query| reply_range(cmd, &query));
    cmd.end(result);
}

fn query<'a>(cmd: &Cmd<'a, '_>, form: Form) -> Result<Query<'a>, Refused> {
    let (mut by, mut reverse, mut scores) = (form.by, form.reverse, false);
    let (mut offset, mut limit) = (0, -1);
    let mut words = cmd.args.sub(form.bounds_at + 2).iter();
    while let Some(word) = words.next() {
        if !form.stores && is(word, "withscores") {
            scores = true;
        } else if is(word, "limit") && words.len() >= 2 {
            let mut number = || integer(words.next().unwrap_or_default());
            (offset, limit) = (number()?, number()?);
        } else if reverse.is_none() && is(word, "rev") {
            reverse = Some(true);
        } else if by.is_none() && is(word, "bylex") {
            by = Some(By::Lex);
        } else if by.is_none() && is(word, "byscore") {
            by = Some(By::Score);
        } else {
            return Err(Refused(SYNTAX));
        }
    }
    let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
    if by == By::Rank && limit != -1 {
        return Err(Refused(
            "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ));
    }
    if by == By::Lex && scores {
        return Err(Refused("syntax error, WITHSCORES not supported in combination with BYLEX"));
    }
    let bound = |i| cmd.args.at(form.bounds_at + i);
    let (low, high) = if reverse && by != By::Rank { (bound(1), bound(0)) } else { (bound(0), bound(1)) };
    let span = match by {
        By::Rank => Span::ranks(low, high)?,
        By::Score => Span::scores(low, high)?,
        By::Lex => Span::members(low, high)?,
    };
    if by == By::Rank {
        offset = 0;
    }
    Ok(Query { span, reverse, offset, limit, scores })
}

impl Query<'_> {
    /// The ranks that are asked for.
    fn ranks(&self, zset: &Zset) -> Ranks {
        let (start, end) = self.span.locate(zset, self.reverse);
        // Nothing lies at a negative offset.
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX).min(end - start);
        let left = usize::try_from(self.limit).unwrap_or(usize::MAX).min(end - start - skipped);
        if self.reverse {
            (end - skipped - left, end - skipped)
        } else {
            (start + skipped, start + skipped + left)
        }
    }

    /// Shows each element, in the order that is asked for.
    fn each(&self, zset: &Zset, (start, end): Ranks, show: impl FnMut(Element<'_>)) {
        let elements = zset.range(start, end);
        if self.reverse {
            elements.rev().for_each(show);
        } else {
            elements.for_each(show);
        }
    }
}

fn reply_range(cmd: &mut Cmd<'_, '_>, query: &Query<'_>) -> Result<(), Refused> {
    let Some(zset) = read::<Zset>(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.array(0);
        return Ok(());
    };
    let ranks = query.ranks(&zset);
    reply_head(cmd.out, ranks.1 - ranks.0, query.scores);
    query.each(&zset, ranks, |element| reply_element(cmd.out, element, query.scores));
    Ok(())
}

fn store_range(cmd: &mut Cmd<'_, '_>, query: &Query<'_>) -> Result<(), Refused> {
    let (to, from): (Key<'_>, Key<'_>) = (cmd.key(1, 0), cmd.key(2, 1));
    let limits = cmd.env.limits.zset;
    let mut result = Zset::new();
    if let Some(zset) = read::<Zset>(cmd.keys, cmd.effects, cmd.db, from)? {
        let ranks = query.ranks(&zset);
        result = Zset::for_members(ranks.1 - ranks.0, 0, &limits);
        query.each(&zset, ranks, |element| {
            element.with_bytes(|member| result.insert(member, element.score, &limits));
        });
    }
    store(cmd, to, result, "zrangestore");
    Ok(())
}
