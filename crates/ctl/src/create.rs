//! Carrying a plan out: slots, epochs, MEET, and waiting until all nodes agree.

use std::thread;
use std::time::{Duration, Instant};

use base::{Slot, SlotSet};

use crate::address::{BUS_PORT_OFFSET, NodeAddr};
use crate::connection::{Connection, Login};
use crate::error::Error;
use crate::nodes::ClusterView;
use crate::plan::{CreatePlan, PlannedPrimary};

/// How long nodes may take to agree, at any size.
const AGREE_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a node may take to meet another, milliseconds.
const MEET_WAIT_MS: &str = "10000";
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The person who waits for an operation.
pub trait Operator {
    /// Tells a line of progress.
    fn say(&mut self, line: &str);

    /// Asked while an operation waits: an error ends it.
    fn still_waits(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Makes a new cluster of nodes that must all be empty and alone.
pub fn create(plan: &CreatePlan, login: &Login, operator: &mut dyn Operator) -> Result<(), Error> {
    let mut nodes = connect(plan.primaries.iter().map(|node| &node.addr), login)?;
    let strangers: Vec<String> =
        nodes.iter_mut().filter_map(|node| why_not_new(node).transpose()).collect::<Result<_, _>>()?;
    if !strangers.is_empty() {
        return Err(Error::State(strangers.join("\n")));
    }
    form(plan, &mut nodes, operator)
}

/// Connects to all, in order.
pub fn connect<'a>(
    addrs: impl Iterator<Item = &'a NodeAddr>,
    login: &Login,
) -> Result<Vec<Connection>, Error> {
    addrs.map(|addr| Connection::open(addr, login)).collect()
}

/// Brings nodes to the plan and waits. Steps that are done already are left out, so that an interrupted run is
/// taken up by the next.
pub fn form(plan: &CreatePlan, nodes: &mut [Connection], operator: &mut dyn Operator) -> Result<(), Error> {
    for (node, planned) in nodes.iter_mut().zip(&plan.primaries) {
        assign(node, planned)?;
        operator.say(&format!(
            "{}: slots {}-{}, epoch {}",
            node.addr(),
            planned.first,
            planned.last,
            planned.epoch
        ));
    }
    meet(nodes, operator)?;
    wait_agreed(nodes, operator)
}

fn assign(node: &mut Connection, planned: &PlannedPrimary) -> Result<(), Error> {
    let view = view(node)?;
    let held = view.myself().map(|me| me.slots.clone()).unwrap_or_default();
    for (first, last) in missing(planned, &held).ranges() {
        node.ok(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()])?;
    }
    match node.ok(&["CLUSTER", "SET-CONFIG-EPOCH", &planned.epoch.to_string()]) {
        // It has an epoch already, or knows others: then epochs differ by the protocol's own rules.
        Err(Error::Refused { .. }) => Ok(()),
        other => other,
    }
}

fn missing(planned: &PlannedPrimary, held: &SlotSet) -> SlotSet {
    let wanted = Slot::all().filter(|slot| (planned.first..=planned.last).contains(slot));
    wanted.filter(|slot| !held.contains(*slot)).collect()
}

/// Every node meets the first, by its IP address: Redis's `CLUSTER MEET` takes no names.
fn meet(nodes: &mut [Connection], operator: &mut dyn Operator) -> Result<(), Error> {
    let Some((first, others)) = nodes.split_first_mut() else { return Ok(()) };
    let ip = first.peer_ip()?;
    for other in others.iter() {
        if other.peer_ip()?.is_loopback() != ip.is_loopback() {
            return Err(Error::Usage(format!(
                "{} and {} cannot meet: one is given by a loopback address, which leads elsewhere on other machines",
                first.addr(),
                other.addr()
            )));
        }
    }
    let (ip, port) = (ip.to_string(), first.addr().port);
    let bus_port = first.addr().bus_port.filter(|bus| Some(*bus) != port.checked_add(BUS_PORT_OFFSET));
    let (port, bus_port) = (port.to_string(), bus_port.map(|bus| bus.to_string()));
    for other in others.iter_mut() {
        let mut args = vec!["CLUSTER", "MEET", &ip, &port];
        args.extend(bus_port.as_deref());
        meet_and_wait(other, &args)?;
    }
    if !others.is_empty() {
        operator.say(&format!("{} nodes meet {}", others.len(), first.addr()));
    }
    Ok(())
}

/// MEET with WAIT, so that what is wrong is told by the node that sees it, or without where the server does not know that. To be known
/// already is as good: an interrupted run came so far.
fn meet_and_wait(node: &mut Connection, args: &[&str]) -> Result<(), Error> {
    let waiting = [args, &["WAIT", MEET_WAIT_MS]].concat();
    match node.ok(&waiting) {
        Err(Error::Refused { text, .. }) if text.contains("wrong number of arguments") => node.ok(args),
        Err(Error::Refused { text, .. }) if text.ends_with("is already known") => Ok(()),
        other => other,
    }
}

/// Waits until all nodes know all others, agree about every slot, and serve.
pub fn wait_agreed(nodes: &mut [Connection], operator: &mut dyn Operator) -> Result<(), Error> {
    let started = Instant::now();
    let mut said = String::new();
    loop {
        let mut views = Vec::with_capacity(nodes.len());
        for node in nodes.iter_mut() {
            views.push((view(node)?, serves(node)?));
        }
        let agreement = Agreement::of(&views);
        let text = agreement.to_string();
        if text != said {
            operator.say(&text);
            said = text;
        }
        if agreement.is_whole() {
            return Ok(());
        }
        if started.elapsed() > AGREE_WAIT_MAX {
            let waited = AGREE_WAIT_MAX.as_secs();
            return Err(Error::State(format!("after {waited} s the nodes still do not agree: {said}")));
        }
        operator.still_waits()?;
        thread::sleep(ASK_AGAIN);
    }
}

/// How far nodes have come.
#[derive(PartialEq, Debug)]
pub(crate) struct Agreement {
    nodes: usize,
    /// Nodes that know at least as many, none in handshake or failing.
    know_all: usize,
    /// Nodes that see the same owners as the first does.
    agree: usize,
    /// Nodes whose cluster state is `ok`.
    serve: usize,
}

impl Agreement {
    pub(crate) fn of(views: &[(ClusterView, bool)]) -> Agreement {
        let nodes = views.len();
        let first = views.first().map(|(view, _)| view.signature());
        let count =
            |holds: &dyn Fn(&(ClusterView, bool)) -> bool| views.iter().filter(|view| holds(view)).count();
        Agreement {
            nodes,
            know_all: count(&|(view, _)| view.settled() >= nodes && view.nodes.len() == view.settled()),
            agree: count(&|(view, _)| Some(view.signature()) == first),
            serve: count(&|(_, serves)| *serves),
        }
    }

    fn is_whole(&self) -> bool {
        [self.know_all, self.agree, self.serve] == [self.nodes; 3]
    }
}

impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Agreement { nodes, know_all, agree, serve } = self;
        write!(
            f,
            "of {nodes} nodes, {know_all} know all others, {agree} agree about the slots, {serve} serve"
        )
    }
}

/// The cluster as `node` sees it.
pub fn view(node: &mut Connection) -> Result<ClusterView, Error> {
    let args = ["CLUSTER", "NODES"];
    let text = node.text(&args)?;
    ClusterView::parse(&text).map_err(|bad| node.unexpected(&args, bad.to_string()))
}

/// Whether the node's cluster state is `ok`.
pub fn serves(node: &mut Connection) -> Result<bool, Error> {
    Ok(field(&node.text(&["CLUSTER", "INFO"])?, "cluster_state") == Some("ok"))
}

/// The value of a `name:value` line.
pub(crate) fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
}

/// Why a node cannot become part of a new cluster; `None` if it can.
fn why_not_new(node: &mut Connection) -> Result<Option<String>, Error> {
    let info = node.text(&["INFO"])?;
    if field(&info, "cluster_enabled") != Some("1") {
        return Ok(Some(format!(
            "{} is not a cluster node: start it with --cluster-enabled yes",
            node.addr()
        )));
    }
    let known = node.text(&["CLUSTER", "INFO"])?;
    let addr = node.addr();
    let why = if field(&known, "cluster_known_nodes") != Some("1") {
        "knows other nodes already: it is part of a cluster, or needs CLUSTER RESET"
    } else if field(&info, "db0").is_some() {
        "has keys already: empty it first with FLUSHALL"
    } else {
        return Ok(None);
    };
    Ok(Some(format!("{addr} {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::ranges;

    const A: &str = "07c37dfeb235213a872192d90877d0cd55635b91";
    const B: &str = "67ed2db8d677e59ec4a4cefb06858cf2a1a89fa1";

    fn view(text: &str) -> ClusterView {
        ClusterView::parse(text).unwrap()
    }

    fn whole() -> [(ClusterView, bool); 2] {
        let text = |a: &str, b: &str| {
            format!("{A} h:1@2 {a} - 0 0 1 connected 0-8191\n{B} h:2@3 {b} - 0 0 2 connected 8192-16383\n")
        };
        [(view(&text("myself,master", "master")), true), (view(&text("master", "myself,master")), true)]
    }

    #[test]
    fn agreement_is_whole_when_nothing_is_left_out() {
        assert!(Agreement::of(&whole()).is_whole());
        let mut slow = whole();
        slow[1].1 = false;
        let text = "of 2 nodes, 2 know all others, 2 agree about the slots, 1 serve";
        assert_eq!(Agreement::of(&slow).to_string(), text);
        let mut alone = whole();
        alone[1].0 = view(&format!("{B} h:2@3 myself,master - 0 0 2 connected 8192-16383\n"));
        let text = "of 2 nodes, 1 know all others, 1 agree about the slots, 2 serve";
        assert_eq!(Agreement::of(&alone).to_string(), text);
        let mut shaking = whole();
        shaking[0].0.nodes[1].flags.push("handshake".into());
        assert_eq!(Agreement::of(&shaking).know_all, 1);
    }

    #[test]
    fn only_slots_that_are_not_held_are_assigned() {
        let slot = |n| Slot::new(n).unwrap();
        let addr = NodeAddr::new("h", 1);
        let planned = PlannedPrimary { addr, epoch: 1, first: slot(10), last: slot(20) };
        assert_eq!(ranges(&missing(&planned, &SlotSet::new())), "10-20");
        let held = [3, 10, 15, 20].map(slot).into_iter().collect();
        assert_eq!(ranges(&missing(&planned, &held)), "11-14 16-19");
    }

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info = "# Cluster\r\ncluster_enabled:1\r\ndb0:keys=1,expires=0\r\n";
        assert_eq!(field(info, "cluster_enabled"), Some("1"));
        assert_eq!(field(info, "cluster"), None);
        assert_eq!(field(info, "db0"), Some("keys=1,expires=0"));
    }
}
