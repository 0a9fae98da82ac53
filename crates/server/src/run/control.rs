//! Control's thread: the bus's sockets, files and actions.

use crate::clock::Clock;
use crate::host::{Host, Listeners};
use crate::mailbox::{Boxes, ToControl, ToWorker};
use crate::net::{Listener, prepare_tcp};
use crate::run::files::Work;
use crate::run::names;
use crate::run::resolver::Resolver;
use base::{Mono, Now};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use node::config::Config;
use node::control::{Action, Control, DialError, LinkAction, LinkId};
use node::shared::{Level, Shared};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

const WAKE: Token = Token(usize::MAX);
/// Bus listeners have the tokens just below.
const LISTENERS_TOP: usize = usize::MAX - 1;
const LISTENERS_MAX: usize = 64;
const EVENTS_MAX: usize = 1024;
/// Bytes read from a link at once.
const READ_BYTES: usize = 64 * 1024;
/// Bus connections accepted in a turn.
const ACCEPTS_PER_TURN_MAX: usize = 1000;
/// Without a descriptor for it, the next connection waits this long.
const NO_DESCRIPTOR_PAUSE: Duration = Duration::from_millis(100);
/// Part of the bus's descriptors for links that control dials; the rest is for those that others dial.
const DIALLED_PERCENT: usize = 40;

/// One bus connection.
struct Link {
    id: LinkId,
    stream: TcpStream,
    connected: bool,
    out: VecDeque<Vec<u8>>,
    /// Bytes of the first packet in `out` that are sent.
    sent: usize,
    backlog: usize,
}

/// Control's thread.
pub struct ControlLoop {
    control: Control,
    shared: Arc<Shared>,
    boxes: Arc<Boxes>,
    host: Arc<Host>,
    clock: Clock,
    poll: Poll,
    files: Sender<Work>,
    resolver: Resolver,
    listeners: Vec<Listener>,
    links: HashMap<Token, Link>,
    tokens: HashMap<LinkId, Token>,
    next_token: usize,
    next_accepted: u64,
    /// Connections that wait to be accepted were left where they are, until this time at least.
    left_waiting: Option<Mono>,
    /// Links that control dialled, and how many it may have.
    dialled: usize,
    dialled_max: usize,
    /// To the thread that resolves names, once there are any.
    names: Option<Sender<Vec<String>>>,
}

impl ControlLoop {
    /// Prepares the thread's poll; `listeners` are the bus's.
    pub fn new(
        control: Control,
        shared: Arc<Shared>,
        boxes: Arc<Boxes>,
        host: Arc<Host>,
        clock: Clock,
        files: Sender<Work>,
        mut listeners: Vec<Listener>,
    ) -> io::Result<ControlLoop> {
        let poll = Poll::new()?;
        boxes.control.connect(Waker::new(poll.registry(), WAKE)?);
        for (i, listener) in listeners.iter_mut().enumerate() {
            listener.register(poll.registry(), Token(LISTENERS_TOP - i))?;
        }
        let bus = host.bus_descriptors();
        let dialled_max = bus * DIALLED_PERCENT / 100;
        let mut control = control;
        control.set_accepted_links_max(bus - dialled_max, clock.now());
        let mut control_loop = ControlLoop {
            control,
            shared,
            resolver: Resolver::new(Arc::clone(&boxes)),
            boxes,
            host,
            clock,
            poll,
            files,
            listeners,
            links: HashMap::new(),
            tokens: HashMap::new(),
            next_token: 0,
            next_accepted: 0,
            left_waiting: None,
            dialled: 0,
            dialled_max,
            names: None,
        };
        let config = control_loop.shared.config.load_full();
        control_loop.resolve_names(&config);
        Ok(control_loop)
    }

    /// Serves until the process ends.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut space = vec![0; READ_BYTES];
        loop {
            self.settle();
            let wait = self.next_time().since(self.clock.now().mono);
            match self.poll.poll(&mut events, Some(wait)) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.shared.log(Level::Warning, &format!("control: poll failed: {e}"));
                    return;
                }
            }
            let now = self.clock.now();
            self.read_mail(now);
            for event in &events {
                match event.token() {
                    WAKE => {}
                    Token(t) if t > LISTENERS_TOP - LISTENERS_MAX => self.accept(now),
                    token => {
                        if event.is_writable() {
                            self.writable(token, now);
                        }
                        if event.is_readable() || event.is_error() || event.is_read_closed() {
                            self.read(token, &mut space, event.is_read_closed(), now);
                        }
                    }
                }
            }
            let now = self.clock.now();
            if now.mono >= self.control.poll_timeout() {
                self.control.handle_timeout(now);
            }
            if self.left_waiting.is_some_and(|at| now.mono >= at) && self.control.accepts() {
                self.accept(now);
            }
        }
    }

    /// When something must be done even if nothing happens. What keeps connections waiting ends with control's timeouts
    /// or with something that happens.
    fn next_time(&self) -> Mono {
        let control = self.control.poll_timeout();
        let waiting = self.left_waiting.filter(|_| self.control.accepts());
        waiting.map_or(control, |at| at.min(control))
    }

    fn read_mail(&mut self, now: Now) {
        for letter in self.boxes.control.take() {
            match letter {
                ToControl::Mail(mail) => self.control.handle_mail(mail, now),
                ToControl::File(op, result) => self.control.handle_file(op, result, now),
                ToControl::Resolved(id, found) => self.control.handle_resolved(id, found, now),
                ToControl::Signal(name) => self.control.handle_signal(name, now),
                ToControl::BusAddresses(addresses) => self.control.handle_bus_addresses(addresses, now),
                ToControl::Outcome(id, outcome) => self.control.handle_outcome(id, outcome, now),
            }
            // An action may have to be answered before the next letter is read.
            self.settle();
        }
    }

    /// Does what control wants done, until it wants nothing more.
    fn settle(&mut self) {
        loop {
            let mut idle = true;
            while let Some(op) = self.control.poll_file() {
                // The files' thread lives as long as the process.
                let _ = self.files.send(Work::Step(op));
                idle = false;
            }
            while let Some(action) = self.control.poll_action() {
                self.act(action);
                idle = false;
            }
            while let Some(action) = self.control.poll_link() {
                self.link_action(action);
                idle = false;
            }
            while let Some(packet) = self.control.poll_transmit() {
                self.transmit(packet.link, packet.bytes);
                idle = false;
            }
            if idle {
                return;
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Exit(code) => self.host.exit(code),
            Action::Freeze(id, time) => {
                self.host.freeze(time);
                self.control.handle_outcome(id, Ok(()), self.clock.now());
            }
            Action::Listen(id, config) => {
                let outcome = self.relisten(&config);
                self.control.handle_outcome(id, outcome, self.clock.now());
            }
            Action::Apply(id, config) => {
                self.host.apply(&config);
                self.resolve_names(&config);
                self.control.handle_outcome(id, Ok(()), self.clock.now());
            }
            Action::Resolve(id, host) => self.resolver.resolve(id, host),
            Action::Rewrite { id, settings, force_all } => {
                let path = self.host.config_path().to_owned();
                let _ = self.files.send(Work::Rewrite { id, path, settings, force_all });
            }
        }
    }

    fn relisten(&mut self, config: &Arc<Config>) -> Result<(), String> {
        let Listeners { clients, bus } = self.host.relisten(config)?;
        self.boxes.workers[0].put(ToWorker::Listen(clients));
        for old in &mut self.listeners {
            // It is closed right after.
            let _ = old.deregister(self.poll.registry());
        }
        self.listeners = bus;
        for (i, listener) in self.listeners.iter_mut().enumerate() {
            listener.register(self.poll.registry(), Token(LISTENERS_TOP - i)).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Accepts while control has room. Events come once: what is left waiting is remembered.
    fn accept(&mut self, now: Now) {
        self.left_waiting = None;
        let mut left = ACCEPTS_PER_TURN_MAX;
        for at in 0..self.listeners.len() {
            loop {
                if left == 0 || !self.control.accepts() {
                    self.left_waiting = Some(now.mono);
                    return;
                }
                match self.listeners[at].accept_tcp() {
                    Ok((stream, peer)) => {
                        left -= 1;
                        self.accepted(stream, peer, now);
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => {
                        self.shared.log(Level::Warning, &format!("Error accepting cluster node: {e}"));
                        self.left_waiting = Some(now.mono + NO_DESCRIPTOR_PAUSE);
                        return;
                    }
                    Err(e) if e.kind() == io::ErrorKind::InvalidInput => break,
                    Err(_) => {}
                }
            }
        }
    }

    fn accepted(&mut self, stream: TcpStream, peer: SocketAddr, now: Now) {
        let local = local_ip(&stream);
        let id = LinkId::accepted(self.next_accepted);
        self.next_accepted += 1;
        let timeout_s = self.shared.config.load().cluster.node_timeout_ms / 1000;
        // A peer whose machine died says nothing any more: probes find out.
        prepare_tcp(&stream, u32::try_from(timeout_s * 2).unwrap_or(u32::MAX).max(1));
        if self.add(id, stream, true) {
            let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
            self.control.handle_accepted(id, peer, local, now);
            // It may be refused at once.
            self.settle();
        }
    }

    fn resolve_names(&mut self, config: &Config) {
        let names = config.bus_names();
        if self.names.is_none() && names.is_empty() {
            return;
        }
        if self.names.is_none() {
            match names::start(Arc::clone(&self.boxes), Arc::clone(&self.shared)) {
                Ok(sender) => self.names = Some(sender),
                Err(e) => self.shared.log(Level::Warning, &format!("cannot start resolving names: {e}")),
            }
        }
        if let Some(sender) = &self.names {
            // The thread lives as long as the process.
            let _ = sender.send(names);
        }
    }

    fn add(&mut self, id: LinkId, mut stream: TcpStream, connected: bool) -> bool {
        let token = Token(self.next_token);
        self.next_token += 1;
        let both = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut stream, token, both).is_err() {
            return false;
        }
        self.dialled += usize::from(id.is_dialled());
        self.tokens.insert(id, token);
        self.links.insert(token, Link { id, stream, connected, out: VecDeque::new(), sent: 0, backlog: 0 });
        true
    }

    fn link_action(&mut self, action: LinkAction) {
        match action {
            LinkAction::Dial { link, addr } => {
                let now = self.clock.now();
                if self.dialled >= self.dialled_max {
                    self.control.handle_down(link, now);
                    return;
                }
                match self.host.dial(addr) {
                    Ok(stream) => {
                        if !self.add(link, stream, false) {
                            self.control.handle_down(link, now);
                        }
                    }
                    Err(error) => self.control.handle_dial_failed(link, dial_error(&error), now),
                }
            }
            LinkAction::Close(link) => {
                if let Some(token) = self.tokens.remove(&link) {
                    self.remove(token);
                }
            }
        }
    }

    fn remove(&mut self, token: Token) -> Option<Link> {
        let link = self.links.remove(&token)?;
        self.dialled -= usize::from(link.id.is_dialled());
        Some(link)
    }

    fn transmit(&mut self, id: LinkId, bytes: Vec<u8>) {
        let Some(token) = self.tokens.get(&id).copied() else { return };
        if let Some(link) = self.links.get_mut(&token) {
            link.backlog += bytes.len();
            link.out.push_back(bytes);
        }
        self.flush(token);
    }

    fn flush(&mut self, token: Token) {
        let Some(link) = self.links.get_mut(&token) else { return };
        let mut broken = false;
        while link.connected {
            let Some(packet) = link.out.front() else { break };
            match link.stream.write(&packet[link.sent..]) {
                Ok(n) => {
                    link.sent += n;
                    link.backlog -= n;
                    if link.sent == packet.len() {
                        link.out.pop_front();
                        link.sent = 0;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        let (id, backlog) = (link.id, link.backlog);
        if broken {
            self.down(token);
        } else {
            self.control.set_backlog(id, backlog);
        }
    }

    fn writable(&mut self, token: Token, now: Now) {
        let Some(link) = self.links.get_mut(&token) else { return };
        if !link.connected {
            match (link.stream.take_error(), link.stream.peer_addr()) {
                (Ok(None), Ok(_)) => {
                    link.connected = true;
                    let _ = link.stream.set_nodelay(true);
                    let (id, local) = (link.id, local_ip(&link.stream));
                    self.control.handle_up(id, local, now);
                }
                (Ok(None), Err(e)) if e.kind() == io::ErrorKind::NotConnected => return,
                (Ok(Some(error)) | Err(error), _) | (_, Err(error)) => {
                    self.dial_failed(token, &error);
                    return;
                }
            }
        }
        self.flush(token);
    }

    /// `ended`: the other end will send no more. No further event tells of that, so it is read up to the end now.
    fn read(&mut self, token: Token, space: &mut [u8], ended: bool, now: Now) {
        loop {
            let Some(link) = self.links.get_mut(&token) else { return };
            if !link.connected {
                // A refused connection shows as an error event.
                if let Ok(Some(error)) | Err(error) = link.stream.take_error() {
                    self.dial_failed(token, &error);
                }
                return;
            }
            match link.stream.read(space) {
                Ok(0) => return self.down(token),
                Ok(n) => {
                    let id = link.id;
                    self.control.handle_bytes(id, &space[..n], now);
                    self.settle();
                    if n < space.len() && !ended {
                        return;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.down(token),
            }
        }
    }

    fn dial_failed(&mut self, token: Token, error: &io::Error) {
        if let Some(link) = self.remove(token) {
            self.tokens.remove(&link.id);
            self.control.handle_dial_failed(link.id, dial_error(error), self.clock.now());
        }
    }

    fn down(&mut self, token: Token) {
        if let Some(link) = self.remove(token) {
            self.tokens.remove(&link.id);
            self.control.handle_down(link.id, self.clock.now());
        }
    }
}

fn dial_error(error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::TimedOut => DialError::TimedOut,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => DialError::Closed,
        _ => {
            // Without the number: the words are for an operator.
            let text = error.to_string();
            DialError::Other(text.split(" (os error").next().unwrap_or_default().to_owned())
        }
    }
}

fn local_ip(stream: &TcpStream) -> IpAddr {
    stream.local_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |a| a.ip().to_canonical())
}
