//! What operators do to a mixed cluster by hand: reset, forget, name and address its nodes.

use std::net::{Ipv6Addr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::client::Reply;
use conformance::mesh::{Mesh, key_in, wait};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};

const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
/// Long enough for every node to gossip with every other.
const GOSSIP_TIME: Duration = Duration::from_secs(3);

fn chain(mesh: &Mesh, address: &str) -> Result<()> {
    for to in 1..mesh.nodes.len() {
        mesh.meet_at(address, to - 1, to)?;
    }
    mesh.wait_for_agreement(MEETING_TIME_MAX)
}

fn form(kinds: &[Kind], port: u16) -> Result<Mesh> {
    let mesh = Mesh::start(kinds, port)?;
    chain(&mesh, "127.0.0.1")?;
    Ok(mesh)
}

/// Waits until every node shows, in every line, an address with `part` in it, or without it.
fn wait_for_addresses(mesh: &Mesh, part: &str, present: bool) -> Result<()> {
    wait(MEETING_TIME_MAX, part, || {
        for (number, node) in mesh.nodes.iter().enumerate() {
            let rows = mesh.rows(number)?;
            let right = |address: &str| address.contains(part) == present;
            ensure!(rows.iter().all(|row| right(&row.address)), "{node} shows {rows:?}");
        }
        Ok(())
    })
}

#[test]
fn a_node_that_was_reset_is_met_as_another() -> Result<()> {
    let mesh = form(&[Handfast, Redis7, Valkey9, Handfast], 20700)?;
    for reset in 0..mesh.nodes.len() {
        let (old, other) = (mesh.id(reset)?, (reset + 1) % mesh.nodes.len());
        mesh.nodes[reset].ok(&["CLUSTER", "RESET", "HARD"])?;
        ensure!(mesh.id(reset)? != old, "{} kept its id", mesh.nodes[reset]);
        for (_, node) in mesh.nodes.iter().enumerate().filter(|(number, _)| *number != reset) {
            // Whoever heard of it from another has forgotten it already.
            let answer = node.call(&["CLUSTER", "FORGET", &old])?;
            let fine = answer == Reply::Simple("OK".into())
                || answer == Reply::Error(format!("ERR Unknown node {old}"));
            ensure!(fine, "{node} answered {answer}");
        }
        mesh.meet(reset, other)?;
        mesh.wait_for_agreement(MEETING_TIME_MAX).with_context(|| format!("{} reset", mesh.nodes[reset]))?;
    }
    Ok(())
}

#[test]
fn one_is_told_to_forget_and_all_do() -> Result<()> {
    for told in 0..2 {
        let mut mesh = form(&[Handfast, Valkey9, Handfast, Valkey9], 20710)?;
        let gone = mesh.id(3)?;
        mesh.nodes[3].kill()?;
        mesh.nodes[told].ok(&["CLUSTER", "FORGET", &gone])?;
        let forgotten = || {
            for number in 0..3 {
                let rows = mesh.rows(number)?;
                ensure!(rows.iter().all(|row| row.id != gone), "{} knows it", mesh.nodes[number]);
            }
            Ok(())
        };
        wait(MEETING_TIME_MAX, "forgetting", forgotten)?;
        let start = Instant::now();
        while start.elapsed() < GOSSIP_TIME {
            forgotten().context("it came back")?;
            thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

#[test]
fn hostnames_are_announced_and_preferred() -> Result<()> {
    for (kinds, port) in [([Handfast, Redis7, Valkey9], 20720), ([Handfast, Handfast, Redis8], 20725)] {
        let mesh = form(&kinds, port)?;
        mesh.share_slots()?;
        mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
        for node in &mesh.nodes {
            let name = format!("node-{}.example", node.port);
            node.ok(&["CONFIG", "SET", "cluster-announce-hostname", &name])?;
        }
        wait_for_addresses(&mesh, ",node-", true)?;
        let (first, last) = mesh.slots_of(2);
        let (key, slot) = key_in(first..=last, &mesh.nodes[0])?;
        let port = mesh.nodes[2].port;
        let expected = [
            ("hostname", format!("node-{port}.example")),
            ("unknown-endpoint", String::new()),
            ("ip", "127.0.0.1".into()),
        ];
        for (preferred, host) in expected {
            for node in &mesh.nodes[..2] {
                node.ok(&["CONFIG", "SET", "cluster-preferred-endpoint-type", preferred])?;
                let answer = node.call(&["GET", &key])?;
                let moved = Reply::Error(format!("MOVED {slot} {host}:{port}"));
                ensure!(answer == moved, "{node} prefers {preferred} and answered {answer}");
            }
        }
        for node in &mesh.nodes {
            node.ok(&["CONFIG", "SET", "cluster-announce-hostname", ""])?;
        }
        wait_for_addresses(&mesh, ",node-", false)?;
    }
    Ok(())
}

#[test]
fn a_changed_port_is_known_to_all() -> Result<()> {
    let mesh = form(&[Handfast, Redis7, Valkey9], 20730)?;
    for announced in ["20739", "0"] {
        for node in &mesh.nodes {
            node.ok(&["CONFIG", "SET", "cluster-announce-port", announced])?;
        }
        wait_for_addresses(&mesh, ":20739@", announced != "0")?;
    }
    mesh.wait_for_agreement(MEETING_TIME_MAX)
}

#[test]
fn nodes_meet_by_ipv6_addresses() -> Result<()> {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("note: this machine has no ::1, so nothing was tested");
        return Ok(());
    }
    let mut mesh =
        Mesh::start_with(&[Handfast, Redis7, Valkey9, Handfast], 20740, &["--bind", "127.0.0.1", "::1"])?;
    chain(&mesh, "::1")?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    wait_for_addresses(&mesh, "::1:", true)?;
    let (first, last) = mesh.slots_of(3);
    let (key, slot) = key_in(first..=last, &mesh.nodes[0])?;
    for node in &mesh.nodes[..3] {
        let answer = node.call(&["GET", &key])?;
        let moved = Reply::Error(format!("MOVED {slot} ::1:{}", mesh.nodes[3].port));
        ensure!(answer == moved, "{node} answered {answer}");
    }
    for number in 0..mesh.nodes.len() {
        mesh.nodes[number].kill()?;
        mesh.nodes[number].restart()?;
    }
    mesh.wait_for_agreement(MEETING_TIME_MAX)
}
