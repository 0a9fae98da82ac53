//! Blocking: records of who waits for a key, and which awaited keys were changed.

use super::Access;
use crate::keyspace::Keyspace;
use crate::wait::Waiter;
use crate::{DbId, Key};
use std::sync::Arc;
use sync::STRIPES;

impl Access<'_> {
    /// Lets `who` wait for a key: from now on a change of it shows in [`Access::take_ready`].
    pub fn wait(&mut self, db: DbId, key: Key<'_>, who: &Arc<Waiter>) {
        self.stripe_mut(key.at.slot).waiters.get_or_insert_default().add(db, key, who);
    }

    /// Undoes `wait`.
    pub fn unwait(&mut self, db: DbId, key: Key<'_>, who: &Arc<Waiter>) {
        let waiters = &mut self.stripe_mut(key.at.slot).waiters;
        if let Some(list) = waiters {
            list.remove(db, key, who);
            if list.is_empty() {
                *waiters = None;
            }
        }
    }

    /// The first who waits for a key, taken out of its queue.
    pub fn pop_waiter(&mut self, db: DbId, key: Key<'_>) -> Option<Arc<Waiter>> {
        let waiters = &mut self.stripe_mut(key.at.slot).waiters;
        let popped = waiters.as_mut()?.pop(db, key);
        waiters.take_if(|list| list.is_empty());
        popped
    }

    /// Those who were taken out and wait on go back to the front of the queue, in their order.
    pub fn put_back_waiters(&mut self, db: DbId, key: Key<'_>, back: Vec<Arc<Waiter>>) {
        if !back.is_empty() {
            self.stripe_mut(key.at.slot).waiters.get_or_insert_default().put_back(db, key, back);
        }
    }

    /// A key was changed: if somebody waits for it, it is ready.
    pub(super) fn note_ready(&mut self, db: DbId, key: Key<'_>) {
        let waiters = self.locked.get(Keyspace::stripe_of(key.at.slot)).waiters.as_deref();
        if waiters.is_some_and(|list| list.has(db, key)) {
            self.news.get_or_insert_default().note_ready(db, key.bytes);
        }
    }

    /// Every awaited key of a database that is there is ready: the database is not the one it was.
    pub(super) fn note_all_ready(&mut self, db: DbId) {
        for stripe in 0..STRIPES as u16 {
            let Some(list) = self.locked.get(stripe).waiters.as_deref() else { continue };
            let awaited = list.keys_of(db).map(|key| (db, key.into()));
            self.news.get_or_insert_default().ready.extend(awaited);
        }
    }
}
