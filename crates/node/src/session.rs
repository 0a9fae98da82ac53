//! What a client is to the server, apart from its bytes: the part that travels to control and back.

use crate::clients::{Card, CardFlags};
use crate::dispatch::Row;
use crate::pubsub::{Kind, Subscriptions};
use resp::{OwnedRequest, Proto};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use store::{DbId, Watcher};

/// Whether replies reach the client (CLIENT REPLY).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplyMode {
    /// As usual.
    #[default]
    On,
    /// None.
    Off,
    /// Not the next one; set by CLIENT REPLY SKIP itself.
    SkipNext,
    /// Not this one.
    Skip,
}

impl ReplyMode {
    /// A reply that the client does not want is taken back: what was written since `start`.
    pub fn silence(&mut self, out: &mut Vec<u8>, start: usize) {
        match *self {
            ReplyMode::On => {}
            ReplyMode::Off => out.truncate(start),
            ReplyMode::SkipNext => {
                out.truncate(start);
                *self = ReplyMode::Skip;
            }
            ReplyMode::Skip => {
                out.truncate(start);
                *self = ReplyMode::On;
            }
        }
    }
}

/// A command queued by MULTI.
pub struct Queued {
    /// Its row of the table, looked up when it was queued.
    pub row: &'static Row,
    /// Its bytes.
    pub request: OwnedRequest,
}

/// An open transaction.
#[derive(Default)]
pub struct Multi {
    /// The commands so far.
    pub queue: Vec<Queued>,
    /// A command was refused while queueing: EXEC will fail.
    pub broken: bool,
    /// Bytes held by the queue.
    pub bytes: usize,
}

/// A key under WATCH.
#[derive(PartialEq, Eq)]
pub struct Watched {
    /// Its database.
    pub db: DbId,
    /// Its name.
    pub key: Box<[u8]>,
}

/// One client's state.
pub struct Session {
    /// The card that others read.
    pub card: Arc<Card>,
    /// Selected database.
    pub db: DbId,
    /// Protocol of replies.
    pub proto: Proto,
    /// The default user is authenticated here.
    pub authenticated: bool,
    /// The open transaction.
    pub multi: Option<Box<Multi>>,
    /// Keys under WATCH.
    pub watched: Vec<Watched>,
    /// Marked by those who change a watched key.
    pub watcher: Arc<Watcher>,
    /// Records of earlier watches that still lie in the keyspace; the worker takes them out.
    pub retired: Vec<(Arc<Watcher>, Watched)>,
    /// READONLY was given (cluster).
    pub readonly: bool,
    /// ASKING was given for the next command (cluster).
    pub asking: bool,
    /// What it listens to, if anything.
    pub subscriptions: Option<Box<Subscriptions>>,
    /// Whether replies are sent.
    pub reply_mode: ReplyMode,
    /// CLIENT NO-TOUCH is on.
    pub no_touch: bool,
}

impl Session {
    /// A client that has just connected.
    pub fn new(card: Arc<Card>, authenticated: bool) -> Session {
        Session {
            card,
            db: 0,
            proto: Proto::Resp2,
            authenticated,
            multi: None,
            watched: Vec::new(),
            watcher: Arc::default(),
            retired: Vec::new(),
            readonly: false,
            asking: false,
            subscriptions: None,
            reply_mode: ReplyMode::On,
            no_touch: false,
        }
    }

    /// Makes it that of another client, who has just connected and authenticated.
    pub fn renew(&mut self, client: &Arc<Card>) {
        let Session {
            card,
            db,
            proto,
            authenticated,
            multi,
            watched,
            watcher,
            retired,
            readonly,
            asking,
            subscriptions,
            reply_mode,
            no_touch,
        } = self;
        if !Arc::ptr_eq(card, client) {
            *card = Arc::clone(client);
        }
        // Whoever holds the watcher may still mark it.
        if Arc::strong_count(watcher) > 1 || watcher.is_dirty() {
            *watcher = Arc::default();
        }
        watched.clear();
        retired.clear();
        (*multi, *subscriptions) = (None, None);
        (*db, *proto, *reply_mode) = (0, Proto::Resp2, ReplyMode::On);
        (*authenticated, *readonly, *asking, *no_touch) = (true, false, false, false);
    }

    /// The client's id.
    pub fn id(&self) -> u64 {
        self.card.id
    }

    /// Puts what others may see onto the card.
    pub fn publish(&self) {
        let card = &self.card;
        card.db.store(self.db, Relaxed);
        card.proto.store(if self.proto == Proto::Resp3 { 3 } else { 2 }, Relaxed);
        card.multi.store(self.multi.as_ref().map_or(-1, |m| m.queue.len() as i64), Relaxed);
        card.multi_bytes.store(self.multi.as_ref().map_or(0, |m| m.bytes as u64), Relaxed);
        card.watching.store(self.watched.len() as u32, Relaxed);
        let count = |kind| self.subscriptions.as_ref().map_or(0, |s| s.count(kind) as u32);
        for (kind, field) in Kind::ALL.into_iter().zip(&card.subscriptions) {
            field.store(count(kind), Relaxed);
        }
        card.set_flag(CardFlags::PUBSUB, self.subscriptions.is_some());
        card.set_flag(CardFlags::MULTI, self.multi.is_some());
        card.set_flag(CardFlags::DIRTY, self.watcher.is_dirty());
        card.set_flag(CardFlags::READONLY, self.readonly);
    }

    /// In RESP2 a client that listens may send few commands, as replies could not be told from messages.
    pub fn only_listens(&self) -> bool {
        self.proto == Proto::Resp2 && self.subscriptions.as_ref().is_some_and(|s| !s.is_empty())
    }

    /// Nothing about this client needs the careful path of dispatch.
    pub fn is_plain(&self) -> bool {
        self.authenticated
            && self.multi.is_none()
            && self.subscriptions.is_none()
            && !self.asking
            && self.reply_mode == ReplyMode::On
    }
}
