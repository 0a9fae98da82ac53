//! Payloads of real servers (`testdata/`), each with the digest that they give the value.
#![allow(dead_code, reason = "each test file uses its part")]

use base::num::format_shortest;
use ds::value::zset::Element;
use ds::value::{HashLimits, ListLimits, Object, SetLimits, ZsetLimits};
use ds::{IntText, StrRef};
use rdb::{Limits, Rules, Value};
use sha1::{Digest as _, Sha1};

const FILES: [&str; 4] = [
    include_str!("../../testdata/redis-7.0.15.tsv"),
    include_str!("../../testdata/redis-8.0.6.tsv"),
    include_str!("../../testdata/valkey-9.1.2.tsv"),
    include_str!("../../testdata/legacy.tsv"),
];

/// One payload.
pub struct Golden {
    pub name: &'static str,
    pub payload: Vec<u8>,
    /// DEBUG DIGEST-VALUE of Valkey, or of Redis 8 if Valkey does not take it.
    pub digest: &'static str,
}

/// All of them.
pub fn all() -> impl Iterator<Item = Golden> {
    FILES.into_iter().flat_map(|file| file.lines().skip(1)).map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().expect("three columns");
        Golden { name: next(), payload: unhex(next()), digest: next() }
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("hexadecimal") as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// Those of a server without a configuration, before any field of the data expires.
pub fn rules() -> Rules {
    let limits = Limits {
        list: ListLimits { node_size: -2, long: ListLimits::LONG },
        set: SetLimits { ints_max: 512, pack_members_max: 128, pack_value_max: 64 },
        zset: ZsetLimits { pack_members_max: 128, pack_value_max: 64 },
        hash: HashLimits { pack_fields_max: 512, pack_value_max: 64 },
    };
    Rules { limits, now_ms: 1_700_000_000_000 }
}

/// The digest of a value, by the rules of DEBUG DIGEST-VALUE.
pub fn digest(value: &Value) -> String {
    let mut total = Total::default();
    let kind = |number: u32| number.to_be_bytes();
    match value {
        Value::Text(text) => {
            total.chain(&kind(0));
            total.chain(text);
        }
        Value::Object(object) => {
            total.chain(&kind(object.kind() as u32));
            match object {
                Object::Zset(zset) => zset.iter().for_each(|element| total.add_scored(&element)),
                _ => object.visit(&mut |parts| total.add(object, parts)),
            }
        }
    }
    total.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Default)]
struct Total([u8; 20]);

impl Total {
    fn add(&mut self, object: &Object, parts: &[StrRef<'_>]) {
        let text = |part: &StrRef<'_>| part.text(&mut IntText::new()).to_vec();
        match object {
            Object::Set(_) => self.join(&text(&parts[0])),
            Object::Hash(_) => {
                let mut one = Total::default();
                parts[..2].iter().for_each(|part| one.chain(&text(part)));
                self.join(&one.0);
            }
            _ => parts.iter().for_each(|part| self.chain(&text(part))),
        }
    }

    fn add_scored(&mut self, element: &Element<'_>) {
        let (mut one, mut score) = (Total::default(), Vec::new());
        format_shortest(&mut score, element.score);
        element.with_bytes(|member| one.chain(member));
        one.chain(&score);
        self.join(&one.0);
    }

    fn join(&mut self, bytes: &[u8]) {
        self.0.iter_mut().zip(Sha1::digest(bytes)).for_each(|(total, byte)| *total ^= byte);
    }

    fn chain(&mut self, bytes: &[u8]) {
        self.join(bytes);
        self.0 = Sha1::digest(self.0).into();
    }
}

/// Panics if the value contradicts itself.
pub fn check(value: &Value) {
    if let Value::Object(object) = value {
        object.check_invariants();
    }
}
