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
        // Listpacks are newer than the version.
        Set::Pack(_) | Set::Table(_) => {
            to.byte(Form::SET);
            to.len(set.len() as u64);
            set.iter().for_each(|member| to.text(member));
        }
    }
}
