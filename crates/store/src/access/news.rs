//! What the commands that ran under a lock left to be told.

use super::{Access, Lapsed};
use crate::{DbId, Entry};
use std::collections::VecDeque;

/// What is to be told before the stripes are unlocked. One box holds all of it, so that an access without news has
/// one word to look at when it ends.
#[derive(Default)]
pub(super) struct News {
    /// Expired keys that were removed, in order.
    pub expired: Vec<(DbId, Entry)>,
    /// Expired fields that a sweep removed, in order.
    pub lapsed: Vec<Lapsed>,
    /// Awaited keys that were changed, in the order of the changes.
    pub ready: VecDeque<(DbId, Box<[u8]>)>,
    /// So many of `expired`, and of `lapsed`, were reported.
    reported: (usize, usize),
}

impl News {
    /// An awaited key was changed; it is told once.
    pub fn note_ready(&mut self, db: DbId, key: &[u8]) {
        if !self.ready.iter().any(|(d, k)| *d == db && **k == *key) {
            self.ready.push_back((db, key.into()));
        }
    }
}

/// News that was put aside while a command that is not over yet lets others run.
#[derive(Default)]
pub struct Untold(pub(super) Option<Box<News>>);

impl Access<'_> {
    /// Takes out what is to be told, to be put into the access with which the command goes on.
    pub fn put_aside(&mut self) -> Untold {
        Untold(self.news.take())
    }

    /// Puts back what was put aside. There must be no other news yet.
    pub fn take_up(&mut self, untold: Untold) {
        debug_assert!(self.news.is_none(), "news in the wrong order");
        self.news = untold.0;
    }

    /// Whether something is to be told: awaited keys that were changed, or expired ones that were removed.
    #[inline]
    pub fn has_news(&self) -> bool {
        self.news.is_some()
    }

    /// The next awaited key that was changed since the lock was taken, in the order of the changes.
    pub fn take_ready(&mut self) -> Option<(DbId, Box<[u8]>)> {
        self.news.as_mut()?.ready.pop_front()
    }

    /// Shows expired keys that were removed since this was last called, in order: they are to be logged as deleted before
    /// the command's own effect.
    pub fn report_expired(&mut self, mut show: impl FnMut(DbId, &[u8])) {
        let Some(news) = &mut self.news else { return };
        for (db, entry) in &news.expired[news.reported.0..] {
            show(*db, entry.view().key());
        }
        news.reported.0 = news.expired.len();
    }

    /// Shows expired fields that a sweep removed since this was last called, with their key, in order: to be logged likewise.
    pub fn report_lapsed(&mut self, mut show: impl FnMut(DbId, &[u8], &[&[u8]])) {
        let Some(news) = &mut self.news else { return };
        for lapsed in &news.lapsed[news.reported.1..] {
            let names: Vec<&[u8]> = lapsed.fields.iter().map(|field| field.view().name()).collect();
            show(lapsed.db, &lapsed.key, &names);
        }
        news.reported.1 = news.lapsed.len();
    }

    /// Expired keys that were removed since the lock was taken, in order.
    pub fn take_expired(&mut self) -> Vec<(DbId, Entry)> {
        let Some(news) = &mut self.news else { return Vec::new() };
        news.reported.0 = 0;
        std::mem::take(&mut news.expired)
    }

    /// Expired fields that a sweep removed since the lock was taken, in order.
    pub fn take_lapsed(&mut self) -> Vec<Lapsed> {
        let Some(news) = &mut self.news else { return Vec::new() };
        news.reported.1 = 0;
        std::mem::take(&mut news.lapsed)
    }
}
