//! Commands on sets.

mod algebra;
mod edit;
mod look;
mod pop;
mod random;
mod scan;
mod table;

pub use table::ROWS;

use resp::Reply;
use store::{Key, StrRef};

use crate::command::Cmd;
use crate::effects::Class;

/// Replies a member.
#[inline]
fn member(out: &mut Reply<'_>, value: StrRef<'_>) {
    match value {
        StrRef::Bytes(bytes) => out.bulk(bytes),
        StrRef::Int(n) => out.bulk_int(n),
    }
}

/// Records that so many members of a set came or went, one at least.
#[inline]
fn changed(cmd: &mut Cmd<'_, '_>, members: usize, key: Key<'_>, event: &'static str) {
    cmd.effects.dirty += members as u64 - 1;
    cmd.changed(key, Class::Set, event);
}
