//! Commands on sorted sets.

mod add;
mod bounds;
mod combine;
mod count;
mod pop;
mod random;
mod range;
mod remove;
mod scan;
mod score;
mod source;
mod stored;
mod table;
mod wait;

pub(crate) use add::{Conditions, Pair, add};
pub(crate) use stored::store;
pub use table::ROWS;

use ds::value::zset::Element;
use resp::{Proto, Reply};
use store::{Key, StrRef};

use crate::command::Cmd;
use crate::effects::Class;

/// Records that so many members of a set changed.
#[inline]
fn changed(cmd: &mut Cmd<'_, '_>, members: u64, key: Key<'_>, event: &'static str) {
    cmd.effects.dirty += members - 1;
    cmd.changed(key, Class::SortedSet, event);
}

/// A member, as a string.
#[inline]
pub(crate) fn reply_member(out: &mut Reply<'_>, member: StrRef<'_>) {
    match member {
        StrRef::Int(n) => out.bulk_int(n),
        StrRef::Bytes(bytes) => out.bulk(bytes),
    }
}

/// The head of an array of members, maybe with scores: RESP3 has pairs, RESP2 a flat list.
fn reply_head(out: &mut Reply<'_>, members: usize, scores: bool) {
    let flat = scores && out.proto() == Proto::Resp2;
    out.array(if flat { 2 * members } else { members });
}

/// One element of an array that [`reply_head`] began.
#[inline]
fn reply_element(out: &mut Reply<'_>, element: Element<'_>, scores: bool) {
    if scores && out.proto() == Proto::Resp3 {
        out.array(2);
    }
    reply_member(out, element.member);
    if scores {
        out.double(element.score);
    }
}
