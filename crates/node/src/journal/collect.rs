//! Collecting effects while commands run. Nothing is collected while nobody wants to know.

use super::{Effect, Readers};
use crate::dispatch::Core;
use resp::{Args, OwnedRequest};
use store::{Access, DbId};

impl Core {
    /// After a command that changed something: the expired keys that were found meanwhile join the unit, then its request, or what is to
    /// stand in the place of that.
    #[cold]
    pub(crate) fn collect(&mut self, db: DbId, request: Args<'_>, access: Option<&mut Access<'_>>) {
        if let Some(access) = access {
            self.collect_expired(access);
        }
        let instead = self.effects.take_logged();
        if instead.is_none() {
            self.note_effect(db, self.readers, OwnedRequest::from_args(request));
        }
        for words in instead.into_iter().flatten() {
            let command = OwnedRequest::from_parts(words.iter().map(Vec::as_slice));
            self.note_effect(db, self.readers, command);
        }
        self.end_command();
    }

    /// Runs a command whose commands are one unit. One that is suspended takes what there is of it along.
    pub(crate) fn as_unit<T>(&mut self, run: impl FnOnce(&mut Core) -> T) -> T {
        self.in_unit = true;
        let result = run(self);
        self.in_unit = false;
        self.end_command();
        result
    }

    /// Hands the unit over, unless there is more to come.
    pub(crate) fn end_command(&mut self) {
        if !self.in_unit {
            self.close_unit();
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

    /// The stripes of what it changed are still held.
    fn close_unit(&mut self) {
        if self.unit.effects().is_empty() {
            return;
        }
        let unit = std::mem::take(&mut self.unit);
        if let Some(journal) = &self.shared.outside.journal {
            journal.append(unit);
        }
    }

    /// Hands over what was removed since it had expired and belongs to no unit: by a sweep, or by commands that changed nothing.
    #[cold]
    pub(crate) fn close_expired(&mut self, access: &mut Access<'_>) {
        self.collect_expired(access);
        if !self.unit.effects().is_empty() {
            self.unit.set_apart();
            self.close_unit();
        }
    }
}
