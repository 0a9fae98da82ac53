//! What workers know of the cluster: an immutable snapshot, published whenever something in it changes.

mod shards;
mod slots;

pub use shards::{Shard, ShardNode};
pub use slots::{SlotsEntry, SlotsNode};

pub use crate::address::{Audience, ClientAddress, EndpointType, NodeAddress};
use base::{Epoch, NodeId, ReplOffset, SLOTS, ShardId, Slot, SlotSet};

/// Index of a node in [`View::nodes`].
pub type NodeIdx = u16;
/// The owner of a slot that nobody owns.
pub const NO_NODE: NodeIdx = NodeIdx::MAX;

/// One published state of the cluster as this node sees it.
#[derive(Clone, PartialEq, Debug)]
pub struct View {
    /// Grows by one with each view published.
    pub version: u64,
    /// Where in `nodes` this node stands.
    pub myself: NodeIdx,
    /// Every known node, those in handshake too. Fewer than [`NO_NODE`].
    pub nodes: Vec<ViewNode>,
    /// Owner of each slot, or [`NO_NODE`].
    pub owners: Box<[NodeIdx; SLOTS]>,
    /// Slots on their way to another node, ascending. On a replica: its primary's.
    pub migrating: Vec<(Slot, NodeIdx)>,
    /// Slots on their way from another node, ascending. On a replica: its primary's.
    pub importing: Vec<(Slot, NodeIdx)>,
    /// Slots of this node whose writes wait: it is not sure that they are still its own. `None` if there are none.
    pub fenced: Option<SlotSet>,
    /// Whether the cluster serves.
    pub state_ok: bool,
    /// The cluster-wide epoch.
    pub current_epoch: Epoch,
    /// What the operator set.
    pub settings: ViewSettings,
}

/// Settings that decide how clients are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ViewSettings {
    /// `cluster-allow-reads-when-down`.
    pub reads_when_down: bool,
    /// `cluster-allow-pubsubshard-when-down`.
    pub pubsubshard_when_down: bool,
    /// `cluster-require-full-coverage`.
    pub require_full_coverage: bool,
    /// `cluster-preferred-endpoint-type`.
    pub endpoint: EndpointType,
}

impl Default for ViewSettings {
    fn default() -> ViewSettings {
        ViewSettings {
            reads_when_down: false,
            pubsubshard_when_down: true,
            require_full_coverage: true,
            endpoint: EndpointType::Ip,
        }
    }
}

/// One node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewNode {
    /// Its name.
    pub id: NodeId,
    /// Its shard's name.
    pub shard: ShardId,
    /// Where it is.
    pub address: NodeAddress,
    /// A replica, even if of an unknown primary.
    pub replica: bool,
    /// The primary of a replica, if known.
    pub primary: Option<NodeIdx>,
    /// The FAIL flag.
    pub failed: bool,
    /// Not in the cluster yet.
    pub handshake: bool,
    /// Replication offset when the view was published; 0 = has no data yet.
    pub offset: ReplOffset,
    /// Its own epoch.
    pub config_epoch: Epoch,
}

impl ViewNode {
    /// A primary without address, data or slots, alone in its shard.
    pub fn new(id: NodeId, shard: ShardId) -> ViewNode {
        ViewNode {
            id,
            shard,
            address: NodeAddress::default(),
            replica: false,
            primary: None,
            failed: false,
            handshake: false,
            offset: 0,
            config_epoch: 0,
        }
    }
}

impl View {
    /// A view of one node that knows nobody and owns nothing.
    pub fn alone(node: ViewNode, settings: ViewSettings) -> View {
        View {
            version: 0,
            myself: 0,
            nodes: vec![node],
            owners: Box::new([NO_NODE; SLOTS]),
            migrating: Vec::new(),
            importing: Vec::new(),
            fenced: None,
            state_ok: false,
            current_epoch: 0,
            settings,
        }
    }

    /// This node.
    pub fn me(&self) -> &ViewNode {
        self.node(self.myself)
    }

    /// The node at an index that this view gave out.
    pub fn node(&self, index: NodeIdx) -> &ViewNode {
        &self.nodes[usize::from(index)]
    }

    /// Who owns the slot.
    pub fn owner(&self, slot: Slot) -> Option<NodeIdx> {
        Some(self.owners[slot.index()]).filter(|owner| *owner != NO_NODE)
    }

    /// Whether this node is the slot's owner.
    pub fn owns(&self, slot: Slot) -> bool {
        self.owners[slot.index()] == self.myself
    }

    /// Whether this node or its primary owns the slot.
    pub fn serves(&self, slot: Slot) -> bool {
        let owner = self.owners[slot.index()];
        owner == self.myself || (owner != NO_NODE && self.nodes[self.myself as usize].primary == Some(owner))
    }

    /// Where the slot is going, if it is.
    pub fn migrating_to(&self, slot: Slot) -> Option<NodeIdx> {
        find(&self.migrating, slot)
    }

    /// Where the slot comes from, if it does.
    pub fn importing_from(&self, slot: Slot) -> Option<NodeIdx> {
        find(&self.importing, slot)
    }

    /// Maximal runs of slots with the same owner, ascending, ends included; unowned slots are skipped.
    pub fn runs(&self) -> Vec<(Slot, Slot, NodeIdx)> {
        let mut runs: Vec<(Slot, Slot, NodeIdx)> = Vec::new();
        for slot in Slot::all() {
            let owner = self.owners[slot.index()];
            match runs.last_mut() {
                Some((_, end, same)) if *same == owner && end.get() + 1 == slot.get() => *end = slot,
                _ if owner == NO_NODE => {}
                _ => runs.push((slot, slot, owner)),
            }
        }
        runs
    }

    /// Checks what a publisher must hold; for tests and debug builds.
    ///
    /// # Panics
    /// If an index is out of range or a list is not ascending.
    pub fn check_invariants(&self) {
        let known = |index: NodeIdx| usize::from(index) < self.nodes.len();
        assert!(self.nodes.len() < usize::from(NO_NODE) && known(self.myself));
        assert!(self.owners.iter().all(|owner| *owner == NO_NODE || known(*owner)));
        assert!(self.nodes.iter().all(|node| node.primary.is_none_or(known)));
        for open in [&self.migrating, &self.importing] {
            assert!(open.is_sorted_by(|a, b| a.0 < b.0) && open.iter().all(|(_, node)| known(*node)));
        }
    }
}

fn find(open: &[(Slot, NodeIdx)], slot: Slot) -> Option<NodeIdx> {
    // Nothing is open nearly always, and every command asks.
    if open.is_empty() {
        return None;
    }
    open.binary_search_by_key(&slot, |entry| entry.0).ok().map(|at| open[at].1)
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    pub fn slot(n: u16) -> Slot {
        Slot::new(n).expect("in range")
    }

    pub fn id(letter: u8) -> NodeId {
        NodeId::parse(&[letter; 40]).expect("valid")
    }

    fn node(letter: u8, number: u16, primary: Option<NodeIdx>) -> ViewNode {
        let mut node = ViewNode::new(id(letter), id(b'x'));
        node.address.ip = format!("10.0.0.{number}");
        (node.address.tcp_port, node.address.bus_port) = (7000 + number, 17000 + number);
        (node.replica, node.primary, node.offset) = (primary.is_some(), primary, 100);
        node
    }

    /// Primaries a (0-99, 200) and b (100-199), replica c of a, all well; we are `myself`.
    pub fn view(myself: NodeIdx) -> View {
        let mut view = View::alone(node(b'a', 1, None), ViewSettings::default());
        view.nodes.extend([node(b'b', 2, None), node(b'c', 3, Some(0))]);
        (view.nodes[0].shard, view.nodes[1].shard, view.nodes[2].shard) = (id(b's'), id(b't'), id(b's'));
        view.owners[0..100].fill(0);
        view.owners[100..200].fill(1);
        view.owners[200] = 0;
        (view.myself, view.state_ok) = (myself, true);
        view.check_invariants();
        view
    }
}

#[cfg(test)]
mod tests {
    use super::samples::*;

    #[test]
    fn runs_are_maximal_and_skip_the_unowned() {
        let runs: Vec<_> = view(0).runs().into_iter().map(|(a, b, n)| (a.get(), b.get(), n)).collect();
        assert_eq!(runs, [(0, 99, 0), (100, 199, 1), (200, 200, 0)]);
        let mut full = view(0);
        full.owners.fill(1);
        assert_eq!(full.runs(), [(slot(0), slot(16383), 1)]);
    }

    #[test]
    fn open_slots_are_found() {
        let mut view = view(0);
        view.migrating = vec![(slot(3), 1), (slot(9), 1)];
        view.importing = vec![(slot(100), 1)];
        view.check_invariants();
        assert_eq!((view.migrating_to(slot(9)), view.migrating_to(slot(4))), (Some(1), None));
        assert_eq!((view.importing_from(slot(100)), view.importing_from(slot(9))), (Some(1), None));
    }
}
