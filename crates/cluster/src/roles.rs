//! Role changes that show in the headers of others.

use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::wire::{Header, NodeFlags};
use crate::{claims, epochs};

/// What the header meant for the sender's role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// As before.
    Same,
    /// It became a primary.
    Promoted,
    /// The packet is older than what we know: nothing more of it counts.
    Stale,
}

/// Follows the role that `sender` claims.
pub(crate) fn observe(core: &mut Core, sender: NodeKey, header: &Header) -> Role {
    let Some(primary_id) = header.replicaof else {
        if !core.nodes[sender].is_replica() {
            return Role::Same;
        }
        claims::make_primary(core, sender);
        core.save_soon();
        return Role::Promoted;
    };
    let primary = core.nodes.find(&primary_id).filter(|p| *p != sender);
    if core.nodes[sender].is_primary() && demote(core, sender, primary, header) == Role::Stale {
        return Role::Stale;
    }
    if let Some(primary) = primary
        && core.nodes[sender].replicaof != Some(primary)
    {
        core.set_primary(sender, Some(primary));
        core.nodes[sender].shard = core.nodes[primary].shard;
        core.todo.update_state = true;
        core.save_soon();
    }
    Role::Same
}

/// A primary calls itself a replica. Within a shard that is the other half of a failover: its slots follow.
fn demote(core: &mut Core, sender: NodeKey, primary: Option<NodeKey>, header: &Header) -> Role {
    let heir = primary.filter(|p| core.nodes[*p].shard == core.nodes[sender].shard);
    if let Some(heir) = heir {
        let (known, heirs) = (core.nodes[sender].config_epoch, core.nodes[heir].config_epoch);
        if known > header.config_epoch || heirs > header.config_epoch {
            let node = &core.nodes[sender];
            let text = format!(
                "Ignore stale message from {} ({}) in shard {}; gossip config epoch: {}, current config epoch: {}",
                node.id,
                node.human(),
                node.shard,
                header.config_epoch,
                known.max(heirs)
            );
            core.log(Level::Notice, text);
            return Role::Stale;
        }
        core.slots.move_all(&mut core.nodes, sender, heir);
        if core.nodes[heir].is_replica() {
            claims::make_primary(core, heir);
            epochs::set(core, heir, header.config_epoch, "its old primary follows it");
        }
    } else {
        core.slots.unassign_all(&mut core.nodes, sender);
    }
    let id = core.nodes[sender].id;
    let of = header.replicaof.unwrap_or(id);
    core.record(What::RoleChanged, Some(id), [("to", "replica".into()), ("of", of.into())]);
    let node = &mut core.nodes[sender];
    node.flags.remove(NodeFlags::PRIMARY | NodeFlags::MIGRATE_TO);
    node.flags.insert(NodeFlags::REPLICA);
    core.todo.update_state = true;
    core.save_soon();
    core.view_changed();
    Role::Same
}
