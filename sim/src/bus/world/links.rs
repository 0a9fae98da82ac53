//! A host's names for its connections. Both kinds count up, so the names are indices.

use super::conn::{ConnKey, Side};
use cluster::LinkId;
use std::collections::VecDeque;

/// Our machine's mark of a connection that it dialled, and the mark of those that the models dial.
const DIALLED: u64 = 1 << 63;
const MODEL_DIALLED: u64 = 1 << 40;

/// The `n`th connection that a model dials: only the machine itself can make names of the first kind.
pub fn model_dialled(n: u64) -> LinkId {
    LinkId::accepted(MODEL_DIALLED + n)
}

/// Which end of the connection whoever gave it this name is, and the number in the name.
fn numbered(link: LinkId) -> (Side, u64) {
    match link.is_dialled() || link.get() >= MODEL_DIALLED {
        true => (Side::Dialler, link.get() & !(DIALLED | MODEL_DIALLED)),
        false => (Side::Acceptor, link.get()),
    }
}

/// Connections by the names that a process has for them.
#[derive(Default)]
pub struct HostLinks {
    dialled: Numbered,
    accepted: Numbered,
    next_accepted: u64,
}

#[derive(Default)]
struct Numbered {
    first: u64,
    conns: VecDeque<Option<ConnKey>>,
}

impl Numbered {
    fn insert(&mut self, n: u64, conn: ConnKey) {
        if self.conns.is_empty() {
            self.first = n;
        }
        let at = (n - self.first) as usize;
        if self.conns.len() <= at {
            self.conns.resize(at + 1, None);
        }
        self.conns[at] = Some(conn);
    }

    fn get(&self, n: u64) -> Option<ConnKey> {
        let at = n.checked_sub(self.first)?;
        self.conns.get(at as usize).copied().flatten()
    }

    fn remove(&mut self, n: u64) -> Option<ConnKey> {
        let at = n.checked_sub(self.first)?;
        let conn = self.conns.get_mut(at as usize)?.take();
        while self.conns.front().is_some_and(Option::is_none) {
            self.conns.pop_front();
            self.first += 1;
        }
        conn
    }

    fn drain(&mut self) -> impl Iterator<Item = ConnKey> {
        std::mem::take(&mut self.conns).into_iter().flatten()
    }
}

impl HostLinks {
    /// A name for a connection that came in.
    pub fn accept(&mut self, conn: ConnKey) -> LinkId {
        let link = LinkId::accepted(self.next_accepted);
        self.accepted.insert(self.next_accepted, conn);
        self.next_accepted += 1;
        link
    }

    /// The process named a connection that it opens.
    pub fn dial(&mut self, link: LinkId, conn: ConnKey) {
        let (side, n) = numbered(link);
        assert!(side == Side::Dialler, "accepted connections are named here");
        self.dialled.insert(n, conn);
    }

    /// The connection of that name, and which end is ours.
    pub fn get(&self, link: LinkId) -> Option<(ConnKey, Side)> {
        let (side, n) = numbered(link);
        let table = if side == Side::Dialler { &self.dialled } else { &self.accepted };
        Some((table.get(n)?, side))
    }

    /// The name is used no more.
    pub fn remove(&mut self, link: LinkId) -> Option<(ConnKey, Side)> {
        let (side, n) = numbered(link);
        let table = if side == Side::Dialler { &mut self.dialled } else { &mut self.accepted };
        Some((table.remove(n)?, side))
    }

    /// The process is gone: all that it had open.
    pub fn drain(&mut self) -> Vec<(ConnKey, Side)> {
        let dialled = self.dialled.drain().map(|conn| (conn, Side::Dialler));
        let mut all: Vec<(ConnKey, Side)> = dialled.collect();
        all.extend(self.accepted.drain().map(|conn| (conn, Side::Acceptor)));
        all
    }
}
