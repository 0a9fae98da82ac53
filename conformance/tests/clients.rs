//! Clients and tools that know nothing of Handfast, against clusters of it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::client::Reply;
use conformance::clients::{CLIS, cli, ioredis, redis_py};
use conformance::mesh::Mesh;
use conformance::node::Kind::{self, Handfast, Redis7, Valkey9};
use conformance::node::Node;

const KEYS: usize = 10_000;
const FORMING_TIME_MAX: Duration = Duration::from_secs(20);

/// `--cluster create` over new servers, without replicas.
fn create(program: &str, kinds: &[Kind], port: u16) -> Result<(Mesh, String)> {
    let mesh = Mesh::start(kinds, port)?;
    let addresses: Vec<String> = mesh.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let mut arguments = vec!["--cluster", "create"];
    arguments.extend(addresses.iter().map(String::as_str));
    arguments.extend(["--cluster-replicas", "0", "--cluster-yes"]);
    let said = cli(program, &arguments)?;
    ensure!(said.contains("[OK] All 16384 slots covered."), "{said}");
    mesh.wait_for_state("ok", None, FORMING_TIME_MAX)?;
    mesh.wait_for_agreement(FORMING_TIME_MAX)?;
    Ok((mesh, addresses[0].clone()))
}

/// How many keys all nodes hold.
fn keys(mesh: &Mesh) -> Result<i64> {
    let count = |node: &Node| match node.call(&["DBSIZE"])? {
        Reply::Int(count) => Ok(count),
        other => anyhow::bail!("{node}: DBSIZE answered {other}"),
    };
    mesh.nodes.iter().map(count).sum()
}

#[test]
fn command_lines_create_check_and_call() -> Result<()> {
    for (program, port) in CLIS.into_iter().zip([20600, 20640]) {
        create_check_and_call(program, port).context(program)?;
    }
    Ok(())
}

fn create_check_and_call(program: &str, port: u16) -> Result<()> {
    let (mesh, first) = create(program, &[Handfast; 6], port)?;
    // Whoever made it, both find it whole.
    for program in CLIS {
        let check = cli(program, &["--cluster", "check", &first])?;
        ensure!(check.contains("[OK] All nodes agree about slots configuration."), "{check}");
        ensure!(check.contains("[OK] All 16384 slots covered."), "{check}");
        ensure!(!check.contains("[ERR]") && !check.contains("[WARNING]"), "{check}");
        let info = cli(program, &["--cluster", "info", &first])?;
        ensure!(info.contains("[OK] 0 keys in 6 "), "{info}");
        let call = cli(program, &["--cluster", "call", &first, "CONFIG", "GET", "cluster-enabled"])?;
        ensure!(call.matches("yes").count() == 6, "{call}");
    }
    let (entry, other) = (port.to_string(), (port + 3).to_string());
    cli(program, &["-c", "-p", &entry, "SET", "followed", "over MOVED"])?;
    ensure!(cli(program, &["-c", "-p", &other, "GET", "followed"])?.trim() == "over MOVED");
    ensure!(keys(&mesh)? == 1);
    Ok(())
}

#[test]
fn client_libraries_store_and_read_keys() -> Result<()> {
    let (mesh, _) = create(CLIS[0], &[Handfast; 3], 20610)?;
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
    let (mesh, first) = create(CLIS[1], &[Redis7, Handfast, Valkey9], 20620)?;
    redis_py(mesh.nodes[0].port, KEYS)?;
    ioredis(mesh.nodes[1].port, KEYS)?;
    let check = cli(CLIS[0], &["--cluster", "check", &first])?;
    ensure!(check.contains("[OK] All nodes agree about slots configuration."), "{check}");
    ensure!(keys(&mesh)? == 2 * i64::try_from(KEYS)?);
    Ok(())
}

/// A newcomer is added, takes slots, gives them back, and is removed.
fn add_and_remove(program: &str, old: Kind, new: Kind, port: u16) -> Result<()> {
    let (mut mesh, first) = create(program, &[old; 3], port)?;
    // Others would become replicas when they give their last slot away.
    let options = ["--cluster-enabled", "yes", "--cluster-allow-replica-migration", "no"];
    mesh.nodes.push(Node::start(new, port + 3, &options)?);
    let newcomer = format!("127.0.0.1:{}", port + 3);
    let said = cli(program, &["--cluster", "add-node", &newcomer, &first])?;
    ensure!(said.contains("[OK] New node added correctly."), "{said}");
    mesh.wait_for_agreement(FORMING_TIME_MAX)?;
    let (owner, id) = (mesh.id(0)?, mesh.id(3)?);
    for (from, to) in [(&owner, &id), (&id, &owner)] {
        let slots = ["--cluster-slots", "20", "--cluster-yes", "--cluster-from", from, "--cluster-to", to];
        cli(program, &[&["--cluster", "reshard", &first], &slots[..]].concat())?;
        mesh.wait_for_agreement(FORMING_TIME_MAX)?;
        let check = cli(program, &["--cluster", "check", &newcomer])?;
        ensure!(check.contains("[OK] All 16384 slots covered."), "{check}");
    }
    cli(program, &["--cluster", "del-node", &first, &id])?;
    mesh.nodes.pop();
    mesh.wait_for_agreement(FORMING_TIME_MAX)
}

#[test]
fn managers_add_handfast_to_other_clusters_and_others_to_ours() -> Result<()> {
    let cases = [(Redis7, Handfast), (Valkey9, Handfast), (Handfast, Redis7), (Handfast, Valkey9)];
    for ((old, new), port) in cases.into_iter().zip((20750..).step_by(10)) {
        let program = if old == Valkey9 || new == Valkey9 { CLIS[1] } else { CLIS[0] };
        add_and_remove(program, old, new, port)
            .with_context(|| format!("{program}, {} joins {}", new.name(), old.name()))?;
    }
    Ok(())
}
