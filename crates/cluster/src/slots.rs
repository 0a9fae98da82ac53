//! Who owns which slot, and which slots are on the move.

use crate::node_table::{NodeKey, NodeTable};
use crate::wire::NodeFlags;
use base::{NodeId, SLOTS, Slot, SlotSet};
use std::collections::BTreeMap;

/// The table of owners. Kept equal to the sets in the records of the owners.
pub(crate) struct SlotTable {
    owners: Box<[Option<NodeKey>; SLOTS]>,
    assigned: usize,
    /// Slots whose owner, by its own headers, claims them no more: free for any claimant.
    pub not_claimed: SlotSet,
    /// Mine, on their way to another node.
    pub migrating: BTreeMap<Slot, NodeKey>,
    /// Another node's, on their way to me.
    pub importing: BTreeMap<Slot, NodeKey>,
    /// Who lost which slots to whom since these were last taken.
    moves: Moves,
}

/// Slots by their owner before and after.
pub(crate) type Moves = BTreeMap<(Option<NodeId>, Option<NodeId>), SlotSet>;

impl SlotTable {
    pub fn new() -> SlotTable {
        SlotTable {
            owners: Box::new([None; SLOTS]),
            assigned: 0,
            not_claimed: SlotSet::new(),
            migrating: BTreeMap::new(),
            importing: BTreeMap::new(),
            moves: Moves::new(),
        }
    }

    pub fn owner(&self, slot: Slot) -> Option<NodeKey> {
        self.owners[slot.index()]
    }

    /// Slots that have an owner.
    pub fn assigned(&self) -> usize {
        self.assigned
    }

    /// No owner, or one that stopped claiming it.
    pub fn unclaimed(&self, slot: Slot) -> bool {
        self.owner(slot).is_none() || self.not_claimed.contains(slot)
    }

    /// Gives `slot` to `to`, whoever had it.
    pub fn assign(&mut self, nodes: &mut NodeTable, slot: Slot, to: NodeKey) {
        let from = self.owner(slot).map(|key| nodes[key].id);
        self.take(nodes, slot);
        self.moves.entry((from, Some(nodes[to].id))).or_default().insert(slot);
        if nodes[to].slots.is_empty() && nodes[to].is_primary() && nodes.any_replicas() {
            nodes[to].flags.insert(NodeFlags::MIGRATE_TO);
        }
        assert!(nodes[to].slots.insert(slot), "owner and set agree");
        self.owners[slot.index()] = Some(to);
        self.assigned += 1;
    }

    /// True if it had an owner.
    pub fn unassign(&mut self, nodes: &mut NodeTable, slot: Slot) -> bool {
        let from = self.owner(slot).map(|key| nodes[key].id);
        if from.is_some() {
            self.moves.entry((from, None)).or_default().insert(slot);
        }
        self.take(nodes, slot)
    }

    /// Changes of owners since the last call.
    pub fn take_moves(&mut self) -> Moves {
        std::mem::take(&mut self.moves)
    }

    fn take(&mut self, nodes: &mut NodeTable, slot: Slot) -> bool {
        self.not_claimed.remove(slot);
        let Some(owner) = self.owners[slot.index()].take() else { return false };
        assert!(nodes[owner].slots.remove(slot), "owner and set agree");
        self.assigned -= 1;
        true
    }

    /// Takes every slot of `node` away.
    pub fn unassign_all(&mut self, nodes: &mut NodeTable, node: NodeKey) {
        let slots: Vec<Slot> = nodes[node].slots.iter().collect();
        for slot in slots {
            self.unassign(nodes, slot);
        }
    }

    /// Moves every slot of `from` to `to`.
    pub fn move_all(&mut self, nodes: &mut NodeTable, from: NodeKey, to: NodeKey) {
        let slots: Vec<Slot> = nodes[from].slots.iter().collect();
        for slot in slots {
            self.assign(nodes, slot, to);
        }
    }

    /// Drops the open slots that lead to or come from `node`.
    pub fn close_open(&mut self, node: NodeKey) {
        self.migrating.retain(|_, to| *to != node);
        self.importing.retain(|_, from| *from != node);
    }

    /// The part of `owner`'s slots that it still claims itself.
    pub fn claimed_by(&self, nodes: &NodeTable, owner: NodeKey) -> SlotSet {
        let mut slots = nodes[owner].slots.clone();
        for slot in self.not_claimed.iter() {
            slots.remove(slot);
        }
        slots
    }

    /// Panics if the owners and the records' sets disagree.
    #[cfg(debug_assertions)]
    pub fn check_invariants(&self, nodes: &NodeTable) {
        let mut seen = 0;
        for (key, node) in nodes.iter() {
            for slot in node.slots.iter() {
                assert_eq!(self.owner(slot), Some(key), "slot {slot} in a set, not in the table");
                seen += 1;
            }
        }
        assert_eq!(seen, self.assigned);
        assert!(self.not_claimed.iter().all(|s| self.owner(s).is_some()));
        assert!(self.migrating.values().chain(self.importing.values()).all(|k| nodes.contains(*k)));
    }
}
