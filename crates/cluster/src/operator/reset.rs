//! CLUSTER RESET.

use super::Refused;
use crate::core::Core;
use crate::epochs::Epochs;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::What;
use base::{NodeId, ShardId};

/// Forgets the cluster; `hard` also forgets who this node was. `keys`: how many it holds in all databases.
pub(crate) fn reset(core: &mut Core, hard: bool, keys: u64, who: &str) -> Result<(), Refused> {
    if core.nodes.me().is_primary() && keys != 0 {
        return Refused::because("CLUSTER RESET can't be called with master nodes containing keys");
    }
    core.log(Level::Notice, format!("Cluster reset (user request from '{who}')."));
    let kind = if hard { "hard" } else { "soft" };
    core.record(What::Reset, Some(core.nodes.me().id), [("kind", kind.into()), ("by", who.into())]);
    let mine = core.nodes.me().slots.clone();
    for slot in mine.iter() {
        core.lose_slot(slot, None);
    }
    core.slots.migrating.clear();
    core.slots.importing.clear();
    for key in (0..core.nodes.bound()).map(NodeKey) {
        if core.nodes.contains(key) {
            core.slots.unassign_all(&mut core.nodes, key);
            if key != core.nodes.myself {
                core.remove_node(key);
            }
        }
    }
    core.blacklist.clear();
    core.epochs.joined = false;
    let shard = ShardId::random(&mut core.rng);
    core.nodes.me_mut().shard = shard;
    if hard {
        forget_identity(core);
    }
    core.want_save();
    core.todo.update_state = true;
    core.view_changed();
    Ok(())
}

fn forget_identity(core: &mut Core) {
    core.epochs = Epochs::default();
    core.nodes.me_mut().config_epoch = 0;
    core.log(Level::Notice, "configEpoch set to 0 via CLUSTER RESET HARD".to_string());
    let id = NodeId::random(&mut core.rng);
    let me = core.nodes.myself;
    core.nodes.rename(me, id);
    // Strangers that hold one of our links must find out anew who we are.
    let links: Vec<_> = core.links.iter().map(|(link, _)| link).collect();
    for link in links {
        core.close_link(link);
    }
    core.log(Level::Notice, format!("Node hard reset, now I'm {id}"));
}
