//! Who watches which keys: WATCH leaves a record with the stripe, a change marks it.

use crate::{DbId, Key};
use hashbrown::HashTable;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// One client's mark that a watched key has changed. Read and cleared by its own worker while it holds the watched
/// stripes; set by others who hold one of them.
#[derive(Default, Debug)]
pub struct Watcher {
    dirty: AtomicBool,
}

impl Watcher {
    /// Whether a watched key has changed.
    pub fn is_dirty(&self) -> bool {
        self.dirty.load(Relaxed)
    }

    /// Says that one has.
    pub fn mark(&self) {
        self.dirty.store(true, Relaxed);
    }

    /// Forgets it, after UNWATCH, EXEC or DISCARD.
    pub fn clear(&self) {
        self.dirty.store(false, Relaxed);
    }
}

/// The watched keys of a stripe.
#[derive(Default)]
pub(crate) struct Watchers {
    keys: HashTable<Watched>,
}

struct Watched {
    db: DbId,
    hash: u64,
    key: Box<[u8]>,
    by: Vec<Watch>,
}

struct Watch {
    who: Arc<Watcher>,
    /// The key was there, but expired, when the watch began: its removal changes nothing.
    was_expired: bool,
}

/// A watched key before and after a whole database was emptied or exchanged.
pub(crate) struct Fate {
    pub existed: bool,
    pub exists: bool,
    pub is_expired: bool,
}

impl Watchers {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A client watches a key once, however often it says so.
    pub fn add(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>, was_expired: bool) {
        let watch = Watch { who: who.clone(), was_expired };
        if let Some(watched) = self.find(db, key) {
            if !watched.by.iter().any(|w| Arc::ptr_eq(&w.who, who)) {
                watched.by.push(watch);
            }
            return;
        }
        let watched = Watched { db, hash: key.at.hash, key: key.bytes.into(), by: vec![watch] };
        self.keys.insert_unique(key.at.hash, watched, |w| w.hash);
    }

    pub fn remove(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>) {
        let Ok(mut found) = self.keys.find_entry(key.at.hash, |w| w.is(db, key)) else { return };
        found.get_mut().by.retain(|w| !Arc::ptr_eq(&w.who, who));
        if found.get().by.is_empty() {
            found.remove();
        }
    }

    /// Marks those who watch the key. `gone`: it is no longer there.
    pub fn touch(&mut self, db: DbId, key: Key<'_>, gone: bool) {
        let Some(watched) = self.find(db, key) else { return };
        for watch in &mut watched.by {
            if watch.was_expired {
                // Its removal is no change; anything later is, if it comes back first.
                watch.was_expired = !gone;
            } else {
                watch.who.mark();
            }
        }
    }

    /// Whether `who` began to watch the key when it had expired already.
    pub fn was_expired(&mut self, db: DbId, key: Key<'_>, who: &Arc<Watcher>) -> bool {
        let watch = self.find(db, key).and_then(|w| w.by.iter().find(|w| Arc::ptr_eq(&w.who, who)));
        watch.is_some_and(|w| w.was_expired)
    }

    /// Marks the watchers of a database whose keys were all replaced; `fate` is asked for each watched key.
    pub fn replace_all(&mut self, db: DbId, fate: impl Fn(u64, &[u8]) -> Fate) {
        for watched in self.keys.iter_mut().filter(|w| w.db == db) {
            let fate = fate(watched.hash, &watched.key);
            if fate.existed || fate.exists {
                watched.by.iter_mut().for_each(|watch| watch.meet(&fate));
            }
        }
    }

    fn find(&mut self, db: DbId, key: Key<'_>) -> Option<&mut Watched> {
        self.keys.find_mut(key.at.hash, |w| w.is(db, key))
    }
}

impl Watched {
    fn is(&self, db: DbId, key: Key<'_>) -> bool {
        self.db == db && *self.key == *key.bytes
    }
}

impl Watch {
    fn meet(&mut self, fate: &Fate) {
        let expired = fate.exists && fate.is_expired;
        if self.was_expired && (!fate.exists || expired) {
            self.was_expired = expired;
        } else if !self.was_expired && !fate.existed && expired {
            self.was_expired = true;
        } else {
            self.who.mark();
        }
    }
}
