//! Hashes.

use super::Writer;
use crate::form::Form;
use crate::read::NEVER;
use ds::value::Hash;

/// False if it needs a newer version than everybody reads.
pub(super) fn write(to: &mut Writer<'_>, hash: &Hash) -> bool {
    match hash {
        Hash::Pack(pack) if pack.view().is_portable() => {
            to.byte(Form::HASH_PACK);
            to.blob(pack.view().bytes());
            true
        }
        _ if hash.expiring() > 0 => {
            write_pairs(to, hash, true);
            false
        }
        _ => {
            write_pairs(to, hash, false);
            true
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
