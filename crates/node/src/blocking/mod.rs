//! Blocked clients. A command that finds nothing leaves a record with its keys, under the same lock; whoever changes such a key serves
//! the record, under its own locks if those suffice; the client's worker gets the reply by mail. Timeout, CLIENT UNBLOCK, KILL and the end
//! of the connection claim the record too: exactly one of all succeeds.

mod enroll;
mod serve;

use crate::dispatch::Row;
use crate::mail::{ConnId, WorkerIdx};
use base::Mono;
use commands::KeyRef;
use resp::{OwnedRequest, Proto};
use std::sync::Arc;
use store::{DbId, KeyHash, Waiter};

/// A blocked command: all that is needed to run it again, on any worker.
pub struct Blocked {
    /// Who gets the reply.
    pub worker: WorkerIdx,
    /// The client's connection there.
    pub conn: ConnId,
    /// The client's id.
    pub client: u64,
    /// The command.
    pub row: &'static Row,
    /// Its arguments.
    pub request: OwnedRequest,
    /// Where its keys stand.
    pub keys: Box<[KeyRef]>,
    /// Their hashes.
    pub hashes: Box<[KeyHash]>,
    /// It waits for the first so many keys.
    pub awaited: usize,
    /// The client's database.
    pub db: DbId,
    /// The protocol of the reply.
    pub proto: Proto,
    /// The wait ends by itself.
    pub is_timed: bool,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
}

/// A wait, as the client's own worker knows it.
pub struct Parked {
    /// The record that lies with the keys; it holds a [`Blocked`].
    pub waiter: Arc<Waiter>,
    /// When it ends.
    pub deadline: Option<Mono>,
}

impl Parked {
    /// The command.
    pub fn blocked(&self) -> &Blocked {
        of(&self.waiter)
    }
}

/// The command of a record. Only this module makes records.
pub fn of(waiter: &Waiter) -> &Blocked {
    waiter.who.downcast_ref().expect("a waiter is a blocked command")
}
