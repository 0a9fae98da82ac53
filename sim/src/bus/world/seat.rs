//! Who runs on a host: our machine, or a model of somebody else's.

use crate::bus::peer::Peer;
use base::{Mono, NodeId, Now};
use cluster::{Cluster, FileOp, LinkId};
use std::net::{IpAddr, SocketAddr};

/// The process.
pub enum Seat {
    /// This project's.
    Ours(Box<Cluster>),
    /// A Redis or a Valkey, as the specification describes it.
    Peer(Box<Peer>),
}

/// Something that it wants done.
pub enum Wish {
    /// A file step, to be answered.
    File(FileOp),
    /// Open a connection.
    Dial(LinkId, SocketAddr),
    /// Close one.
    Close(LinkId),
    /// Send a packet.
    Send(LinkId, Vec<u8>),
    /// A line for the log.
    Log(String),
    /// It cannot go on.
    Exit,
}

impl Seat {
    /// A connection came in.
    pub fn accepted(&mut self, link: LinkId, peer: SocketAddr, local: IpAddr, now: Now) {
        match self {
            Seat::Ours(machine) => machine.handle_accepted(link, peer, local, now),
            Seat::Peer(peer_) => peer_.accepted(link, peer.ip(), local, now),
        }
    }

    /// A connection that it dialled is open.
    pub fn up(&mut self, link: LinkId, local: IpAddr, now: Now) {
        match self {
            Seat::Ours(machine) => machine.handle_up(link, local, now),
            Seat::Peer(peer) => peer.up(link, now),
        }
    }

    /// A connection is no more.
    pub fn down(&mut self, link: LinkId, now: Now) {
        match self {
            Seat::Ours(machine) => machine.handle_down(link, now),
            Seat::Peer(peer) => peer.down(link, now),
        }
    }

    /// Bytes came.
    pub fn bytes(&mut self, link: LinkId, bytes: &[u8], now: Now) {
        match self {
            Seat::Ours(machine) => machine.handle_bytes(link, bytes, now),
            Seat::Peer(peer) => peer.bytes(link, bytes, now),
        }
    }

    /// The time that it asked for has come.
    pub fn timeout(&mut self, now: Now) {
        match self {
            Seat::Ours(machine) => machine.handle_timeout(now),
            Seat::Peer(peer) => peer.timeout(now),
        }
    }

    /// When it wants to be called.
    pub fn next_timeout(&self) -> Option<Mono> {
        match self {
            Seat::Ours(machine) => machine.poll_timeout(),
            Seat::Peer(peer) => Some(peer.next_timeout()),
        }
    }

    /// Its name.
    pub fn id(&self) -> NodeId {
        match self {
            Seat::Ours(machine) => machine.my_id(),
            Seat::Peer(peer) => peer.id(),
        }
    }

    /// The next thing that it wants, in the order in which the machine's documentation asks for it.
    pub fn next_wish(&mut self) -> Option<Wish> {
        match self {
            Seat::Ours(machine) => ours(machine),
            Seat::Peer(peer) => peer.next_wish(),
        }
    }
}

fn ours(machine: &mut Cluster) -> Option<Wish> {
    use cluster::{Event, LinkAction};
    if let Some(op) = machine.poll_file() {
        return Some(Wish::File(op));
    }
    match machine.poll_link() {
        Some(LinkAction::Dial { link, addr }) => return Some(Wish::Dial(link, addr)),
        Some(LinkAction::Close(link)) => return Some(Wish::Close(link)),
        None => {}
    }
    if let Some(packet) = machine.poll_transmit() {
        return Some(Wish::Send(packet.link, packet.bytes));
    }
    while let Some(event) = machine.poll_event() {
        match event {
            Event::Log { text, .. } => return Some(Wish::Log(text)),
            Event::Recorded(record) => return Some(Wish::Log(format!("* {record}"))),
            Event::Exit => return Some(Wish::Exit),
            _ => {}
        }
    }
    None
}
