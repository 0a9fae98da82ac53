//! CLUSTER SETSLOT: opening, closing and handing over single slots.

use super::{Refused, find, shown};
use crate::core::Core;
use crate::epochs;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::What;
use base::Slot;

/// The action, with the node's id as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetSlot<'a> {
    /// Mine, to be moved to the node.
    Migrating(&'a [u8]),
    /// The node's, to be moved here.
    Importing(&'a [u8]),
    /// Not on the move.
    Stable,
    /// The node's from now on.
    Node(&'a [u8]),
}

/// What the caller counted under the lock that it holds while it asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SlotKeys {
    /// Keys of the slot that are here.
    pub in_slot: u64,
}

/// Checks and does it.
pub(crate) fn set_slot(
    core: &mut Core,
    slot: &[u8],
    action: SetSlot<'_>,
    keys: SlotKeys,
) -> Result<(), Refused> {
    if !core.nodes.me().is_primary() {
        return Refused::because("Please use SETSLOT only with masters.");
    }
    let slot = super::parse_slot(slot)?;
    match action {
        SetSlot::Migrating(id) => migrating(core, slot, id)?,
        SetSlot::Importing(id) => importing(core, slot, id)?,
        SetSlot::Stable => {
            core.slots.importing.remove(&slot);
            core.slots.migrating.remove(&slot);
        }
        SetSlot::Node(id) => hand_over(core, slot, id, keys)?,
    }
    core.want_save();
    core.todo.update_state = true;
    core.view_changed();
    Ok(())
}

fn migrating(core: &mut Core, slot: Slot, id: &[u8]) -> Result<(), Refused> {
    if core.slots.owner(slot) != Some(core.nodes.myself) {
        return Refused::because(format!("I'm not the owner of hash slot {slot}"));
    }
    let to = partner(core, id)?;
    core.slots.migrating.insert(slot, to);
    opened(core, slot, to, "migrating");
    Ok(())
}

fn importing(core: &mut Core, slot: Slot, id: &[u8]) -> Result<(), Refused> {
    if core.slots.owner(slot) == Some(core.nodes.myself) {
        return Refused::because(format!("I'm already the owner of hash slot {slot}"));
    }
    let from = partner(core, id)?;
    core.slots.importing.insert(slot, from);
    opened(core, slot, from, "importing");
    Ok(())
}

fn opened(core: &mut Core, slot: Slot, partner: NodeKey, how: &str) {
    let fields = [("slot", u64::from(slot.get()).into()), ("how", how.into())];
    core.record(What::SlotOpened, Some(core.nodes[partner].id), fields);
}

fn partner(core: &Core, id: &[u8]) -> Result<NodeKey, Refused> {
    let Some(key) = find(core, id) else {
        return Refused::because(format!("I don't know about node {}", shown(id)));
    };
    if key == core.nodes.myself {
        return Refused::because("Target node is myself");
    }
    if core.nodes[key].is_replica() {
        return Refused::because("Target node is not a master");
    }
    Ok(key)
}

fn hand_over(core: &mut Core, slot: Slot, id: &[u8], keys: SlotKeys) -> Result<(), Refused> {
    let key = super::find_or_unknown(core, id)?;
    if core.nodes[key].is_replica() {
        return Refused::because("Target node is not a master");
    }
    let me = core.nodes.myself;
    let was_mine = core.slots.owner(slot) == Some(me);
    if was_mine && key != me && keys.in_slot != 0 {
        return Refused::because(format!(
            "Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot."
        ));
    }
    if keys.in_slot == 0 {
        core.slots.migrating.remove(&slot);
    }
    if was_mine && key != me {
        core.lose_slot(slot, Some(core.nodes[key].id));
    }
    let had_slots = !core.nodes.me().slots.is_empty();
    core.slots.assign(&mut core.nodes, slot, key);
    if had_slots && core.nodes.me().slots.is_empty() {
        say_empty(core, key);
    }
    if key == me && core.slots.importing.remove(&slot).is_some() {
        if epochs::bump(core).is_some() {
            core.log(Level::Notice, format!("ConfigEpoch updated after importing slot {slot}"));
        }
        core.todo.broadcast_pong = true;
    }
    Ok(())
}

fn say_empty(core: &mut Core, key: NodeKey) {
    let node = &core.nodes[key];
    let text = format!(
        "My last slot was migrated to node {} ({}) in shard {}. I am now an empty primary.",
        node.id,
        node.human(),
        node.shard
    );
    core.log(Level::Notice, text);
}
