//! Reading values, piece by piece.
//!
//! A piece is what must be there at once: an element, a node, a pair. What was read of a value stands in its
//! [`Loading`], so that the bytes may come in portions and go when they were read.

mod hash;
mod list;
mod pack;
mod set;
mod stream;
mod zset;

pub(crate) use hash::NEVER;
pub(crate) use list::{PACKED, PLAIN};
pub(crate) use stream::UNKNOWN;

use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::form::{Dialect, Form};
use crate::text::Text;
use crate::value::Value;
use ds::Object;
use ds::value::{HashLimits, ListLimits, SetLimits, ZsetLimits};

/// Thresholds between the encodings of values.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of lists.
    pub list: ListLimits,
    /// Of sets.
    pub set: SetLimits,
    /// Of sorted sets.
    pub zset: ZsetLimits,
    /// Of hashes.
    pub hash: HashLimits,
}

/// What reading depends on.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Thresholds between encodings.
    pub limits: Limits,
    /// Fields of hashes that expired before are left out: milliseconds since the Unix epoch, 0 to keep them all.
    pub now_ms: u64,
}

/// A value of which some has been read.
pub struct Loading {
    build: Box<dyn Build>,
}

impl Loading {
    /// A value of a type, by its number, of which nothing has been read.
    pub fn begin(number: u8, dialect: Dialect) -> Result<Loading, Fault> {
        Ok(Loading { build: builder(Form::of(number, dialect)?) })
    }

    /// Reads on. True when the value is whole; false when more bytes are needed behind those that the cursor has left.
    pub fn read(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<bool, Fault> {
        loop {
            let at = from.at();
            match self.build.step(from, rules) {
                Ok(Step::More) => {}
                Ok(Step::Last) => return Ok(true),
                Err(Fault::Short) => {
                    from.rewind(at);
                    return Ok(false);
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// The value, which is whole.
    pub fn finish(self, rules: &Rules) -> Result<Value, Fault> {
        self.build.finish(rules)
    }
}

/// What was read of a value of some form.
trait Build {
    /// Reads one piece; changes nothing if it is not there whole.
    fn step(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<Step, Fault>;

    /// The value, after the last piece.
    fn finish(self: Box<Self>, rules: &Rules) -> Result<Value, Fault>;
}

/// What a piece was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    /// Others follow.
    More,
    /// The last one.
    Last,
}

fn builder(form: Form) -> Box<dyn Build> {
    match form {
        Form::String => Whole::of(|text, _| Ok(Value::Text(text.into_vec()))),
        Form::List => Counted::of(list::Elements::default()),
        Form::ListZiplists => Counted::of(list::Ziplists::default()),
        Form::ListNodes => Counted::of(list::Nodes::default()),
        Form::ListZiplist => Whole::of(|text, rules| list::of_ziplist(&text, rules)),
        Form::Set => Counted::of(set::Members::default()),
        Form::SetPack => Whole::of(|text, rules| set::of_pack(&text, rules)),
        Form::Intset => Whole::of(|text, rules| set::of_intset(&text, rules)),
        Form::Zset => Counted::of(zset::Members::new(zset::binary)),
        Form::ZsetText => Counted::of(zset::Members::new(zset::text)),
        Form::ZsetPack => Whole::of(|text, rules| zset::of_pack(&text, rules)),
        Form::ZsetZiplist => Whole::of(|text, rules| zset::of_ziplist(&text, rules)),
        Form::Hash => Counted::of(hash::Fields::new(hash::plain)),
        Form::HashExpiryLast => Counted::of(hash::Fields::new(hash::expiry_last)),
        Form::HashExpiryFirst => Counted::of(hash::Fields::new(hash::expiry_first)),
        Form::HashExpiryBased => Counted::of(hash::Fields::new(hash::expiry_based).with_base()),
        Form::HashPack => Whole::of(|text, rules| hash::of_pack(&text, rules)),
        Form::HashPackExpiry => Whole::of(|text, rules| hash::of_pack_with_expiry(&text, rules)),
        Form::HashPackExpiryBased => Whole::behind(8, |text, rules| hash::of_pack_with_expiry(&text, rules)),
        Form::HashZiplist => Whole::of(|text, rules| hash::of_ziplist(&text, rules)),
        Form::HashZipmap => Whole::of(|text, rules| hash::of_zipmap(&text, rules)),
        Form::Stream(version) => Box::new(stream::Loading::new(version)),
    }
}

/// A value that is one string.
struct Whole {
    /// Bytes before the string, of no use.
    skip: usize,
    make: fn(Text<'_>, &Rules) -> Result<Value, Fault>,
    made: Option<Value>,
}

impl Whole {
    fn of(make: fn(Text<'_>, &Rules) -> Result<Value, Fault>) -> Box<dyn Build> {
        Whole::behind(0, make)
    }

    fn behind(skip: usize, make: fn(Text<'_>, &Rules) -> Result<Value, Fault>) -> Box<dyn Build> {
        Box::new(Whole { skip, make, made: None })
    }
}

impl Build for Whole {
    fn step(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<Step, Fault> {
        from.take(self.skip)?;
        let text = from.text()?;
        // A value that is empty has been read all the same.
        self.made = match (self.make)(text, rules) {
            Err(Fault::Empty) => None,
            made => Some(made?),
        };
        Ok(Step::Last)
    }

    fn finish(self: Box<Self>, _: &Rules) -> Result<Value, Fault> {
        self.made.ok_or(Fault::Empty)
    }
}

/// The items of a value that begins with their number.
trait Items {
    /// Reads the head; returns the number of items.
    fn head(&mut self, from: &mut Cursor<'_>) -> Result<u64, Fault> {
        from.number()
    }

    /// Reads one item.
    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault>;

    /// The value, after the last item.
    fn finish(self, rules: &Rules) -> Result<Value, Fault>;
}

/// A value that begins with the number of its items. Nobody believes the number: items must be there.
struct Counted<T> {
    left: Option<u64>,
    items: T,
}

impl<T: Items + 'static> Counted<T> {
    fn of(items: T) -> Box<dyn Build> {
        Box::new(Counted { left: None, items })
    }
}

impl<T: Items> Build for Counted<T> {
    fn step(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<Step, Fault> {
        let left = match self.left {
            None => self.items.head(from)?,
            Some(left) => {
                self.items.item(from, rules)?;
                left - 1
            }
        };
        self.left = Some(left);
        Ok(if left == 0 { Step::Last } else { Step::More })
    }

    fn finish(self: Box<Self>, rules: &Rules) -> Result<Value, Fault> {
        self.items.finish(rules)
    }
}

/// A value with elements, which must have some.
fn filled(object: impl Into<Object>) -> Result<Value, Fault> {
    let object = object.into();
    if object.count() == 0 { Err(Fault::Empty) } else { Ok(Value::Object(object)) }
}
