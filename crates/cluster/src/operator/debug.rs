//! DEBUG hooks of the bus, for the suites of other implementations.

use super::{Refused, find_or_unknown, shown};
use crate::core::Core;

/// What tests switched on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Debug {
    /// `DEBUG DROP-CLUSTER-PACKET-FILTER`: the type dropped on arrival.
    drop: Option<Filter>,
    /// `DEBUG CLOSE-CLUSTER-LINK-ON-PACKET-DROP`
    pub close_on_drop: bool,
    /// `DEBUG DISABLE-CLUSTER-RANDOM-PING`
    pub no_random_ping: bool,
    /// `DEBUG DISABLE-CLUSTER-RECONNECTION`
    pub no_reconnection: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Filter {
    All,
    Kind(u16),
}

impl Debug {
    /// Whether a message of this type is thrown away.
    pub fn drops(&self, kind: u16) -> bool {
        self.drop.is_some_and(|f| f == Filter::All || f == Filter::Kind(kind))
    }

    /// -1 drops nothing, -2 everything.
    pub fn set_filter(&mut self, kind: i32) {
        self.drop = match kind {
            -2 => Some(Filter::All),
            _ => u16::try_from(kind).ok().map(Filter::Kind),
        };
    }
}

/// DEBUG CLUSTERLINK KILL `to`, `from` or `all` of the node's links.
pub(crate) fn kill_links(core: &mut Core, direction: &[u8], id: &[u8]) -> Result<(), Refused> {
    let key = find_or_unknown(core, id)?;
    if key == core.nodes.myself {
        return Refused::because("Cannot free cluster link(s) to myself");
    }
    let (to, from) = match direction.to_ascii_lowercase().as_slice() {
        b"to" => (true, false),
        b"from" => (false, true),
        b"all" => (true, true),
        _ => return Refused::because(format!("Unknown direction {}", shown(direction))),
    };
    let node = &core.nodes[key];
    for link in [node.outbound.filter(|_| to), node.inbound.filter(|_| from)].into_iter().flatten() {
        core.close_link(link);
    }
    Ok(())
}
