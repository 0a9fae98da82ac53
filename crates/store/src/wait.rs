//! Who waits for which keys: a blocking command that finds nothing leaves a record with the stripes of its keys, in the same hold of
//! them; whoever changes a key finds the records and serves them.

use crate::{DbId, Key, Kind};
use hashbrown::HashTable;
use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;
use sync::Claim;

/// One blocked client, as the keys that it waits for know it.
pub struct Waiter {
    /// Who may end the wait.
    pub claim: Claim,
    /// A key of this type ends the wait; `None`: any change of a key may.
    pub kind: Option<Kind>,
    /// The client, which this crate knows nothing of.
    pub who: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Waiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiter").field("kind", &self.kind).field("ended", &self.claim.has_ended()).finish()
    }
}

/// The awaited keys of a stripe.
#[derive(Default)]
pub(crate) struct Waiters {
    keys: HashTable<Awaited>,
}

struct Awaited {
    db: DbId,
    hash: u64,
    key: Box<[u8]>,
    /// In order of arrival.
    by: VecDeque<Arc<Waiter>>,
}

impl Waiters {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn has(&self, db: DbId, key: Key<'_>) -> bool {
        self.keys.find(key.at.hash, |a| a.is(db, key)).is_some()
    }

    /// A client waits for a key once, however often its command names it.
    pub fn add(&mut self, db: DbId, key: Key<'_>, who: &Arc<Waiter>) {
        if let Some(awaited) = self.keys.find_mut(key.at.hash, |a| a.is(db, key)) {
            if !awaited.by.iter().any(|w| Arc::ptr_eq(w, who)) {
                awaited.by.push_back(who.clone());
            }
            return;
        }
        let awaited = Awaited { db, hash: key.at.hash, key: key.bytes.into(), by: [who.clone()].into() };
        self.keys.insert_unique(key.at.hash, awaited, |a| a.hash);
    }

    pub fn remove(&mut self, db: DbId, key: Key<'_>, who: &Arc<Waiter>) {
        self.edit(db, key, |by| by.retain(|w| !Arc::ptr_eq(w, who)));
    }

    /// The first that waits, taken out.
    pub fn pop(&mut self, db: DbId, key: Key<'_>) -> Option<Arc<Waiter>> {
        self.edit(db, key, VecDeque::pop_front).flatten()
    }

    /// Those that were popped and not served go back to the front, in their order.
    pub fn put_back(&mut self, db: DbId, key: Key<'_>, back: Vec<Arc<Waiter>>) {
        for who in back.into_iter().rev() {
            self.add(db, key, &who);
            self.edit(db, key, |by| by.rotate_right(1));
        }
    }

    /// The awaited keys of a database.
    pub fn keys_of(&self, db: DbId) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().filter(move |a| a.db == db).map(|a| &*a.key)
    }

    fn edit<R>(
        &mut self,
        db: DbId,
        key: Key<'_>,
        edit: impl FnOnce(&mut VecDeque<Arc<Waiter>>) -> R,
    ) -> Option<R> {
        let mut found = self.keys.find_entry(key.at.hash, |a| a.is(db, key)).ok()?;
        let result = edit(&mut found.get_mut().by);
        if found.get().by.is_empty() {
            found.remove();
        }
        Some(result)
    }
}

impl Awaited {
    fn is(&self, db: DbId, key: Key<'_>) -> bool {
        self.db == db && *self.key == *key.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KeyHash;
    use base::Slot;

    fn waiter(n: u32) -> Arc<Waiter> {
        Arc::new(Waiter { claim: Claim::new(), kind: None, who: Box::new(n) })
    }

    fn numbers(waiters: &mut Waiters, key: Key<'_>) -> Vec<u32> {
        let popped: Vec<_> = std::iter::from_fn(|| waiters.pop(0, key)).collect();
        let number = |w: &Arc<Waiter>| *w.who.downcast_ref::<u32>().expect("the tests' own");
        let numbers = popped.iter().map(number).collect();
        waiters.put_back(0, key, popped);
        numbers
    }

    #[test]
    fn those_who_wait_keep_their_order() {
        let key = Key { bytes: b"k", at: KeyHash { slot: Slot::of_key(b"k"), hash: 7 } };
        let mut waiters = Waiters::default();
        let all: Vec<_> = (0..4).map(waiter).collect();
        for who in &all {
            waiters.add(0, key, who);
            waiters.add(0, key, who);
        }
        assert_eq!(numbers(&mut waiters, key), [0, 1, 2, 3]);
        let first = [waiters.pop(0, key), waiters.pop(0, key)];
        waiters.put_back(0, key, first.into_iter().flatten().collect());
        assert_eq!(numbers(&mut waiters, key), [0, 1, 2, 3]);
        waiters.remove(0, key, &all[1]);
        assert_eq!(numbers(&mut waiters, key), [0, 2, 3]);
        assert!(waiters.pop(1, key).is_none() && !waiters.has(1, key));
        for who in &all {
            waiters.remove(0, key, who);
        }
        assert!(waiters.is_empty() && !waiters.has(0, key));
    }
}
