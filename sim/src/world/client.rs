//! A client's side of a connection.

use resp::client::{Decoder, DecoderLimits, Value};
use std::collections::VecDeque;

/// What arrived.
pub struct ClientSide {
    decoder: Decoder,
    replies: VecDeque<Value>,
    closed: bool,
    garbage: Option<String>,
    deaf: bool,
}

impl Default for ClientSide {
    fn default() -> ClientSide {
        let decoder = Decoder::new(DecoderLimits::default());
        ClientSide { decoder, replies: VecDeque::new(), closed: false, garbage: None, deaf: false }
    }
}

impl ClientSide {
    /// Bytes arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.deaf || self.garbage.is_some() {
            return;
        }
        self.decoder.push(bytes);
        loop {
            match self.decoder.next() {
                Ok(Some(value)) => self.replies.push_back(value),
                Ok(None) => return,
                Err(error) => {
                    self.garbage = Some(error.to_string());
                    return;
                }
            }
        }
    }

    /// The connection ended.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Nobody listens any more.
    pub fn forget(&mut self) {
        self.deaf = true;
        self.closed = true;
        self.replies.clear();
    }

    /// The next reply; the error is what is wrong with the bytes.
    pub fn answer(&mut self) -> Result<Option<Value>, String> {
        match (self.replies.pop_front(), &self.garbage) {
            (Some(value), _) => Ok(Some(value)),
            (None, Some(why)) => Err(why.clone()),
            (None, None) => Ok(None),
        }
    }

    /// Whether the connection ended and all replies were taken.
    pub fn is_over(&self) -> bool {
        self.closed && self.replies.is_empty()
    }
}
