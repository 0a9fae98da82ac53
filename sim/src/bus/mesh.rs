//! Crowds: how long a mesh takes to form, in virtual time, in packets and in memory; and how a node that restarts is
//! found again by all at once.

use super::outlook::Outlook;
use super::raw::flag;
use super::world::{Family, Files, PORT, Seat, Weather, World};
use crate::check::Broken;

/// Time between two looks, microseconds.
const LOOK_US: u64 = 10_000;
/// Nodes whose tables are read line by line at the end; of more, a sample.
const READ_MAX: usize = 200;

/// What to form.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Decides names and chances.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// All are introduced to one, and not each to the next.
    pub star: bool,
    /// Microseconds that a packet takes.
    pub latency_us: u64,
    /// `cluster-node-timeout`, milliseconds.
    pub timeout_ms: u64,
    /// Virtual microseconds after which it is given up.
    pub most_us: u64,
}

/// What came of it.
pub struct Formed {
    /// The world with all its nodes.
    pub world: World,
    /// Virtual microseconds from the first MEET until each knew all, and until all links were up.
    pub known_us: u64,
    /// As `known_us`, until all links were up.
    pub linked_us: u64,
    /// Packets and bytes sent until then.
    pub packets: (u64, u64),
}

/// Forms a mesh.
pub fn form(crowd: Crowd) -> Result<Formed, Broken> {
    let mut world = World::new(crowd.seed);
    world.weather = Weather { latency_us: (crowd.latency_us, crowd.latency_us), ..Weather::default() };
    world.slow_files = false;
    for n in 0..crowd.nodes {
        world.add_host(Family::Ours, crowd.timeout_ms);
        world.hosts[n].files = Files::Dropped;
        start(&mut world, n)?;
        // Their ticks shall not fall together.
        world.run_us(100_000 / crowd.nodes as u64);
    }
    world.run_us(200_000);
    let (began, before) = (world.now_us, world.packets);
    for n in 1..crowd.nodes {
        meet(&mut world, if crowd.star { 0 } else { n - 1 }, n);
    }
    let end = began + crowd.most_us;
    let all_known = |w: &World| w.hosts.iter().all(|h| known(h.seat.as_ref()) == crowd.nodes);
    until(&mut world, end, "not all know all", all_known)?;
    let known_us = world.now_us - began;
    let links = crowd.nodes * (crowd.nodes - 1);
    until(&mut world, end, "links are missing", |w| w.open_links().count() >= links)?;
    let (now, packets) = (world.now_us, world.packets);
    let sent = (packets.0 - before.0, packets.1 - before.1);
    read_tables(&world, crowd.nodes)?;
    Ok(Formed { world, known_us, linked_us: now - began, packets: sent })
}

fn start(world: &mut World, host: usize) -> Result<(), Broken> {
    world.start(host).map_err(Broken::Safety)
}

fn meet(world: &mut World, from: usize, to: usize) {
    let (ip, port) = (world.hosts[to].ip.to_string(), PORT.to_string());
    world.call(from, |seat, now| {
        if let Seat::Ours(machine) = seat
            && let Err(refused) = machine.meet(ip.as_bytes(), port.as_bytes(), None, "operator", now)
        {
            panic!("a good address is refused: {refused}");
        }
    });
}

fn known(seat: Option<&Seat>) -> usize {
    match seat {
        Some(Seat::Ours(machine)) => machine.known_nodes(),
        _ => 0,
    }
}

fn until(world: &mut World, end: u64, missing: &str, done: impl Fn(&World) -> bool) -> Result<(), Broken> {
    while !done(world) {
        if world.now_us >= end {
            return Err(Broken::Liveness(format!("{missing} after {} ms", world.now_us / 1000)));
        }
        world.run_us(LOOK_US);
        if let Some(broken) = world.watch.broken.take() {
            return Err(broken);
        }
    }
    Ok(())
}

fn read_tables(world: &World, nodes: usize) -> Result<(), Broken> {
    let step = nodes.div_ceil(READ_MAX);
    for host in (0..nodes).step_by(step) {
        let Some(seat) = &world.hosts[host].seat else { continue };
        let shown = Outlook::of(seat);
        let bad = flag::HANDSHAKE | flag::PFAIL | flag::FAIL | flag::NOADDR;
        if let Some((id, _)) = shown.nodes.iter().find(|(_, n)| n.has(bad) || !n.connected) {
            return Err(Broken::Liveness(format!("n{host} is not well with {id} when all links are up")));
        }
    }
    Ok(())
}

/// What a restart cost.
pub struct Found {
    /// Virtual microseconds from the restart until the first peer had its link again, until the last had.
    pub links_us: (u64, u64),
    /// Packets sent meanwhile.
    pub packets: u64,
}

/// Restarts one node of a mesh after `away_us`: all others redial it at once.
pub fn redial(formed: &mut Formed, away_us: u64) -> Result<Found, Broken> {
    let world = &mut formed.world;
    let others = world.hosts.len() - 1;
    world.hosts[0].files = Files::Kept(Default::default());
    // What it knows must be on its disk before it goes.
    world.call(0, |seat, now| {
        if let Seat::Ours(machine) = seat {
            machine.save_config(now);
        }
    });
    world.run_us(1_000_000);
    world.kill(0);
    world.run_us(away_us);
    start(world, 0)?;
    let (began, before, mut first) = (world.now_us, world.packets.0, 0);
    loop {
        let towards: std::collections::BTreeSet<usize> =
            world.open_links().filter(|(_, to)| *to == 0).map(|(from, _)| from).collect();
        let passed = world.now_us - began;
        if first == 0 && !towards.is_empty() {
            first = passed;
        }
        if towards.len() == others {
            return Ok(Found { links_us: (first, passed), packets: world.packets.0 - before });
        }
        if passed > 60_000_000 {
            let missing = others - towards.len();
            return Err(Broken::Liveness(format!("{missing} peers have no link after a minute")));
        }
        world.run_us(LOOK_US);
    }
}
