//! CLUSTER FORGET.

use super::{Refused, find, shown};
use crate::core::Core;
use crate::event::Level;
use base::NodeId;

/// Removes a node and bars it from coming back through gossip. OK if it is barred already.
pub(crate) fn forget(core: &mut Core, id: &[u8], who: &str) -> Result<(), Refused> {
    let now = core.now.mono;
    let Some(key) = find(core, id) else {
        if NodeId::parse(id).is_some_and(|id| core.blacklist.holds(&id, now)) {
            return Ok(());
        }
        return Refused::because(format!("Unknown node {}", shown(id)));
    };
    if key == core.nodes.myself {
        return Refused::because("I tried hard but I can't forget myself...");
    }
    if core.nodes.me().replicaof == Some(key) {
        return Refused::because("Can't forget my master!");
    }
    core.log(Level::Notice, format!("Cluster forget {} (user request from '{who}').", core.nodes[key].id));
    let ttl_s = core.settings.blacklist_ttl_s;
    crate::forget::forget(core, key, ttl_s, who.into());
    // Those who understand it forget the node too, at once: it would come back from whoever does not hear of it.
    core.todo.broadcast_pong = true;
    Ok(())
}
