//! Packets in other nodes' names, from somebody who only knows the names. Where claims must be confirmed nothing comes of
//! them; by default they are taken as Redis takes them, and the log says where they came from.

mod world;

use base::{NodeId, Slot, SlotSet};
use cluster::wire::{self, Body, Extension, Gossip, Header, MsgFlags, NodeFlags, Packet, PingKind};
use cluster::{Refusal, Verify};
use std::net::SocketAddr;
use world::fake::{Fake, ping};
use world::{Seat, World};

const TIMEOUT_MS: u64 = 2000;
/// Where the spoofer sits: behind three nodes and a replica.
const SPOOFER_IP: &str = "10.0.0.5";

struct Scene {
    world: World,
    spoofer: usize,
    replica: Header,
}

fn slots(from: u16, to: u16) -> SlotSet {
    (from..=to).filter_map(Slot::new).collect()
}

fn bytes(header: Header, body: Body) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(&Packet { header, body }, &mut out);
    out
}

/// A, B and C with a third of the slots each, R, a replica of C, and Z, whom nobody knows.
fn scene(verify: Verify) -> Scene {
    let mut world = World::new(7);
    for name in ["A", "B", "C"] {
        let host = world.add_host(name, TIMEOUT_MS);
        world.hosts[host].settings.bus_verify = verify;
        world.boot(host);
    }
    for (from, to) in [(0, 1), (1, 2)] {
        let ip = world.hosts[to].ip.to_string();
        world.call(from, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    }
    for (host, (first, last)) in [(0, 5460), (5461, 10922), (10923, 16383)].into_iter().enumerate() {
        let bounds = [first.to_string(), last.to_string()];
        let bounds: Vec<&[u8]> = bounds.iter().map(|b| b.as_bytes()).collect();
        world.call(host, |m, now| m.add_slots_range(&bounds, now)).expect("free slots");
    }
    world.run_ms(5000);
    let c = world.machine(2).expect("it runs");
    let (current, config, _) = c.epochs();
    let mut replica = Header::new(NodeId::parse(&[b'r'; 40]).expect("an id"));
    (replica.replicaof, replica.slots) = (Some(c.my_id()), slots(10923, 16383));
    (replica.current_epoch, replica.config_epoch) = (current, config);
    replica.flags = NodeFlags::REPLICA | NodeFlags::MYSELF;
    (replica.port, replica.cport) = (7000, 17000);
    let r = world.add_host("R", TIMEOUT_MS);
    let mut fake = Fake::new(replica.sender, world.now_us);
    fake.header = replica.clone();
    world.hosts[r].seat = Seat::Fake(Box::new(fake));
    let ip = world.hosts[r].ip.to_string();
    world.call(0, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    world.run_ms(6000);
    let z = world.add_host("Z", TIMEOUT_MS);
    assert_eq!(world.hosts[z].ip.to_string(), SPOOFER_IP);
    let mut fake = Fake::new(NodeId::parse(&[b'z'; 40]).expect("an id"), world.now_us);
    fake.lively = false;
    world.hosts[z].seat = Seat::Fake(Box::new(fake));
    Scene { world, spoofer: z, replica }
}

impl Scene {
    fn id(&self, host: usize) -> NodeId {
        self.world.machine(host).expect("it runs").my_id()
    }

    /// What B would say of itself now.
    fn truth(&self) -> Header {
        let b = self.world.machine(1).expect("it runs");
        let (current, config, _) = b.epochs();
        let mut header = Header::new(b.my_id());
        (header.current_epoch, header.config_epoch) = (current, config);
        header.slots = slots(5461, 10922);
        (header.port, header.cport) = (7000, 17000);
        header.ip = self.world.hosts[1].ip.to_string();
        header.mflags = MsgFlags::EXT_DATA;
        header
    }

    /// All that the three nodes decide by.
    fn state(&self) -> Vec<String> {
        let mut all = Vec::new();
        for host in 0..3 {
            let machine = self.world.machine(host).expect("it runs");
            let text = machine.nodes_text(cluster::address::Audience::default());
            for line in text.lines() {
                let words: Vec<&str> = line
                    .split(' ')
                    .enumerate()
                    .filter(|(i, _)| ![4, 5].contains(i))
                    .map(|(_, w)| w)
                    .collect();
                all.push(format!("{host}: {}", words.join(" ")));
            }
            let mut view = machine.view();
            view.version = 0;
            all.push(format!("{host}: {:?} {:?} {:?}", machine.epochs(), view.owners, view.state_ok));
            let forgotten = self.world.hosts[host].disk.read("nodes.conf").unwrap_or_default();
            let forgotten = String::from_utf8_lossy(&forgotten)
                .lines()
                .filter(|l| l.contains("forgotten"))
                .collect::<String>();
            all.push(format!("{host}: {forgotten}"));
        }
        all
    }

    /// Z dials A and says these, one after the other, on one link.
    fn spoof(&mut self, packets: &[Vec<u8>]) -> Vec<String> {
        let (to, ip) = (self.id(0), self.world.hosts[0].ip);
        self.world.trace = Some(Vec::new());
        self.world.show_packets = false;
        let z = self.spoofer;
        self.fake(|fake| fake.dial(to, SocketAddr::new(ip, 17000)));
        self.world.pump(z);
        self.world.run_ms(10);
        for packet in packets {
            self.fake(|fake| {
                if let Some(link) = fake.dialled_links().last().copied() {
                    fake.write(link, packet);
                }
            });
            self.world.pump(z);
            self.world.run_ms(5);
        }
        self.world.run_ms(TIMEOUT_MS * 2 + 500);
        self.world.trace.take().expect("it was wanted")
    }

    fn fake(&mut self, work: impl FnOnce(&mut Fake)) {
        match &mut self.world.hosts[self.spoofer].seat {
            Seat::Fake(fake) => work(fake),
            _ => panic!("the spoofer's seat"),
        }
    }
}

fn gossip(node: NodeId, flags: NodeFlags) -> Gossip {
    let (ip, port, cport) = (SPOOFER_IP.to_string(), 7000, 17000);
    Gossip { node, ping_sent_s: 0, pong_received_s: 1_700_000_020, ip, port, cport, flags, pport: 0 }
}

fn ping_with(gossip: Vec<Gossip>, extensions: Vec<Extension>) -> Body {
    Body::Ping { kind: PingKind::Ping, gossip, extensions }
}

type Spoof = fn(&Scene) -> Vec<u8>;

/// Everything that may be said in B's name (or R's), and a name for it.
const SPOOFS: [(&str, Spoof); 17] = [
    ("slots of A", |s| {
        let mut header = s.truth();
        (header.slots, header.current_epoch, header.config_epoch) = (slots(0, 10922), 50, 50);
        bytes(header, ping(PingKind::Ping))
    }),
    ("slots of A, in a pong", |s| {
        let mut header = s.truth();
        (header.slots, header.current_epoch, header.config_epoch) = (slots(0, 16383), 50, 50);
        bytes(header, ping(PingKind::Pong))
    }),
    ("no slots at all", |s| bytes(Header { slots: SlotSet::new(), ..s.truth() }, ping(PingKind::Ping))),
    ("current epoch", |s| bytes(Header { current_epoch: 99, ..s.truth() }, ping(PingKind::Ping))),
    ("config epoch", |s| bytes(Header { config_epoch: 99, ..s.truth() }, ping(PingKind::Ping))),
    ("epochs beyond all bounds", |s| {
        bytes(Header { current_epoch: u64::MAX, config_epoch: u64::MAX, ..s.truth() }, ping(PingKind::Ping))
    }),
    ("role", |s| {
        let flags = NodeFlags::REPLICA | NodeFlags::MYSELF;
        bytes(Header { replicaof: Some(s.id(2)), flags, config_epoch: 60, ..s.truth() }, ping(PingKind::Ping))
    }),
    ("FAIL", |s| bytes(s.truth(), Body::Fail(s.id(2)))),
    ("failure reports", |s| {
        bytes(s.truth(), ping_with(vec![gossip(s.id(2), NodeFlags::PRIMARY | NodeFlags::FAIL)], Vec::new()))
    }),
    ("UPDATE", |s| {
        bytes(s.truth(), Body::Update { config_epoch: 70, node: s.id(2), slots: slots(0, 16383) })
    }),
    ("FORGOTTEN", |s| {
        bytes(s.truth(), ping_with(Vec::new(), vec![Extension::Forgotten { node: s.id(2), ttl_s: 60 }]))
    }),
    ("vote in an old epoch", |s| {
        let mflags = MsgFlags(MsgFlags::FORCEACK.0);
        bytes(Header { mflags, ..s.replica.clone() }, Body::AuthRequest)
    }),
    ("vote in a new epoch", |s| {
        let mflags = MsgFlags(MsgFlags::FORCEACK.0);
        bytes(Header { mflags, current_epoch: 40, ..s.replica.clone() }, Body::AuthRequest)
    }),
    ("PUBLISH", |s| {
        bytes(s.truth(), Body::Publish { sharded: false, channel: b"ch".to_vec(), message: b"lie".to_vec() })
    }),
    ("MFSTART", |s| bytes(s.replica.clone(), Body::MfStart)),
    ("AUTH_ACK", |s| bytes(s.truth(), Body::AuthAck)),
    ("MEET of a known node", |s| bytes(Header { current_epoch: 99, ..s.truth() }, ping(PingKind::Meet))),
];

/// Those that Redis, too, takes without effect, if nothing of their header is new.
const HARMLESS_ANYWAY: [&str; 2] = ["failure reports", "MEET of a known node"];

#[test]
fn strict_takes_nothing_from_a_spoofer() {
    let mut scene = scene(Verify::Strict);
    let before = scene.state();
    for hello in [false, true] {
        for (name, spoof) in SPOOFS {
            let mut packets = vec![bytes(scene.truth(), ping(PingKind::Ping)), spoof(&scene)];
            if !hello {
                packets.remove(0);
            }
            let log = scene.spoof(&packets);
            let after = scene.state();
            for (was, is) in before.iter().zip(&after) {
                assert_eq!(was, is, "{name}, hello {hello}:\n{}", log.join("\n"));
            }
            assert_eq!(before.len(), after.len(), "{name}");
            assert!(!log.iter().any(|l| l.contains("published on")), "{name}: {log:#?}");
            assert!(!log.iter().any(|l| l.contains("granted")), "{name}: {log:#?}");
        }
    }
}

#[test]
fn a_warning_names_the_source_of_each_spoof() {
    for (name, spoof) in SPOOFS {
        if HARMLESS_ANYWAY.contains(&name) {
            continue;
        }
        let mut scene = scene(Verify::Warn);
        let packets = [bytes(scene.truth(), ping(PingKind::Ping)), spoof(&scene)];
        let log = scene.spoof(&packets);
        let named = log.iter().any(|l| l.contains(&format!("from {SPOOFER_IP}:")));
        assert!(named, "{name}:\n{}", log.join("\n"));
    }
}

#[test]
fn strict_does_not_follow_a_spoofed_address() {
    let mut scene = scene(Verify::Strict);
    let before = scene.state();
    let moved = Header { ip: SPOOFER_IP.to_string(), ..scene.truth() };
    let newcomer = gossip(NodeId::parse(&[b'n'; 40]).expect("an id"), NodeFlags::PRIMARY);
    let packets =
        [bytes(moved.clone(), ping(PingKind::Ping)), bytes(moved, ping_with(vec![newcomer], Vec::new()))];
    let log = scene.spoof(&packets);
    assert_eq!(before, scene.state(), "{log:#?}");
}

/// A stranger's MEET is answered by dialling it back; then it says that it is B.
#[test]
fn strict_lets_nobody_become_a_known_node_by_meeting() {
    let mut scene = scene(Verify::Strict);
    let before = scene.state();
    let truth = scene.truth();
    scene.fake(|fake| {
        fake.header = Header { ip: String::new(), ..truth };
        fake.lively = true;
    });
    let stranger = Header::new(NodeId::parse(&[b'm'; 40]).expect("an id"));
    let stranger = Header { port: 7000, cport: 17000, ..stranger };
    let log = scene.spoof(&[bytes(stranger, ping(PingKind::Meet))]);
    assert_eq!(before, scene.state(), "{log:#?}");
    assert_eq!(scene.world.machine(0).expect("it runs").refused(Refusal::Address), 1, "{log:#?}");
}

/// What is true is believed in time, whatever the way.
#[test]
fn strict_follows_what_nodes_confirm() {
    let mut scene = scene(Verify::Strict);
    let world = &mut scene.world;
    world.call(0, |m, now| m.del_slots_range(&[b"0", b"99"], now)).expect("own slots");
    world.run_ms(200);
    world.call(1, |m, now| m.del_slots_range(&[b"0", b"99"], now)).expect("slots of somebody");
    world.call(1, |m, now| m.add_slots_range(&[b"0", b"99"], now)).expect("free slots");
    world.call(1, |m, now| m.bump_epoch(now));
    world.run_ms(1500);
    for host in 0..3 {
        let view = world.machine(host).expect("it runs").view();
        let owner = view.owner(Slot::new(50).expect("a slot")).expect("an owner");
        assert_eq!(view.node(owner).id, scene_id(world, 1), "host {host}");
    }
}

fn scene_id(world: &World, host: usize) -> NodeId {
    world.machine(host).expect("it runs").my_id()
}

/// Ten nodes that believe only answers still find each other, and a dead one is still found out.
#[test]
fn strict_clusters_form_and_notice_failures() {
    let mut world = World::new(3);
    for n in 0..10 {
        let host = world.add_host(&format!("N{n}"), 1000);
        world.hosts[host].settings.bus_verify = Verify::Strict;
        world.boot(host);
    }
    for n in 1..10 {
        let ip = world.hosts[n].ip.to_string();
        world
            .call(n - 1, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now))
            .expect("a good address");
    }
    let whole = |w: &World| {
        (0..10).all(|h| {
            w.machine(h).is_some_and(|m| m.view().nodes.iter().filter(|n| !n.handshake).count() == 10)
        })
    };
    assert!(world.run_until(20_000, whole), "the mesh closes");
    for host in 0..10 {
        let bounds = [(host * 1600).to_string(), (host * 1600 + 1599).to_string()];
        let bounds: Vec<&[u8]> = bounds.iter().map(|b| b.as_bytes()).collect();
        world.call(host, |m, now| m.add_slots_range(&bounds, now)).expect("free slots");
    }
    world.run_ms(4000);
    let dead = scene_id(&world, 9);
    world.kill(9, false);
    let found = |w: &World| {
        (0..9).all(|h| w.machine(h).is_some_and(|m| m.view().nodes.iter().any(|n| n.id == dead && n.failed)))
    };
    assert!(world.run_until(15_000, found), "nine of ten agree that one is dead");
}

/// Writes to slots in question wait until the one who claims them was asked, and no longer.
#[test]
fn a_claim_to_our_slots_fences_them_while_it_is_checked() {
    let mut scene = scene(Verify::Strict);
    let mut header = scene.truth();
    (header.slots, header.current_epoch, header.config_epoch) = (slots(0, 99), 50, 50);
    scene.world.cut(0, 1);
    let (to, ip) = (scene.id(0), scene.world.hosts[0].ip);
    let z = scene.spoofer;
    scene.fake(|fake| fake.dial(to, SocketAddr::new(ip, 17000)));
    scene.world.pump(z);
    scene.world.run_ms(10);
    let packets = [bytes(scene.truth(), ping(PingKind::Ping)), bytes(header.clone(), ping(PingKind::Ping))];
    scene.fake(|fake| {
        let link = fake.dialled_links()[0];
        packets.iter().for_each(|p| fake.write(link, p));
    });
    scene.world.pump(z);
    scene.world.run_ms(10);
    let fenced = |s: &Scene| s.world.machine(0).expect("it runs").view().fenced;
    assert_eq!(fenced(&scene), Some(slots(0, 99)), "B cannot be asked");
    scene.world.run_ms(TIMEOUT_MS / 2 + 200);
    assert_eq!(fenced(&scene), None, "half a timeout is all");
    scene.fake(|fake| {
        let link = fake.dialled_links()[0];
        fake.write(link, &bytes(Header { config_epoch: 51, ..header.clone() }, ping(PingKind::Ping)));
    });
    scene.world.pump(z);
    scene.world.run_ms(10);
    assert_eq!(fenced(&scene), None, "once in a timeout");
}
