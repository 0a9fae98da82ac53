//! XTRIM, and the options that XADD shares with it.

use base::num::parse_i64;
use resp::Args;
use store::value::stream::{Keep, Log, Trim};
use store::value::{Stream, StreamLimits};

use super::id::{NewId, exact, new_id};
use crate::args::{NOT_INTEGER, Refused, SYNTAX, digits, integer, is};
use crate::command::Cmd;
use crate::effects::Class;

/// Nodes' worth of entries that a rough trim removes when it was not told how many.
const DEFAULT_NODES: u64 = 100;
/// Entries that it removes where a node holds any number.
const DEFAULT_ENTRIES: u64 = 10_000;
/// Most entries that it removes.
const DEFAULT_ENTRIES_MAX: u64 = 1_000_000;

/// What XADD and XTRIM were asked for.
pub(super) struct Options {
    pub trim: Option<Trim>,
    /// NOMKSTREAM
    pub only_existing: bool,
    /// The id, of XADD.
    pub id: NewId,
    /// The first argument that is none of the options: the id, of XADD.
    pub end: usize,
}

/// The options of a request as they stand.
#[derive(Default)]
struct Words {
    keep: Option<Keep>,
    roughly: bool,
    limit: Option<u64>,
}

/// `XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count]`
pub fn xtrim(cmd: &mut Cmd<'_, '_>) {
    let result = try_xtrim(cmd);
    cmd.end(result);
}

fn try_xtrim(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let options = parse(cmd.args, false, &cmd.env.limits.stream)?;
    let trim = options.trim.ok_or(Refused("syntax error, XTRIM must be called with a trimming strategy"))?;
    let key = cmd.first();
    let logs = cmd.effects.logs();
    let trimmed = cmd.edit(key, |stream: &mut Stream| {
        let removed = stream.log_mut().trim(trim);
        (removed, logs.then(|| kept(stream.log(), Some(trim))).flatten())
    })?;
    let (removed, kept) = trimmed.map_or((0, None), |trimmed| trimmed.result);
    if removed > 0 {
        cmd.effects.dirty += removed - 1;
        cmd.changed(key, Class::Stream, "xtrim");
        if let Some(kept) = kept.filter(|_| trim.roughly) {
            let kept = kept.iter().map(Vec::as_slice);
            let words: Vec<&[u8]> = [&b"XTRIM"[..], key.bytes].into_iter().chain(kept).collect();
            cmd.effects.log_as(&words);
        }
    }
    cmd.out.int(removed as i64);
    Ok(())
}

/// The options that trim a stream elsewhere to what this one kept.
pub(super) fn kept(log: &Log, trim: Option<Trim>) -> Option<Vec<Vec<u8>>> {
    let trim = trim?;
    let (name, threshold) = match trim.keep {
        Keep::Len(len) => ("MAXLEN", digits(if trim.roughly { log.len() } else { len })),
        Keep::From(_) if trim.roughly && !log.is_empty() => ("MINID", log.first_id().text().to_vec()),
        Keep::From(id) => ("MINID", id.text().to_vec()),
    };
    Some(vec![name.into(), b"=".to_vec(), threshold])
}

/// Reads options from the second argument on: XADD's up to the id.
pub(super) fn parse(args: Args<'_>, add: bool, limits: &StreamLimits) -> Result<Options, Refused> {
    let (mut words, mut only_existing, mut id, mut at) = (Words::default(), false, NewId::Now, 2);
    while let Some(word) = args.get(at) {
        let more = args.len() - 1 - at;
        if add && word == b"*" {
            break;
        } else if more > 0 && (is(word, "maxlen") || is(word, "minid")) {
            at += words.strategy(args, at)?;
        } else if more > 0 && is(word, "limit") {
            at += 1;
            let limit = u64::try_from(integer(args.at(at))?);
            words.limit = Some(limit.map_err(|_| Refused("The LIMIT argument must be >= 0."))?);
        } else if add && is(word, "nomkstream") {
            only_existing = true;
        } else if add {
            id = new_id(word)?;
            break;
        } else {
            return Err(Refused(SYNTAX));
        }
        at += 1;
    }
    Ok(Options { trim: words.trim(limits)?, only_existing, id, end: at })
}

impl Words {
    /// Reads `MAXLEN` or `MINID` at an argument; returns how many belong to it.
    fn strategy(&mut self, args: Args<'_>, at: usize) -> Result<usize, Refused> {
        if self.keep.is_some() {
            return Err(Refused(
                "syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let more = args.len() - 1 - at;
        let sign = args.get(at + 1).filter(|sign| more >= 2 && matches!(*sign, b"~" | b"="));
        self.roughly = sign == Some(b"~");
        let threshold = args.at(at + 1 + usize::from(sign.is_some()));
        self.keep = Some(if is(args.at(at), "maxlen") {
            let len = parse_i64(threshold).ok_or(Refused(NOT_INTEGER))?;
            Keep::Len(u64::try_from(len).map_err(|_| Refused("The MAXLEN argument must be >= 0."))?)
        } else {
            Keep::From(exact(threshold)?)
        });
        Ok(1 + usize::from(sign.is_some()))
    }

    fn trim(self, limits: &StreamLimits) -> Result<Option<Trim>, Refused> {
        let Some(keep) = self.keep else {
            return match self.limit {
                Some(1..) => {
                    Err(Refused("syntax error, LIMIT cannot be used without specifying a trimming strategy"))
                }
                _ => Ok(None),
            };
        };
        let limit = match self.limit {
            Some(_) if !self.roughly => {
                return Err(Refused("syntax error, LIMIT cannot be used without the special ~ option"));
            }
            Some(limit) => limit,
            None if self.roughly => default_limit(limits),
            None => 0,
        };
        Ok(Some(Trim { keep, roughly: self.roughly, limit }))
    }
}

fn default_limit(limits: &StreamLimits) -> u64 {
    match DEFAULT_NODES.saturating_mul(limits.node_entries_max as u64) {
        0 => DEFAULT_ENTRIES,
        limit => limit.min(DEFAULT_ENTRIES_MAX),
    }
}
