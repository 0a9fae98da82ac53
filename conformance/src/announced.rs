//! What nodes announce of themselves, and which kinds show it of which.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

use crate::client::Reply;
use crate::mesh::{Mesh, key_in};
use crate::node::{Kind, Node};

/// Fields of a node's line in nodes.conf, at least.
const ROW_FIELDS: usize = 8;

/// The announcements of one node, empty and 0 where it makes none.
#[derive(Clone, Default, Debug)]
pub struct Announced {
    /// `cluster-announce-hostname`
    pub hostname: String,
    /// `cluster-announce-human-nodename`
    pub human: String,
    /// `availability-zone`
    pub zone: String,
    /// `cluster-announce-client-ipv4`
    pub ipv4: String,
    /// `cluster-announce-client-ipv6`
    pub ipv6: String,
    /// `cluster-announce-client-port`
    pub port: u16,
}

impl Announced {
    /// Everything that the kind can announce, different for each number.
    pub fn all(kind: Kind, number: usize) -> Announced {
        let mut all = Announced { hostname: format!("host-{number}.example"), ..Announced::default() };
        if kind.knows_human_names() {
            all.human = format!("human-{number}");
        }
        if kind.knows_client_addresses() {
            all.zone = format!("zone {number}");
            all.ipv4 = format!("192.0.2.{number}");
            all.ipv6 = format!("2001:db8::{number}");
            all.port = 7000 + u16::try_from(number).unwrap_or(0);
        }
        all
    }

    /// Without the addresses for clients, with which a Valkey 9 and a Redis 8 do not join each other.
    pub fn without_client_address(self) -> Announced {
        Announced { ipv4: String::new(), ipv6: String::new(), port: 0, ..self }
    }

    /// As directives and their values.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let port = if self.port == 0 { String::new() } else { self.port.to_string() };
        let all = [
            ("cluster-announce-hostname", self.hostname.clone()),
            ("cluster-announce-human-nodename", self.human.clone()),
            ("availability-zone", self.zone.clone()),
            ("cluster-announce-client-ipv4", self.ipv4.clone()),
            ("cluster-announce-client-ipv6", self.ipv6.clone()),
            ("cluster-announce-client-port", port),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// As options of a command line.
    pub fn options(&self) -> Vec<String> {
        self.settings().into_iter().flat_map(|(name, value)| [format!("--{name}"), value]).collect()
    }

    /// What `viewer` tells a client of the node `subject` that announces this.
    fn seen(&self, viewer: &Node, subject: &Node, ipv6: bool) -> Seen {
        let both = |knows: fn(Kind) -> bool| knows(viewer.kind) && knows(subject.kind);
        let client = both(Kind::knows_client_addresses);
        let address = if ipv6 { &self.ipv6 } else { &self.ipv4 };
        Seen {
            ip: if client && !address.is_empty() { address.clone() } else { "127.0.0.1".into() },
            port: if client && self.port != 0 { self.port } else { subject.port },
            hostname: self.hostname.clone(),
            zone: if client { self.zone.clone() } else { String::new() },
            human: if both(Kind::knows_human_names) { self.human.clone() } else { String::new() },
            // Valkey takes what Redis 8 puts into extension 4 for an address.
            confused: viewer.kind == Kind::Valkey9 && subject.kind == Kind::Redis8,
        }
    }
}

/// What one node must tell of another.
struct Seen {
    ip: String,
    port: u16,
    hostname: String,
    zone: String,
    human: String,
    /// No address that it tells is worth anything.
    confused: bool,
}

/// Checks what every node tells of every node, to clients over IPv4 and, where there is one, over IPv6.
pub fn check(mesh: &Mesh, announced: &[Announced]) -> Result<()> {
    for viewer in &mesh.nodes {
        for (subject, said) in announced.iter().enumerate() {
            for ipv6 in [false, true] {
                if ipv6 && viewer.call_from(true, &["PING"]).is_err() {
                    continue;
                }
                let seen = said.seen(viewer, &mesh.nodes[subject], ipv6);
                check_one(mesh, viewer, subject, ipv6, &seen).with_context(|| {
                    let family = if ipv6 { "IPv6" } else { "IPv4" };
                    format!("{viewer}, asked about {} over {family}", mesh.nodes[subject])
                })?;
            }
        }
    }
    Ok(())
}

fn check_one(mesh: &Mesh, viewer: &Node, subject: usize, ipv6: bool, seen: &Seen) -> Result<()> {
    let id = mesh.id(subject)?;
    check_nodes(mesh, viewer, &mesh.nodes[subject], &id, ipv6, seen)?;
    check_slots(viewer, &id, ipv6, seen)?;
    check_shards(viewer, &id, ipv6, seen)?;
    if viewer.port != mesh.nodes[subject].port && !seen.confused {
        let (first, last) = mesh.slots_of(subject);
        let (key, slot) = key_in(first..=last, viewer)?;
        let answer = viewer.call_from(ipv6, &["GET", &key])?;
        let expect = Reply::Error(format!("MOVED {slot} {}:{}", seen.ip, seen.port));
        ensure!(answer == expect, "GET answers {answer}, not {expect}");
    }
    if seen.confused {
        return Ok(());
    }
    viewer.ok(&["CLUSTER", "SAVECONFIG"])?;
    let file = viewer.file("nodes.conf")?;
    // Where a Valkey 9 has an address of a Redis 8 from whatever lay in memory, that tears the file into lines that are none.
    let lines = || file.lines().filter(|line| line.starts_with(&id) && line.split(' ').count() >= ROW_FIELDS);
    let human = |line: &str| {
        let named = line.split([',', ' ']).find_map(|part| part.strip_prefix("nodename="));
        named.unwrap_or_default().to_owned()
    };
    let told: Vec<String> = lines().map(human).collect();
    ensure!(told.contains(&seen.human), "nodes.conf has the human names {told:?}, not {:?}", seen.human);
    Ok(())
}

fn check_nodes(mesh: &Mesh, viewer: &Node, subject: &Node, id: &str, ipv6: bool, seen: &Seen) -> Result<()> {
    let text = mesh.nodes_text(viewer, ipv6)?;
    let line = text.lines().find(|line| line.starts_with(id)).context("not in CLUSTER NODES")?;
    let address = line.split(' ').nth(1).unwrap_or_default();
    let expect = format!("{}:{}@{},{}", seen.ip, seen.port, subject.port + 10000, seen.hostname);
    let expect = expect.trim_end_matches(',');
    ensure!(seen.confused || address == expect, "CLUSTER NODES has {address}, not {expect}");
    ensure!(address.ends_with(&seen.hostname), "CLUSTER NODES has {address}, not {}", seen.hostname);
    Ok(())
}

fn check_slots(viewer: &Node, id: &str, ipv6: bool, seen: &Seen) -> Result<()> {
    let reply = viewer.call_from(ipv6, &["CLUSTER", "SLOTS"])?;
    let nodes = reply.items()?.iter().map(|range| Ok(range.items()?[2].clone()));
    let nodes = nodes.collect::<Result<Vec<_>>>()?;
    let named = |node: &&Reply| node.items().is_ok_and(|items| items[2].to_string() == id);
    let node = nodes.iter().find(named).context("not in CLUSTER SLOTS")?.items()?;
    let (ip, port) = (node[0].to_string(), node[1].to_string());
    ensure!(
        seen.confused || (&ip, &port) == (&seen.ip, &seen.port.to_string()),
        "CLUSTER SLOTS has {ip}:{port}"
    );
    let mut expect = BTreeMap::new();
    put(&mut expect, "hostname", &seen.hostname);
    put(&mut expect, "availability-zone", &seen.zone);
    let metadata = node[3].fields()?;
    ensure!(metadata == expect, "CLUSTER SLOTS has {metadata:?}, not {expect:?}");
    Ok(())
}

fn check_shards(viewer: &Node, id: &str, ipv6: bool, seen: &Seen) -> Result<()> {
    let reply = viewer.call_from(ipv6, &["CLUSTER", "SHARDS"])?;
    let mut nodes = Vec::new();
    for shard in reply.items()? {
        // Fields `slots` and `nodes` come first in every kind.
        for node in shard.items()?[3].items()? {
            nodes.push(node.fields()?);
        }
    }
    let mut node = nodes.into_iter().find(|node| node["id"] == id).context("not in CLUSTER SHARDS")?;
    node.remove("replication-offset");
    if seen.confused {
        node.retain(|name, _| name != "ip" && name != "endpoint");
    }
    let mut expect = BTreeMap::new();
    let ip = if seen.confused { "" } else { &seen.ip };
    let port = seen.port.to_string();
    for (name, value) in [
        ("id", id),
        ("port", &port),
        ("ip", ip),
        ("endpoint", ip),
        ("hostname", &seen.hostname),
        ("role", "master"),
        ("health", "online"),
        ("availability-zone", &seen.zone),
    ] {
        put(&mut expect, name, value);
    }
    ensure!(node == expect, "CLUSTER SHARDS has {node:?}, not {expect:?}");
    Ok(())
}

fn put(map: &mut BTreeMap<String, String>, name: &str, value: &str) {
    if !value.is_empty() {
        map.insert(name.to_owned(), value.to_owned());
    }
}
