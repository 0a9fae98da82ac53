//! Entries in replies.

use resp::Reply;
use store::StrRef;
use store::value::stream::{Log, Range, StreamEntry, StreamId};

#[inline]
pub(super) fn reply_id(out: &mut Reply<'_>, id: StreamId) {
    out.bulk(&id.text());
}

#[inline]
fn reply_text(out: &mut Reply<'_>, text: StrRef<'_>) {
    match text {
        StrRef::Int(n) => out.bulk_int(n),
        StrRef::Bytes(bytes) => out.bulk(bytes),
    }
}

/// An id with its fields and values in a row.
pub(super) fn reply_entry(out: &mut Reply<'_>, entry: StreamEntry<'_>) {
    out.array(2);
    reply_id(out, entry.id);
    out.array(2 * entry.len());
    for (field, value) in entry.pairs() {
        reply_text(out, field);
        reply_text(out, value);
    }
}

/// An entry; null if it is not there.
pub(super) fn reply_entry_or_null(out: &mut Reply<'_>, entry: Option<StreamEntry<'_>>) {
    match entry {
        Some(entry) => reply_entry(out, entry),
        None => out.null(),
    }
}

/// An array of entries, of so many at most; each is shown before it is written.
pub(super) fn reply_entries<'a>(
    out: &mut Reply<'_>,
    entries: impl Iterator<Item = StreamEntry<'a>>,
    count: usize,
    mut seen: impl FnMut(StreamId),
) {
    let (head, mut written) = (out.array_later(), 0);
    for entry in entries.take(count) {
        seen(entry.id);
        reply_entry(out, entry);
        written += 1;
    }
    out.set_array_len(head, written);
}

/// The entries behind an id.
pub(super) fn entries_after(log: &Log, id: StreamId) -> Range<'_> {
    // Behind the last id that there is, nothing is: the range is empty.
    match id.next() {
        Some(from) => log.range(from, StreamId::MAX),
        None => log.range(StreamId::MAX, StreamId::MIN),
    }
}
