//! How a mesh forms: everybody is linked with everybody, both ways, soon and at a bounded price.

mod world;

use cluster::wire::{self, Body, Message, PingKind};
use std::collections::{BTreeMap, BTreeSet};
use world::World;

/// Packets per pair of nodes, both directions counted as pairs, until the mesh is complete.
const PACKETS_PER_PAIR_MAX: u64 = 6;

/// What a mesh cost.
#[derive(Debug)]
#[allow(dead_code, reason = "printed")]
struct Formed {
    ms: u64,
    packets: u64,
    bytes_per_node: u64,
}

fn crowd(count: usize) -> World {
    let mut world = World::new(3);
    for n in 0..count {
        let host = world.add_host(&format!("N{n}"), 15_000);
        world.boot(host);
    }
    world
}

fn meet(world: &mut World, from: usize, to: usize) {
    let ip = world.hosts[to].ip.to_string();
    world.call(from, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
}

fn is_complete(world: &World) -> bool {
    let count = world.hosts.len();
    (0..count)
        .filter_map(|h| world.machine(h))
        .all(|m| m.known_nodes() == count && m.links().len() == 2 * (count - 1))
}

/// Runs until every node has both links with every other; panics after `limit_ms`.
fn form(world: &mut World, limit_ms: u64) -> Formed {
    let (start, packets, bytes) = (world.now_us, world.packets, world.bytes);
    let complete = (0..limit_ms / 5).any(|_| {
        world.run_ms(5);
        is_complete(world)
    });
    let formed = Formed {
        ms: (world.now_us - start) / 1000,
        packets: world.packets - packets,
        bytes_per_node: (world.bytes - bytes) / world.hosts.len() as u64,
    };
    let pairs = (world.hosts.len() * world.hosts.len()) as u64;
    println!(
        "{} nodes: {formed:?}, {:.2} packets per pair",
        world.hosts.len(),
        formed.packets as f64 / pairs as f64
    );
    assert!(complete, "no mesh after {limit_ms} ms");
    assert!(formed.packets <= PACKETS_PER_PAIR_MAX * pairs, "{formed:?}");
    formed
}

fn chain(count: usize, limit_ms: u64) -> World {
    let mut world = crowd(count);
    (1..count).for_each(|n| meet(&mut world, n - 1, n));
    form(&mut world, limit_ms);
    world
}

#[test]
fn a_chain() {
    chain(10, 100);
    chain(60, 200);
}

#[test]
fn a_chain_backwards_and_slowly() {
    let mut world = crowd(40);
    for n in (1..40).rev() {
        meet(&mut world, n, n - 1);
        world.run_ms(3);
    }
    form(&mut world, 200);
}

#[test]
fn a_star() {
    let mut world = crowd(60);
    (1..60).for_each(|n| meet(&mut world, 0, n));
    form(&mut world, 200);
}

#[test]
fn two_crowds_that_meet() {
    let mut world = crowd(60);
    for n in (1..60).filter(|n| *n != 30) {
        meet(&mut world, n - 1, n);
    }
    world.run_ms(3000);
    meet(&mut world, 5, 50);
    form(&mut world, 200);
}

#[test]
fn one_more() {
    let mut world = chain(40, 200);
    world.run_ms(70_000);
    let host = world.add_host("late", 15_000);
    world.boot(host);
    meet(&mut world, 7, host);
    let before = world.packets;
    form(&mut world, 100);
    assert!(world.packets - before < 8 * 40, "a newcomer costs a few packets per node");
}

/// Entries that were told unasked, in PONGs on the link that the teller dialled: nobody is told anything twice.
#[test]
fn nobody_is_told_twice() {
    let mut world = crowd(30);
    world.sent = Some(Vec::new());
    for n in 1..30 {
        meet(&mut world, n - 1, n);
        world.run_ms(30);
    }
    form(&mut world, 200);
    let mut asked: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (from, to, bytes) in world.sent.take().expect("recorded") {
        let Ok(Message::Full(packet)) = wire::decode(&bytes) else { panic!("not a packet") };
        let Body::Ping { kind, gossip, .. } = packet.body else { continue };
        if kind != PingKind::Pong {
            *asked.entry((from, to)).or_default() += 1;
        } else if asked.get_mut(&(to, from)).filter(|n| **n > 0).map(|n| *n -= 1).is_none() {
            for entry in gossip {
                assert!(told.insert((from, to, entry.node)), "{from} told {to} twice of {}", entry.node);
            }
        }
    }
    assert!(told.len() >= 29, "introductions are announced");
}

/// A thousand and two thousand nodes; much to compute, so only when asked for.
#[test]
#[ignore = "minutes in a debug build"]
fn large_crowds() {
    let count = std::env::var("NODES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    chain(count, 3 * count as u64);
}
