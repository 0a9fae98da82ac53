//! All known nodes: records by a small stable key, keys by name in order.

use crate::node::Node;
use base::NodeId;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

/// Nodes that this node will know at most. Gossip cannot grow the table past it.
pub const NODES_MAX: usize = 16_384;

/// Where a record lives. Valid until the record is removed; removal clears every reference to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct NodeKey(pub u32);

/// The table. `myself` is always in it.
pub(crate) struct NodeTable {
    records: Vec<Option<Node>>,
    free: Vec<NodeKey>,
    by_id: BTreeMap<NodeId, NodeKey>,
    pub myself: NodeKey,
    /// Nodes marked PFAIL at the last tick.
    pub suspects: usize,
}

impl NodeTable {
    pub fn new(myself: Node) -> NodeTable {
        let mut by_id = BTreeMap::new();
        by_id.insert(myself.id, NodeKey(0));
        NodeTable { records: vec![Some(myself)], free: Vec::new(), by_id, myself: NodeKey(0), suspects: 0 }
    }

    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn me(&self) -> &Node {
        &self[self.myself]
    }

    pub fn me_mut(&mut self) -> &mut Node {
        let key = self.myself;
        &mut self[key]
    }

    pub fn find(&self, id: &NodeId) -> Option<NodeKey> {
        self.by_id.get(id).copied()
    }

    /// `None` when the table is full.
    pub fn insert(&mut self, node: Node) -> Option<NodeKey> {
        if self.len() >= NODES_MAX {
            return None;
        }
        assert!(!self.by_id.contains_key(&node.id), "one record per name");
        let id = node.id;
        let key = match self.free.pop() {
            Some(key) => {
                self.records[key.0 as usize] = Some(node);
                key
            }
            None => {
                self.records.push(Some(node));
                NodeKey(self.records.len() as u32 - 1)
            }
        };
        self.by_id.insert(id, key);
        Some(key)
    }

    /// Takes the record out with all mention of it in other records. Links and slots are the caller's.
    pub fn remove(&mut self, key: NodeKey) -> Node {
        assert!(key != self.myself, "a node never forgets itself");
        let Some(node) = self.records[key.0 as usize].take() else { panic!("no record under this key") };
        self.by_id.remove(&node.id);
        self.free.push(key);
        for other in self.records.iter_mut().flatten() {
            other.reports.retain(|r| r.by != key);
            if other.replicaof == Some(key) {
                other.replicaof = None;
            }
        }
        node
    }

    pub fn rename(&mut self, key: NodeKey, id: NodeId) {
        assert!(!self.by_id.contains_key(&id), "one record per name");
        let old = std::mem::replace(&mut self[key].id, id);
        self.by_id.remove(&old);
        self.by_id.insert(id, key);
    }

    /// Keys that are or were in use: `0..bound`.
    pub fn bound(&self) -> u32 {
        self.records.len() as u32
    }

    pub fn get(&self, key: NodeKey) -> Option<&Node> {
        self.records.get(key.0 as usize).and_then(|r| r.as_ref())
    }

    pub fn contains(&self, key: NodeKey) -> bool {
        self.get(key).is_some()
    }

    /// In the order of keys: no allocation, the same on every run.
    pub fn iter(&self) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.records.iter().enumerate().filter_map(|(i, r)| r.as_ref().map(|n| (NodeKey(i as u32), n)))
    }

    /// In the order of names, as replies list them.
    pub fn by_name(&self) -> impl Iterator<Item = (NodeKey, &Node)> {
        self.by_id.values().map(|key| (*key, &self[*key]))
    }

    /// Whether any primary has a replica: then fresh owners of slots are offered to spare replicas.
    pub fn any_replicas(&self) -> bool {
        self.iter().any(|(_, n)| n.replicaof.is_some())
    }
}

impl Index<NodeKey> for NodeTable {
    type Output = Node;
    fn index(&self, key: NodeKey) -> &Node {
        match self.get(key) {
            Some(node) => node,
            None => panic!("no record under key {}", key.0),
        }
    }
}

impl IndexMut<NodeKey> for NodeTable {
    fn index_mut(&mut self, key: NodeKey) -> &mut Node {
        match self.records.get_mut(key.0 as usize).and_then(|r| r.as_mut()) {
            Some(node) => node,
            None => panic!("no record under key {}", key.0),
        }
    }
}
