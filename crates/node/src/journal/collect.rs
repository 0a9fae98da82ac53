//! Collecting effects while commands run. Nothing is collected while nobody wants to know.

use super::{Effect, Readers, Unit};
use crate::dispatch::{Core, Row};
use commands::Flag;
use resp::{Args, OwnedRequest};
use store::{Access, DbId};

impl Core {
    /// After a command ran: the expired keys that it found, and what it changed, join the unit.
    #[cold]
    pub(crate) fn collect(&mut self, db: DbId, request: Args<'_>, access: &mut Access<'_>) {
        self.collect_expired(access);
        self.collect_changes(db, request);
    }

    /// What the command that just ran changed: its request, or what is to stand in its place.
    #[cold]
    pub(crate) fn collect_changes(&mut self, db: DbId, request: Args<'_>) {
        let Some(instead) = self.effects.take_logged() else {
            return self.note_effect(db, self.readers, OwnedRequest::from_args(request));
        };
        for words in instead {
            let command = OwnedRequest::from_parts(words.iter().map(Vec::as_slice));
            self.note_effect(db, self.readers, command);
        }
    }

    /// Expired keys and fields that were removed since this was last asked, as what removes them elsewhere.
    #[cold]
    pub(crate) fn collect_expired(&mut self, access: &mut Access<'_>) {
        let mut lost = Vec::new();
        access.report_expired(|db, key| {
            lost.push((db, OwnedRequest::from_parts([&b"DEL"[..], key].into_iter())))
        });
        access.report_lapsed(|db, key, fields| {
            let words = [&[&b"HDEL"[..], key], fields].concat();
            lost.push((db, OwnedRequest::from_parts(words.into_iter())));
        });
        for (db, command) in lost {
            self.note_effect(db, Readers::ALL, command);
        }
    }

    /// Puts one effect into the unit.
    pub(crate) fn note_effect(&mut self, db: DbId, readers: Readers, command: OwnedRequest) {
        self.unit.push(Effect { db, readers, command });
    }

    /// Hands the unit over. The stripes of what it changed are still held.
    #[cold]
    pub(crate) fn close_unit(&mut self) {
        let unit = std::mem::replace(&mut self.unit, Unit::new());
        if !unit.effects().is_empty()
            && let Some(journal) = &self.shared.outside.journal
        {
            journal.append(unit);
        }
    }

    /// The same at the end of a command. What those find that touch any keys is not of one piece.
    #[cold]
    pub(crate) fn close_unit_of(&mut self, row: &Row) {
        if row.spec.is(Flag::TouchesArbitraryKeys) {
            self.unit.set_apart();
        }
        self.close_unit();
    }

    /// Hands over what a sweep removed.
    #[cold]
    pub(crate) fn close_swept(&mut self, access: &mut Access<'_>) {
        self.collect_expired(access);
        self.unit.set_apart();
        self.close_unit();
    }
}
