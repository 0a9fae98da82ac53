//! Small hashes: a listpack of fields and values.

use super::{Field, Fields, HashLimits, Pair, Put};
use crate::StrRef;
use crate::listpack::{Listpack, ListpackRef};
use crate::text::IntText;
use std::collections::HashSet;

#[inline]
pub(super) fn find<'a>(pack: ListpackRef<'a>, field: &[u8]) -> Option<Pair<'a>> {
    let at = pack.find(pack.first(), field, 1)?;
    Some(Pair { field: pack.get(at), value: pack.get(pack.after(at)), expiry: None })
}

/// Gives a field a value; `None`, and nothing is done, if a listpack cannot have it.
#[inline]
pub(super) fn set(pack: &mut Listpack, field: &[u8], value: &[u8], limits: &HashLimits) -> Option<Put> {
    let view = pack.view();
    if let Some(at) = view.find(view.first(), field, 1) {
        let at = view.after(at);
        return pack.fits(value.len()).then(|| {
            pack.replace(at, StrRef::compact(value));
            Put::Updated
        });
    }
    let fits = view.len() / 2 < limits.pack_fields_max && pack.fits(field.len() + value.len());
    fits.then(|| {
        pack.extend([StrRef::compact(field), StrRef::compact(value)].into_iter());
        Put::Added
    })
}

pub(super) fn remove(pack: &mut Listpack, field: &[u8]) -> bool {
    let view = pack.view();
    let found = view.find(view.first(), field, 1);
    if let Some(at) = found {
        pack.remove(at, 2);
    }
    found.is_some()
}

/// The same fields in a table.
pub(super) fn to_fields(pack: ListpackRef<'_>) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in pack.pairs() {
        let (mut name_text, mut value_text) = (IntText::new(), IntText::new());
        let name = name.text(&mut name_text);
        fields.add(crate::keyed::hash(name), Field::new(name, value.text(&mut value_text), None));
    }
    fields
}

/// Whether a listpack from outside is a hash.
pub(super) fn is_sound(pack: ListpackRef<'_>) -> bool {
    let mut seen = HashSet::new();
    pack.len().is_multiple_of(2) && pack.pairs().all(|(field, _)| seen.insert(field.to_vec()))
}
