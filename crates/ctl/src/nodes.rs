//! `CLUSTER NODES`: the cluster as one node sees it.

use std::collections::BTreeMap;

use base::{NodeId, Slot, SlotSet};

use crate::address::{BUS_PORT_OFFSET, NodeAddr};

/// One line of `CLUSTER NODES`.
#[derive(Clone, Debug)]
pub struct ClusterNode {
    /// Its name in the cluster.
    pub id: NodeId,
    /// As the answering node knows it; empty if it does not.
    pub ip: String,
    /// For clients; 0 if not known.
    pub port: u16,
    /// Of the bus.
    pub bus_port: u16,
    /// Announced by the node.
    pub hostname: Option<String>,
    /// The words of the flags field.
    pub flags: Vec<String>,
    /// Whose replica it is.
    pub replica_of: Option<NodeId>,
    /// Of its slots.
    pub config_epoch: u64,
    /// Whether the answering node has a link to it.
    pub connected: bool,
    /// That it serves.
    pub slots: SlotSet,
    /// On the move, with the other side; on the answering node's own line only.
    pub open: Vec<OpenSlot>,
}

/// A slot on the move.
#[derive(Clone, PartialEq, Debug)]
pub struct OpenSlot {
    /// Which.
    pub slot: Slot,
    /// To the other node, or from it.
    pub migrating: bool,
    /// The other node's id, as written.
    pub other: String,
}

/// All lines.
#[derive(Clone, Debug)]
pub struct ClusterView {
    /// In the order of the answer.
    pub nodes: Vec<ClusterNode>,
}

/// Slots as ranges, a blank between them.
pub(crate) fn ranges(slots: &SlotSet) -> String {
    let ranges = slots.ranges().into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    ranges.collect::<Vec<_>>().join(" ")
}

/// A line that is not what `CLUSTER NODES` prints.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadNodes {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

const FIELDS_MIN: usize = 8;

impl ClusterNode {
    /// Whether `flag` is among the node's.
    pub fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }

    /// Whether it serves slots, or could.
    pub fn is_primary(&self) -> bool {
        self.is("master") || self.is("primary")
    }

    /// Whether this is the node that answered.
    pub fn is_myself(&self) -> bool {
        self.is("myself")
    }

    /// Where to reach it; `None` if the answering node does not know.
    pub fn addr(&self) -> Option<NodeAddr> {
        let known = !self.ip.is_empty() && self.port != 0 && !self.is("noaddr");
        let bus_port = Some(self.bus_port).filter(|bus| Some(*bus) != self.port.checked_add(BUS_PORT_OFFSET));
        known.then(|| NodeAddr { host: self.ip.clone(), port: self.port, bus_port })
    }
}

impl ClusterView {
    /// Reads the reply of `CLUSTER NODES` (spec `cluster-behaviour.md` §7.1, §8.5).
    pub fn parse(text: &str) -> Result<ClusterView, BadNodes> {
        let mut nodes = Vec::new();
        for (index, line) in text.lines().enumerate() {
            nodes.push(node(line).map_err(|what| BadNodes { line: index + 1, what })?);
        }
        match nodes.iter().filter(|node: &&ClusterNode| node.is_myself()).count() {
            1 => Ok(ClusterView { nodes }),
            _ => Err(BadNodes { line: nodes.len(), what: "not exactly one node is 'myself'" }),
        }
    }

    /// The node that answered.
    pub fn myself(&self) -> Option<&ClusterNode> {
        self.nodes.iter().find(|node| node.is_myself())
    }

    /// Who serves what: equal where nodes agree. Ranges by id; nodes without slots are left out.
    pub fn signature(&self) -> BTreeMap<NodeId, Vec<(Slot, Slot)>> {
        let serving = self.nodes.iter().filter(|node| !node.slots.is_empty());
        serving.map(|node| (node.id, node.slots.ranges())).collect()
    }

    /// Nodes past the handshake, with an address and not failing.
    pub fn settled(&self) -> usize {
        let unsettled = ["handshake", "noaddr", "fail", "fail?"];
        self.nodes.iter().filter(|node| !unsettled.iter().any(|flag| node.is(flag))).count()
    }

    /// Slots that nobody serves.
    pub fn uncovered(&self) -> SlotSet {
        Slot::all().filter(|slot| !self.nodes.iter().any(|node| node.slots.contains(*slot))).collect()
    }
}

fn node(line: &str) -> Result<ClusterNode, &'static str> {
    let fields: Vec<&str> = line.split(' ').collect();
    if fields.len() < FIELDS_MIN {
        return Err("fewer than 8 fields");
    }
    let (ip, port, bus_port, hostname) = address(fields[1]).ok_or("not an address")?;
    let (mut slots, mut open) = (SlotSet::new(), Vec::new());
    for text in &fields[FIELDS_MIN..] {
        match text.strip_prefix('[') {
            Some(moving) => open.push(open_slot(moving).ok_or("not a slot on the move")?),
            None => add_range(&mut slots, text).ok_or("not a range of slots")?,
        }
    }
    let replica_of = match fields[3] {
        "-" => None,
        id => Some(NodeId::parse(id.as_bytes()).ok_or("not a primary's id")?),
    };
    Ok(ClusterNode {
        id: NodeId::parse(fields[0].as_bytes()).ok_or("not a node's id")?,
        ip,
        port,
        bus_port,
        hostname,
        flags: fields[2].split(',').map(str::to_owned).collect(),
        replica_of,
        config_epoch: fields[6].parse().map_err(|_| "not an epoch")?,
        connected: fields[7] == "connected",
        slots,
        open,
    })
}

/// `ip:port@cport[,hostname[,key=value...]]`, the IP split off at the last colon.
fn address(text: &str) -> Option<(String, u16, u16, Option<String>)> {
    let mut parts = text.split(',');
    let (ip, ports) = parts.next()?.rsplit_once(':')?;
    let (port, bus_port) = match ports.split_once('@') {
        Some((port, bus)) => (port.parse().ok()?, bus.parse().ok()?),
        None => {
            let port: u16 = ports.parse().ok()?;
            (port, port.checked_add(BUS_PORT_OFFSET)?)
        }
    };
    let hostname = parts.next().filter(|name| !name.is_empty()).map(str::to_owned);
    Some((ip.to_owned(), port, bus_port, hostname))
}

fn slot(text: &str) -> Option<Slot> {
    Slot::new(text.parse().ok()?)
}

fn add_range(slots: &mut SlotSet, text: &str) -> Option<()> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (slot(first)?, slot(last)?);
    for n in first.get()..=last.get() {
        slots.insert(Slot::new(n)?);
    }
    Some(())
}

/// `slot->-id]` or `slot-<-id]`.
fn open_slot(text: &str) -> Option<OpenSlot> {
    let text = text.strip_suffix(']')?;
    let (number, other, migrating) = match text.split_once("->-") {
        Some((number, other)) => (number, other, true),
        None => {
            let (number, other) = text.split_once("-<-")?;
            (number, other, false)
        }
    };
    Some(OpenSlot { slot: slot(number)?, migrating, other: other.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const B: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    fn one(tail: &str) -> ClusterNode {
        let text = format!("{A} {tail}\n");
        ClusterView::parse(&text).unwrap().nodes.remove(0)
    }

    #[test]
    fn a_line_is_read_field_by_field() {
        let node = one("127.0.0.1:7000@17000,host.example myself,master - 0 0 3 connected 0-5 9 100-100");
        assert_eq!((node.ip.as_str(), node.port, node.bus_port), ("127.0.0.1", 7000, 17000));
        assert_eq!(node.hostname.as_deref(), Some("host.example"));
        assert!(node.is_primary() && node.is_myself() && node.connected && node.replica_of.is_none());
        assert_eq!((node.config_epoch, ranges(&node.slots).as_str()), (3, "0-5 9 100"));
        assert_eq!(node.addr(), Some(NodeAddr::new("127.0.0.1", 7000)));
    }

    #[test]
    fn addresses_of_all_versions_are_read() {
        assert_eq!(one(":7000@17000 myself,master - 0 0 0 connected").addr(), None);
        assert_eq!(one(":0@0 myself,master,noaddr - 0 0 0 disconnected").addr(), None);
        let aux = one("::1:7000@7100,,tls-port=0,shard-id=x myself,slave,fail? - 1 2 0 connected");
        assert_eq!(aux.addr(), Some(NodeAddr { host: "::1".into(), port: 7000, bus_port: Some(7100) }));
        assert_eq!(aux.hostname, None);
        assert!(aux.is("fail?") && !aux.is_primary());
    }

    #[test]
    fn slots_on_the_move_name_the_other_side() {
        let node = one(&format!("h:1@2 myself,master - 0 0 0 connected 7 [93->-{B}] [77-<-{B}]"));
        let expect = [(93, true), (77, false)].map(|(n, migrating)| OpenSlot {
            slot: Slot::new(n).unwrap(),
            migrating,
            other: B.into(),
        });
        assert_eq!(node.open, expect);
        assert_eq!(node.slots.len(), 1);
    }

    #[test]
    fn what_is_not_such_a_text_is_refused() {
        for (tail, what) in [
            ("h:1@2 myself,master - 0 0 0", "fewer than 8 fields"),
            ("h@2 myself,master - 0 0 0 connected", "not an address"),
            ("h:1@2 myself,master x 0 0 0 connected", "not a primary's id"),
            ("h:1@2 myself,master - 0 0 x connected", "not an epoch"),
            ("h:1@2 myself,master - 0 0 0 connected 16384", "not a range of slots"),
            ("h:1@2 myself,master - 0 0 0 connected [1->-x", "not a slot on the move"),
            ("h:1@2 master - 0 0 0 connected", "not exactly one node is 'myself'"),
        ] {
            let text = format!("{A} {tail}\n");
            assert_eq!(ClusterView::parse(&text).unwrap_err(), BadNodes { line: 1, what });
        }
    }

    #[test]
    fn views_agree_when_their_slots_do() {
        let text = |me: &str, other: &str| {
            format!(
                "{A} h:1@2 {me} - 0 0 1 connected 0-8191\n{B} h:2@3 {other} - 0 9 2 connected 8192-16383\n"
            )
        };
        let first = ClusterView::parse(&text("myself,master", "master")).unwrap();
        let second = ClusterView::parse(&text("master", "myself,master,fail?")).unwrap();
        assert_eq!(first.signature(), second.signature());
        assert_eq!((first.settled(), second.settled()), (2, 1));
        assert!(first.uncovered().is_empty());
        let less =
            ClusterView::parse(&text("myself,master", "master").replace("8192-16383", "8192")).unwrap();
        assert_ne!(first.signature(), less.signature());
        assert_eq!(ranges(&less.uncovered()), "8193-16383");
    }
}
