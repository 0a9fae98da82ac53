//! Connections of clients: who they are is not simulated, how their bytes travel is.

use super::client::ClientSide;
use super::{LATENCY_US, World};
use crate::seat::SocketKey;
use node::worker::NewClient;
use std::collections::BTreeMap;

/// Bytes that both kernels hold before a node's write blocks: at least, and at most.
const ROOM_BYTES: (u64, u64) = (50, 100_000);

/// How a client's side ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It sends nothing more, and reads on.
    End,
    /// It is gone.
    Break,
}

/// Something on its way.
pub enum Event {
    /// A client's first packet.
    Connect { key: SocketKey },
    /// Bytes for the node.
    ToNode { key: SocketKey, bytes: Vec<u8> },
    /// The end of a client's bytes.
    Ending { key: SocketKey, ending: Ending },
    /// Bytes for the client.
    ToClient { key: SocketKey, bytes: Vec<u8> },
    /// The node's side is closed.
    Closed { key: SocketKey },
    /// The client's side took bytes.
    Room { key: SocketKey, bytes: usize },
}

struct Wire {
    host: usize,
    /// The life of the node that accepted it.
    life: Option<u64>,
    client: ClientSide,
    /// When the last bytes in each direction arrive.
    arrives_at_node: u64,
    arrives_at_client: u64,
}

/// All connections of clients.
#[derive(Default)]
pub struct Sockets {
    wires: BTreeMap<SocketKey, Wire>,
    next: u64,
}

impl Sockets {
    /// A client's side.
    pub fn client(&mut self, key: SocketKey) -> Option<&mut ClientSide> {
        self.wires.get_mut(&key).map(|wire| &mut wire.client)
    }
}

impl World {
    /// A client connects to a host.
    pub fn connect(&mut self, host: usize) -> SocketKey {
        self.sockets.next += 1;
        let key = SocketKey(self.sockets.next);
        let at = self.now_us + self.between(LATENCY_US);
        let client = ClientSide::default();
        let wire = Wire { host, life: None, client, arrives_at_node: at, arrives_at_client: 0 };
        self.sockets.wires.insert(key, wire);
        self.schedule_at(at, super::Event::Socket(Event::Connect { key }));
        key
    }

    /// A client sends bytes.
    pub fn send(&mut self, key: SocketKey, bytes: Vec<u8>) {
        self.toward_node(key, Event::ToNode { key, bytes });
    }

    /// A client's side ends. A broken one hears nothing more.
    pub fn end(&mut self, key: SocketKey, ending: Ending) {
        self.toward_node(key, Event::Ending { key, ending });
        if ending == Ending::Break
            && let Some(client) = self.client(key)
        {
            client.forget();
        }
    }

    /// Forgets a connection that is closed.
    pub fn forget(&mut self, key: SocketKey) {
        self.sockets.wires.remove(&key);
    }

    fn toward_node(&mut self, key: SocketKey, event: Event) {
        let after = self.between(LATENCY_US);
        let Some(wire) = self.sockets.wires.get_mut(&key) else { return };
        let at = (self.now_us + after).max(wire.arrives_at_node + 1);
        wire.arrives_at_node = at;
        self.schedule_at(at, super::Event::Socket(event));
    }

    fn toward_client(&mut self, key: SocketKey, event: Event) {
        let after = self.between(LATENCY_US);
        let Some(wire) = self.sockets.wires.get_mut(&key) else { return };
        let at = (self.now_us + after).max(wire.arrives_at_client + 1);
        wire.arrives_at_client = at;
        self.schedule_at(at, super::Event::Socket(event));
    }

    pub(super) fn send_back(&mut self, key: SocketKey, bytes: Vec<u8>) {
        self.toward_client(key, Event::ToClient { key, bytes });
    }

    pub(super) fn closed_by_node(&mut self, key: SocketKey) {
        self.toward_client(key, Event::Closed { key });
    }

    /// The kernel of a frozen host takes bytes in; its node sees them when it goes on.
    pub(super) fn socket_event(&mut self, event: Event) {
        match event {
            Event::Connect { key } => self.arrive(key),
            Event::ToNode { key, bytes } => self.at_node(key, |seat| seat.deliver(key, &bytes)),
            Event::Ending { key, ending: Ending::End } => self.at_node(key, |seat| seat.end(key)),
            Event::Ending { key, ending: Ending::Break } => self.at_node(key, |seat| seat.break_off(key)),
            Event::Room { key, bytes } => self.at_node(key, |seat| seat.make_room(key, bytes)),
            Event::ToClient { key, bytes } => {
                let len = bytes.len();
                if let Some(client) = self.client(key) {
                    client.push(&bytes);
                }
                self.toward_node(key, Event::Room { key, bytes: len });
            }
            Event::Closed { key } => {
                if let Some(client) = self.client(key) {
                    client.close();
                }
            }
        }
    }

    fn arrive(&mut self, key: SocketKey) {
        let Some(wire) = self.sockets.wires.get(&key) else { return };
        let (host, room) = (wire.host, self.between(ROOM_BYTES) as usize);
        let Some(seat) = &mut self.hosts[host].seat else {
            self.closed_by_node(key);
            return;
        };
        let workers = seat.shared.workers as u64;
        let addr = format!("10.9.{}.{}:{}", key.0 / 250 % 250, key.0 % 250, 10_000 + key.0 % 50_000);
        let client =
            NewClient { addr, laddr: "10.0.0.1:6379".into(), fd: 10, is_local: false, is_unix: false };
        seat.connect(key, (key.0 % workers) as usize, client, room);
        let life = self.hosts[host].life;
        if let Some(wire) = self.sockets.wires.get_mut(&key) {
            wire.life = Some(life);
        }
        self.wake_busy(host);
    }

    fn at_node(&mut self, key: SocketKey, act: impl FnOnce(&mut crate::seat::Seat)) {
        let Some(wire) = self.sockets.wires.get(&key) else { return };
        let host = wire.host;
        if wire.life == Some(self.hosts[host].life)
            && let Some(seat) = &mut self.hosts[host].seat
        {
            act(seat);
            self.wake_busy(host);
        }
    }

    /// All connections of clients to a host end with its node.
    pub(super) fn drop_sockets(&mut self, host: usize) {
        let keys: Vec<SocketKey> =
            self.sockets.wires.iter().filter(|(_, w)| w.host == host).map(|(k, _)| *k).collect();
        for key in keys {
            self.closed_by_node(key);
        }
    }
}
