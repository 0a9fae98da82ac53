//! A node: entries of neighbouring ids in one listpack, laid out as Redis and Valkey do.
//!
//! ```text
//! live entries | deleted ones | number of fields | field ... | 0
//! flags | ms - master's | seq - master's | value ... | number of elements before this        with the master's fields
//! flags | ms - master's | seq - master's | number of fields | field | value ... | number of elements before this
//! ```
//!
//! The master id is the node's key: the id of the first entry that was put there. A deleted entry stays, with a flag.

use super::StreamId;
use crate::StrRef;
use crate::listpack::{Iter, Listpack, ListpackRef};

/// The entry is deleted.
pub(super) const DELETED: i64 = 1;
/// The entry has the fields of the first one, whose names are not repeated.
pub(super) const SAME_FIELDS: i64 = 2;

/// Elements of an entry besides its values: flags, two differences, and their number.
const FRAME: usize = 3;

/// What a node begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub live: u64,
    pub deleted: u64,
    /// Fields of the first entry.
    pub fields: usize,
    /// Where their names begin.
    pub fields_at: usize,
}

/// The beginning of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub id: StreamId,
    pub flags: i64,
    /// Pairs of field and value.
    pub fields: usize,
    /// Where they begin: values alone if the fields are the first entry's.
    pub body_at: usize,
}

impl Item {
    #[inline]
    pub fn is_deleted(&self) -> bool {
        self.flags & DELETED != 0
    }

    #[inline]
    pub fn has_same_fields(&self) -> bool {
        self.flags & SAME_FIELDS != 0
    }

    /// Elements from the body's beginning to the next entry.
    #[inline]
    pub fn rest(&self) -> usize {
        if self.has_same_fields() { self.fields + 1 } else { 2 * self.fields + 1 }
    }
}

/// The next element, of a sound node: a number.
#[inline]
fn number(iter: &mut Iter<'_>) -> i64 {
    match iter.next() {
        Some(StrRef::Int(n)) => n,
        other => unreachable!("{other:?} where a node has a number"),
    }
}

/// Reads the head of a node.
#[inline]
pub(super) fn head(pack: ListpackRef<'_>) -> Head {
    let mut iter = pack.iter();
    let live = number(&mut iter) as u64;
    let deleted = number(&mut iter) as u64;
    let fields = number(&mut iter) as usize;
    Head { live, deleted, fields, fields_at: iter.at() }
}

/// Passes over elements.
#[inline]
pub(super) fn skip(pack: ListpackRef<'_>, mut at: usize, elements: usize) -> usize {
    for _ in 0..elements {
        at = pack.after(at);
    }
    at
}

/// Reads the beginning of the entry at a place.
#[inline]
pub(super) fn item(pack: ListpackRef<'_>, master: StreamId, head: &Head, at: usize) -> Item {
    let mut iter = pack.iter_from(at);
    let flags = number(&mut iter);
    let id = apart(master, number(&mut iter), number(&mut iter));
    let fields = if flags & SAME_FIELDS != 0 { head.fields } else { number(&mut iter) as usize };
    Item { id, flags, fields, body_at: iter.at() }
}

/// The id that differs from a master's by so much, modulo 2^64.
#[inline]
fn apart(master: StreamId, ms: i64, seq: i64) -> StreamId {
    StreamId { ms: master.ms.wrapping_add(ms as u64), seq: master.seq.wrapping_add(seq as u64) }
}

/// Where the entry before a place begins, which is an entry's beginning or the end.
#[inline]
pub(super) fn before(pack: ListpackRef<'_>, at: usize) -> Option<usize> {
    let count_at = pack.before(at)?;
    let StrRef::Int(count) = pack.get(count_at) else { unreachable!("an entry ends with its length") };
    if count == 0 {
        return None;
    }
    let mut at = count_at;
    for _ in 0..count {
        at = pack.before(at)?;
    }
    Some(at)
}

/// The greatest id that the node ever got, deleted entries too.
pub(super) fn last_id(pack: ListpackRef<'_>, master: StreamId) -> StreamId {
    let head = head(pack);
    before(pack, pack.end()).map_or(master, |at| item(pack, master, &head, at).id)
}

/// A field with its value.
pub(super) type Pair<'v> = (&'v [u8], &'v [u8]);

/// A node with its first entry, whose id is the master's.
pub(super) fn create<'v>(pairs: impl ExactSizeIterator<Item = Pair<'v>> + Clone) -> Listpack {
    let fields = pairs.len() as i64;
    let names = pairs.clone().map(|pair| StrRef::Bytes(pair.0));
    let values = pairs.map(|pair| StrRef::Bytes(pair.1));
    let head = [1, 0, fields].into_iter().map(StrRef::Int);
    let entry = [0, SAME_FIELDS, 0, 0].into_iter().map(StrRef::Int);
    let end = std::iter::once(StrRef::Int(fields + FRAME as i64));
    Listpack::of(head.chain(names).chain(entry).chain(values).chain(end))
}

/// Adds an entry, whose id is greater than those of all others.
pub(super) fn push<'v>(
    pack: &mut Listpack,
    master: StreamId,
    id: StreamId,
    pairs: impl ExactSizeIterator<Item = Pair<'v>> + Clone,
) {
    let head = head(pack.view());
    let same = has_fields(pack.view(), &head, pairs.clone());
    replace_number(pack, 0, head.live + 1);
    let (fields, flags) = (pairs.len() as i64, if same { SAME_FIELDS } else { 0 });
    let ms = id.ms.wrapping_sub(master.ms) as i64;
    let seq = id.seq.wrapping_sub(master.seq) as i64;
    let frame = [flags, ms, seq].into_iter().map(StrRef::Int);
    if same {
        let values = pairs.map(|pair| StrRef::Bytes(pair.1));
        let end = std::iter::once(StrRef::Int(fields + FRAME as i64));
        pack.extend(frame.chain(values).chain(end));
    } else {
        let count = std::iter::once(StrRef::Int(fields));
        let both = pairs.flat_map(|pair| [StrRef::Bytes(pair.0), StrRef::Bytes(pair.1)]);
        let end = std::iter::once(StrRef::Int(2 * fields + FRAME as i64 + 1));
        pack.extend(frame.chain(count).chain(both).chain(end));
    }
}

/// Whether an entry's fields are those of the node's first entry.
#[inline]
fn has_fields<'v>(
    pack: ListpackRef<'_>,
    head: &Head,
    mut pairs: impl ExactSizeIterator<Item = Pair<'v>>,
) -> bool {
    let mut names = pack.iter_from(head.fields_at);
    pairs.len() == head.fields && pairs.all(|(field, _)| names.next() == Some(StrRef::compact(field)))
}

/// Marks the live entry at a place as deleted, and counts it so.
pub(super) fn delete(pack: &mut Listpack, at: usize) {
    let head = head(pack.view());
    mark_deleted(pack, at);
    set_counts(pack, head.live - 1, head.deleted + 1);
}

/// Marks the entry at a place as deleted. The counts are yet to be set; nothing moves.
pub(super) fn mark_deleted(pack: &mut Listpack, at: usize) {
    let StrRef::Int(flags) = pack.view().get(at) else { unreachable!("an entry begins with its flags") };
    pack.replace(at, StrRef::Int(flags | DELETED));
}

/// Sets the number of live and of deleted entries. Entries may move.
pub(super) fn set_counts(pack: &mut Listpack, live: u64, deleted: u64) {
    replace_number(pack, 1, deleted);
    replace_number(pack, 0, live);
}

/// Puts a number into the head.
#[inline]
fn replace_number(pack: &mut Listpack, index: usize, n: u64) {
    let Some(first) = pack.view().first() else { unreachable!("a node has a head") };
    let at = skip(pack.view(), first, index);
    pack.replace(at, StrRef::Int(n as i64));
}
