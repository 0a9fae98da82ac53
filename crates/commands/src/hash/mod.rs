//! Commands on hashes.

mod counter;
mod expire;
mod get;
mod getex;
mod named;
mod random;
mod remove;
mod scan;
mod set;
mod setex;
mod table;
mod ttl;

pub use table::ROWS;

use ds::value::hash::Put;
use resp::Reply;
use store::{Key, StrRef};

use crate::command::Cmd;
use crate::effects::Class;

/// A field or value, as a string.
#[inline]
fn reply_text(out: &mut Reply<'_>, text: StrRef<'_>) {
    match text {
        StrRef::Bytes(bytes) => out.bulk(bytes),
        StrRef::Int(n) => out.bulk_int(n),
    }
}

/// What became of fields that were set.
#[derive(Clone, Copy, Default)]
struct Count {
    added: usize,
    /// Had expired, and are new again.
    revived: usize,
}

impl Count {
    #[inline]
    fn note(&mut self, put: Put) {
        match put {
            Put::Added => self.added += 1,
            Put::Revived => self.revived += 1,
            Put::Updated => {}
        }
    }

    #[inline]
    fn new_fields(self) -> usize {
        self.added + self.revived
    }
}

/// Records that so many fields of a hash changed, one at least.
#[inline]
fn changed(cmd: &mut Cmd<'_, '_>, fields: usize, key: Key<'_>, event: &'static str) {
    cmd.effects.dirty += fields as u64 - 1;
    cmd.changed(key, Class::Hash, event);
}

/// Tells of fields that had expired before they were set.
#[inline]
fn expired(cmd: &mut Cmd<'_, '_>, fields: usize, key: Key<'_>) {
    if fields > 0 {
        cmd.keys.stats.expired_fields += fields as u64;
        cmd.effects.notify(Class::Hash, "hexpired", cmd.db, key.bytes);
    }
}
