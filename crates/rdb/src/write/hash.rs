//! Hashes.

use super::Writer;
use crate::form::{FIELD_TTL_VERSION, Form, PLAIN_VERSION};
use crate::read::NEVER;
use ds::value::Hash;

/// Returns the version that a reader must know.
pub(super) fn write(to: &mut Writer<'_>, hash: &Hash) -> u16 {
    match hash {
        Hash::Pack(pack) if pack.view().is_portable() => {
            to.byte(Form::HASH_PACK);
            to.blob(pack.view().bytes());
            PLAIN_VERSION
        }
        _ if hash.expiring() > 0 => {
            write_pairs(to, hash, true);
            FIELD_TTL_VERSION
        }
        _ => {
            write_pairs(to, hash, false);
            PLAIN_VERSION
        }
    }
}

fn write_pairs(to: &mut Writer<'_>, hash: &Hash, with_expiry: bool) {
    to.byte(if with_expiry { Form::HASH_EXPIRY_LAST } else { Form::HASH });
    to.len(hash.len() as u64);
    for pair in hash.iter() {
        to.text(pair.field);
        to.text(pair.value);
        if with_expiry {
            let expiry = pair.expiry.map_or(NEVER, |at| at as i64);
            to.bytes(&expiry.to_le_bytes());
        }
    }
}
