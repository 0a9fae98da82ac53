//! Connections as TCP has them: bytes in order, ends that close one by one, and ends that do not know yet.

use super::packet::Packet;
use cluster::LinkId;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// One end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// It opened it.
    Dialler,
    /// It listened.
    Acceptor,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Side {
        if self == Side::Dialler { Side::Acceptor } else { Side::Dialler }
    }
}

/// What travels.
#[derive(Clone)]
pub enum Cargo {
    /// The acceptor's word that the connection is open.
    Up,
    /// A packet.
    Bytes(Packet),
    /// The end has closed.
    Fin,
    /// There is no such connection here.
    Reset,
}

/// Who sits at an end, and by which name it knows the connection.
#[derive(Clone, Copy)]
pub struct End {
    /// The host.
    pub host: u32,
    /// Its name for it.
    pub link: LinkId,
    /// The process has it open.
    pub open: bool,
}

/// Names a connection; one that is over is named by nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ConnKey {
    index: u32,
    generation: u32,
}

/// One connection.
pub struct Conn {
    generation: u32,
    /// Dialler, then acceptor.
    pub end: [Option<End>; 2],
    /// Where it was dialled to.
    pub addr: SocketAddr,
    /// When the last cargo of each side arrives: a stream keeps its order.
    pub arrives: [u64; 2],
    /// Cargo of each side that a cut holds up.
    pub stalled: [VecDeque<Cargo>; 2],
    /// Events that name it.
    pub pending: u32,
    /// An address of it is no more: nothing gets through, and nobody is told.
    pub dead: bool,
    /// A second connection to the same acceptor that carries the dialler's bytes too.
    pub shadow: Option<ConnKey>,
    /// It is such a second one: what the acceptor says on it is lost.
    pub phantom: bool,
}

impl Conn {
    /// The end at `side`, if it is open.
    pub fn open(&self, side: Side) -> Option<End> {
        self.end[side as usize].filter(|end| end.open)
    }

    /// Closes an end; what it was.
    pub fn shut(&mut self, side: Side) -> Option<End> {
        let end = self.end[side as usize].as_mut().filter(|end| end.open)?;
        end.open = false;
        Some(*end)
    }

    fn is_over(&self) -> bool {
        self.pending == 0
            && self.stalled.iter().all(VecDeque::is_empty)
            && self.end.iter().flatten().all(|end| !end.open)
    }
}

/// All connections.
#[derive(Default)]
pub struct Conns {
    slots: Vec<Option<Box<Conn>>>,
    generations: Vec<u32>,
    free: Vec<u32>,
}

impl Conns {
    /// A connection that is being opened.
    pub fn dial(&mut self, dialler: End, addr: SocketAddr) -> ConnKey {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(None);
                self.generations.push(0);
                self.slots.len() as u32 - 1
            }
        };
        let generation = self.generations[index as usize];
        self.slots[index as usize] = Some(Box::new(Conn {
            generation,
            end: [Some(dialler), None],
            addr,
            arrives: [0, 0],
            stalled: [VecDeque::new(), VecDeque::new()],
            pending: 0,
            dead: false,
            shadow: None,
            phantom: false,
        }));
        ConnKey { index, generation }
    }

    /// The connection, unless it is over.
    pub fn get(&mut self, key: ConnKey) -> Option<&mut Conn> {
        self.slots[key.index as usize].as_deref_mut().filter(|conn| conn.generation == key.generation)
    }

    /// Forgets it if nothing more can come of it.
    pub fn settle(&mut self, key: ConnKey) {
        if self.get(key).is_some_and(|conn| conn.is_over()) {
            self.slots[key.index as usize] = None;
            self.generations[key.index as usize] += 1;
            self.free.push(key.index);
        }
    }

    /// All of them, in the same order on every run.
    pub fn iter(&self) -> impl Iterator<Item = (ConnKey, &Conn)> {
        let conn = |(index, slot): (usize, &'_ Option<Box<Conn>>)| {
            let generation = slot.as_ref()?.generation;
            Some(ConnKey { index: index as u32, generation })
        };
        let keys: Vec<ConnKey> = self.slots.iter().enumerate().filter_map(conn).collect();
        keys.into_iter().filter_map(|key| Some((key, self.slots[key.index as usize].as_deref()?)))
    }
}
