//! Commands on strings.

mod append;
mod counter;
pub(crate) mod expiry;
mod get;
mod lcs;
mod multi;
mod range;
mod set;
mod table;

pub use table::ROWS;

use resp::Reply;
use store::{Access, DbId, EntryRef, IntText, Key, StrRef};

use crate::args::{Refused, WRONG_TYPE};
use crate::effects::{Class, Effects};

const TOO_LONG: Refused = Refused("string exceeds maximum allowed size (proto-max-bulk-len)");

/// The string of a key, looked up as a read.
#[inline]
pub(crate) fn read<'a>(
    keys: &'a mut Access<'_>,
    effects: &mut Effects,
    db: DbId,
    key: Key<'_>,
) -> Result<Option<StrRef<'a>>, Refused> {
    match keys.lookup(db, key) {
        Some(entry) => text_of(entry).map(Some),
        None => {
            effects.notify(Class::KeyMiss, "keymiss", db, key.bytes);
            Ok(None)
        }
    }
}

#[inline]
pub(crate) fn text_of(entry: EntryRef<'_>) -> Result<StrRef<'_>, Refused> {
    entry.text().ok_or(WRONG_TYPE)
}

#[inline]
fn reply(out: &mut Reply<'_>, value: Option<StrRef<'_>>) {
    match value {
        Some(StrRef::Bytes(bytes)) => out.bulk(bytes),
        Some(StrRef::Int(n)) => out.bulk_int(n),
        None => out.null(),
    }
}

/// The text of a value, or none of an absent one.
pub(crate) fn text<'b, 'a: 'b>(value: Option<StrRef<'a>>, scratch: &'b mut IntText) -> &'b [u8] {
    value.map_or(&[], |value| value.text(scratch))
}
