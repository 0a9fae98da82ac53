//! Commands on streams.

mod ack;
mod add;
mod autoclaim;
mod claim;
mod delete;
mod entry;
mod group;
mod id;
mod info;
mod logged;
mod pending;
mod range;
mod read;
mod readgroup;
mod setid;
mod table;
mod trim;

pub use table::ROWS;

use resp::Reply;

/// An error whose text has arguments of the request in it: the pieces in a row.
fn refuse(out: &mut Reply<'_>, pieces: &[&[u8]]) {
    out.error_bytes(&pieces.concat());
}

/// There is no such key, or no such group of it.
fn no_group(out: &mut Reply<'_>, key: &[u8], group: &[u8]) {
    refuse(out, &[b"-NOGROUP No such key '", key, b"' or consumer group '", group, b"'"]);
}

/// There is no such group of a key that exists.
fn no_group_of(out: &mut Reply<'_>, key: &[u8], group: &[u8]) {
    refuse(out, &[b"-NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"]);
}
