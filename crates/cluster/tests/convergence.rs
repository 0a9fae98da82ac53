//! Random lives under a seed: cut connections, partitions, crashes that lose what was not synced. When it is over,
//! every node must know every other the same way, and no promise may have been taken back.

mod world;

use base::{NodeId, Rng, Slot};
use cluster::view::View;
use std::collections::BTreeMap;
use world::{Seat, World};

struct Life {
    world: World,
    rng: Rng,
    count: usize,
}

impl Life {
    fn new(seed: u64) -> Life {
        let mut rng = Rng::new(seed);
        let mut world = World::new(seed ^ 0xABCD);
        world.jitter_us = 3000;
        let count = 5 + rng.below(6) as usize;
        for n in 0..count {
            let host = world.add_host(&format!("N{n}"), 1000);
            world.boot(host);
        }
        Life { world, rng, count }
    }

    fn any(&mut self) -> usize {
        self.rng.below(self.count as u64) as usize
    }

    fn running(&self, host: usize) -> bool {
        matches!(self.world.hosts[host].seat, Seat::Machine(_))
    }

    fn meet(&mut self, from: usize, to: usize) {
        let ip = self.world.hosts[to].ip.to_string();
        self.world
            .call(from, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now))
            .expect("a good address");
    }

    /// A random tree of MEETs, in random order and direction.
    fn form(&mut self) {
        let mut edges: Vec<(usize, usize)> =
            (1..self.count).map(|n| (n, self.rng.below(n as u64) as usize)).collect();
        self.rng.shuffle(&mut edges);
        for (a, b) in edges {
            if self.rng.one_in(2) {
                self.meet(a, b)
            } else {
                self.meet(b, a)
            }
            self.world.run_ms(self.rng.below(300));
        }
        let per = base::SLOTS / self.count;
        for host in 0..self.count {
            let first = (host * per).to_string();
            let last = if host + 1 == self.count { 16383 } else { (host + 1) * per - 1 }.to_string();
            let bounds = [first.as_bytes(), last.as_bytes()];
            self.world.call(host, |m, now| m.add_slots_range(&bounds, now)).expect("free slots");
        }
    }

    fn trouble(&mut self) {
        let (a, b) = (self.any(), self.any());
        match self.rng.below(8) {
            0..=2 => self.world.break_one(),
            3 | 4 if a != b => self.world.cut(a, b),
            5 => self.world.heal(),
            6 if self.running(a) => {
                let lose = self.rng.one_in(2);
                self.world.kill(a, lose);
            }
            7 => {
                for host in (0..self.count).filter(|h| !self.running(*h)).collect::<Vec<_>>() {
                    self.boot(host);
                }
            }
            _ if self.running(a) => {
                self.world.call(a, |m, now| m.bump_epoch(now));
            }
            _ => {}
        }
        self.world.run_ms(self.rng.below(700));
    }

    /// Starts it again, and holds it to what it told.
    fn boot(&mut self, host: usize) {
        let (epoch, vote) = self.world.hosts[host].told;
        self.world.boot(host);
        let (current, _, voted) = self.world.machine(host).expect("it runs").epochs();
        assert!(current >= epoch, "N{host} told epoch {epoch} and remembers {current}");
        assert!(voted >= vote, "N{host} voted in {vote} and remembers {voted}");
    }

    fn peace(&mut self) {
        self.world.heal();
        for host in 0..self.count {
            if !self.running(host) {
                self.boot(host);
            }
        }
    }

    fn views(&self) -> Vec<View> {
        (0..self.count).filter_map(|h| self.world.machine(h)).map(|m| m.view()).collect()
    }
}

/// What a view says that all nodes must agree on.
fn shared(view: &View) -> BTreeMap<NodeId, (String, u64, Vec<u16>, bool, NodeId)> {
    let slots = |index: usize| {
        let mine = Slot::all().filter(|s| view.owner(*s).is_some_and(|o| usize::from(o) == index));
        mine.map(Slot::get).collect()
    };
    let node = |(i, n): (usize, &cluster::view::ViewNode)| {
        (n.id, (n.address.ip.clone(), n.config_epoch, slots(i), n.failed, n.shard))
    };
    view.nodes.iter().enumerate().map(node).collect()
}

fn converged(life: &Life) -> Result<(), String> {
    let views = life.views();
    for view in &views {
        if view.nodes.len() != life.count {
            return Err(format!("{} knows {} nodes", view.me().id, view.nodes.len()));
        }
        if view.nodes.iter().any(|n| n.failed || n.handshake) {
            return Err("somebody is failed or in handshake".to_string());
        }
        if shared(view) != shared(&views[0]) {
            return Err("tables differ".to_string());
        }
        let epochs: Vec<u64> = view.nodes.iter().map(|n| n.config_epoch).collect();
        if (1..epochs.len()).any(|i| epochs[..i].contains(&epochs[i])) {
            return Err("two nodes share an epoch".to_string());
        }
        if !view.state_ok {
            return Err("the state is not ok".to_string());
        }
    }
    for host in 0..life.count {
        let links = life.world.machine(host).map_or(0, |m| m.links().len());
        if links != 2 * (life.count - 1) {
            return Err(format!("N{host} has {links} links"));
        }
    }
    Ok(())
}

fn live(seed: u64) -> String {
    let mut life = Life::new(seed);
    life.form();
    let formed = {
        let count = life.count;
        life.world
            .run_until(10_000, |w| (0..count).all(|h| w.machine(h).is_some_and(|m| m.known_nodes() == count)))
    };
    assert!(formed, "seed {seed}: no full mesh after 10 s");
    for _ in 0..40 {
        life.trouble();
    }
    life.peace();
    for _ in 0..60 {
        life.world.run_ms(500);
        if converged(&life).is_ok() {
            break;
        }
    }
    if let Err(why) = converged(&life) {
        for host in 0..life.count {
            let machine = life.world.machine(host).expect("all run");
            eprintln!("N{host}\n{}", life.world.names.replace(&machine.nodes_text(Default::default())));
        }
        panic!("seed {seed}: {why}");
    }
    (0..life.count).filter_map(|h| life.world.machine(h)).map(|m| m.nodes_text(Default::default())).collect()
}

#[test]
fn tables_converge_and_promises_hold() {
    let seeds = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(6);
    for seed in 0..seeds {
        live(seed);
    }
}

/// All MEETs at once, to one node or along a chain: everybody is linked with everybody, both ways, within a second, and
/// has an epoch of its own in two.
fn crowd(count: usize, star: bool) {
    let mut world = World::new(3);
    for n in 0..count {
        let host = world.add_host(&format!("N{n}"), 15_000);
        world.boot(host);
    }
    for n in 1..count {
        let (from, ip) = (if star { 0 } else { n - 1 }, world.hosts[n].ip.to_string());
        world.call(from, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    }
    let machines = |w: &World| -> Vec<(usize, usize, u64)> {
        let machine = |h| w.machine(h).map(|m| (m.known_nodes(), m.links().len(), m.epochs().1));
        (0..count).filter_map(machine).collect()
    };
    world.run_ms(1000);
    assert!(machines(&world).iter().all(|(known, links, _)| (*known, *links) == (count, 2 * (count - 1))));
    world.run_ms(1000);
    let mut epochs: Vec<u64> = machines(&world).iter().map(|m| m.2).collect();
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), count);
}

#[test]
fn a_crowd_forms_a_mesh_in_a_second() {
    crowd(40, true);
    crowd(40, false);
}

#[test]
fn a_seed_is_a_life() {
    assert_eq!(live(7), live(7));
}
