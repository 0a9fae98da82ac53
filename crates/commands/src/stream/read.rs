//! XREAD, and what XREADGROUP's request has in common with it.

use std::time::Duration;

use resp::{Args, Proto, Reply};
use store::Kind;
use store::value::Stream;
use store::value::stream::{Log, StreamId};

use super::entry::{entries_after, reply_entries};
use super::id::exact;
use crate::args::{Refused, SYNTAX, integer, is, timeout_ms};
use crate::command::Cmd;
use crate::effects::{Block, Nothing};
use crate::spec::{KeyFlag, KeyFlags, KeyRef};
use crate::typed::read;

const FLAGS: KeyFlags = KeyFlags::of(&[KeyFlag::RO, KeyFlag::Access]);

/// What XREAD and XREADGROUP are asked for.
pub(super) struct Request<'a> {
    /// Most entries of a stream.
    pub count: usize,
    /// Whether to wait, and for how long.
    pub block: Option<Option<Duration>>,
    /// Group and consumer.
    pub group: Option<(&'a [u8], &'a [u8])>,
    pub noack: bool,
    /// The argument that is the first key.
    pub first: usize,
    pub streams: usize,
}

/// Finds the keys: the first half of what follows `STREAMS`, which a group or a consumer may be called, too.
pub fn read_keys(args: Args<'_>, found: &mut Vec<KeyRef>) -> bool {
    let mut at = 1;
    while let Some(word) = args.get(at) {
        at += match word {
            _ if is(word, "block") || is(word, "count") => 2,
            _ if is(word, "group") => 3,
            _ if is(word, "noack") => 1,
            _ if is(word, "streams") => {
                let rest = args.len() - at - 1;
                let keys = at + 1..at + 1 + rest / 2;
                found.extend(keys.map(|index| KeyRef { index: index as u32, flags: FLAGS }));
                return rest > 0 && rest.is_multiple_of(2);
            }
            _ => return false,
        };
    }
    false
}

/// Reads a request. `command` is the name of the command that it is.
pub(super) fn parse<'a>(cmd: &Cmd<'a, '_>, command: &'static str) -> Result<Request<'a>, Refused> {
    let (args, of_group) = (cmd.args, command == "xreadgroup");
    let mut request =
        Request { count: usize::MAX, block: None, group: None, noack: false, first: 0, streams: 0 };
    let mut at = 1;
    while at < args.len() && request.first == 0 {
        let (word, more) = (args.at(at), args.len() - 1 - at);
        if more > 0 && is(word, "block") {
            at += 1;
            request.block = Some(timeout_ms(args.at(at), cmd.keys.now_ms())?);
        } else if more > 0 && is(word, "count") {
            at += 1;
            let count = integer(args.at(at))?;
            request.count = if count > 0 { count as usize } else { usize::MAX };
        } else if more > 0 && is(word, "streams") {
            (request.first, request.streams) = (at + 1, more / 2);
            if !more.is_multiple_of(2) {
                return Err(unbalanced(of_group));
            }
        } else if more > 1 && is(word, "group") {
            if !of_group {
                return Err(Refused(
                    "The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
                ));
            }
            request.group = Some((args.at(at + 1), args.at(at + 2)));
            at += 2;
        } else if is(word, "noack") {
            if !of_group {
                return Err(Refused(
                    "The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
                ));
            }
            request.noack = true;
        } else {
            return Err(Refused(SYNTAX));
        }
        at += 1;
    }
    if request.first == 0 || cmd.hashes.len() != request.streams {
        return Err(Refused(SYNTAX));
    }
    Ok(request)
}

fn unbalanced(of_group: bool) -> Refused {
    Refused(match of_group {
        false => "Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
        true => {
            "Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
        }
    })
}

/// The reply while it grows: streams that have something, by key.
pub(super) struct Served {
    head: resp::Mark,
    streams: usize,
}

impl Served {
    pub fn begin(out: &mut Reply<'_>) -> Served {
        Served { head: out.array_later(), streams: 0 }
    }

    /// How many streams have something so far.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// The entries of this key follow.
    pub fn key(&mut self, out: &mut Reply<'_>, key: &[u8]) {
        self.streams += 1;
        if out.proto() == Proto::Resp2 {
            out.array(2);
        }
        out.bulk(key);
    }

    /// Completes the reply; false if there is none.
    pub fn end(self, out: &mut Reply<'_>) -> bool {
        match (self.streams, out.proto()) {
            (0, _) => return false,
            (streams, Proto::Resp2) => out.set_array_len(self.head, streams),
            (streams, Proto::Resp3) => out.set_map_len(self.head, streams),
        }
        true
    }
}

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
pub fn xread(cmd: &mut Cmd<'_, '_>) {
    let before = cmd.out.len();
    let result = try_xread(cmd);
    if result.is_err() {
        cmd.out.truncate(before);
    }
    cmd.end(result);
}

fn try_xread(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let request = parse(cmd, "xread")?;
    let (mut served, mut replaced) = (Served::begin(cmd.out), Vec::new());
    for nth in 0..request.streams {
        let id_at = request.first + request.streams + nth;
        let (key, word) = (cmd.key(request.first + nth, nth), cmd.args.at(id_at));
        let stream = read::<Stream>(cmd.keys, cmd.effects, cmd.db, key)?;
        let log = stream.as_ref().map(|stream| stream.log());
        let after = after(word, log)?;
        if matches!(word, b"$" | b"+") {
            replaced.push((id_at, after.text().to_vec()));
        }
        if let Some(log) = log.filter(|log| log.last_entry().is_some_and(|last| last > after)) {
            served.key(cmd.out, key.bytes);
            reply_entries(cmd.out, entries_after(log, after), request.count, |_| {});
        }
    }
    if !served.end(cmd.out) {
        wait(cmd, &request, Some(Kind::Stream), replaced);
    }
    Ok(())
}

/// The id behind which a stream is read: `$` is its end, `+` is before its last entry.
fn after(word: &[u8], log: Option<&Log>) -> Result<StreamId, Refused> {
    match (word, log) {
        (b"$" | b"+", None) => Ok(StreamId::MIN),
        (b"$", Some(log)) => Ok(log.last_id()),
        (b"+", Some(log)) => {
            let before = log.last_entry().and_then(StreamId::previous);
            Ok(before.unwrap_or(log.last_id()))
        }
        (b">", _) => Err(Refused(
            "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        )),
        (id, _) => exact(id),
    }
}

/// Nothing was found: waits for it if that is wanted, or says so.
pub(super) fn wait(
    cmd: &mut Cmd<'_, '_>,
    request: &Request<'_>,
    kind: Option<Kind>,
    replaced: Vec<(usize, Vec<u8>)>,
) {
    match request.block {
        None => cmd.out.null_array(),
        Some(timeout) => {
            let (keys, nothing) = (request.streams, Nothing::NullArray);
            cmd.effects.block = Some(Block { keys, kind, timeout, nothing, replaced });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Words;

    #[test]
    fn keys_follow_the_option_not_the_name() {
        let check = |line: &str, expect: Option<&[u32]>| {
            let mut found = Vec::new();
            let sound = read_keys(Words::new(line).args(), &mut found);
            let found: Vec<u32> = found.iter().map(|key| key.index).collect();
            assert_eq!(sound.then_some(&found[..]), expect, "{line}");
        };
        check("xread count 1 streams a b 0 0", Some(&[4, 5]));
        check("xreadgroup group streams streams block 0 noack streams streams >", Some(&[8]));
        check("xread streams a", None);
        check("xread streams", None);
        check("xread count 1", None);
        check("xread foo streams a 0", None);
    }
}
