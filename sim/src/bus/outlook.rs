//! What a node shows of the cluster to whoever asks it: CLUSTER NODES, INFO and LINKS, whatever the family.

use crate::bus::raw::flag;
use crate::bus::world::Seat;
use base::{NodeId, SLOTS, SlotSet};
use cluster::Cluster;
use cluster::address::Audience;
use std::collections::BTreeMap;

/// One line of CLUSTER NODES.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// By [`flag`].
    pub flags: u16,
    /// Its address; empty if unknown.
    pub ip: String,
    /// Its client port.
    pub port: u16,
    /// Its bus port.
    pub bus_port: u16,
    /// The primary of a replica.
    pub primary: Option<NodeId>,
    /// Its epoch; a replica's is its primary's, or 0.
    pub epoch: u64,
    /// The link that the teller dialled to it is up.
    pub connected: bool,
    /// It has dialled the teller.
    pub inbound: bool,
    /// Its slots.
    pub slots: SlotSet,
}

impl Entry {
    /// Whether any of the flags is set.
    pub fn has(&self, flags: u16) -> bool {
        self.flags & flags != 0
    }
}

/// The whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlook {
    /// Who shows it.
    pub me: NodeId,
    /// `cluster_state:ok`
    pub ok: bool,
    /// The cluster's epoch.
    pub current_epoch: u64,
    /// All that it knows, itself included.
    pub nodes: BTreeMap<NodeId, Entry>,
}

impl Outlook {
    /// What a process shows.
    pub fn of(seat: &Seat) -> Outlook {
        match seat {
            Seat::Ours(machine) => ours(machine),
            Seat::Peer(peer) => peer.outlook(),
        }
    }

    /// What it shows of itself.
    pub fn mine(&self) -> &Entry {
        &self.nodes[&self.me]
    }
}

fn ours(machine: &Cluster) -> Outlook {
    let text = machine.nodes_text(Audience::default());
    let mut nodes: BTreeMap<NodeId, Entry> = text.lines().filter_map(line).collect();
    for link in machine.links().iter().filter(|link| !link.to) {
        if let Some(node) = nodes.get_mut(&link.node) {
            node.inbound = true;
        }
    }
    let ok = machine.info_text().contains("cluster_state:ok");
    Outlook { me: machine.my_id(), ok, current_epoch: machine.epochs().0, nodes }
}

fn line(text: &str) -> Option<(NodeId, Entry)> {
    let mut words = text.split(' ');
    let id = NodeId::parse(words.next()?.as_bytes())?;
    let (address, flags, primary) = (words.next()?, words.next()?, words.next()?);
    let (_ping, _pong, epoch, state) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let address = address.split(',').next()?;
    let (ip_port, bus) = address.split_once('@')?;
    let (ip, port) = ip_port.rsplit_once(':')?;
    let mut bitmap = [0; SLOTS / 8];
    for word in words.filter(|w| !w.starts_with('[')) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        (first..=last.min(SLOTS - 1)).for_each(|slot| bitmap[slot / 8] |= 1 << (slot % 8));
    }
    let entry = Entry {
        flags: flags.split(',').map(flag_named).fold(0, |all, one| all | one),
        ip: ip.to_owned(),
        port: port.parse().ok()?,
        bus_port: bus.parse().ok()?,
        primary: NodeId::parse(primary.as_bytes()),
        epoch: epoch.parse().ok()?,
        connected: state == "connected",
        inbound: false,
        slots: SlotSet::from_wire(&bitmap),
    };
    Some((id, entry))
}

fn flag_named(name: &str) -> u16 {
    match name {
        "myself" => flag::MYSELF,
        "master" => flag::PRIMARY,
        "slave" => flag::REPLICA,
        "fail?" => flag::PFAIL,
        "fail" => flag::FAIL,
        "handshake" => flag::HANDSHAKE,
        "noaddr" => flag::NOADDR,
        "nofailover" => flag::NOFAILOVER,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let id = "a".repeat(40);
        let text = format!("{id} 10.0.0.1:7000@17000,h master,fail? - 0 5 3 connected 0-2 9 [5->-{id}]");
        let (_, entry) = line(&text).expect("a line");
        assert_eq!(
            (entry.ip.as_str(), entry.port, entry.bus_port, entry.epoch),
            ("10.0.0.1", 7000, 17000, 3)
        );
        assert_eq!(entry.flags, flag::PRIMARY | flag::PFAIL);
        assert_eq!(format!("{:?}", entry.slots), "{0-2,9}");
        assert!(entry.connected && line("nonsense").is_none());
    }
}
