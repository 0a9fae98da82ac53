//! What one client listens to.

use super::Kind;
use super::message::counted_with;
use std::collections::BTreeSet;

/// A subscription that began or ended; the client's worker takes note of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What the name stands for.
    pub kind: Kind,
    /// The name.
    pub name: Box<[u8]>,
    /// It began.
    pub began: bool,
}

/// The subscriptions of a client.
#[derive(Default, Debug)]
pub struct Subscriptions {
    names: [BTreeSet<Box<[u8]>>; 3],
    /// Changes that the worker has not seen.
    pub changes: Vec<Change>,
}

impl Subscriptions {
    /// Adds a name. False if it was there.
    pub fn add(&mut self, kind: Kind, name: &[u8]) -> bool {
        let added = self.names[kind as usize].insert(name.into());
        if added {
            self.changes.push(Change { kind, name: name.into(), began: true });
        }
        added
    }

    /// Takes a name out. False if it was not there.
    pub fn remove(&mut self, kind: Kind, name: &[u8]) -> bool {
        let removed = self.names[kind as usize].remove(name);
        if removed {
            self.changes.push(Change { kind, name: name.into(), began: false });
        }
        removed
    }

    /// The names of a kind.
    pub fn names(&self, kind: Kind) -> impl ExactSizeIterator<Item = &[u8]> {
        self.names[kind as usize].iter().map(|name| &**name)
    }

    /// How many names of a kind there are.
    pub fn count(&self, kind: Kind) -> usize {
        self.names[kind as usize].len()
    }

    /// What a confirmation about this kind counts: channels and patterns together, shard channels apart.
    pub fn counted(&self, kind: Kind) -> usize {
        Kind::ALL.iter().filter(|other| counted_with(kind, **other)).map(|other| self.count(*other)).sum()
    }

    /// Whether nothing is listened to.
    pub fn is_empty(&self) -> bool {
        Kind::ALL.iter().all(|kind| self.count(*kind) == 0)
    }
}
