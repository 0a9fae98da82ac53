//! The digest behind DEBUG DIGEST: forty hex digits over keys and values, the same as that of Redis for the same data,
//! all zeros for none.
//!
//! What has no order is exclusive-ored together, what has one is hashed on: [`Digest::join`] and [`Digest::chain`]. Of
//! an expiry only its presence counts.

use base::num::format_shortest;
use sha1::{Digest as _, Sha1};
use std::fmt;
use store::value::Stream;
use store::{EntryRef, IntText, Object, StrRef, ValueRef, Word};

/// A running digest.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Digest([u8; 20]);

impl Digest {
    /// Begins a database that has keys; the order of databases matters.
    pub fn add_database(&mut self, db: u32) {
        self.chain(&db.to_be_bytes());
    }

    /// Adds a key with its value; their order does not matter.
    pub fn add_entry(&mut self, entry: &EntryRef<'_>) {
        let mut one = Digest::default();
        one.chain(entry.key());
        one.add_value(entry);
        self.join(&one.0);
    }

    /// Adds a value, by itself as a rule.
    pub fn add_value(&mut self, entry: &EntryRef<'_>) {
        self.chain(&u32::from(entry.kind() as u8).to_be_bytes());
        match entry.value() {
            ValueRef::Str(text) => self.chain_text(text),
            ValueRef::Object(object) => self.add_object(&object),
        }
        if entry.expiry().is_some() {
            self.join(b"!!expire!!");
        }
    }

    fn add_object(&mut self, object: &Object) {
        match object {
            Object::List(list) => list.visit(&mut |parts| self.chain_text(parts[0])),
            Object::Set(set) => set.visit(&mut |parts| self.join(parts[0].text(&mut IntText::new()))),
            Object::Hash(hash) => hash.visit(&mut |parts| {
                let mut one = Digest::default();
                parts[..2].iter().for_each(|part| one.chain_text(*part));
                self.join(&one.0);
            }),
            Object::Zset(zset) => zset.iter().for_each(|element| {
                let mut one = Digest::default();
                one.chain_text(element.member);
                one.chain(&score_text(element.score));
                self.join(&one.0);
            }),
            Object::Stream(stream) => self.add_stream(stream),
        }
    }

    fn add_stream(&mut self, stream: &Stream) {
        stream.visit(&mut |parts| parts.iter().for_each(|part| self.chain_text(*part)));
    }

    /// Mixes something in whose place does not matter.
    fn join(&mut self, bytes: &[u8]) {
        for (total, byte) in self.0.iter_mut().zip(Sha1::digest(bytes)) {
            *total ^= byte;
        }
    }

    /// Mixes something in whose place matters.
    fn chain(&mut self, bytes: &[u8]) {
        self.join(bytes);
        self.0 = Sha1::digest(self.0).into();
    }

    fn chain_text(&mut self, text: StrRef<'_>) {
        self.chain(text.text(&mut IntText::new()));
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A score as Valkey and Redis 8 have it here; Redis 7 always writes 17 digits.
fn score_text(score: f64) -> Vec<u8> {
    let mut text = Vec::new();
    format_shortest(&mut text, score);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::value::{List, Zset, ZsetLimits};
    use store::{Entry, NewString};

    #[test]
    fn values_have_the_digests_of_redis() {
        let of = |entry: Entry| {
            let mut digest = Digest::default();
            digest.add_value(&entry.view());
            digest.to_string()
        };
        let bar = |expiry| Entry::string(b"k", NewString::Bytes(b"bar"), expiry);
        assert_eq!(of(bar(None)), "68467c70ae30376e7ce005bcc8827f5ba7fd67dc");
        assert_eq!(of(bar(Some(1 << 45))), "8ec3828f7209dd3abdf6ee448de8b0c0bd53265f");
        let list = List::of([StrRef::Bytes(b"a"), StrRef::Int(1)].into_iter());
        assert_eq!(of(Entry::composite(b"k", list, None)), "a4b574dfd44a241b7583aa0f4da11ef31ee0b995");
        let mut zset = Zset::new();
        zset.insert(b"a", 0.1, &ZsetLimits { pack_members_max: 9, pack_value_max: 9 });
        assert_eq!(of(Entry::composite(b"k", zset, None)), "6605f56364a85f2c14bc54c5b4318ac4616eb60a");
    }
}
