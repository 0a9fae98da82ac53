//! Hashes.

use super::{Items, Rules, filled, pack};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::old::{ziplist, zipmap};
use crate::text::Text;
use crate::value::Value;
use ds::value::Hash;
use ds::value::hash::{Put, Ttl};
use ds::{IntText, StrRef};

const TWICE: Fault = Fault::Bad("a field is there twice");
const NO_VALUE: Fault = Fault::Bad("a field has no value");
const BAD_EXPIRY: Fault = Fault::Bad("an expiry is out of range");

/// What is written for a time that never comes or came.
pub(crate) const NEVER: i64 = -1;

/// A field, its value, and when it expires.
type Pair<'a> = (Text<'a>, Text<'a>, Option<u64>);

/// How a pair is laid out. The number is the base of expiries.
type Layout = for<'a> fn(&mut Cursor<'a>, u64) -> Result<Pair<'a>, Fault>;

/// Fields with values.
pub(super) struct Fields {
    hash: Hash,
    count: usize,
    layout: Layout,
    /// Whether a base of expiries comes first.
    has_base: bool,
    base: u64,
}

impl Fields {
    pub fn new(layout: Layout) -> Fields {
        Fields { hash: Hash::new(), count: 0, layout, has_base: false, base: 0 }
    }

    pub fn with_base(self) -> Fields {
        Fields { has_base: true, ..self }
    }
}

impl Items for Fields {
    fn head(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        if self.has_base {
            self.base = u64::try_from(from.i64()?).map_err(|_| BAD_EXPIRY)?;
        }
        let count = from.number()?;
        self.count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(count)
    }

    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let (field, value, expiry) = (self.layout)(from, self.base)?;
        if self.hash.is_empty() {
            self.hash = Hash::for_fields(self.count, field.len().max(value.len()), &rules.limits.hash);
        }
        add(&mut self.hash, &field, &value, expiry, rules)
    }

    fn finish(self, rules: &Rules) -> Result<Value, Fault> {
        living(self.hash, rules)
    }
}

/// A pair without expiry.
pub(super) fn plain<'a>(from: &mut Cursor<'a>, _: u64) -> Result<Pair<'a>, Fault> {
    Ok((from.text()?, from.text()?, None))
}

/// A pair, then when it expires.
pub(super) fn expiry_last<'a>(from: &mut Cursor<'a>, _: u64) -> Result<Pair<'a>, Fault> {
    let (field, value) = (from.text()?, from.text()?);
    let expiry = match from.i64()? {
        NEVER => None,
        at => Some(u64::try_from(at).map_err(|_| BAD_EXPIRY)?),
    };
    Ok((field, value, expiry))
}

/// When it expires, 0 for never, then a pair.
pub(super) fn expiry_first<'a>(from: &mut Cursor<'a>, _: u64) -> Result<Pair<'a>, Fault> {
    let expiry = from.number()?;
    Ok((from.text()?, from.text()?, (expiry > 0).then_some(expiry)))
}

/// How long after the base it expires, plus one, 0 for never; then a pair.
pub(super) fn expiry_based<'a>(from: &mut Cursor<'a>, base: u64) -> Result<Pair<'a>, Fault> {
    let expiry = match from.number()? {
        0 => None,
        after => Some(base.checked_add(after - 1).ok_or(BAD_EXPIRY)?),
    };
    Ok((from.text()?, from.text()?, expiry))
}

/// A hash that is one listpack of fields and values.
pub(super) fn of_pack(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let pack = pack::parse(bytes)?;
    if !pack.len().is_multiple_of(2) {
        return Err(NO_VALUE);
    }
    filled(Hash::from_pack(pack, &rules.limits.hash).ok_or(TWICE)?)
}

/// A hash that is one listpack of fields, values and when each expires, 0 for never.
pub(super) fn of_pack_with_expiry(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let pack = pack::parse(bytes)?;
    let mut hash = Hash::new();
    let mut elements = pack.view().iter();
    while let Some(field) = elements.next() {
        let (Some(value), Some(expiry)) = (elements.next(), elements.next()) else { return Err(NO_VALUE) };
        let expiry = match expiry {
            StrRef::Int(0) => None,
            StrRef::Int(at) => Some(u64::try_from(at).map_err(|_| BAD_EXPIRY)?),
            StrRef::Bytes(_) => return Err(BAD_EXPIRY),
        };
        let (mut a, mut b) = (IntText::new(), IntText::new());
        add(&mut hash, field.text(&mut a), value.text(&mut b), expiry, rules)?;
    }
    living(hash, rules)
}

/// A hash that is one ziplist.
pub(super) fn of_ziplist(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let elements = ziplist::parse(bytes)?;
    let (pairs, rest) = elements.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(NO_VALUE);
    }
    let mut hash = Hash::for_fields(pairs.len(), 0, &rules.limits.hash);
    for [field, value] in pairs {
        let (mut a, mut b) = (IntText::new(), IntText::new());
        add(&mut hash, field.text(&mut a), value.text(&mut b), None, rules)?;
    }
    filled(hash)
}

/// A hash that is one zipmap.
pub(super) fn of_zipmap(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let pairs = zipmap::parse(bytes)?;
    let mut hash = Hash::for_fields(pairs.len(), 0, &rules.limits.hash);
    for (field, value) in pairs {
        add(&mut hash, field, value, None, rules)?;
    }
    filled(hash)
}

/// Expired fields are added too, so that one that is there twice is seen.
fn add(hash: &mut Hash, field: &[u8], value: &[u8], expiry: Option<u64>, rules: &Rules) -> Result<(), Fault> {
    let ttl = expiry.map_or(Ttl::Clear, Ttl::At);
    match hash.set(field, value, ttl, 0, &rules.limits.hash) {
        Put::Added => Ok(()),
        Put::Updated | Put::Revived => Err(TWICE),
    }
}

fn living(mut hash: Hash, rules: &Rules) -> Result<Value, Fault> {
    hash.take_past(rules.now_ms, usize::MAX).for_each(drop);
    filled(hash)
}
