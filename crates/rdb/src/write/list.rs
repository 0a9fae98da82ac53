//! Lists.

use super::Writer;
use crate::form::Form;
use crate::read::{PACKED, PLAIN};
use ds::Word;
use ds::value::List;
use ds::value::list::NodeRef;

pub(super) fn write(to: &mut Writer<'_>, list: &List) {
    let (mut nodes, mut portable) = (0, true);
    list.for_each_node(|node| {
        nodes += 1;
        portable &= match node {
            NodeRef::Pack(pack) => pack.is_portable(),
            NodeRef::Plain(_) => true,
        };
    });
    if portable { write_nodes(to, list, nodes) } else { write_elements(to, list) }
}

fn write_nodes(to: &mut Writer<'_>, list: &List, nodes: u64) {
    to.byte(Form::LIST_NODES);
    to.len(nodes);
    list.for_each_node(|node| match node {
        NodeRef::Pack(pack) => {
            to.len(PACKED);
            to.blob(pack.bytes());
        }
        NodeRef::Plain(bytes) => {
            to.len(PLAIN);
            to.blob(bytes);
        }
    });
}

/// One by one: not every server takes the listpacks.
fn write_elements(to: &mut Writer<'_>, list: &List) {
    to.byte(Form::LIST);
    to.len(list.len() as u64);
    list.visit(&mut |parts| to.text(parts[0]));
}
