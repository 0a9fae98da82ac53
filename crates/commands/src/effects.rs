//! What a command does besides its reply.

use resp::Reply;
use std::time::Duration;
use store::{AccessStats, DbId, Entry, Kind, Object};

/// Classes of keyspace notifications.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Class {
    /// `g`: commands on keys of any type.
    Generic,
    /// `$`: strings.
    String,
    /// `l`: lists.
    List,
    /// `s`: sets.
    Set,
    /// `h`: hashes.
    Hash,
    /// `z`: sorted sets.
    SortedSet,
    /// `x`: expired keys.
    Expired,
    /// `e`: evicted keys.
    Evicted,
    /// `t`: streams.
    Stream,
    /// `m`: misses.
    KeyMiss,
    /// `d`: modules' types.
    Module,
    /// `n`: new keys.
    New,
}

/// Classes that somebody listens to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Classes(u16);

impl Classes {
    /// No class.
    pub const NONE: Classes = Classes(0);

    /// The set of these.
    pub fn of(classes: &[Class]) -> Classes {
        Classes(classes.iter().fold(0, |bits, class| bits | 1 << *class as u16))
    }

    /// Whether one class is in the set.
    pub fn has(self, class: Class) -> bool {
        self.0 >> class as u16 & 1 == 1
    }
}

/// One notification to be published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its class.
    pub class: Class,
    /// The event's name.
    pub event: &'static str,
    /// The key's database.
    pub db: DbId,
    /// The key.
    pub key: Box<[u8]>,
}

/// A command found nothing and would wait. It has replied nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// It waits for the first so many of its keys.
    pub keys: usize,
    /// What it waits for: a key of this type, or any change.
    pub kind: Option<Kind>,
    /// For how long; `None`: for ever.
    pub timeout: Option<Duration>,
    /// What it replies when it must not wait, inside a transaction. A wait in vain ends in a null array, whoever waited.
    pub nothing: Nothing,
    /// Arguments to stand in place of those at these indexes when the command is run again: XREAD's `$` means the last entry as of now.
    pub replaced: Vec<(usize, Vec<u8>)>,
}

/// The reply of a command that finds nothing and must not wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nothing {
    /// A null bulk string (RESP2).
    Null,
    /// A null array (RESP2).
    NullArray,
}

impl Nothing {
    /// Writes it.
    pub fn reply(self, out: &mut Reply<'_>) {
        match self {
            Nothing::Null => out.null(),
            Nothing::NullArray => out.null_array(),
        }
    }
}

/// Collected while a command runs, looked at by the node when it has ended.
#[derive(Default, Debug)]
pub struct Effects {
    /// Changes made to data; a command that changed nothing is not propagated.
    pub dirty: u64,
    /// Commands for the log and for replicas in place of the request, which would not do the same there.
    instead: Vec<Vec<Vec<u8>>>,
    /// Notifications, in order.
    pub notices: Vec<Notice>,
    /// Lookups and expired keys of commands that lock for themselves; others leave theirs in `Access`.
    pub stats: AccessStats,
    /// Expired keys that such commands removed, to be logged as deleted.
    pub expired: Vec<(DbId, Entry)>,
    /// The command would wait.
    pub block: Option<Block>,
    /// The command waited, and is run again because an awaited key was changed.
    pub again: bool,
    /// Why the command was refused, for the server's log: its error says less.
    pub remark: Option<Box<str>>,
    /// Big values that were removed, to be freed bit by bit.
    pub litter: Vec<Object>,
    wanted: Classes,
    logs: bool,
    silent: bool,
}

impl Effects {
    /// Sets the classes of notifications to collect; none at first.
    pub fn listen(&mut self, wanted: Classes) {
        self.wanted = wanted;
    }

    /// Sets whether somebody reads [`Effects::take_logged`]; nobody at first.
    pub fn set_logs(&mut self, logs: bool) {
        self.logs = logs;
    }

    /// Whether somebody reads [`Effects::take_logged`]: it stays empty else.
    pub fn logs(&self) -> bool {
        self.logs
    }

    /// Logs a command in place of the request, which has changed something by now. Costs a test when nobody reads.
    #[inline]
    pub fn log_as(&mut self, words: &[&[u8]]) {
        if self.logs && self.dirty > 0 {
            self.instead.push(words.iter().map(|word| word.to_vec()).collect());
        }
    }

    /// The request is not to be logged, even if nothing stands in its place.
    #[inline]
    pub fn log_no_request(&mut self) {
        self.silent = self.logs && self.dirty > 0;
    }

    /// What is to be logged in place of the request, which has changed something. None: the request.
    pub fn take_logged(&mut self) -> Option<Vec<Vec<Vec<u8>>>> {
        let (instead, silent) = (std::mem::take(&mut self.instead), std::mem::take(&mut self.silent));
        (silent || !instead.is_empty()).then_some(instead)
    }

    /// Forgets what was collected; the classes stay.
    pub fn clear(&mut self) {
        self.dirty = 0;
        self.instead.clear();
        self.silent = false;
        self.notices.clear();
        self.stats = AccessStats::default();
        self.expired.clear();
        self.block = None;
        self.remark = None;
    }

    /// Tells that something happened to a key. Costs a test when nobody listens.
    #[inline]
    pub fn notify(&mut self, class: Class, event: &'static str, db: DbId, key: &[u8]) {
        if self.wanted.has(class) {
            self.notices.push(Notice { class, event, db, key: key.into() });
        }
    }
}
