//! Whose claim to a slot wins: the greater epoch, and only by being greater.

use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::verify::{self, Said, Word};
use crate::wire::NodeFlags;
use crate::{compose, epochs};
use base::{Epoch, NodeId, Slot, SlotSet};
use std::time::Duration;

/// Time between two corrections of one node: it repeats itself faster than it learns.
const UPDATE_PAUSE: Duration = Duration::from_millis(100);

/// A primary's header shows its slots. `switched`: it was a replica until this packet.
pub(crate) fn observe(core: &mut Core, sender: NodeKey, slots: &SlotSet, epoch: Epoch, switched: bool) {
    if !core.nodes[sender].is_primary() || (*slots == core.nodes[sender].slots && !switched) {
        return;
    }
    apply(core, sender, slots, epoch);
    correct(core, sender, slots, epoch);
}

/// What a claim would change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Moves {
    /// Anything.
    pub any: bool,
    /// A slot would leave its owner.
    pub takes: bool,
}

/// What [`observe`] would change.
pub(crate) fn moves(core: &Core, sender: NodeKey, slots: &SlotSet, epoch: Epoch) -> Moves {
    let held = &core.nodes[sender].slots;
    if slots == held {
        return Moves::default();
    }
    let mut moves = Moves::default();
    for slot in slots.iter().filter(|slot| !held.contains(*slot)) {
        let free = core.slots.unclaimed(slot);
        let taken = core.slots.owner(slot).is_some_and(|o| core.nodes[o].config_epoch < epoch);
        moves.any |= free || taken;
        moves.takes |= taken && !free;
    }
    moves.any |= held.iter().any(|s| slots.contains(s) == core.slots.not_claimed.contains(s));
    moves
}

/// Rebinds what `sender` claims by right, and notes what it claims no more.
fn apply(core: &mut Core, sender: NodeKey, claimed: &SlotSet, epoch: Epoch) {
    let me = core.nodes.myself;
    let had_slots = !core.nodes[me].slots.is_empty();
    let mut changed = false;
    for slot in claimed.iter() {
        match core.slots.owner(slot) {
            Some(owner) if owner == sender => {
                core.slots.not_claimed.remove(slot);
            }
            owner
                if core.slots.unclaimed(slot)
                    || owner.is_some_and(|o| core.nodes[o].config_epoch < epoch) =>
            {
                rebind(core, slot, owner, sender);
                changed = true;
            }
            _ => {}
        }
    }
    changed |= release(core, sender, claimed);
    if changed {
        core.save_soon();
        core.todo.update_state = true;
        core.view_changed();
    }
    if had_slots && core.nodes[me].slots.is_empty() {
        let node = &core.nodes[sender];
        let text = format!(
            "My last slot was migrated to node {} ({}) in shard {}. I am now an empty primary.",
            node.id,
            node.human(),
            node.shard
        );
        core.log(Level::Notice, text);
    }
}

fn rebind(core: &mut Core, slot: Slot, owner: Option<NodeKey>, to: NodeKey) {
    let me = core.nodes.myself;
    if owner == Some(me) {
        core.want_save();
        core.lose_slot(slot, Some(core.nodes[to].id));
        core.slots.migrating.remove(&slot);
    }
    if let Some(source) = core.slots.importing.get(&slot).copied() {
        // A failover at the source: the import goes on from the successor.
        if core.nodes[source].shard == core.nodes[to].shard {
            core.slots.importing.insert(slot, to);
        } else {
            core.slots.importing.remove(&slot);
        }
    }
    core.slots.assign(&mut core.nodes, slot, to);
}

/// Slots that `sender` owns in our table and claims no more. What we were importing from it is ours.
fn release(core: &mut Core, sender: NodeKey, claimed: &SlotSet) -> bool {
    let me = core.nodes.myself;
    let dropped: Vec<Slot> = core.nodes[sender].slots.iter().filter(|s| !claimed.contains(*s)).collect();
    let mut imported = false;
    for slot in dropped {
        if core.slots.importing.get(&slot) == Some(&sender) && core.nodes[me].is_primary() {
            core.slots.importing.remove(&slot);
            core.slots.assign(&mut core.nodes, slot, me);
            imported = true;
        } else {
            core.slots.not_claimed.insert(slot);
        }
    }
    if imported {
        epochs::bump(core);
    }
    imported
}

/// The first slot that a claim under `epoch` gets wrong: somebody other than `claimant` holds it by a greater epoch.
pub(crate) fn newer_claim(
    core: &Core,
    slots: &SlotSet,
    epoch: Epoch,
    claimant: Option<NodeKey>,
) -> Option<(Slot, NodeKey)> {
    slots.iter().find_map(|slot| {
        let owner = core.slots.owner(slot).filter(|o| Some(*o) != claimant)?;
        let newer = !core.slots.unclaimed(slot) && core.nodes[owner].config_epoch > epoch;
        newer.then_some((slot, owner))
    })
}

/// One UPDATE to a node that claims what it lost.
pub(crate) fn correct(core: &mut Core, sender: NodeKey, slots: &SlotSet, epoch: Epoch) {
    let Some((_, owner)) = newer_claim(core, slots, epoch, Some(sender)) else { return };
    send_update(core, sender, owner);
}

/// Tells `sender` what `owner` has, unless it was told something a moment ago.
pub(crate) fn send_update(core: &mut Core, sender: NodeKey, owner: NodeKey) {
    let now = core.now.mono;
    if core.nodes[sender].update_sent.is_some_and(|at| now.since(at) < UPDATE_PAUSE) {
        return;
    }
    core.nodes[sender].update_sent = Some(now);
    let (stale, newer) = (&core.nodes[sender], &core.nodes[owner]);
    let text = format!(
        "Node {} ({}) has old slots configuration, sending an UPDATE message about {} ({})",
        stale.id,
        stale.human(),
        newer.id,
        newer.human()
    );
    core.log(Level::Verbose, text);
    compose::update(core, sender, owner);
}

/// `sender` tells us that `node` owns `slots` by `epoch`.
pub(crate) fn told(
    core: &mut Core,
    sender: NodeKey,
    node: NodeId,
    epoch: Epoch,
    slots: &SlotSet,
    said: Said,
) {
    if !verify::update_allowed(core, sender, said) {
        return;
    }
    let Some(key) = core.nodes.find(&node) else { return };
    if core.nodes[key].config_epoch >= epoch {
        return;
    }
    if key == core.nodes.myself {
        core.log(Level::Verbose, "Discarding UPDATE message about myself.".to_string());
        return;
    }
    if epochs::jumps(core, key, 0, epoch) {
        epochs::refuse_jump(core, key, epoch, said);
        return;
    }
    match said.word {
        Word::Doubted => verify::hold_update(core, sender, key, epoch, slots, said),
        Word::Taken => {
            let teller = core.nodes[sender].id;
            verify::update_taken(core, key, teller, epoch, slots, said);
            take_update(core, key, epoch, slots);
        }
        Word::Own => take_update(core, key, epoch, slots),
    }
}

/// `key` owns `slots` by `epoch`, whatever its role was.
pub(crate) fn take_update(core: &mut Core, key: NodeKey, epoch: Epoch, slots: &SlotSet) {
    if core.nodes[key].is_replica() {
        make_primary(core, key);
    }
    epochs::set(core, key, epoch, "another node said so");
    core.save_soon();
    core.view_changed();
    apply(core, key, slots, epoch);
}

/// A replica is a primary from now on.
pub(crate) fn make_primary(core: &mut Core, key: NodeKey) {
    core.record(What::RoleChanged, Some(core.nodes[key].id), [("to", "primary".into())]);
    let node = &mut core.nodes[key];
    node.flags.remove(NodeFlags::REPLICA);
    node.flags.insert(NodeFlags::PRIMARY);
    if key != core.nodes.myself {
        core.nodes[key].flags.insert(NodeFlags::MIGRATE_TO);
    }
    core.set_primary(key, None);
    core.todo.update_state = true;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use crate::place::Place;
    use crate::settings::Settings;
    use crate::start::{self, LoadedFiles};
    use base::{Now, Rng};
    use proptest::prelude::*;

    /// Three other primaries that share the first slots, and the last of which claims some.
    fn core(owners: &[u8], epochs: [Epoch; 3]) -> (Core, [NodeKey; 3]) {
        let now = Now { mono: base::Mono(1), unix_us: 1 };
        let core = start::core(Settings::default(), LoadedFiles::default(), now, Rng::new(1));
        let mut core = core.expect("a new node");
        let keys = [b'x', b'y', b'z'].map(|letter| {
            let id = NodeId::parse(&[letter; 40]).expect("an id");
            core.add_node(Node::new(id, NodeFlags::PRIMARY, Place::default(), now.mono)).expect("room")
        });
        for (key, epoch) in keys.iter().zip(epochs) {
            core.nodes[*key].config_epoch = epoch;
        }
        for (slot, owner) in owners.iter().enumerate() {
            if let (Some(slot), Some(key)) = (Slot::new(slot as u16), keys.get(usize::from(*owner))) {
                core.slots.assign(&mut core.nodes, slot, *key);
            }
        }
        (core, keys)
    }

    fn state(core: &Core) -> (Vec<Option<NodeKey>>, SlotSet) {
        (Slot::all().map(|slot| core.slots.owner(slot)).collect(), core.slots.not_claimed.clone())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_a_claim_moves_is_known_before(
            owners in proptest::collection::vec(0u8..4, 24),
            given_up in proptest::collection::vec(any::<bool>(), 24),
            claimed in proptest::collection::vec(any::<bool>(), 24),
            epochs: [u8; 3],
        ) {
            let epochs = epochs.map(|e| u64::from(e % 4));
            let (mut core, [.., claimant]) = core(&owners, epochs);
            for slot in (0..24).filter_map(Slot::new) {
                if given_up[slot.index()] && core.slots.owner(slot).is_some() {
                    core.slots.not_claimed.insert(slot);
                }
            }
            let slots: SlotSet = (0..24).filter_map(Slot::new).filter(|s| claimed[s.index()]).collect();
            let moves = moves(&core, claimant, &slots, epochs[2]);
            let (owned, unclaimed) = state(&core);
            observe(&mut core, claimant, &slots, epochs[2], false);
            let after = state(&core);
            let took = owned.iter().zip(&after.0).enumerate().any(|(i, (was, is))| {
                let free = Slot::new(i as u16).is_some_and(|s| unclaimed.contains(s));
                was != is && was.is_some() && !free
            });
            prop_assert_eq!(moves.takes, took);
            prop_assert_eq!(moves.any, (owned, unclaimed) != after);
        }
    }
}
