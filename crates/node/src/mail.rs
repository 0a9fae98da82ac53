//! What machines say to each other. Posting never blocks; a machine reads its mail between turns.

use crate::migration::Ended;
use crate::pubsub::Message;
use crate::session::Session;
use resp::OwnedRequest;
use std::sync::Arc;
use store::ExclusiveAccess;

/// Index of a worker, from 0.
pub type WorkerIdx = usize;

/// A connection's place in its worker's table; reused after the connection is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnId(pub u32);

/// Where a letter goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dest {
    /// One worker.
    Worker(WorkerIdx),
    /// Every worker.
    Workers,
    /// The control machine.
    Control,
}

/// A letter to a worker.
pub enum WorkerMail {
    /// A stripe was released for which this connection waited.
    StripeFree(ConnId),
    /// The gate is open again.
    GateOpen,
    /// All permits are back: the exclusive one can be taken.
    ExclusiveReady,
    /// A command that control ran is done.
    Done(Box<Done>),
    /// Close a client, if it is still the same.
    Kill {
        /// Its connection.
        conn: ConnId,
        /// Its client id.
        client: u64,
    },
    /// A blocked command was served.
    Served {
        /// Its connection.
        conn: ConnId,
        /// Its client id.
        client: u64,
        /// The reply, encoded.
        reply: Vec<u8>,
    },
    /// CLIENT UNBLOCK ended the wait of a blocked command.
    Unblocked {
        /// Its connection.
        conn: ConnId,
        /// Its client id.
        client: u64,
        /// Reply an error, not what the end of its time would bring.
        error: bool,
    },
    /// A message for clients of this worker.
    Published(Arc<Message>),
    /// Clients paused by CLIENT PAUSE may try again.
    Unpaused,
    /// The transfer of a ticket ended.
    Migrated(u64, Box<Ended>),
    /// A script runs for too long: who waits for what it holds is told so.
    Busy,
    /// Scripts or libraries are gone: interpreters forget them.
    Tidy,
}

/// A letter to control.
pub enum ControlMail {
    /// Run a command, or a transaction that contains one.
    Run(Box<Job>),
    /// A client published a message: other nodes must hear of it.
    Publish(Arc<Message>),
}

/// A command on its way to control; its client is parked meanwhile.
pub struct Job {
    /// Who gets the answer.
    pub worker: WorkerIdx,
    /// The client's connection there.
    pub conn: ConnId,
    /// The client's state, which control may change.
    pub session: Box<Session>,
    /// The command itself.
    pub request: OwnedRequest,
    /// All stripes, if the command may touch any key or changes what workers act on.
    pub exclusive: Option<ExclusiveAccess>,
}

/// The answer to a [`Job`].
pub struct Done {
    /// The client's connection.
    pub conn: ConnId,
    /// The client's state, back home.
    pub session: Box<Session>,
    /// The reply, encoded.
    pub reply: Vec<u8>,
    /// Close the connection once the reply is out.
    pub close: bool,
}

/// The post office: `server` and `sim` each have one.
pub trait Post: Send + Sync {
    /// Puts a letter into a worker's box and wakes it.
    fn to_worker(&self, worker: WorkerIdx, mail: WorkerMail);
    /// Puts a letter into control's box and wakes it.
    fn to_control(&self, mail: ControlMail);
}
