//! nodes.conf goes from one server to another and back; and what guards it.

use std::process::Command;

use anyhow::{Result, ensure};
use conformance::node::Kind::{Handfast, Redis7, Redis8, Valkey9};
use conformance::node::{Node, handfast};

const OPTIONS: [&str; 2] = ["--cluster-enabled", "yes"];

/// The one line that says who the node is and what it has, without its times.
fn myself(node: &Node) -> Result<String> {
    let nodes = node.call(&["CLUSTER", "NODES"])?.text()?.to_owned();
    let mut fields: Vec<&str> = nodes.trim_end().split(' ').collect();
    ensure!(fields.len() > 8, "{nodes}");
    fields.drain(4..6);
    Ok(fields.join(" "))
}

#[test]
fn a_node_changes_its_program_and_stays_itself() -> Result<()> {
    let mut node = Node::start(Redis7, 20800, &OPTIONS)?;
    node.ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "99"])?;
    node.ok(&["CLUSTER", "SET-CONFIG-EPOCH", "7"])?;
    let was = myself(&node)?;
    for kind in [Handfast, Redis7, Handfast, Redis8, Handfast, Valkey9, Handfast] {
        node.terminate()?;
        node.kind = kind;
        node.restart()?;
        ensure!(myself(&node)? == was, "{node} says {}, and was {was}", myself(&node)?);
        node.ok(&["CLUSTER", "SAVECONFIG"])?;
    }
    Ok(())
}

#[test]
fn a_node_has_its_file_for_itself() -> Result<()> {
    let node = Node::start(Handfast, 20805, &OPTIONS)?;
    for _ in 0..2 {
        let mut second = Command::new(handfast()?);
        second.args(["server", "--port", "20806", "--bind", "127.0.0.1", "--dir"]).arg(node.dir());
        let done = second.args(OPTIONS).output()?;
        let said = String::from_utf8_lossy(&done.stdout);
        ensure!(!done.status.success(), "it started");
        ensure!(said.contains("Sorry, the cluster configuration file nodes.conf is already used"), "{said}");
        // After a save the file is another one.
        node.call(&["CLUSTER", "BUMPEPOCH"])?;
    }
    Ok(())
}
