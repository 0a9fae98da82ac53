//! Clients and tools that know nothing of Handfast, against clusters of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::client::Reply;
use conformance::clients::{ioredis, redis_cli, redis_py};
use conformance::mesh::Mesh;
use conformance::node::Kind::{self, Handfast, Redis7, Valkey9};

const KEYS: usize = 10_000;
const FORMING_TIME_MAX: Duration = Duration::from_secs(20);

/// `redis-cli --cluster create` over new servers, without replicas.
fn create(kinds: &[Kind], port: u16) -> Result<(Mesh, String)> {
    let mesh = Mesh::start(kinds, port)?;
    let addresses: Vec<String> = mesh.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let mut arguments = vec!["--cluster", "create"];
    arguments.extend(addresses.iter().map(String::as_str));
    arguments.extend(["--cluster-replicas", "0", "--cluster-yes"]);
    let said = redis_cli(&arguments)?;
    ensure!(said.contains("[OK] All 16384 slots covered."), "{said}");
    mesh.wait_for_state("ok", None, FORMING_TIME_MAX)?;
    mesh.wait_for_agreement(FORMING_TIME_MAX)?;
    Ok((mesh, addresses[0].clone()))
}

/// How many keys all nodes hold.
fn keys(mesh: &Mesh) -> Result<i64> {
    let count = |node: &conformance::node::Node| match node.call(&["DBSIZE"])? {
        Reply::Int(count) => Ok(count),
        other => anyhow::bail!("{node}: DBSIZE answered {other}"),
    };
    mesh.nodes.iter().map(count).sum()
}

#[test]
fn redis_cli_creates_checks_and_calls() -> Result<()> {
    let (mesh, first) = create(&[Handfast; 6], 20600)?;
    let check = redis_cli(&["--cluster", "check", &first])?;
    ensure!(check.contains("[OK] All nodes agree about slots configuration."), "{check}");
    ensure!(check.contains("[OK] All 16384 slots covered."), "{check}");
    let info = redis_cli(&["--cluster", "info", &first])?;
    ensure!(info.contains("[OK] 0 keys in 6 masters."), "{info}");
    let call = redis_cli(&["--cluster", "call", &first, "CONFIG", "GET", "cluster-enabled"])?;
    ensure!(call.matches("yes").count() == 6, "{call}");
    redis_cli(&["-c", "-p", "20600", "SET", "followed", "over MOVED"])?;
    ensure!(redis_cli(&["-c", "-p", "20603", "GET", "followed"])?.trim() == "over MOVED");
    ensure!(keys(&mesh)? == 1);
    Ok(())
}

#[test]
fn client_libraries_store_and_read_keys() -> Result<()> {
    let (mesh, _) = create(&[Handfast; 3], 20610)?;
    let port = mesh.nodes[1].port;
    let said = redis_py(port, KEYS)?;
    ensure!(said.contains("on 3 nodes"), "{said}");
    let said = ioredis(port, KEYS).context("after redis-py")?;
    ensure!(said.contains("on 3 nodes"), "{said}");
    ensure!(keys(&mesh)? == 2 * i64::try_from(KEYS)?);
    Ok(())
}

#[test]
fn client_libraries_find_their_way_in_a_mixed_cluster() -> Result<()> {
    let (mesh, first) = create(&[Redis7, Handfast, Valkey9], 20620)?;
    redis_py(mesh.nodes[0].port, KEYS)?;
    ioredis(mesh.nodes[1].port, KEYS)?;
    let check = redis_cli(&["--cluster", "check", &first])?;
    ensure!(check.contains("[OK] All nodes agree about slots configuration."), "{check}");
    ensure!(keys(&mesh)? == 2 * i64::try_from(KEYS)?);
    Ok(())
}
