//! A worker and its sockets: what its thread would do in a turn.

use super::socket::{Socket, SocketKey};
use base::{Now, Rng};
use node::mail::{ConnId, WorkerMail};
use node::worker::{NewClient, Worker};
use std::collections::{BTreeMap, VecDeque};

/// What a client sees of a turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sent {
    /// Bytes.
    Bytes(SocketKey, Vec<u8>),
    /// The node closed the connection.
    Closed(SocketKey),
}

/// A worker and its sockets.
pub struct Bench {
    /// The machine.
    pub worker: Worker,
    keys: BTreeMap<ConnId, SocketKey>,
    arrivals: VecDeque<(SocketKey, NewClient)>,
    /// Sockets with an event, or read only in part.
    readable: Vec<SocketKey>,
    writable: Vec<SocketKey>,
}

type Sockets = BTreeMap<SocketKey, Socket>;

impl Bench {
    /// A worker without sockets.
    pub fn new(worker: Worker) -> Bench {
        Bench {
            worker,
            keys: BTreeMap::new(),
            arrivals: VecDeque::new(),
            readable: Vec::new(),
            writable: Vec::new(),
        }
    }

    /// Somebody connects.
    pub fn arrive(&mut self, key: SocketKey, client: NewClient) {
        self.arrivals.push_back((key, client));
    }

    /// An event: there is something to read, or the end.
    pub fn readable(&mut self, key: SocketKey) {
        if !self.readable.contains(&key) {
            self.readable.push(key);
        }
    }

    /// An event: there is room to write.
    pub fn writable(&mut self, key: SocketKey) {
        self.writable.push(key);
    }

    /// Whether there is something to do besides letters and timeouts.
    pub fn is_busy(&self) -> bool {
        let sockets = !self.arrivals.is_empty() || !self.readable.is_empty() || !self.writable.is_empty();
        sockets || self.worker.has_work()
    }

    /// One turn.
    pub fn turn(
        &mut self,
        sockets: &mut Sockets,
        letters: Vec<WorkerMail>,
        now: Now,
        mut rng: Option<&mut Rng>,
    ) -> Vec<Sent> {
        for key in std::mem::take(&mut self.writable) {
            if let Some(conn) = sockets.get(&key).and_then(|s| s.conn) {
                self.worker.handle_writable(conn);
            }
        }
        for letter in letters {
            self.worker.handle_mail(letter, now);
        }
        while let Some((key, client)) = self.arrivals.pop_front() {
            let conn = self.worker.accept(client, now);
            self.keys.insert(conn, key);
            if let Some(socket) = sockets.get_mut(&key) {
                socket.conn = Some(conn);
            }
        }
        for key in std::mem::take(&mut self.readable) {
            self.read(sockets, key, now, rng.as_deref_mut());
        }
        self.worker.poll_turn(now);
        let mut sent = Vec::new();
        self.transmit(sockets, &mut sent, now, rng.as_deref_mut());
        if self.worker.poll_slices() {
            self.transmit(sockets, &mut sent, now, rng);
        }
        while let Some(conn) = self.worker.poll_close() {
            if let Some(key) = self.keys.remove(&conn) {
                sockets.remove(&key);
                sent.push(Sent::Closed(key));
            }
        }
        while let Some(conn) = self.worker.poll_read() {
            if let Some(key) = self.keys.get(&conn).copied() {
                self.readable(key);
            }
        }
        sent
    }

    fn read(&mut self, sockets: &mut Sockets, key: SocketKey, now: Now, rng: Option<&mut Rng>) {
        let Some(socket) = sockets.get_mut(&key) else { return };
        let Some(conn) = socket.conn else { return };
        if socket.broken {
            self.worker.handle_closed(conn, now);
            return;
        }
        let Some(space) = self.worker.read_space(conn) else { return };
        let most = rng.and_then(|rng| cut(rng, 2, socket.input.len() + 1)).unwrap_or(usize::MAX);
        match socket.read(space, most) {
            None => {}
            Some(0) => self.worker.handle_end(conn, now),
            Some(n) => {
                self.worker.handle_read(conn, n, now);
                if !socket.input.is_empty() || socket.ended {
                    self.readable(key);
                }
            }
        }
    }

    fn transmit(&mut self, sockets: &mut Sockets, sent: &mut Vec<Sent>, now: Now, mut rng: Option<&mut Rng>) {
        while let Some((conn, bytes)) = self.worker.poll_transmit() {
            let key = self.keys.get(&conn).copied();
            let Some((key, socket)) = key.and_then(|key| Some((key, sockets.get_mut(&key)?))) else {
                self.worker.handle_closed(conn, now);
                continue;
            };
            let most = rng.as_deref_mut().and_then(|rng| cut(rng, 8, bytes.len())).unwrap_or(usize::MAX);
            let n = bytes.len().min(socket.room).min(most);
            if socket.broken {
                self.worker.handle_closed(conn, now);
            } else if n == 0 {
                self.worker.handle_blocked(conn, now);
            } else {
                socket.room -= n;
                sent.push(Sent::Bytes(key, bytes[..n].to_vec()));
                self.worker.handle_sent(conn, n, now);
            }
        }
    }
}

/// Once in `n` times, a place to cut `len` bytes at; not before the first.
fn cut(rng: &mut Rng, n: u64, len: usize) -> Option<usize> {
    rng.one_in(n).then(|| 1 + rng.below(len as u64) as usize)
}
