//! Mixed clusters: Handfast between real Redis and Valkey servers, formed by MEET in every order, losing and regaining a node.
//!
//! Redis 8 and Valkey 9 never sit in one cluster here: both gave ping extension 4 a meaning of their own, and Valkey takes the
//! secret that Redis 8 sends there for an address.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::mesh::Mesh;
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::warnings::{self, Warnings};

/// Who is told to meet whom, by position.
type Meets = &'static [(usize, usize)];

/// Each tells the next.
const CHAIN: Meets = &[(0, 1), (1, 2)];
/// The last tells the one before it, and so on: the same chain from its other end.
const BACKWARDS: Meets = &[(1, 2), (0, 1)];
/// One is told of all others.
const STAR: Meets = &[(0, 1), (0, 2)];
/// All others are told of one.
const GATHERED: Meets = &[(1, 0), (2, 0)];

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Every node knows every other within this time, whatever the order. The peers alone take up to 3 s.
const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
/// Twice the node timeout and the time for the word to spread; after a return, twice the node timeout again.
const FAILURE_TIME_MAX: Duration = Duration::from_secs(15);

fn all_orders(kinds: [Kind; 3], port: u16) -> Result<()> {
    let mut done = BTreeSet::new();
    for order in ORDERS {
        let ordered = order.map(|at| kinds[at]);
        for meets in [CHAIN, BACKWARDS, STAR, GATHERED] {
            if done.insert((ordered, meets)) {
                let mesh = form(&ordered, meets, port);
                let context = || format!("{ordered:?} meeting as {meets:?}");
                warnings::check(&mesh.with_context(context)?.warnings()).with_context(context)?;
            }
        }
    }
    Ok(())
}

fn form(kinds: &[Kind], meets: Meets, port: u16) -> Result<Mesh> {
    let mesh = Mesh::start(kinds, port)?;
    for (from, to) in meets {
        mesh.meet(*from, *to)?;
    }
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    Ok(mesh)
}

/// A cluster's whole life: each node in turn is killed, missed by all others, and welcomed back. Returns the peers' warnings.
fn live(kinds: &[Kind], port: u16) -> Result<Warnings> {
    let mut mesh = form(kinds, CHAIN, port)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.check_redirections()?;
    for dead in 0..kinds.len() {
        let id = mesh.id(dead)?;
        mesh.nodes[dead].kill()?;
        mesh.wait_for_failure(dead, &id, FAILURE_TIME_MAX)
            .with_context(|| format!("{} killed", mesh.nodes[dead]))?;
        mesh.wait_for_state("fail", Some(dead), FAILURE_TIME_MAX)?;
        mesh.nodes[dead].restart()?;
        ensure!(mesh.id(dead)? == id, "{} came back as another", mesh.nodes[dead]);
        mesh.wait_for_agreement(FAILURE_TIME_MAX)
            .with_context(|| format!("{} restarted", mesh.nodes[dead]))?;
        mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    }
    mesh.check_redirections()?;
    Ok(mesh.warnings())
}

/// The peers without us: shows that the tests here ask nothing that the real ones do not do.
#[test]
fn peers_among_themselves() -> Result<()> {
    warnings::check(&live(&[Redis7, Valkey9, Redis7], 20300)?)
}

/// Takes down what the peers warn of among themselves.
#[test]
#[ignore = "writes the lists of warnings: run it when a peer's version changes"]
fn record_the_warnings_of_peers() -> Result<()> {
    for kinds in [[Redis7, Valkey9, Redis7], [Valkey9, Redis7, Valkey9], [Redis8, Redis7, Redis8]] {
        warnings::record(live(&kinds, 20310)?)?;
    }
    Ok(())
}

#[test]
fn handfast_and_redis_meet_in_every_order() -> Result<()> {
    all_orders([Handfast, Redis7, Redis7], 20330)?;
    all_orders([Handfast, Handfast, Redis7], 20330)
}

#[test]
fn handfast_and_valkey_meet_in_every_order() -> Result<()> {
    all_orders([Handfast, Valkey9, Valkey9], 20340)?;
    all_orders([Handfast, Handfast, Valkey9], 20340)
}

#[test]
fn all_three_meet_in_every_order() -> Result<()> {
    all_orders([Handfast, Redis7, Valkey9], 20350)
}

#[test]
fn redis_8_is_met_too() -> Result<()> {
    warnings::check(&live(&[Handfast, Redis8, Handfast], 20360)?)
}

#[test]
fn a_cluster_with_redis_loses_and_regains_each_node() -> Result<()> {
    warnings::check(&live(&[Redis7, Handfast, Redis7], 20370)?)
}

#[test]
fn a_cluster_with_valkey_loses_and_regains_each_node() -> Result<()> {
    warnings::check(&live(&[Valkey9, Handfast, Valkey9], 20380)?)
}

#[test]
fn a_cluster_of_all_three_loses_and_regains_each_node() -> Result<()> {
    warnings::check(&live(&[Handfast, Redis7, Valkey9], 20390)?)
}

/// Ten minutes of nothing: no node may doubt another, lose a link, or complain.
#[test]
#[ignore = "takes minutes: part of the nightly run"]
fn soak() -> Result<()> {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(600);
    let mesh = form(&[Handfast, Redis7, Valkey9, Handfast], &[(0, 1), (1, 2), (2, 3)], 20400)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, FAILURE_TIME_MAX)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_secs(1));
        mesh.wait_for_agreement(Duration::ZERO).with_context(|| format!("after {:?}", start.elapsed()))?;
        mesh.check_redirections()?;
    }
    warnings::check(&mesh.warnings())
}
