//! Sorted sets.

use super::Writer;
use crate::form::Form;
use ds::value::Zset;

pub(super) fn write(to: &mut Writer<'_>, zset: &Zset) {
    match zset {
        Zset::Pack(pack) if pack.view().is_portable() => {
            to.byte(Form::ZSET_PACK);
            to.blob(pack.view().bytes());
        }
        _ => {
            to.byte(Form::ZSET);
            to.len(zset.len() as u64);
            // From the highest down: who reads them inserts each at the front.
            for element in zset.iter().rev() {
                to.text(element.member);
                to.bytes(&element.score.to_le_bytes());
            }
        }
    }
}
