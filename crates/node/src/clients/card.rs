//! A client as others see it. Its worker publishes the changing parts when a turn ends.

use crate::mail::{ConnId, WorkerIdx};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use store::Waiter;

/// Bits of a client's state that CLIENT LIST shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CardFlags(pub u32);

impl CardFlags {
    /// In MULTI.
    pub const MULTI: u32 = 1;
    /// Waiting: blocked or parked.
    pub const BLOCKED: u32 = 2;
    /// A watched key was changed.
    pub const DIRTY: u32 = 4;
    /// To be closed after its reply.
    pub const CLOSING: u32 = 8;
    /// Connected over a Unix socket.
    pub const UNIX: u32 = 16;
    /// READONLY in a cluster.
    pub const READONLY: u32 = 32;
    /// CLIENT NO-EVICT.
    pub const NO_EVICT: u32 = 64;
    /// CLIENT NO-TOUCH.
    pub const NO_TOUCH: u32 = 128;
    /// Listens to channels.
    pub const PUBSUB: u32 = 512;
    /// To be closed as soon as possible.
    pub const CLOSE_ASAP: u32 = 256;

    /// Whether a bit is set.
    pub fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// What a client calls itself.
#[derive(Default, Clone, Debug)]
pub struct Names {
    /// CLIENT SETNAME.
    pub name: Vec<u8>,
    /// CLIENT SETINFO LIB-NAME.
    pub lib_name: Vec<u8>,
    /// CLIENT SETINFO LIB-VER.
    pub lib_ver: Vec<u8>,
}

/// One client's card.
pub struct Card {
    /// Client id: grows by one for each connection of the node.
    pub id: u64,
    /// The worker that serves it.
    pub worker: WorkerIdx,
    /// Its place in that worker's table.
    pub conn: ConnId,
    /// Its address, `ip:port` or `path:0`.
    pub addr: String,
    /// Our side's address.
    pub laddr: String,
    /// Descriptor number, for CLIENT LIST.
    pub fd: i32,
    /// Connected over loopback or a Unix socket.
    pub is_local: bool,
    /// When it connected, Unix seconds.
    pub created_s: u64,
    /// Names it gave itself.
    pub names: Mutex<Names>,
    /// Last time it sent something, Unix seconds.
    pub active_s: AtomicU64,
    /// [`CardFlags`].
    pub flags: AtomicU32,
    /// Somebody asked for its end: it runs nothing more. The letter that closes it is on its way.
    pub killed: AtomicBool,
    /// What its command waits for, if it is blocked.
    pub waiting: Mutex<Option<Arc<Waiter>>>,
    /// Selected database.
    pub db: AtomicU32,
    /// Queued commands, or -1.
    pub multi: AtomicI64,
    /// Channels, patterns and shard channels that it listens to.
    pub subscriptions: [AtomicU32; 3],
    /// Keys under WATCH.
    pub watching: AtomicU32,
    /// Bytes of input held.
    pub query: AtomicU64,
    /// Free bytes of the input buffer.
    pub query_free: AtomicU64,
    /// Bytes of queued transaction commands.
    pub multi_bytes: AtomicU64,
    /// Bytes of output held.
    pub output: AtomicU64,
    /// Index of the last command's row, `u32::MAX` = none yet.
    pub command: AtomicU32,
    /// 2 or 3.
    pub proto: AtomicU8,
    /// Bytes received.
    pub net_in: AtomicU64,
    /// Bytes sent.
    pub net_out: AtomicU64,
    /// Commands executed.
    pub commands: AtomicU64,
}

impl Card {
    /// The flags as last published.
    pub fn flags(&self) -> CardFlags {
        let killed = if self.is_killed() { CardFlags::CLOSE_ASAP } else { 0 };
        CardFlags(self.flags.load(Relaxed) | killed)
    }

    /// Whether it runs nothing more.
    pub fn is_killed(&self) -> bool {
        self.killed.load(Relaxed)
    }

    /// Sets or clears a flag. One writer: its worker, or control while it holds the session.
    pub fn set_flag(&self, bit: u32, on: bool) {
        let flags = self.flags.load(Relaxed);
        self.flags.store(if on { flags | bit } else { flags & !bit }, Relaxed);
    }

    /// Notes what its command waits for, or that it waits no more.
    pub fn block(&self, on: Option<Arc<Waiter>>) {
        if let Ok(mut waiting) = self.waiting.lock() {
            *waiting = on;
        }
    }

    /// What its command waits for.
    pub fn waiter(&self) -> Option<Arc<Waiter>> {
        self.waiting.lock().ok()?.clone()
    }

    /// A copy of the names.
    pub fn names(&self) -> Names {
        self.names.lock().map(|names| names.clone()).unwrap_or_default()
    }

    /// Changes the names.
    pub fn rename(&self, change: impl FnOnce(&mut Names)) {
        if let Ok(mut names) = self.names.lock() {
            change(&mut names);
        }
    }
}
