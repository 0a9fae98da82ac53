//! One client connection of a worker.

use super::input::Input;
use super::output::Output;
use crate::blocking::Parked;
use crate::clients::{Card, CardFlags};
use crate::mail::ConnId;
use crate::session::Session;
use base::Mono;
use resp::Parser;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Input held for a client whose command waits, in bytes; beyond it nothing more is read until the command has
/// run.
const PARKED_INPUT_MAX: usize = 1 << 20;

/// Why a connection's next command does not run yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// It may run.
    Nothing,
    /// A stripe is held by another worker.
    Stripe,
    /// The command needs the whole keyspace.
    Exclusive,
    /// Control has the command and the session.
    Control,
    /// CLIENT PAUSE.
    Pause,
    /// Its command found nothing and waits for a key.
    Key,
    /// Its command takes long; the machine goes on with it each turn, and has the session.
    Script,
}

/// One client connection.
pub struct Conn {
    /// Its place in the worker's table.
    pub id: ConnId,
    /// What others see.
    pub card: Arc<Card>,
    /// The client's state; away while control has it.
    pub session: Option<Box<Session>>,
    /// Received bytes.
    pub input: Input,
    /// What the parser remembers of a request half received.
    pub parser: Parser,
    /// Bytes to send.
    pub output: Output,
    /// Why the next command waits.
    pub wait: Wait,
    /// The wait of its blocked command.
    pub parked: Option<Box<Parked>>,
    /// Times in a row that its command found a stripe taken.
    pub contended: u8,
    /// It may hold reservations of stripes, which keep others off until they are used or given up.
    pub reserved: bool,
    /// A read was refused because so much waits already; it is asked for when there is room.
    pub held_back: bool,
    /// The other side sends nothing more.
    pub ended: bool,
    /// In the list of connections that may run.
    pub queued_ready: bool,
    /// In the list of connections with something to send.
    pub queued_output: bool,
    /// To be closed once the output is sent; nothing more is read or run.
    pub closing: bool,
    /// The socket is gone, or must go now.
    pub dead: bool,
    /// Last time it was heard of.
    pub active: Mono,
}

impl Conn {
    /// A connection that was just accepted.
    pub fn new(id: ConnId, card: Arc<Card>, session: Box<Session>, now: Mono) -> Conn {
        Conn {
            id,
            card,
            session: Some(session),
            input: Input::default(),
            parser: Parser::default(),
            output: Output::default(),
            wait: Wait::Nothing,
            parked: None,
            contended: 0,
            reserved: false,
            held_back: false,
            ended: false,
            queued_ready: false,
            queued_output: false,
            closing: false,
            dead: false,
            active: now,
        }
    }

    /// Whether its next command may run.
    pub fn may_run(&self) -> bool {
        self.wait == Wait::Nothing && !self.closing && !self.dead && self.session.is_some()
    }

    /// Whether input waits that is too much to read on.
    pub fn is_full(&self) -> bool {
        self.wait != Wait::Nothing && self.input.len() > PARKED_INPUT_MAX
    }

    /// Whether nothing that the client sent is under way. A paused command is not: it may wait for long, and
    /// nobody is there to hear of it.
    pub fn is_done(&self) -> bool {
        match self.wait {
            Wait::Nothing => !self.queued_ready && self.output.is_empty(),
            Wait::Pause | Wait::Key => true,
            Wait::Stripe | Wait::Exclusive | Wait::Control | Wait::Script => false,
        }
    }

    /// Puts what others may see onto the card.
    pub fn publish(&self) {
        let card = &self.card;
        card.query.store(self.input.len() as u64, Relaxed);
        card.query_free.store(self.input.free() as u64, Relaxed);
        card.output.store(self.output.len() as u64, Relaxed);
        card.set_flag(CardFlags::BLOCKED, matches!(self.wait, Wait::Pause | Wait::Key));
        card.set_flag(CardFlags::CLOSING, self.closing);
        if let Some(session) = &self.session {
            session.publish();
        }
    }
}
