//! Verbs that only look: COUNT-FAILURE-REPORTS and REPLICAS.

use super::{Refused, find_or_unknown};
use crate::core::Core;
use crate::failure;
use crate::report::nodes;
use crate::view::Audience;

/// Reports against the node that still count.
pub(crate) fn count_failure_reports(core: &mut Core, id: &[u8]) -> Result<usize, Refused> {
    let key = find_or_unknown(core, id)?;
    Ok(failure::report_count(core, key))
}

/// One line of CLUSTER NODES for each replica of the primary named, by name.
pub(crate) fn replicas(core: &Core, id: &[u8], audience: Audience) -> Result<Vec<String>, Refused> {
    let key = find_or_unknown(core, id)?;
    if core.nodes[key].is_replica() {
        return Refused::because("The specified node is not a master");
    }
    let primary = core.nodes[key].id;
    Ok(nodes::saved(core).client_lines(audience, |n| n.primary == Some(primary)))
}
