//! Sets.

use super::Writer;
use crate::form::Form;
use ds::value::Set;

pub(super) fn write(to: &mut Writer<'_>, set: &Set) {
    match set {
        Set::Ints(ints) => {
            to.byte(Form::INTSET);
            to.blob(ints.bytes());
        }
        // Newer than the version that everybody reads.
        Set::Pack(pack) if to.is_newest() && pack.view().is_portable() => {
            to.byte(Form::SET_PACK);
            to.blob(pack.view().bytes());
        }
        Set::Pack(_) | Set::Table(_) => {
            to.byte(Form::SET);
            to.len(set.len() as u64);
            set.iter().for_each(|member| to.text(member));
        }
    }
}
