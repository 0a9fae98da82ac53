//! Commands on strings.

mod append;
mod counter;
mod expiry;
mod get;
mod lcs;
mod multi;
mod range;
mod set;
mod table;

pub use table::ROWS;

use resp::Reply;
use store::{Access, DbId, IntText, Key, StrRef, ValueRef};

use crate::args::Refused;
use crate::effects::{Class, Effects};

pub(crate) const WRONG_TYPE: Refused =
    Refused("-WRONGTYPE Operation against a key holding the wrong kind of value");
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
        Some(entry) => text_of(entry.value()).map(Some),
        None => {
            effects.notify(Class::KeyMiss, "keymiss", db, key.bytes);
            Ok(None)
        }
    }
}

#[inline]
pub(crate) fn text_of(value: ValueRef<'_>) -> Result<StrRef<'_>, Refused> {
    match value {
        ValueRef::Str(text) => Ok(text),
        _ => Err(WRONG_TYPE),
    }
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
