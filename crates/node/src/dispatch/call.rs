//! What a running command is given.

use super::Core;
use crate::control::State;
use crate::session::Session;
use commands::KeyRef;
use resp::{Args, Reply};
use store::{Access, KeyHash, Turn};

/// A request and its keys.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// Its arguments, the name first.
    pub args: Args<'r>,
    /// Where its keys stand.
    pub keys: &'r [KeyRef],
    /// Their hashes.
    pub hashes: &'r [KeyHash],
    /// The keys cannot be found: the command will say why.
    pub bad_keys: bool,
}

/// What is held while a command runs.
pub enum Held<'h, 'k> {
    /// Nothing, or no more than the shared permit of the turn.
    Nothing,
    /// The shared permit.
    Turn(&'h Turn<'k>),
    /// The stripes of the keys, or all.
    Access(&'h mut Access<'k>),
}

impl<'k> Held<'_, 'k> {
    /// The same, for a shorter time.
    pub fn again(&mut self) -> Held<'_, 'k> {
        match self {
            Held::Nothing => Held::Nothing,
            Held::Turn(turn) => Held::Turn(turn),
            Held::Access(access) => Held::Access(access),
        }
    }
}

/// What becomes of the client after its command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Its next command.
    Next,
    /// The same; what was written are messages, which come whatever CLIENT REPLY said.
    Pushed,
    /// It is closed once its replies are out.
    Close,
    /// Nothing was done: this stripe is held by another worker.
    Busy(u16),
    /// It found nothing and waits; the machine has the record.
    Blocked,
    /// It takes long and goes on in other turns; the machine has what it needs but its locks.
    Suspended,
}

/// A command of the node that runs on a worker, or on control inside a transaction.
pub struct Call<'c, 'k> {
    /// The machine that runs it.
    pub core: &'c mut Core,
    /// The client.
    pub session: &'c mut Session,
    /// The request, its name first; arity was checked.
    pub args: Args<'c>,
    /// Where the reply goes.
    pub out: &'c mut Reply<'c>,
    /// What is held.
    pub held: Held<'c, 'k>,
}

/// A command that control runs.
pub struct ControlCall<'c, 'k> {
    /// Control as a machine that runs commands.
    pub core: &'c mut Core,
    /// What else control has.
    pub state: &'c mut State,
    /// The client.
    pub session: &'c mut Session,
    /// The request, its name first; arity was checked.
    pub args: Args<'c>,
    /// Where the reply goes.
    pub out: &'c mut Reply<'c>,
    /// All stripes, for those commands that ask for them.
    pub held: Held<'c, 'k>,
}
