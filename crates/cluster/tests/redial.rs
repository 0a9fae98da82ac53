//! A node comes back, and all of its peers dial it at once: none is refused, none waits long.

mod world;

use base::{NodeId, Rng};
use cluster::{Refusal, Verify};
use std::net::SocketAddr;
use world::fake::Fake;
use world::{Seat, World};

const PEERS: usize = 999;

fn id_of(rng: &mut Rng) -> NodeId {
    NodeId::random(rng)
}

#[test]
fn a_thousand_peers_redial_at_once() {
    let mut world = World::new(5);
    let mut rng = Rng::new(11);
    let a = world.add_host("A", 5000);
    // Fewer places for the silent than there are peers: they come in turn.
    world.hosts[a].settings.accepted_links_max = 1600;
    let me = id_of(&mut rng);
    let mut conf = format!(
        "{me} 10.0.0.1:7000@17000,,tls-port=0,shard-id={me} myself,master - 0 0 1 connected 0-16383\n"
    );
    for n in 0..PEERS {
        let host = world.add_host(&format!("P{n}"), 5000);
        let id = id_of(&mut rng);
        let ip = world.hosts[host].ip;
        conf += &format!("{id} {ip}:7000@17000,,tls-port=0,shard-id={id} master - 0 0 {} connected\n", n + 2);
        let mut fake = Fake::new(id, world.now_us);
        (fake.header.config_epoch, fake.header.current_epoch) = (n as u64 + 2, 2000);
        world.hosts[host].seat = Seat::Fake(Box::new(fake));
    }
    conf += "vars currentEpoch 2000 lastVoteEpoch 0\n";
    world.hosts[a].disk.write("nodes.conf", conf.into_bytes());
    world.boot(a);
    let addr = SocketAddr::new(world.hosts[a].ip, 17000);
    for host in 1..=PEERS {
        if let Seat::Fake(fake) = &mut world.hosts[host].seat {
            fake.dial(me, addr);
        }
        world.pump(host);
    }
    // Peers that are slow to speak would hold places; these speak at once.
    world.run_ms(500);
    let machine = world.machine(a).expect("it runs");
    let from = machine.links().iter().filter(|l| !l.to).count();
    let to = machine.links().iter().filter(|l| l.to).count();
    assert_eq!((from, to), (PEERS, PEERS));
    assert!(Refusal::ALL.iter().all(|why| machine.refused(*why) == 0));
}

/// Whoever connects and says nothing takes only the places of its like, and for three seconds.
#[test]
fn silent_connections_keep_no_peer_out() {
    let mut world = World::new(6);
    for name in ["A", "B"] {
        let host = world.add_host(name, 1000);
        world.hosts[host].settings.accepted_links_max = 400;
        world.boot(host);
    }
    let z = world.add_host("Z", 1000);
    let mut fake = Fake::new(NodeId::parse(&[b'z'; 40]).expect("an id"), world.now_us);
    fake.lively = false;
    world.hosts[z].seat = Seat::Fake(Box::new(fake));
    let (to, addr) = (world.machine(0).expect("it runs").my_id(), SocketAddr::new(world.hosts[0].ip, 17000));
    if let Seat::Fake(fake) = &mut world.hosts[z].seat {
        (0..1000).for_each(|_| fake.dial(to, addr));
    }
    world.pump(z);
    world.run_ms(50);
    assert!(!world.machine(0).expect("it runs").accepts(), "a quarter of the places is theirs, no more");
    let ip = world.hosts[1].ip.to_string();
    world.call(0, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    let met = |w: &World| w.machine(0).is_some_and(|m| m.links().len() == 2);
    // A thousand, a hundred at a time, three seconds each.
    assert!(world.run_until(35_000, met), "B waits its turn, and gets it");
    world.run_ms(40_000);
    let machine = world.machine(0).expect("it runs");
    assert_eq!((machine.accepts(), machine.refused(Refusal::Mute)), (true, 1000));
    assert_eq!(machine.links().len(), 2);
}

/// Packets that a chain of nodes says until its mesh has been whole for a while.
fn packets(verify: Verify) -> u64 {
    let nodes = 40;
    let mut world = World::new(9);
    for n in 0..nodes {
        let host = world.add_host(&format!("N{n}"), 2000);
        world.hosts[host].settings.bus_verify = verify;
        world.boot(host);
    }
    for n in 1..nodes {
        let ip = world.hosts[n].ip.to_string();
        world
            .call(n - 1, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now))
            .expect("a good address");
    }
    world.run_ms(2500);
    let sent = |h: usize| {
        let text = world.machine(h).expect("it runs").info_text();
        let line =
            text.lines().find_map(|l| l.strip_prefix("cluster_stats_messages_sent:").map(str::to_owned));
        line.and_then(|n| n.parse::<u64>().ok()).expect("a count")
    };
    (0..nodes).map(sent).sum()
}

#[test]
fn watching_what_is_claimed_costs_little() {
    let (off, warn) = (packets(Verify::Off), packets(Verify::Warn));
    assert!(warn <= off + off / 10, "{warn} packets, {off} without it");
}
