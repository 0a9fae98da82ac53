//! All cards of a node.

use super::Card;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Every client of the node by id. Touched when clients come and go, and by those who list them.
#[derive(Default)]
pub struct Registry {
    cards: Mutex<BTreeMap<u64, Arc<Card>>>,
    last_id: AtomicU64,
    connected: AtomicU64,
}

impl Registry {
    /// A fresh client id, from 1.
    pub fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Relaxed) + 1
    }

    /// Adds a client.
    pub fn enter(&self, card: Arc<Card>) {
        self.connected.fetch_add(1, Relaxed);
        if let Ok(mut cards) = self.cards.lock() {
            cards.insert(card.id, card);
        }
    }

    /// Takes a client out.
    pub fn leave(&self, id: u64) {
        self.connected.fetch_sub(1, Relaxed);
        if let Ok(mut cards) = self.cards.lock() {
            cards.remove(&id);
        }
    }

    /// How many clients are connected.
    pub fn len(&self) -> u64 {
        self.connected.load(Relaxed)
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One client.
    pub fn get(&self, id: u64) -> Option<Arc<Card>> {
        self.cards.lock().ok()?.get(&id).cloned()
    }

    /// All clients, in the order of their ids.
    pub fn all(&self) -> Vec<Arc<Card>> {
        self.cards.lock().map(|cards| cards.values().cloned().collect()).unwrap_or_default()
    }
}
