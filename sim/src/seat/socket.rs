//! The node's end of a client's connection.

use node::mail::ConnId;
use std::collections::VecDeque;

/// Names a connection for as long as the simulation runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketKey(pub u64);

/// What the node's kernel would have of it.
pub struct Socket {
    /// Who serves it.
    pub worker: usize,
    /// Its name there, once it is accepted.
    pub conn: Option<ConnId>,
    /// Bytes that arrived and are not read.
    pub input: VecDeque<u8>,
    /// Nothing follows `input`.
    pub ended: bool,
    /// Reading and writing fail.
    pub broken: bool,
    /// Bytes that can be written before it would block.
    pub room: usize,
}

impl Socket {
    /// A fresh connection.
    pub fn new(worker: usize, room: usize) -> Socket {
        Socket { worker, conn: None, input: VecDeque::new(), ended: false, broken: false, room }
    }

    /// Reads; `Some(0)` is the end, `None` would block.
    pub fn read(&mut self, space: &mut [u8], most: usize) -> Option<usize> {
        let n = self.input.len().min(space.len()).min(most);
        for (place, byte) in space.iter_mut().zip(self.input.drain(..n)) {
            *place = byte;
        }
        (n > 0 || self.ended).then_some(n)
    }
}
