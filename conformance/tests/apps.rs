//! Applications that know nothing of Handfast, on one server and in a cluster.

use std::time::Duration;

use anyhow::{Result, ensure};
use conformance::apps;
use conformance::mesh::Mesh;
use conformance::node::{Kind, Node};

const READY_TIME_MAX: Duration = Duration::from_secs(10);

fn server(port: u16) -> Result<Node> {
    Node::start(Kind::Handfast, port, &[])
}

/// A cluster of one node, which tells clients where it is.
fn cluster(port: u16) -> Result<Mesh> {
    let options = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
    let node = Node::start(Kind::Handfast, port, &options)?;
    node.ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
    let mesh = Mesh { nodes: vec![node] };
    mesh.wait_for_state("ok", None, READY_TIME_MAX)?;
    Ok(mesh)
}

#[test]
fn celery() -> Result<()> {
    let server = server(21450)?;
    let said = apps::celery(server.port)?;
    ensure!(said.contains("celery: control"), "{said}");
    Ok(())
}

#[test]
fn django() -> Result<()> {
    apps::django(server(21451)?.port)?;
    Ok(())
}

#[test]
fn django_redis() -> Result<()> {
    apps::django_redis(server(21452)?.port)?;
    Ok(())
}

#[test]
fn socket_io() -> Result<()> {
    let said = apps::socket_io(server(21453)?.port, false)?;
    ensure!(said.matches("7 adapters").count() == 2, "{said}");
    Ok(())
}

#[test]
fn socket_io_in_a_cluster() -> Result<()> {
    let said = apps::socket_io(cluster(21454)?.nodes[0].port, true)?;
    ensure!(said.matches("7 adapters").count() == 2, "{said}");
    Ok(())
}

#[test]
fn scripts_of_redis_py() -> Result<()> {
    apps::scripts_of_redis_py(server(21455)?.port, false)?;
    apps::scripts_of_redis_py(cluster(21456)?.nodes[0].port, true)?;
    Ok(())
}

#[test]
fn bullmq() -> Result<()> {
    apps::bullmq(server(21457)?.port, false)?;
    apps::bullmq(cluster(21458)?.nodes[0].port, true)?;
    Ok(())
}

#[test]
fn locks() -> Result<()> {
    apps::locks(server(21459)?.port, false)?;
    apps::locks(cluster(21460)?.nodes[0].port, true)?;
    Ok(())
}
