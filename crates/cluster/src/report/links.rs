//! CLUSTER LINKS as data.

use crate::core::Core;
use crate::event::LinkId;
use base::NodeId;

/// One link of a known node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkReport {
    /// `to` rather than `from`: we dialled.
    pub to: bool,
    /// The node at the other end.
    pub node: NodeId,
    /// Unix milliseconds.
    pub create_time_ms: u64,
    /// `r`, or `rw` while something waits to be sent.
    pub events: &'static str,
    /// Bytes that wait to be sent: both `send-buffer-allocated` and `send-buffer-used`.
    pub send_buffer: usize,
}

/// Nodes in the order of names, outbound before inbound. Links of strangers are not shown.
pub(crate) fn report(core: &Core) -> Vec<LinkReport> {
    let mut list = Vec::new();
    for (_, node) in core.nodes.by_name() {
        for id in [node.outbound, node.inbound].into_iter().flatten() {
            list.extend(one(core, node.id, id));
        }
    }
    list
}

fn one(core: &Core, node: NodeId, id: LinkId) -> Option<LinkReport> {
    let link = core.links.get(id)?;
    let send_buffer = link.backlog + core.outbox.queued_bytes(id);
    Some(LinkReport {
        to: id.is_dialled(),
        node,
        create_time_ms: core.unix_us(link.created) / 1000,
        events: if send_buffer == 0 { "r" } else { "rw" },
        send_buffer,
    })
}
