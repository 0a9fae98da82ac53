//! Handfast's votes: a primary of another implementation dies, and its replica takes over with the vote of Handfast primaries.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::mesh::{Mesh, Row, key_in, wait};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::warnings;

/// The dead primary, its replica, and the slots of both.
const DEAD: usize = 2;
const HEIR: usize = 3;
const SLOTS: [(usize, usize); 3] = [(0, 5460), (5461, 10922), (10923, 16383)];

const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
const SYNC_TIME_MAX: Duration = Duration::from_secs(20);
/// Detection, election, and a second election should the first fall between two epochs.
const FAILOVER_TIME_MAX: Duration = Duration::from_secs(30);

/// Three primaries, and a replica of the third.
fn form(kinds: [Kind; 4], port: u16) -> Result<Mesh> {
    let mesh = Mesh::start(&kinds, port)?;
    for (from, to) in [(0, 1), (1, DEAD), (DEAD, HEIR)] {
        mesh.meet(from, to)?;
    }
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    for (node, (first, last)) in SLOTS.into_iter().enumerate() {
        mesh.nodes[node].ok(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()])?;
    }
    let primary = mesh.id(DEAD)?;
    mesh.nodes[HEIR].ok(&["CLUSTER", "REPLICATE", &primary])?;
    wait(SYNC_TIME_MAX, "replication", || {
        let info = mesh.nodes[HEIR].call(&["INFO", "replication"])?;
        ensure!(info.text()?.contains("master_link_status:up"), "{info}");
        Ok(())
    })?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    everywhere(&mesh, &[0, 1, DEAD], "the replica", MEETING_TIME_MAX, |rows| {
        let heir = row(rows, &mesh.id(HEIR)?)?;
        ensure!(heir.primary.as_ref() == Some(&primary) && heir.flags.contains("slave"), "{heir:?}");
        Ok(())
    })?;
    Ok(mesh)
}

fn row<'r>(rows: &'r [Row], id: &str) -> Result<&'r Row> {
    rows.iter().find(|row| row.id == id).with_context(|| format!("{id} is not known"))
}

/// Waits until `what` holds of what all `nodes` say.
fn everywhere(
    mesh: &Mesh,
    nodes: &[usize],
    what: &str,
    limit: Duration,
    check: impl Fn(&[Row]) -> Result<()>,
) -> Result<()> {
    wait(limit, what, || {
        nodes.iter().try_for_each(|node| {
            check(&mesh.rows(*node)?).with_context(|| format!("as {} sees it", mesh.nodes[*node]))
        })
    })
}

fn fail_over(kinds: [Kind; 4], port: u16) -> Result<()> {
    fail_over_verified(kinds, port, "warn")
}

/// The same, with this `cluster-bus-verify` on the Handfast nodes.
fn fail_over_verified(kinds: [Kind; 4], port: u16, verify: &str) -> Result<()> {
    let mut mesh = form(kinds, port)?;
    for node in mesh.nodes.iter().filter(|node| node.kind == Handfast) {
        node.ok(&["CONFIG", "SET", "cluster-bus-verify", verify])?;
    }
    let (dead, heir) = (mesh.id(DEAD)?, mesh.id(HEIR)?);
    mesh.nodes[DEAD].kill()?;
    let slots = format!("{}-{}", SLOTS[DEAD].0, SLOTS[DEAD].1);
    everywhere(&mesh, &[0, 1, HEIR], "take-over", FAILOVER_TIME_MAX, |rows| {
        let (dead, heir) = (row(rows, &dead)?, row(rows, &heir)?);
        ensure!(heir.flags.contains("master") && heir.slots == [slots.as_str()], "{heir:?}");
        ensure!(dead.flags.contains("fail") && dead.slots.is_empty(), "{dead:?}");
        ensure!(rows.iter().all(|row| row.epoch <= heir.epoch), "{heir:?} is not the newest");
        Ok(())
    })?;
    mesh.wait_for_state("ok", Some(DEAD), FAILOVER_TIME_MAX)?;
    for node in mesh.nodes.iter().filter(|node| node.kind == Handfast) {
        // Two of three votes win, so each was needed.
        let granted = format!("Failover auth granted to {heir}");
        let log = node.log();
        ensure!(log.contains(&granted), "{node} did not vote:\n{log}");
        for alarm in ["is not what the node itself answers", "A second link", "was never confirmed"] {
            ensure!(!log.contains(alarm), "{node} suspects honest nodes:\n{log}");
        }
    }
    let (key, slot) = key_in(SLOTS[DEAD].0..=SLOTS[DEAD].1, &mesh.nodes[0])?;
    for asked in [0, 1, HEIR] {
        mesh.check_redirection(asked, HEIR, &key, slot)?;
    }
    mesh.nodes[DEAD].restart()?;
    everywhere(&mesh, &[0, 1, DEAD, HEIR], "return as a replica", FAILOVER_TIME_MAX, |rows| {
        let back = row(rows, &dead)?;
        ensure!(back.primary.as_ref() == Some(&heir) && !back.flags.contains("fail"), "{back:?}");
        Ok(())
    })?;
    warnings::check(&mesh.warnings())
}

#[test]
fn two_handfast_primaries_elect_a_replica_of_redis() -> Result<()> {
    fail_over([Handfast, Handfast, Redis7, Redis7], 20460)
}

#[test]
fn two_handfast_primaries_elect_a_replica_of_valkey() -> Result<()> {
    fail_over([Handfast, Handfast, Valkey9, Valkey9], 20465)
}

#[test]
fn handfast_and_redis_elect_a_replica_of_valkey() -> Result<()> {
    fail_over([Handfast, Redis7, Valkey9, Valkey9], 20470)
}

#[test]
fn handfast_and_valkey_elect_a_replica_of_redis() -> Result<()> {
    fail_over([Handfast, Valkey9, Redis7, Redis7], 20475)
}

#[test]
fn a_valkey_replica_of_redis_is_elected() -> Result<()> {
    fail_over([Handfast, Handfast, Redis7, Valkey9], 20480)
}

#[test]
fn two_handfast_primaries_elect_a_replica_of_redis_8() -> Result<()> {
    fail_over([Handfast, Handfast, Redis8, Redis8], 20485)
}

#[test]
fn strict_handfast_primaries_elect_a_replica_of_redis() -> Result<()> {
    fail_over_verified([Handfast, Handfast, Redis7, Redis7], 21010, "strict")
}

#[test]
fn strict_handfast_primaries_elect_a_replica_of_valkey() -> Result<()> {
    fail_over_verified([Handfast, Handfast, Valkey9, Valkey9], 21015, "strict")
}

/// Takes down what the peers warn of among themselves.
#[test]
#[ignore = "writes the lists of warnings: run it when a peer's version changes"]
fn record_the_warnings_of_peers() -> Result<()> {
    let among_themselves = [
        [Redis7; 4],
        [Valkey9; 4],
        [Redis8; 4],
        [Redis7, Redis7, Valkey9, Valkey9],
        [Valkey9, Valkey9, Redis7, Redis7],
        [Redis7, Valkey9, Redis7, Valkey9],
    ];
    for kinds in among_themselves {
        let warnings = form(kinds, 20490).and_then(|mut mesh| {
            let (dead, heir) = (mesh.id(DEAD)?, mesh.id(HEIR)?);
            mesh.nodes[DEAD].kill()?;
            mesh.wait_for_failure(DEAD, &dead, FAILOVER_TIME_MAX)?;
            mesh.wait_for_state("ok", Some(DEAD), FAILOVER_TIME_MAX)?;
            mesh.nodes[DEAD].restart()?;
            everywhere(&mesh, &[0, 1, DEAD, HEIR], "return as a replica", FAILOVER_TIME_MAX, |rows| {
                ensure!(row(rows, &dead)?.primary.as_ref() == Some(&heir));
                Ok(())
            })?;
            Ok(mesh.warnings())
        });
        warnings::record(warnings.with_context(|| format!("{kinds:?}"))?)?;
    }
    Ok(())
}
