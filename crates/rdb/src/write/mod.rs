//! Writing values.

mod hash;
mod list;
mod set;
mod stream;
mod zset;

use crate::form::{FULL_VERSION, Form, PLAIN_VERSION};
use crate::lzf::Compressor;
use crate::{len, text};
use ds::{Object, StrRef, ValueRef};

/// Who is to read what is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// Everybody since Redis 7.0, as far as the value allows.
    Anybody,
    /// Valkey 9, and we: nothing is lost.
    Newest,
}

/// Writes values behind bytes that are there.
pub struct Writer<'o> {
    out: &'o mut Vec<u8>,
    compressor: Option<Compressor>,
    reader: Reader,
}

impl<'o> Writer<'o> {
    /// Strings are compressed if `compress` says so.
    pub fn new(out: &'o mut Vec<u8>, compress: bool, reader: Reader) -> Writer<'o> {
        Writer { out, compressor: compress.then(Compressor::new), reader }
    }

    /// Writes type and value; returns the version that a reader must know, as its own server numbers it.
    pub fn value(&mut self, value: &ValueRef<'_>) -> u16 {
        let is_plain = match value {
            ValueRef::Str(string) => {
                self.byte(Form::STRING);
                self.text(*string);
                true
            }
            ValueRef::Object(object) => self.object(object),
        };
        if is_plain && !self.is_newest() { PLAIN_VERSION } else { FULL_VERSION }
    }

    fn is_newest(&self) -> bool {
        self.reader == Reader::Newest
    }

    /// Whether the version that everybody reads has the form.
    fn object(&mut self, object: &Object) -> bool {
        match object {
            Object::List(list) => list::write(self, list),
            Object::Set(set) => set::write(self, set),
            Object::Zset(zset) => zset::write(self, zset),
            Object::Hash(hash) => return hash::write(self, hash),
            Object::Stream(stream) => stream::write(self, stream),
        }
        true
    }

    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A number in the coding of lengths.
    fn len(&mut self, n: u64) {
        len::write(self.out, n);
    }

    fn text(&mut self, text: StrRef<'_>) {
        text::write(self.out, text, self.compressor.as_mut());
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.text(StrRef::Bytes(bytes));
    }
}
