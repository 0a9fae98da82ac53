//! Patterns of BY and GET: the key, or the field of a hash, that an element leads to.

use base::Slot;
use store::value::Hash;
use store::{Access, DbId, IntText, StrRef};

use crate::effects::{Class, Effects};
use crate::generic::slot_of_pattern;

/// What an element stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pattern<'a> {
    /// `#`: itself.
    Element,
    /// Without a `*`: nothing.
    Constant,
    /// The value of the key that has the element in place of the first `*`, or of one of its fields.
    Key {
        /// What stands before the `*`.
        before: &'a [u8],
        /// What stands behind it.
        after: &'a [u8],
        /// The field, of a hash.
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    pub fn parse(text: &'a [u8]) -> Pattern<'a> {
        let Some(star) = text.iter().position(|b| *b == b'*') else {
            return if text == b"#" { Pattern::Element } else { Pattern::Constant };
        };
        let (before, after) = (&text[..star], &text[star + 1..]);
        match after.windows(2).position(|two| two == b"->") {
            Some(arrow) if arrow + 2 < after.len() => {
                Pattern::Key { before, after: &after[..arrow], field: Some(&after[arrow + 2..]) }
            }
            _ => Pattern::Key { before, after, field: None },
        }
    }
}

/// Whether a pattern may lead to keys outside a slot.
pub(super) fn leaves_slot(text: &[u8], slot: Slot) -> bool {
    text != b"#" && slot_of_pattern(text) != Some(slot)
}

/// Looks up what elements lead to.
pub(super) struct Lookup<'l, 'k> {
    keys: &'l mut Access<'k>,
    effects: &'l mut Effects,
    db: DbId,
    name: Vec<u8>,
}

impl<'l, 'k> Lookup<'l, 'k> {
    pub fn new(keys: &'l mut Access<'k>, effects: &'l mut Effects, db: DbId) -> Lookup<'l, 'k> {
        Lookup { keys, effects, db, name: Vec::new() }
    }

    /// Shows the value that an element leads to: nothing if there is none, or one of another type.
    pub fn value(
        &mut self,
        pattern: &Pattern<'_>,
        element: StrRef<'_>,
        mut show: impl FnMut(Option<StrRef<'_>>),
    ) {
        let (before, after, field) = match *pattern {
            Pattern::Element => return show(Some(element)),
            Pattern::Constant => return show(None),
            Pattern::Key { before, after, field } => (before, after, field),
        };
        self.name.clear();
        self.name.extend_from_slice(before);
        self.name.extend_from_slice(element.text(&mut IntText::new()));
        self.name.extend_from_slice(after);
        let now = self.keys.clock.horizon();
        let key = self.keys.keyspace().key(&self.name);
        match (self.keys.lookup(self.db, key), field) {
            (None, _) => {
                self.effects.notify(Class::KeyMiss, "keymiss", self.db, key.bytes);
                show(None);
            }
            (Some(entry), None) => show(entry.text()),
            (Some(entry), Some(field)) => {
                let hash = entry.view_as::<Hash>();
                show(hash.as_ref().and_then(|hash| hash.get(field, now)).map(|pair| pair.value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let key = |before: &'static str, after: &'static str, field: Option<&'static str>| Pattern::Key {
            before: before.as_bytes(),
            after: after.as_bytes(),
            field: field.map(str::as_bytes),
        };
        let check =
            |text: &'static str, expect| assert_eq!(Pattern::parse(text.as_bytes()), expect, "{text}");
        check("#", Pattern::Element);
        check("##", Pattern::Constant);
        check("nosort", Pattern::Constant);
        check("a->b", Pattern::Constant);
        check("*", key("", "", None));
        check("w_*x", key("w_", "x", None));
        check("w_**", key("w_", "*", None));
        check("h_*:->f", key("h_", ":", Some("f")));
        check("h->*->f->g", key("h->", "", Some("f->g")));
        check("h_*->", key("h_", "->", None));
        check("h_*-> ->f", key("h_", "", Some(" ->f")));
    }

    #[test]
    fn tags_keep_to_a_slot() {
        let slot = Slot::of_key(b"{t}list");
        assert!(!leaves_slot(b"{t}w_*", slot) && !leaves_slot(b"#", slot) && !leaves_slot(b"{t}*->f", slot));
        assert!(leaves_slot(b"w_*{t}", slot) && leaves_slot(b"constant", slot) && leaves_slot(b"{u}*", slot));
    }
}
