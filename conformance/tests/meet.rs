//! What is promised of CLUSTER MEET, each line against real servers: the command as clients see it, the ports, the two
//! ways in, the packet, and meshes of any size, in any order.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::client::{Client, Reply};
use conformance::fake::{BUS_OFFSET, Fake, Header, MEET, PING};
use conformance::mesh::{Mesh, wait};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::node::Node;

const ALL: [Kind; 4] = [Handfast, Redis7, Redis8, Valkey9];
const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
/// Long enough for several rounds of pings from everybody.
const WATCHED: Duration = Duration::from_secs(4);
/// Header bytes that depend on the type and length of a packet.
const LENGTH_AND_TYPE: [std::ops::Range<usize>; 3] = [4..8, 12..14, 14..16];

fn strangers(kinds: &[Kind], port: u16) -> Result<Mesh> {
    Mesh::start(kinds, port)
}

fn error(text: &str) -> Reply {
    Reply::Error(format!("ERR {text}"))
}

/// COMMAND INFO's array without the tips, which no version has here: arity, flags, keys, categories.
fn facts(node: &Node) -> Result<(Vec<Reply>, Vec<BTreeSet<String>>)> {
    let reply = node.call(&["COMMAND", "INFO", "cluster|meet"])?;
    let row = reply.items()?.first().context("COMMAND INFO is empty")?.items()?.to_vec();
    let words = |at: usize| -> Result<BTreeSet<String>> {
        row[at].items()?.iter().map(|word| Ok(word.text()?.to_owned())).collect()
    };
    let sets = vec![words(2)?, words(6)?];
    Ok((vec![row[0].clone(), row[1].clone(), row[3].clone(), row[4].clone(), row[5].clone()], sets))
}

fn document(node: &Node, field: &str) -> Result<String> {
    let reply = node.call(&["COMMAND", "DOCS", "cluster|meet"])?;
    Ok(reply.field("cluster|meet")?.field(field)?.text()?.to_owned())
}

#[test]
fn the_command_is_the_same_everywhere() -> Result<()> {
    let mesh = strangers(&ALL, 21100)?;
    let ours = &mesh.nodes[0];
    let (plain, sets) = facts(ours)?;
    ensure!(plain[1] == Reply::Int(-4), "arity {}", plain[1]);
    ensure!(sets[0] == BTreeSet::from(["admin", "stale", "no_async_loading"].map(String::from)), "{sets:?}");
    ensure!(sets[1] == BTreeSet::from(["@admin", "@slow", "@dangerous"].map(String::from)), "{sets:?}");
    for peer in &mesh.nodes[1..] {
        ensure!(facts(peer)? == (plain.clone(), sets.clone()), "{peer} differs: {:?}", facts(peer)?);
        for field in ["since", "group", "complexity"] {
            let (here, there) = (document(ours, field)?, document(peer, field)?);
            ensure!(here == there, "{field}: {here} here, {there} at {peer}");
        }
    }
    ensure!(document(ours, "since")? == "3.0.0" && document(ours, "group")? == "cluster");
    ensure!(document(ours, "complexity")? == "O(1)");
    Ok(())
}

#[test]
fn the_answer_is_a_simple_ok_in_both_protocols() -> Result<()> {
    let mesh = strangers(&ALL, 21105)?;
    for (node, to) in mesh.nodes.iter().zip([21106, 21107, 21108, 21105u16]) {
        let mut client = Client::connect(node.port)?;
        let meet = ["CLUSTER", "MEET", "127.0.0.1", &to.to_string()];
        ensure!(client.call(&meet)? == Reply::Simple("OK".into()), "{node} in RESP2");
        client.call(&["HELLO", "3"])?;
        ensure!(client.call(&meet)? == Reply::Simple("OK".into()), "{node} in RESP3");
    }
    Ok(())
}

/// Each kind has words of its own for ports; ours are Valkey's.
#[test]
fn an_invalid_address_or_port_is_an_error() -> Result<()> {
    let mesh = strangers(&ALL, 21110)?;
    let bad: [&[&str]; 10] = [
        &["127.0.0.1", "x"],
        &["127.0.0.1", "0"],
        &["127.0.0.1", "-1"],
        &["127.0.0.1", "65536"],
        &["127.0.0.1", "60000"],
        &["127.0.0.1", "7000", "y"],
        &["127.0.0.1", "7000", "70000"],
        &["300.0.0.1", "7000"],
        &["127.0.0.1 ", "7000"],
        &["", "7000"],
    ];
    for arguments in bad {
        let command = [&["CLUSTER", "MEET"], arguments].concat();
        for node in &mesh.nodes {
            let answer = node.call(&command)?;
            ensure!(matches!(&answer, Reply::Error(text) if text.starts_with("ERR ")), "{node}: {answer}");
        }
        if !arguments[0].starts_with("127.0.0.1") {
            let [ours, peer] = [0, 1].map(|node| mesh.nodes[node].call(&command));
            let (ours, peer) = (ours?.to_string(), peer?.to_string());
            ensure!(ours.starts_with(&peer), "{ours}, not {peer}");
        } else {
            let [ours, valkey] = [0, 3].map(|node| mesh.nodes[node].call(&command));
            ensure!(ours? == valkey?, "{command:?}");
        }
    }
    let short = error("wrong number of arguments for 'cluster|meet' command");
    for node in &mesh.nodes {
        ensure!(node.call(&["CLUSTER", "MEET", "127.0.0.1"])? == short, "{node}");
        ensure!(mesh.rows(0)?.len() == 1, "{node} made a record of nonsense");
    }
    Ok(())
}

/// Starts a node whose bus is not ten thousand above its client port.
fn with_bus_at(kind: Kind, port: u16, bus: u16) -> Result<Node> {
    let bus = bus.to_string();
    Node::start(
        kind,
        port,
        &["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port", &bus],
    )
}

#[test]
fn without_a_bus_port_it_is_ten_thousand_above() -> Result<()> {
    for (number, peer) in ALL.into_iter().enumerate() {
        let port = 21115 + 2 * number as u16;
        let mesh = strangers(&[Handfast, peer], port)?;
        for (from, to) in [(0, 1), (1, 0)] {
            mesh.nodes[from].ok(&["CLUSTER", "RESET"])?;
            mesh.nodes[to].ok(&["CLUSTER", "RESET"])?;
            mesh.meet(from, to)?;
            mesh.wait_for_agreement(MEETING_TIME_MAX)?;
            let shown = format!("127.0.0.1:{}@{}", mesh.nodes[to].port, mesh.nodes[to].port + BUS_OFFSET);
            let rows = mesh.rows(from)?;
            ensure!(rows.iter().any(|row| row.address.split(',').next() == Some(&shown)), "{rows:?}");
        }
    }
    Ok(())
}

#[test]
fn a_bus_port_that_was_named_is_dialled() -> Result<()> {
    for (number, peer) in [Redis7, Redis8, Valkey9, Handfast].into_iter().enumerate() {
        let port = 21125 + 4 * number as u16;
        let nodes = vec![with_bus_at(Handfast, port, port + 1)?, with_bus_at(peer, port + 2, port + 3)?];
        let mesh = Mesh { nodes };
        for (from, to) in [(0, 1), (1, 0)] {
            for node in &mesh.nodes {
                node.ok(&["CLUSTER", "RESET"])?;
            }
            let (client, bus) = (mesh.nodes[to].port, mesh.nodes[to].port + 1);
            mesh.nodes[from].ok(&["CLUSTER", "MEET", "127.0.0.1", &client.to_string(), &bus.to_string()])?;
            mesh.wait_for_agreement(MEETING_TIME_MAX).with_context(|| format!("{peer:?}"))?;
            let shown = format!("127.0.0.1:{client}@{bus}");
            let rows = mesh.rows(from)?;
            ensure!(rows.iter().any(|row| row.address.split(',').next() == Some(&shown)), "{rows:?}");
        }
    }
    Ok(())
}

fn header(letter: &str, port: u16) -> Header {
    let slots = RangeInclusive::new(1, 0);
    Header { name: letter.repeat(40), port, current_epoch: 1, config_epoch: 1, slots, primary: None }
}

/// For some time, a node knows itself and nobody else.
fn stays_alone(mesh: &Mesh, node: usize, mut meanwhile: impl FnMut() -> Result<()>) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        meanwhile()?;
        let rows = mesh.rows(node)?;
        ensure!(rows.len() == 1, "{} let somebody in: {rows:?}", mesh.nodes[node]);
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// A made-up node says PING, names a real one by gossip, and is let in by none; then it says MEET.
#[test]
fn a_ping_admits_nobody_and_a_meet_does() -> Result<()> {
    let mesh = strangers(&ALL, 21145)?;
    let other = Node::start(Handfast, 21149, &["--cluster-enabled", "yes"])?;
    let named =
        Header { name: other.call(&["CLUSTER", "MYID"])?.text()?.to_owned(), ..header("a", other.port) };
    for (number, node) in mesh.nodes.iter().enumerate() {
        let me = header("b", 21150 + number as u16);
        let name = me.name.clone();
        let fake = Fake::start(me)?;
        let mut line = fake.dial(node.port)?;
        stays_alone(&mesh, number, || line.ping_about(&named))?;
        fake.dial(node.port)?.meet()?;
        wait(MEETING_TIME_MAX, "admission", || {
            let rows = mesh.rows(number)?;
            let row = rows.iter().find(|row| row.id == name).context("it is not listed")?;
            ensure!(row.connected && !row.flags.contains("handshake"), "{row:?}");
            ensure!(rows.iter().all(|row| row.id != named.name), "a stranger's gossip counted");
            Ok(())
        })
        .with_context(|| node.to_string())?;
    }
    Ok(())
}

/// Real nodes go on pinging one that forgot them all: it answers, and takes in neither them nor those they gossip about.
/// (Not Valkey: it says MEET again to whoever does not dial it.)
#[test]
fn real_strangers_stay_strangers() -> Result<()> {
    for (kinds, reset, port) in
        [([Redis7, Handfast, Redis8], 1, 21155), ([Handfast, Redis7, Handfast], 1, 21158)]
    {
        let mesh = strangers(&kinds, port)?;
        mesh.meet(0, 1)?;
        mesh.meet(1, 2)?;
        mesh.wait_for_agreement(MEETING_TIME_MAX)?;
        mesh.nodes[reset].ok(&["CLUSTER", "RESET", "SOFT"])?;
        stays_alone(&mesh, reset, || Ok(()))?;
        let rows = mesh.rows(0)?;
        let id = mesh.id(reset)?;
        let row = rows.iter().find(|row| row.id == id).context("forgotten")?;
        ensure!(row.connected, "it was never pinged: {row:?}");
    }
    Ok(())
}

/// What each kind sends for MEET and PING differs in the type alone, and in the gossip and extensions that follow the
/// header.
#[test]
fn a_meet_has_the_format_of_a_ping() -> Result<()> {
    let mesh = strangers(&ALL, 21165)?;
    for (number, node) in mesh.nodes.iter().enumerate() {
        let fake = Fake::start(header("c", 21170 + number as u16))?;
        node.ok(&["CLUSTER", "MEET", "127.0.0.1", &(21170 + number as u16).to_string()])?;
        let both = || {
            let newest = fake.heard().newest;
            let (meet, ping) = (newest.get(&MEET), newest.get(&PING));
            Ok((meet.context("no MEET")?.clone(), ping.context("no PING")?.clone()))
        };
        // The fake trusts the node as well, so that the node's links stay up.
        fake.dial(node.port)?.meet()?;
        wait(MEETING_TIME_MAX, "MEET and PING", || both().map(drop)).with_context(|| node.to_string())?;
        let (mut meet, mut ping) = both()?;
        ensure!(meet.len() >= 2256 && meet[12..14] == [0, 2] && ping[12..14] == [0, 0], "{node}");
        for packet in [&mut meet, &mut ping] {
            packet.truncate(2256);
            for range in LENGTH_AND_TYPE {
                packet[range].fill(0);
            }
            // Epochs, own flags, extensions: they change while the two get to know each other.
            packet[16..40].fill(0);
            packet[2214..2216].fill(0);
            packet[2250..2256].fill(0);
        }
        let differs = meet.iter().zip(&ping).position(|(a, b)| a != b);
        ensure!(differs.is_none(), "{node}: byte {differs:?} differs");
    }
    Ok(())
}

/// One MEET is enough for both ends, whoever says it.
#[test]
fn it_need_not_be_reciprocal() -> Result<()> {
    for (number, peer) in ALL.into_iter().enumerate() {
        for (from, to) in [(0, 1), (1, 0)] {
            let mesh = strangers(&[Handfast, peer], 21175 + 2 * number as u16)?;
            mesh.meet(from, to)?;
            mesh.wait_for_agreement(MEETING_TIME_MAX)
                .with_context(|| format!("{} meets {}", mesh.nodes[from], mesh.nodes[to]))?;
        }
    }
    Ok(())
}

/// The first of four is told of the three others.
#[test]
fn four_nodes_of_which_one_is_told_form_a_full_mesh() -> Result<()> {
    let mixes = [
        [Handfast, Redis7, Valkey9, Handfast],
        [Redis7, Handfast, Handfast, Valkey9],
        [Valkey9, Handfast, Redis7, Handfast],
        [Redis8, Handfast, Redis7, Handfast],
    ];
    for kinds in mixes {
        let mesh = strangers(&kinds, 21185)?;
        for to in 1..4 {
            mesh.meet(0, to)?;
        }
        mesh.wait_for_agreement(MEETING_TIME_MAX).with_context(|| format!("{kinds:?}"))?;
    }
    Ok(())
}

/// Ten nodes, told in an order of no meaning, each by one that may itself be alone still; some of them are killed and
/// started again in between.
#[test]
fn any_order_will_do_with_nodes_that_come_and_go() -> Result<()> {
    let kinds = [Handfast, Redis7, Valkey9, Handfast, Redis7, Handfast, Valkey9, Handfast, Redis7, Handfast];
    let mut mesh = strangers(&kinds, 21190)?;
    let meets = [(7, 2), (4, 9), (0, 5), (2, 8), (9, 1), (5, 3), (6, 4), (8, 0), (3, 6)];
    let restarted = [None, None, Some(2), None, Some(4), None, Some(7), Some(1), None];
    for ((from, to), restart) in meets.into_iter().zip(restarted) {
        mesh.meet(from, to)?;
        if let Some(node) = restart {
            // It is known to somebody by then.
            thread::sleep(Duration::from_millis(500));
            mesh.nodes[node].kill()?;
            mesh.nodes[node].restart()?;
        }
    }
    mesh.wait_for_agreement(Duration::from_secs(20))
}
