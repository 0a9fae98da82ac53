//! What commands of consumer groups leave in a log: who has which entry, and how far the group has read.

use store::value::stream::{Group, StreamId};

use crate::args::digits;
use crate::effects::Effects;

/// Commands to be logged, collected while their stream is changed.
pub(super) struct Logged<'a> {
    wanted: bool,
    key: &'a [u8],
    group: &'a [u8],
    commands: Vec<Vec<Vec<u8>>>,
}

impl<'a> Logged<'a> {
    /// Nothing yet, and nothing ever if nobody reads the log.
    pub fn new(effects: &Effects, key: &'a [u8], group: &'a [u8]) -> Logged<'a> {
        Logged { wanted: effects.logs(), key, group, commands: Vec::new() }
    }

    /// Whether nothing was logged.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Whose a pending entry is. One that the stream has no more is dropped elsewhere when it is claimed there.
    pub fn owner(&mut self, group: &Group, id: StreamId) {
        let Some(pending) = group.pending(id).filter(|_| self.wanted) else { return };
        let (id, last) = (id.text(), group.last_id().text());
        let (time, count) = (digits(pending.time.max(0) as u64), digits(pending.count));
        let owner = group.consumer(pending.consumer).name();
        let head = [&b"XCLAIM"[..], self.key, self.group, owner, b"0", &id, b"TIME", &time];
        let tail = [&b"RETRYCOUNT"[..], &count, b"FORCE", b"JUSTID", b"LASTID", &last];
        self.push(&[&head[..], &tail].concat());
    }

    /// How far the group has read.
    pub fn position(&mut self, group: &Group) {
        if self.wanted {
            let (last, read) = (group.last_id().text(), group.entries_read().map_or(b"-1".to_vec(), digits));
            let (key, name) = (self.key, self.group);
            self.push(&[b"XGROUP", b"SETID", key, name, &last, b"ENTRIESREAD", &read]);
        }
    }

    /// A new consumer that has no entry.
    pub fn consumer(&mut self, name: &[u8]) {
        if self.wanted {
            let (key, group) = (self.key, self.group);
            self.push(&[b"XGROUP", b"CREATECONSUMER", key, group, name]);
        }
    }

    fn push(&mut self, words: &[&[u8]]) {
        self.commands.push(words.iter().map(|word| word.to_vec()).collect());
    }

    /// Has all of it logged in place of the request.
    pub fn end(self, effects: &mut Effects) {
        effects.log_no_request();
        for command in self.commands {
            effects.log_as(&command.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
}
