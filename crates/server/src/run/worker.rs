//! A worker's thread: its poll, its sockets, and the order of a turn.

use crate::clock::Clock;
use crate::mailbox::{Boxes, ToWorker};
use crate::net::{Accepted, Listener, Socket, prepare_tcp};
use mio::{Events, Poll, Token, Waker};
use node::mail::ConnId;
use node::shared::{Level, Shared};
use node::worker::{NewClient, Worker};
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

const WAKE: Token = Token(usize::MAX);
/// Listeners have the tokens just below.
const LISTENERS_TOP: usize = usize::MAX - 1;
const LISTENERS_MAX: usize = 64;
/// Events taken from the system at once.
const EVENTS_MAX: usize = 1024;
/// Connections accepted before clients are served again.
const ACCEPTS_PER_TURN_MAX: usize = 1000;
/// Pause before accepting again when the process is out of descriptors.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// One worker's thread.
pub struct WorkerLoop {
    index: usize,
    worker: Worker,
    shared: Arc<Shared>,
    boxes: Arc<Boxes>,
    clock: Clock,
    poll: Poll,
    sockets: Vec<Option<Socket>>,
    listeners: Vec<Listener>,
    accept_pending: bool,
    next_worker: usize,
    /// Connections to be read again in the next turn: no event will tell what is left.
    unread: Vec<ConnId>,
}

impl WorkerLoop {
    /// Prepares the thread's poll; `listeners` is empty for all but worker 0.
    pub fn new(
        index: usize,
        worker: Worker,
        shared: Arc<Shared>,
        boxes: Arc<Boxes>,
        clock: Clock,
        listeners: Vec<Listener>,
    ) -> io::Result<WorkerLoop> {
        let poll = Poll::new()?;
        boxes.workers[index].connect(Waker::new(poll.registry(), WAKE)?);
        let mut this = WorkerLoop {
            index,
            worker,
            shared,
            boxes,
            clock,
            poll,
            sockets: Vec::new(),
            listeners: Vec::new(),
            accept_pending: false,
            next_worker: 0,
            unread: Vec::new(),
        };
        this.listen(listeners)?;
        Ok(this)
    }

    /// Serves until the process ends.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut readable = Vec::new();
        loop {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.shared.log(Level::Warning, &format!("worker {}: poll failed: {e}", self.index));
                    return;
                }
            }
            readable.append(&mut self.unread);
            for event in &events {
                match event.token() {
                    WAKE => {}
                    Token(t) if t > LISTENERS_TOP - LISTENERS_MAX => self.accept_pending = true,
                    Token(t) => {
                        let conn = ConnId(t as u32);
                        if event.is_read_closed() {
                            // What came before the end is served first; no further event tells of the end.
                            self.unread.push(conn);
                        }
                        if event.is_readable() || event.is_error() || event.is_read_closed() {
                            readable.push(conn);
                        }
                        if event.is_writable() {
                            self.worker.handle_writable(conn);
                        }
                    }
                }
            }
            self.turn(&mut readable);
        }
    }

    /// One turn: letters, new connections, reads, commands, replies, a slice of what takes long, closed connections.
    fn turn(&mut self, readable: &mut Vec<ConnId>) {
        let now = self.clock.now();
        for letter in self.boxes.workers[self.index].take() {
            match letter {
                ToWorker::Mail(mail) => self.worker.handle_mail(mail, now),
                ToWorker::Adopt(accepted) => self.adopt(*accepted, now),
                ToWorker::Listen(listeners) => self.relisten(listeners),
            }
        }
        if self.accept_pending {
            self.accept(now);
        }
        for conn in readable.drain(..) {
            self.read(conn, now);
        }
        self.worker.poll_turn(now);
        self.transmit(now);
        if self.worker.has_slices() {
            // Whoever just got a reply may have been woken on this core, where it would wait for the slice.
            std::thread::yield_now();
            if self.worker.poll_slices() {
                self.transmit(now);
            }
        }
        while let Some(conn) = self.worker.poll_close() {
            self.sockets[conn.0 as usize] = None;
        }
        while let Some(conn) = self.worker.poll_read() {
            self.unread.push(conn);
        }
    }

    fn timeout(&mut self) -> Option<Duration> {
        if !self.unread.is_empty() || self.worker.has_work() {
            return Some(Duration::ZERO);
        }
        let wait = self.worker.poll_timeout().map(|at| at.since(self.clock.now().mono));
        if self.accept_pending { Some(wait.map_or(ACCEPT_RETRY, |w| w.min(ACCEPT_RETRY))) } else { wait }
    }

    fn read(&mut self, conn: ConnId, now: base::Now) {
        let Some(socket) = self.sockets.get_mut(conn.0 as usize).and_then(Option::as_mut) else { return };
        let Some(space) = self.worker.read_space(conn) else { return };
        let room = space.len();
        match socket.read(space) {
            Ok(0) => self.worker.handle_end(conn, now),
            Ok(n) => {
                self.worker.handle_read(conn, n, now);
                if n == room {
                    self.unread.push(conn);
                }
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) if e.kind() == io::ErrorKind::Interrupted => self.unread.push(conn),
            Err(_) => self.worker.handle_closed(conn, now),
        }
    }

    fn transmit(&mut self, now: base::Now) {
        while let Some((conn, bytes)) = self.worker.poll_transmit() {
            let Some(socket) = self.sockets.get_mut(conn.0 as usize).and_then(Option::as_mut) else {
                self.worker.handle_closed(conn, now);
                continue;
            };
            match socket.write(bytes) {
                Ok(n) => self.worker.handle_sent(conn, n, now),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.worker.handle_blocked(conn, now),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.worker.handle_closed(conn, now),
            }
        }
    }

    fn listen(&mut self, listeners: Vec<Listener>) -> io::Result<()> {
        self.listeners = listeners;
        for (i, listener) in self.listeners.iter_mut().enumerate() {
            listener.register(self.poll.registry(), Token(LISTENERS_TOP - i))?;
        }
        self.accept_pending = !self.listeners.is_empty();
        Ok(())
    }

    fn relisten(&mut self, listeners: Vec<Listener>) {
        for old in &mut self.listeners {
            // It is closed right after.
            let _ = old.deregister(self.poll.registry());
        }
        if let Err(e) = self.listen(listeners) {
            self.shared.log(Level::Warning, &format!("cannot poll the new listening sockets: {e}"));
        }
    }

    fn accept(&mut self, now: base::Now) {
        self.accept_pending = false;
        let mut accepted = Vec::new();
        for listener in &self.listeners {
            loop {
                if accepted.len() >= ACCEPTS_PER_TURN_MAX {
                    self.accept_pending = true;
                    break;
                }
                match listener.accept() {
                    Ok(new) => accepted.push(new),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                        self.shared.log(Level::Warning, &format!("Accepting client connection: {e}"));
                        self.accept_pending = true;
                        break;
                    }
                    // The socket stopped listening; new ones are on their way.
                    Err(e) if e.kind() == io::ErrorKind::InvalidInput => break,
                    // The peer gave up before it was accepted.
                    Err(_) => {}
                }
            }
        }
        for new in accepted {
            self.next_worker = (self.next_worker + 1) % self.boxes.workers.len();
            if self.next_worker == self.index {
                self.adopt(new, now);
            } else {
                self.boxes.workers[self.next_worker].put(ToWorker::Adopt(Box::new(new)));
            }
        }
    }

    /// Takes a new connection in.
    fn adopt(&mut self, accepted: Accepted, now: base::Now) {
        let Accepted { mut socket, addr, laddr, is_local, is_unix } = accepted;
        if let Socket::Tcp(stream) = &socket {
            prepare_tcp(stream, self.shared.config.load().network.tcp_keepalive_s);
        }
        let conn = self.worker.accept(NewClient { addr, laddr, fd: socket.fd(), is_local, is_unix }, now);
        let place = conn.0 as usize;
        if self.sockets.len() <= place {
            self.sockets.resize_with(place + 1, || None);
        }
        if let Err(e) = socket.register(self.poll.registry(), Token(place)) {
            self.shared.log(Level::Warning, &format!("cannot poll a client's socket: {e}"));
            self.worker.handle_closed(conn, now);
        }
        self.sockets[place] = Some(socket);
    }
}
