//! The digest behind DEBUG DIGEST: forty hex digits over keys, values and expiry times, the same for the same
//! data in any order, all zeros for none.

use sha1::{Digest as _, Sha1};
use std::fmt;
use store::{EntryRef, IntText, Kind, StrRef, ValueRef};

/// A running digest.
#[derive(Default)]
pub struct Digest([u8; 20]);

impl Digest {
    /// Mixes in a whole entry; the order of entries does not matter.
    pub fn add_entry(&mut self, db: u32, entry: &EntryRef<'_>) {
        let mut one = Sha1::new();
        one.update(db.to_be_bytes());
        one.update((entry.key().len() as u64).to_be_bytes());
        one.update(entry.key());
        hash_value(&mut one, entry);
        if let Some(at) = entry.expiry() {
            one.update(at.to_be_bytes());
        }
        self.mix(one);
    }

    /// Mixes in a value.
    pub fn add_value(&mut self, entry: &EntryRef<'_>) {
        let mut one = Sha1::new();
        hash_value(&mut one, entry);
        self.mix(one);
    }

    fn mix(&mut self, one: Sha1) {
        for (total, byte) in self.0.iter_mut().zip(one.finalize()) {
            *total ^= byte;
        }
    }
}

fn hash_value(hash: &mut Sha1, entry: &EntryRef<'_>) {
    hash.update(entry.kind().name());
    match entry.value() {
        ValueRef::Str(text) => hash_text(hash, text),
        ValueRef::Object(object) => {
            let is_ordered = matches!(object.kind(), Kind::List | Kind::Stream);
            let mut total = Digest::default();
            object.visit(&mut |parts| {
                let mut one = Sha1::new();
                if is_ordered {
                    one.update(total.0);
                }
                for part in parts {
                    one.update((part.len() as u64).to_be_bytes());
                    hash_text(&mut one, *part);
                }
                total.mix(one);
            });
            hash.update(total.0);
        }
    }
}

fn hash_text(hash: &mut Sha1, text: StrRef<'_>) {
    hash.update(text.text(&mut IntText::new()));
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
