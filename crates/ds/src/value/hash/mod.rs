//! Hashes: fields with values. Few and short ones are a listpack of fields and values; more of them, or any that
//! expire, a table of [`Field`]s.
//!
//! A field that has expired is there until somebody takes it out, but is not to be seen: whoever looks says what time
//! it is. At time 0 nothing has expired.

mod field;
mod fields;
mod pack;
mod random;
mod word;

pub use field::{Field, FieldRef};
pub use fields::Fields;

use crate::entry::EXPIRY_MAX_MS;
use crate::listpack::{self, Listpack};
use crate::table::{self, SCAN_END};
use crate::{StrRef, Thin};

/// Up to where a hash stays a listpack.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`
    pub pack_fields_max: usize,
    /// `hash-max-listpack-value`, bytes of a field or value.
    pub pack_value_max: usize,
}

/// Hash values, by encoding.
#[derive(Clone, Debug)]
pub enum Hash {
    /// Few and short fields and values, none of which expires: a listpack of them.
    Pack(Listpack),
    /// Any number of fields.
    Table(Thin<Fields>),
}

/// A field with its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair<'a> {
    /// The field's name.
    pub field: StrRef<'a>,
    /// Its value.
    pub value: StrRef<'a>,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expiry: Option<u64>,
}

/// What a write does to the expiry of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    /// The field expires no more.
    Clear,
    /// It stays as it is; a new field does not expire.
    Keep,
    /// The field expires at this time, in milliseconds since the Unix epoch.
    At(u64),
}

/// What [`Hash::set`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// The field is new.
    Added,
    /// The field has another value.
    Updated,
    /// The field had expired, and was new again.
    Revived,
}

/// All fields of a hash.
#[derive(Clone)]
pub enum Pairs<'a> {
    /// Of a listpack.
    Pack(listpack::Iter<'a>),
    /// Of a table.
    Table(table::Iter<'a, Field>),
}

impl Ttl {
    #[inline]
    fn after(self, old: Option<u64>) -> Option<u64> {
        match self {
            Ttl::Clear => None,
            Ttl::Keep => old,
            Ttl::At(at) => Some(at.min(EXPIRY_MAX_MS)),
        }
    }
}

impl Pair<'_> {
    /// Whether it is to be seen.
    #[inline]
    pub fn is_live(&self, now: u64) -> bool {
        self.expiry.is_none_or(|at| at >= now)
    }
}

impl<'a> From<FieldRef<'a>> for Pair<'a> {
    #[inline]
    fn from(field: FieldRef<'a>) -> Pair<'a> {
        let (name, value) = (field.name(), field.value());
        Pair { field: StrRef::Bytes(name), value: StrRef::Bytes(value), expiry: field.expiry() }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    #[inline]
    fn next(&mut self) -> Option<Pair<'a>> {
        match self {
            Pairs::Pack(pack) => Some(Pair { field: pack.next()?, value: pack.next()?, expiry: None }),
            Pairs::Table(fields) => fields.next().map(Pair::from),
        }
    }
}

impl Hash {
    /// An empty one, which no key may hold.
    pub fn new() -> Hash {
        Hash::Pack(Listpack::new())
    }

    /// An empty one that so many fields will be put into; the longest of them and their values has so many bytes.
    pub fn for_fields(fields: usize, longest: usize, limits: &HashLimits) -> Hash {
        if fields > limits.pack_fields_max || longest > limits.pack_value_max {
            Hash::Table(Thin::new(Fields::default()))
        } else {
            Hash::new()
        }
    }

    /// From a listpack of fields and values that came from outside: `None` if a value is missing, or a field there
    /// twice.
    pub fn from_pack(pack: Listpack, limits: &HashLimits) -> Option<Hash> {
        if !pack::is_sound(pack.view()) {
            return None;
        }
        let longest = pack.view().iter().map(StrRef::len).max().unwrap_or(0);
        let mut hash = Hash::Pack(pack);
        if hash.len() > limits.pack_fields_max || longest > limits.pack_value_max {
            hash.make_table();
        }
        Some(hash)
    }

    /// Number of fields, those that have expired included.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Hash::Pack(pack) => pack.len() / 2,
            Hash::Table(fields) => fields.len(),
        }
    }

    /// Whether nothing is in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match self {
            Hash::Pack(pack) => pack.is_empty(),
            Hash::Table(fields) => fields.is_empty(),
        }
    }

    /// Number of fields that are to be seen.
    pub fn live(&self, now: u64) -> usize {
        if self.has_past(now) { self.iter().filter(|pair| pair.is_live(now)).count() } else { self.len() }
    }

    /// Whether a field has expired.
    #[inline]
    pub fn has_past(&self, now: u64) -> bool {
        match self {
            Hash::Pack(_) => false,
            Hash::Table(fields) => fields.next_expiry().is_some_and(|at| at < now),
        }
    }

    /// Number of fields that expire some day.
    pub fn expiring(&self) -> usize {
        match self {
            Hash::Pack(_) => 0,
            Hash::Table(fields) => fields.expiring(),
        }
    }

    /// A field, if it is to be seen.
    #[inline]
    pub fn get(&self, field: &[u8], now: u64) -> Option<Pair<'_>> {
        match self {
            Hash::Pack(pack) => pack::find(pack.view(), field),
            Hash::Table(fields) => fields.get(field).map(Pair::from).filter(|pair| pair.is_live(now)),
        }
    }

    /// Gives a field a value.
    #[inline]
    pub fn set(&mut self, field: &[u8], value: &[u8], ttl: Ttl, now: u64, limits: &HashLimits) -> Put {
        match self {
            Hash::Table(fields) => fields.set(field, value, ttl, now),
            Hash::Pack(pack) => {
                let is_short = field.len().max(value.len()) <= limits.pack_value_max;
                let stays = is_short && !matches!(ttl, Ttl::At(_));
                match if stays { pack::set(pack, field, value, limits) } else { None } {
                    Some(put) => put,
                    None => self.make_table().set(field, value, ttl, now),
                }
            }
        }
    }

    /// Sets or takes away the expiry of a field, expired or not. False if there is no such field.
    pub fn set_expiry(&mut self, field: &[u8], expiry: Option<u64>) -> bool {
        let expiry = expiry.map(|at| at.min(EXPIRY_MAX_MS));
        match self {
            Hash::Table(fields) => fields.set_expiry(field, expiry),
            Hash::Pack(pack) => {
                let is_there = pack::find(pack.view(), field).is_some();
                if is_there && expiry.is_some() {
                    self.make_table().set_expiry(field, expiry);
                }
                is_there
            }
        }
    }

    /// Removes a field; false if it is not to be seen.
    pub fn remove(&mut self, field: &[u8], now: u64) -> bool {
        match self {
            Hash::Pack(pack) => pack::remove(pack, field),
            Hash::Table(fields) => fields.remove(field, now).is_some(),
        }
    }

    /// Takes fields out that have expired, the earliest first, `max` at most.
    pub fn take_past(&mut self, now: u64, max: usize) -> impl Iterator<Item = Field> {
        std::iter::from_fn(move || match self {
            Hash::Pack(_) => None,
            Hash::Table(fields) => fields.take_past(now),
        })
        .take(max)
    }

    /// All fields, those that have expired included.
    #[inline]
    pub fn iter(&self) -> Pairs<'_> {
        match self {
            Hash::Pack(pack) => Pairs::Pack(pack.view().iter()),
            Hash::Table(fields) => Pairs::Table(fields.iter()),
        }
    }

    /// Emits fields at a position below [`SCAN_END`], those that have expired included; returns the next one,
    /// `SCAN_END` after the last. A small hash is emitted whole.
    pub fn scan<'a>(&'a self, position: u64, mut emit: impl FnMut(Pair<'a>)) -> u64 {
        match self {
            Hash::Pack(_) => {
                self.iter().for_each(emit);
                SCAN_END
            }
            Hash::Table(fields) => fields.scan(position, |field| emit(field.into())),
        }
    }

    /// A copy without the fields that have expired.
    pub fn live_copy(&self, now: u64) -> Hash {
        let mut copy = self.clone();
        copy.take_past(now, usize::MAX).for_each(drop);
        copy
    }

    /// Makes it a table, if it is none.
    fn make_table(&mut self) -> &mut Fields {
        if let Hash::Pack(pack) = self {
            *self = Hash::Table(Thin::new(pack::to_fields(pack.view())));
        }
        match self {
            Hash::Table(fields) => fields,
            Hash::Pack(_) => unreachable!("just made one"),
        }
    }
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::new()
    }
}

#[cfg(test)]
mod tests;
