//! Entries of a range of ids, from either end.

use super::StreamId;
use super::log::Log;
use super::node::{self, Head, Item};
use super::runs::Place;
use crate::StrRef;
use crate::listpack::{Iter, ListpackRef};

/// An entry where it lies.
#[derive(Clone, Copy)]
pub struct StreamEntry<'a> {
    /// Its id.
    pub id: StreamId,
    pack: ListpackRef<'a>,
    fields: usize,
    /// Where the names of the fields are, if not with the values.
    names_at: Option<usize>,
    body_at: usize,
}

impl<'a> StreamEntry<'a> {
    fn new(pack: ListpackRef<'a>, head: &Head, item: &Item) -> StreamEntry<'a> {
        let names_at = item.has_same_fields().then_some(head.fields_at);
        StreamEntry { id: item.id, pack, fields: item.fields, names_at, body_at: item.body_at }
    }

    /// Pairs of field and value.
    #[inline]
    pub fn len(&self) -> usize {
        self.fields
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// Its fields and values, in the order in which they were given.
    #[inline]
    pub fn pairs(&self) -> Pairs<'a> {
        let body = self.pack.iter_from(self.body_at);
        Pairs { names: self.names_at.map(|at| self.pack.iter_from(at)), body, left: self.fields }
    }
}

impl std::fmt::Debug for StreamEntry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{} ", self.id.ms, self.id.seq)?;
        f.debug_map().entries(self.pairs()).finish()
    }
}

/// Fields and values of an entry.
#[derive(Clone)]
pub struct Pairs<'a> {
    names: Option<Iter<'a>>,
    body: Iter<'a>,
    left: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (StrRef<'a>, StrRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let name = match &mut self.names {
            Some(names) => names.next()?,
            None => self.body.next()?,
        };
        Some((name, self.body.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Pairs<'_> {}

/// Entries that are not deleted, from an id to another, both included, ascending.
#[derive(Clone)]
pub struct Range<'a> {
    log: &'a Log,
    from: StreamId,
    to: StreamId,
    /// The node after the current one.
    next: Option<Place>,
    cursor: Option<Cursor<'a>>,
}

impl<'a> Range<'a> {
    pub(super) fn new(log: &'a Log, from: StreamId, to: StreamId) -> Range<'a> {
        let next = log.nodes.floor(from).or_else(|| log.nodes.first());
        Range { log, from, to, next, cursor: None }
    }

    /// Goes on with the next node; false if none is in the range.
    fn advance(&mut self) -> bool {
        let Some(place) = self.next else { return false };
        let (master, pack) = self.log.nodes.at(place);
        if master > self.to {
            self.next = None;
            return false;
        }
        self.next = self.log.nodes.next(place);
        self.cursor = Some(Cursor::first(pack.view(), master, self.from));
        true
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = StreamEntry<'a>;

    fn next(&mut self) -> Option<StreamEntry<'a>> {
        loop {
            let Some(cursor) = &mut self.cursor else {
                if !self.advance() {
                    return None;
                }
                continue;
            };
            let Some(item) = cursor.next() else {
                self.cursor = None;
                continue;
            };
            if item.id > self.to {
                (self.cursor, self.next) = (None, None);
                return None;
            }
            if item.id >= self.from && !item.is_deleted() {
                return Some(StreamEntry::new(cursor.pack, &cursor.head, &item));
            }
        }
    }
}

/// The same, descending.
#[derive(Clone)]
pub struct RangeBack<'a> {
    log: &'a Log,
    from: StreamId,
    to: StreamId,
    next: Option<Place>,
    cursor: Option<Cursor<'a>>,
}

impl<'a> RangeBack<'a> {
    pub(super) fn new(log: &'a Log, from: StreamId, to: StreamId) -> RangeBack<'a> {
        RangeBack { log, from, to, next: log.nodes.floor(to), cursor: None }
    }
}

impl<'a> Iterator for RangeBack<'a> {
    type Item = StreamEntry<'a>;

    fn next(&mut self) -> Option<StreamEntry<'a>> {
        loop {
            let Some(cursor) = &mut self.cursor else {
                let place = self.next?;
                let (master, pack) = self.log.nodes.at(place);
                self.next = self.log.nodes.previous(place);
                self.cursor = Some(Cursor::last(pack.view(), master));
                continue;
            };
            let Some(item) = cursor.next_back() else {
                self.cursor = None;
                continue;
            };
            if item.id < self.from {
                (self.cursor, self.next) = (None, None);
                return None;
            }
            if item.id <= self.to && !item.is_deleted() {
                return Some(StreamEntry::new(cursor.pack, &cursor.head, &item));
            }
        }
    }
}

/// A place between entries of a node.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    pub pack: ListpackRef<'a>,
    pub head: Head,
    master: StreamId,
    at: usize,
    /// Elements of the entry just shown that are yet to be passed over: whoever wants one entry does not pay for them.
    rest: usize,
}

impl<'a> Cursor<'a> {
    /// Before the first entry that `from` may be, or may come after.
    fn first(pack: ListpackRef<'a>, master: StreamId, from: StreamId) -> Cursor<'a> {
        let head = node::head(pack);
        let mut cursor = Cursor { pack, head, master, at: head.fields_at, rest: head.fields + 1 };
        if from > master {
            cursor.seek(from);
        }
        cursor
    }

    /// Behind the last entry.
    fn last(pack: ListpackRef<'a>, master: StreamId) -> Cursor<'a> {
        Cursor { pack, head: node::head(pack), master, at: pack.end(), rest: 0 }
    }

    /// Goes to a place from where the first entry that is not below `from` comes next, or soon: steps are made from both
    /// ends, because readers are near the end of the last node as a rule.
    fn seek(&mut self, from: StreamId) {
        let mut front = self.clone();
        let mut back = self.pack.end();
        loop {
            let before_front = (front.at, front.rest);
            match front.next() {
                Some(item) if item.id < from => {}
                _ => {
                    (self.at, self.rest) = before_front;
                    return;
                }
            }
            match node::before(self.pack, back) {
                Some(at) if node::item(self.pack, self.master, &self.head, at).id >= from => back = at,
                _ => {
                    (self.at, self.rest) = (back, 0);
                    return;
                }
            }
        }
    }

    /// The entry after the place.
    #[inline]
    pub fn next(&mut self) -> Option<Item> {
        self.at = node::skip(self.pack, self.at, self.rest);
        self.rest = 0;
        if self.at == self.pack.end() {
            return None;
        }
        let item = node::item(self.pack, self.master, &self.head, self.at);
        (self.at, self.rest) = (item.body_at, item.rest());
        Some(item)
    }

    /// The entry before the place, which is an entry's beginning.
    fn next_back(&mut self) -> Option<Item> {
        self.at = node::before(self.pack, self.at)?;
        Some(node::item(self.pack, self.master, &self.head, self.at))
    }

    /// All entries of a node, with where they begin; deleted ones too.
    pub fn walk(pack: ListpackRef<'a>, master: StreamId) -> impl Iterator<Item = (usize, Item)> {
        let mut cursor = Cursor::first(pack, master, StreamId::MIN);
        std::iter::from_fn(move || {
            let at = node::skip(pack, cursor.at, cursor.rest);
            (cursor.at, cursor.rest) = (at, 0);
            Some((at, cursor.next()?))
        })
    }
}
