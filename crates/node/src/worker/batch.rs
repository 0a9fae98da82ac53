//! Requests of one pipeline, parsed ahead: their commands looked up, their keys hashed and on their way
//! into the cache before the first of them runs.

use crate::dispatch::{Named, Request, Table};
use commands::spec::Group;
use commands::{KeyRef, routed_of};
use resp::{Args, Limits, Parsed, Parser, ProtocolError, Span};
use std::ops::Range;
use store::{DbId, Key, KeyHash, Keyspace, Turn};

/// Requests parsed ahead of execution.
pub const BATCH_MAX: usize = 16;
/// Keys hashed ahead per request; those beyond are hashed when their turn comes.
pub const KEYS_AHEAD_MAX: usize = 64;

/// One parsed request.
pub struct Item {
    /// Its command.
    pub named: Named,
    /// End of its bytes, from the start of the batch's input.
    pub end: usize,
    spans: Range<usize>,
    keys: Range<usize>,
    /// Its keys cannot be found: the command will say why.
    pub bad_keys: bool,
    /// It came as a line of text.
    pub is_line: bool,
}

/// An element that a request names in its key's value.
struct Element {
    /// Which spans are those of the key and of the element.
    key: usize,
    element: usize,
    /// Where the key belongs.
    at: KeyHash,
    /// Its own hash, once it is of use.
    hash: Option<u64>,
}

/// Up to [`BATCH_MAX`] requests of one connection.
#[derive(Default)]
pub struct Batch {
    /// The requests.
    pub items: Vec<Item>,
    /// What is wrong with the bytes that follow them.
    pub error: Option<ProtocolError>,
    spans: Vec<Span>,
    refs: Vec<KeyRef>,
    hashes: Vec<KeyHash>,
    elements: Vec<Element>,
    found: Vec<KeyRef>,
    /// The last key of a command on elements: its span and hashes.
    last_key: Option<(usize, KeyHash)>,
    /// Neighbours are the same key.
    repeats: bool,
}

impl Batch {
    /// Parses up to `most` requests from `input`, one only if it is a line of text: quotes are undone in place,
    /// so that what lies ahead could not be parsed again. Returns the bytes of empty requests at its start,
    /// to be dropped when nothing else was found.
    pub fn fill(
        &mut self,
        parser: &mut Parser,
        input: &mut [u8],
        most: usize,
        limits: &Limits,
        table: &'static Table,
        keyspace: &Keyspace,
    ) -> usize {
        self.clear();
        let (mut pos, mut dropped) = (0, 0);
        while self.items.len() < most {
            if !self.items.is_empty() && input.get(pos) != Some(&b'*') {
                break;
            }
            let (first_span, is_line) = (self.spans.len(), input.get(pos) != Some(&b'*'));
            match parser.next(input, &mut pos, &mut self.spans, limits) {
                Ok(Parsed::Request) => {
                    self.push(input, first_span, table, keyspace);
                    if let Some(item) = self.items.last_mut() {
                        (item.end, item.is_line) = (pos, is_line);
                    }
                }
                Ok(Parsed::Empty) => {
                    if let Some(last) = self.items.last_mut() {
                        last.end = pos;
                    } else {
                        dropped = pos;
                    }
                }
                Ok(Parsed::Incomplete) => break,
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        dropped
    }

    fn push(&mut self, input: &[u8], first_span: usize, table: &'static Table, keyspace: &Keyspace) {
        let spans = first_span..self.spans.len();
        let args = Args::new(input, &self.spans[spans.clone()]);
        let first_key = self.refs.len();
        let mut bad_keys = false;
        let named = match table.resolve(args) {
            Ok(row) if row.spec.takes(args.len()) => {
                bad_keys = !row.spec.keys.is_empty() && routed_of(row.spec, args, &mut self.found).is_err();
                if !row.spec.keys.is_empty() && !bad_keys {
                    for i in 0..self.found.len() {
                        let key = self.found[i];
                        let span = first_span + key.index as usize;
                        let hash = match row.spec.group {
                            Group::String => keyspace.hash(text(&self.spans, span, input)),
                            _ => self.hash(input, span, keyspace),
                        };
                        self.hashes.push(hash);
                        self.refs.push(key);
                    }
                    if row.spec.element != 0
                        && let Some(at) = self.hashes.last().copied()
                    {
                        let (key, element) = (first_span + 1, first_span + usize::from(row.spec.element));
                        self.elements.push(Element { key, element, at, hash: None });
                    }
                }
                Named::Row(row)
            }
            Ok(row) => Named::Row(row),
            Err(unknown) => Named::Unknown(unknown),
        };
        self.items.push(Item {
            named,
            end: 0,
            spans,
            keys: first_key..self.refs.len(),
            bad_keys,
            is_line: false,
        });
    }

    /// The hashes of a key: those of the key before it, if it is the same, as in a pipeline that fills one value.
    fn hash(&mut self, input: &[u8], span: usize, keyspace: &Keyspace) -> KeyHash {
        let key = text(&self.spans, span, input);
        if let Some((last, hash)) = self.last_key
            && is_same(text(&self.spans, last, input), key)
        {
            self.repeats = true;
            return hash;
        }
        let hash = keyspace.hash(key);
        self.last_key = Some((span, hash));
        hash
    }

    /// Forgets all requests.
    pub fn clear(&mut self) {
        self.items.clear();
        self.spans.clear();
        self.refs.clear();
        self.hashes.clear();
        self.elements.clear();
        (self.last_key, self.repeats) = (None, false);
        self.error = None;
    }

    /// How many keys are worth asking for.
    pub fn keys_ahead(&self) -> usize {
        self.hashes.len().min(KEYS_AHEAD_MAX)
    }

    /// Asks for what leads to the buckets of all keys.
    pub fn prefetch_slots(&self, turn: &Turn<'_>, db: DbId) {
        self.each_key(|hash| turn.prefetch_slot(db, hash));
    }

    /// Asks for the buckets of all keys.
    pub fn prefetch_buckets(&self, turn: &Turn<'_>, db: DbId) {
        self.each_key(|hash| turn.prefetch_bucket(db, hash));
    }

    /// Asks for the entries that the buckets name.
    pub fn prefetch_entries(&self, turn: &Turn<'_>, db: DbId) {
        self.each_key(|hash| turn.prefetch_entry(db, hash));
    }

    /// Whether a request names an element of its key's value.
    pub fn has_elements(&self) -> bool {
        !self.elements.is_empty()
    }

    /// Asks for the values that requests name elements of.
    pub fn prefetch_values(&self, turn: &Turn<'_>, db: DbId, input: &[u8]) {
        for run in self.elements.chunk_by(|a, b| a.at == b.at) {
            turn.prefetch_value(db, key_of(&self.spans, &run[0], input));
        }
    }

    /// Asks for the buckets of elements of big values.
    pub fn prefetch_element_buckets(&mut self, turn: &Turn<'_>, db: DbId, input: &[u8]) {
        let Batch { elements, spans, .. } = self;
        for run in elements.chunk_by_mut(|a, b| a.at == b.at) {
            turn.with_hints(db, key_of(spans, &run[0], input), |hints| {
                for element in run {
                    let hash = store::element_hash(text(spans, element.element, input));
                    hints.prefetch_bucket(hash);
                    element.hash = Some(hash);
                }
            });
        }
    }

    /// Asks for the elements that the buckets name.
    pub fn prefetch_elements(&self, turn: &Turn<'_>, db: DbId, input: &[u8]) {
        for run in self.elements.chunk_by(|a, b| a.at == b.at).filter(|run| run[0].hash.is_some()) {
            turn.with_hints(db, key_of(&self.spans, &run[0], input), |hints| {
                run.iter().filter_map(|element| element.hash).for_each(|hash| hints.prefetch_items(hash));
            });
        }
    }

    /// Keys worth asking for, one only of neighbours that are the same.
    #[inline(always)]
    fn each_key(&self, ask: impl Fn(KeyHash)) {
        let mut last = 0;
        for hash in &self.hashes[..self.keys_ahead()] {
            if self.repeats && std::mem::replace(&mut last, hash.hash) == hash.hash {
                continue;
            }
            ask(*hash);
        }
    }

    /// A request as commands see it.
    #[inline]
    pub(super) fn request<'a>(&'a self, item: &Item, input: &'a [u8]) -> Request<'a> {
        let (keys, hashes) = self.keys(item);
        Request { args: self.args(item, input), keys, hashes, bad_keys: item.bad_keys }
    }

    /// A request's arguments.
    pub fn args<'a>(&'a self, item: &Item, input: &'a [u8]) -> Args<'a> {
        Args::new(input, &self.spans[item.spans.clone()])
    }

    /// A request's keys: where they stand, and their hashes.
    pub fn keys(&self, item: &Item) -> (&[KeyRef], &[KeyHash]) {
        (&self.refs[item.keys.clone()], &self.hashes[item.keys.clone()])
    }
}

/// The bytes of a span.
#[inline]
fn text<'a>(spans: &'a [Span], span: usize, input: &'a [u8]) -> &'a [u8] {
    Args::new(input, &spans[span..=span]).at(0)
}

/// The key of a request that names an element.
fn key_of<'a>(spans: &'a [Span], element: &Element, input: &'a [u8]) -> Key<'a> {
    Key { bytes: text(spans, element.key, input), at: element.at }
}

/// Whether two keys are the same. Most that are not differ at their end.
#[inline]
fn is_same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.last() == b.last() && a == b
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::client::encode_command;
    use store::{Clock, Params, Ticket, Touch, Wake, WorkerIdx};

    struct Quiet;

    impl Wake for Quiet {
        fn stripe_free(&self, _: WorkerIdx, _: u64) {}
        fn gate_open(&self, _: WorkerIdx) {}
        fn exclusive_ready(&self, _: Ticket) {}
    }

    #[test]
    fn each_request_has_the_hashes_of_its_own_keys() {
        let table: &'static Table = Box::leak(Box::new(crate::families::table()));
        let params = Params { databases: 1, workers: 1, hash_key: (1, 2) };
        let keyspace = Keyspace::new(params, Box::new(Quiet));
        let requests: [&[&[u8]]; 9] = [
            &[b"LPUSH", b"a", b"1"],
            &[b"LPUSH", b"a", b"1"],
            &[b"GET", b"b"],
            &[b"LPUSH", b"a", b"1"],
            &[b"HSET", b"h", b"f", b"v"],
            &[b"HSET", b"h", b"g", b"v"],
            &[b"ZADD", b"z", b"1", b"m"],
            &[b"SINTER", b"h", b"h", b"b", b"a"],
            &[b"SADD", b"a", b"m"],
        ];
        let mut input = Vec::new();
        requests.iter().for_each(|request| encode_command(&mut input, request));
        let mut batch = Batch::default();
        let limits = Limits { bulk_max: 1 << 20, unauthenticated: false };
        batch.fill(&mut Parser::default(), &mut input, BATCH_MAX, &limits, table, &keyspace);
        assert_eq!(batch.items.len(), requests.len());
        for item in &batch.items {
            let (args, (refs, hashes)) = (batch.args(item, &input), batch.keys(item));
            assert!(!refs.is_empty() && refs.len() == hashes.len());
            for (key, hash) in refs.iter().zip(hashes) {
                assert_eq!(*hash, keyspace.hash(args.at(key.index as usize)));
            }
        }
        let turn = keyspace.enter(WorkerIdx(0), Clock::new(1, Touch::Lru)).expect("nobody else is in");
        batch.prefetch_slots(&turn, 0);
        batch.prefetch_element_buckets(&turn, 0, &input);
        assert!(batch.elements.iter().all(|element| element.hash.is_none()), "there is no value");
    }
}
