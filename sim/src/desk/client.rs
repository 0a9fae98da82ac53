//! A client's side of a connection: replies, whole.

use resp::client::{Decoder, DecoderLimits, Value};

/// Something that a client noticed.
#[derive(Clone, PartialEq, Debug)]
pub enum Heard {
    /// A reply.
    Reply(Value),
    /// Bytes that are no reply: the node is wrong.
    Garbage(String),
    /// The end of the connection.
    Closed,
}

/// What arrived at a client.
pub struct Client {
    decoder: Decoder,
    heard: Vec<Heard>,
}

impl Default for Client {
    fn default() -> Client {
        Client { decoder: Decoder::new(DecoderLimits::default()), heard: Vec::new() }
    }
}

impl Client {
    /// Bytes arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
        loop {
            match self.decoder.next() {
                Ok(Some(value)) => self.heard.push(Heard::Reply(value)),
                Ok(None) => return,
                Err(error) => {
                    self.heard.push(Heard::Garbage(error.to_string()));
                    return;
                }
            }
        }
    }

    /// The node closed the connection.
    pub fn close(&mut self) {
        if !self.decoder.remaining().is_empty() {
            self.heard.push(Heard::Garbage("half a reply at the end".into()));
        }
        self.heard.push(Heard::Closed);
    }

    /// What was noticed since the last call.
    pub fn take(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }
}
