//! Lists.

use super::{Items, Rules, filled, pack};
use crate::cursor::Cursor;
use crate::fault::Fault;
use crate::old::ziplist;
use crate::value::Value;
use ds::value::List;
use ds::value::list::{End, NodeRef};
use ds::{IntText, StrRef};

/// A node that is one long element.
pub(crate) const PLAIN: u64 = 1;
/// A node that is a listpack.
pub(crate) const PACKED: u64 = 2;

/// Elements, one by one.
#[derive(Default)]
pub(super) struct Elements(List);

impl Items for Elements {
    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let text = from.text()?;
        push(&mut self.0, &text, rules);
        Ok(())
    }

    fn finish(self, rules: &Rules) -> Result<Value, Fault> {
        settled(self.0, rules)
    }
}

/// Ziplists.
#[derive(Default)]
pub(super) struct Ziplists(List);

impl Items for Ziplists {
    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let text = from.text()?;
        push_all(&mut self.0, &ziplist::parse(&text)?, rules);
        Ok(())
    }

    fn finish(self, rules: &Rules) -> Result<Value, Fault> {
        settled(self.0, rules)
    }
}

/// Listpacks and long elements.
#[derive(Default)]
pub(super) struct Nodes(List);

impl Items for Nodes {
    fn item(&mut self, from: &mut Cursor<'_>, rules: &Rules) -> Result<(), Fault> {
        let (container, text) = (from.number()?, from.text()?);
        match container {
            _ if text.is_empty() => return Err(Fault::Bad("a node of a list is empty")),
            PLAIN => push(&mut self.0, &text, rules),
            PACKED => {
                let pack = pack::parse(&text)?;
                if !pack.is_empty() {
                    self.0.push_node(NodeRef::Pack(pack.view()));
                }
            }
            _ => return Err(Fault::Bad("a node of a list is of no known kind")),
        }
        Ok(())
    }

    fn finish(self, rules: &Rules) -> Result<Value, Fault> {
        settled(self.0, rules)
    }
}

/// A list that is one ziplist.
pub(super) fn of_ziplist(bytes: &[u8], rules: &Rules) -> Result<Value, Fault> {
    let mut list = List::new();
    push_all(&mut list, &ziplist::parse(bytes)?, rules);
    settled(list, rules)
}

fn push_all(list: &mut List, elements: &[StrRef<'_>], rules: &Rules) {
    for element in elements {
        push(list, element.text(&mut IntText::new()), rules);
    }
}

fn push(list: &mut List, element: &[u8], rules: &Rules) {
    list.push(End::Right, std::iter::once(element), rules.limits.list);
}

fn settled(mut list: List, rules: &Rules) -> Result<Value, Fault> {
    list.settle(rules.limits.list);
    filled(list)
}
