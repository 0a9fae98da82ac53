//! What a node tells of itself: the flight recorder, and counters that must agree with those of a real server at the
//! other end.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use conformance::client::{Client, Reply};
use conformance::mesh::{Mesh, wait};
use conformance::node::Kind::{Handfast, Redis7, Valkey9};
use conformance::node::Node;

const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
const TYPES: [&str; 11] = [
    "ping",
    "pong",
    "meet",
    "fail",
    "publish",
    "auth-req",
    "auth-ack",
    "update",
    "mfstart",
    "module",
    "publishshard",
];
/// The last line that Valkey has; ours follow.
const LAST_OF_VALKEY: &str = "total_cluster_links_buffer_limit_exceeded";
/// Packets that may be under way, or come between two questions.
const UNDER_WAY: u64 = 4;
const PACKET_BYTES: u64 = 3000;

/// CLUSTER INFO, in its order.
fn info(node: &Node) -> Result<Vec<(String, String)>> {
    let reply = node.call(&["CLUSTER", "INFO"])?;
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
    reply.text()?.lines().map(|line| pair(line).with_context(|| line.to_owned())).collect()
}

fn number(info: &[(String, String)], name: &str) -> u64 {
    info.iter().find(|(n, _)| n == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

/// Names without those of single types, and the types of each direction in the order shown.
fn shape(info: &[(String, String)]) -> (Vec<&str>, [Vec<&str>; 2]) {
    let end = info.iter().position(|(name, _)| name == LAST_OF_VALKEY).map_or(info.len(), |at| at + 1);
    let (mut names, mut types) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (name, _) in &info[..end] {
        let typed = name.strip_prefix("cluster_stats_messages_").and_then(|rest| rest.rsplit_once('_'));
        match typed {
            Some((kind, "sent")) => types[0].push(kind),
            Some((kind, "received")) => types[1].push(kind),
            _ => names.push(name.as_str()),
        }
    }
    (names, types)
}

#[test]
fn counters_have_the_names_of_valkey_and_agree_with_it() -> Result<()> {
    let mesh = Mesh::start(&[Handfast, Valkey9], 21260)?;
    mesh.meet(0, 1)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    for _ in 0..10 {
        mesh.nodes[1].call(&["PUBLISH", "channel", "message"])?;
    }
    thread::sleep(Duration::from_secs(3));
    let (ours, theirs) = (info(&mesh.nodes[0])?, info(&mesh.nodes[1])?);
    let ((our_names, our_types), (their_names, _)) = (shape(&ours), shape(&theirs));
    ensure!(our_names == their_names, "{our_names:#?} is not {their_names:#?}");
    for types in our_types {
        let places: Vec<_> = types.iter().map(|kind| TYPES.iter().position(|t| t == kind)).collect();
        ensure!(places.is_sorted() && !places.contains(&None), "{types:?}");
    }
    let agree = |name: &str, sent: &[(String, String)], received: &[(String, String)], slack: u64| {
        let (out, come) =
            (number(sent, &format!("{name}_sent")), number(received, &format!("{name}_received")));
        ensure!(out.abs_diff(come) <= slack, "{name}: {out} sent, {come} received\n{sent:?}\n{received:?}");
        Ok(())
    };
    for (sent, received) in [(&ours, &theirs), (&theirs, &ours)] {
        for kind in TYPES {
            agree(&format!("cluster_stats_messages_{kind}"), sent, received, UNDER_WAY)?;
        }
        agree("cluster_stats_messages", sent, received, UNDER_WAY)?;
        agree("cluster_stats_bytes", sent, received, UNDER_WAY * PACKET_BYTES)?;
        agree("cluster_stats_pubsub_bytes", sent, received, 0)?;
    }
    ensure!(number(&ours, "cluster_stats_messages_publish_received") == 10, "{ours:?}");
    let by_class: u64 = ["gossip", "decision", "pubsub", "module"]
        .iter()
        .map(|class| number(&ours, &format!("cluster_stats_{class}_bytes_sent")))
        .sum();
    ensure!(by_class == number(&ours, "cluster_stats_bytes_sent"), "{ours:?}");
    mesh.nodes[0].ok(&["CONFIG", "RESETSTAT"])?;
    let ours = info(&mesh.nodes[0])?;
    ensure!(number(&ours, "cluster_stats_messages_received") <= UNDER_WAY, "{ours:?}");
    Ok(())
}

fn log(node: &Node, further: &[&str]) -> Result<Vec<Reply>> {
    let reply = node.call(&[&["CLUSTER", "LOG"], further].concat())?;
    Ok(reply.items()?.to_vec())
}

fn events(records: &[Reply]) -> Result<Vec<String>> {
    records.iter().map(|record| Ok(record.field("event")?.text()?.to_owned())).collect()
}

#[test]
fn the_record_tells_what_happened() -> Result<()> {
    let mut mesh = Mesh::start(&[Handfast, Redis7, Valkey9], 21265)?;
    mesh.meet(0, 1)?;
    mesh.meet(1, 2)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    let dead = mesh.id(2)?;
    let before = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().to_string();
    mesh.nodes[2].kill()?;
    mesh.wait_for_failure(2, &dead, MEETING_TIME_MAX)?;
    mesh.nodes[2].restart()?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    let ours = &mesh.nodes[0];
    let all = log(ours, &["COUNT", "-1"])?;
    let names = events(&all)?;
    for wanted in [
        "started",
        "meet",
        "meet-done",
        "handshake-done",
        "learnt",
        "slots-moved",
        "state-changed",
        "failed",
        "recovered",
        "link-up",
        "link-down",
    ] {
        ensure!(names.iter().any(|name| name == wanted), "no {wanted} in {names:?}");
    }
    let failed =
        all.iter().find(|record| record.field("event").is_ok_and(|e| e.text().is_ok_and(|t| t == "failed")));
    ensure!(failed.context("no failure")?.field("node")?.text()? == dead, "{failed:?}");
    let ids: Vec<i64> = all
        .iter()
        .map(|record| match record.field("id")? {
            Reply::Int(id) => Ok(*id),
            other => anyhow::bail!("{other}"),
        })
        .collect::<Result<_>>()?;
    ensure!(ids.is_sorted_by(|a, b| a > b), "not the newest first: {ids:?}");
    let recent = events(&log(ours, &["SINCE", &before])?)?;
    ensure!(recent.iter().any(|e| e == "failed") && !recent.iter().any(|e| e == "meet"), "{recent:?}");
    ensure!(log(ours, &["COUNT", "2"])?.len() == 2 && log(ours, &["COUNT", "0"])?.is_empty());
    Ok(())
}

#[test]
fn the_record_has_a_shape_in_both_protocols() -> Result<()> {
    let node = Node::start(Handfast, 21270, &["--cluster-enabled", "yes"])?;
    let mut client = Client::connect(node.port)?;
    for hello in ["2", "3"] {
        client.call(&["HELLO", hello])?;
        let reply = client.call(&["CLUSTER", "LOG", "COUNT", "1"])?;
        let record = reply.items()?.first().context("no record")?;
        let keys: Vec<&str> = record.items()?.iter().step_by(2).map(Reply::text).collect::<Result<_>>()?;
        ensure!(keys[..5] == ["id", "time", "event", "node", "times"], "{keys:?}");
    }
    for (bad, error) in [
        (&["COUNT"][..], "syntax error"),
        (&["COUNT", "x"], "value is not an integer or out of range"),
        (&["COUNT", "-2"], "count should be greater than or equal to -1"),
        (&["SINCE", "-5"], "the time must not be negative"),
        (&["COUNT", "1", "COUNT", "2"], "syntax error"),
        (&["UNTIL", "1"], "syntax error"),
    ] {
        let answer = node.call(&[&["CLUSTER", "LOG"], bad].concat())?;
        ensure!(answer == Reply::Error(format!("ERR {error}")), "{bad:?}: {answer}");
    }
    let alone = Node::start(Handfast, 21271, &[])?;
    let disabled = Reply::Error("ERR This instance has cluster support disabled".into());
    ensure!(alone.call(&["CLUSTER", "LOG"])? == disabled);
    ensure!(alone.call(&["CLUSTER", "MEET", "localhost", "1", "WAIT", "1"])? == disabled);
    Ok(())
}

/// The line of the log by which Redis says whether it was told anything at all.
#[test]
fn options_are_a_configuration() -> Result<()> {
    for kind in [Handfast, Redis7, Valkey9] {
        let node = Node::start(kind, 21272, &[])?;
        wait(Duration::from_secs(5), "the line", || {
            let log = node.log();
            ensure!(log.contains("Configuration loaded"), "{node}: {log}");
            ensure!(!log.contains("no config file specified"), "{node}: {log}");
            Ok(())
        })?;
    }
    Ok(())
}
