//! What the machine tells its caller: links to open, bytes to send, things that happened.

use crate::meeting::MeetId;
use crate::recorder::Record;
use base::{NodeId, SlotSet};
use std::net::SocketAddr;

/// A connection of the bus. The machine names those it dials, the caller those it accepts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LinkId(u64);

const DIALLED: u64 = 1 << 63;

impl LinkId {
    /// The caller's `n`th accepted connection; never reused. The top bit is the machine's.
    pub fn accepted(n: u64) -> LinkId {
        assert!(n & DIALLED == 0, "the top bit belongs to dialled links");
        LinkId(n)
    }

    pub(crate) fn dialled(n: u64) -> LinkId {
        LinkId(n | DIALLED)
    }

    /// Whether the machine asked for this connection.
    pub fn is_dialled(self) -> bool {
        self.0 & DIALLED != 0
    }

    /// As a number; unique over both kinds.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// What to do with a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkAction {
    /// Connect, then say `handle_up` or `handle_down`.
    Dial {
        /// Its name from now on.
        link: LinkId,
        /// Where the peer's bus listens.
        addr: SocketAddr,
    },
    /// Close without sending what is still queued, and forget it: no `handle_down` follows.
    Close(LinkId),
}

/// Why a connection could not be opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DialError {
    /// Nobody listens there.
    Refused,
    /// The system gave up waiting.
    TimedOut,
    /// Connected, and closed at once by the other end.
    Closed,
    /// The system's words.
    Other(String),
}

/// Bytes for one connection. Packets of one link come in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// Where to.
    pub link: LinkId,
    /// One whole packet.
    pub bytes: Vec<u8>,
}

/// Severity of a log line, by the names of `loglevel`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// `debug`
    Debug,
    /// `verbose`
    Verbose,
    /// `notice`
    Notice,
    /// `warning`
    Warning,
}

/// Names one state of the configuration on its way to disk; later states have greater names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SaveId(pub u64);

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A line for the log.
    Log {
        /// Severity.
        level: Level,
        /// The text, without time stamp or newline.
        text: String,
    },
    /// Topology, ownership or cluster state changed: publish a new view.
    ViewChanged,
    /// Slots moved from me to another node, or to nobody. Keys in them are dirty.
    SlotsLost {
        /// Which.
        slots: SlotSet,
        /// Who owns them now.
        to: Option<NodeId>,
    },
    /// A published message of another node, for local subscribers.
    Published {
        /// `SPUBLISH` rather than `PUBLISH`.
        sharded: bool,
        /// The channel.
        channel: Vec<u8>,
        /// The message.
        message: Vec<u8>,
    },
    /// A node announces a host name for its address: `handle_resolved` wants to hear where that is.
    Resolve {
        /// The name.
        name: String,
    },
    /// All states up to `save` are on disk, or could not be written.
    Saved {
        /// The newest state that this covers.
        save: SaveId,
        /// The operating system's words on failure.
        result: Result<(), String>,
    },
    /// Something was recorded: if the settings ask for it.
    Recorded(Record),
    /// A MEET that a client waits for is over.
    Met {
        /// Which.
        meet: MeetId,
        /// The node, which knows us too; or the error for the client.
        result: Result<NodeId, String>,
    },
    /// The configuration cannot be written and the settings say that this ends the process.
    Exit,
}
