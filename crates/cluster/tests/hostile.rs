//! A peer that may say anything: known by name, linked both ways, and lying. Nothing it says may stop the machine or
//! leave a file that does not load.

mod world;

use base::{NodeId, Now, Rng, Slot, SlotSet};
use cluster::view::Audience;
use cluster::wire::{self, Body, Extension, Gossip, Header, MsgFlags, NodeFlags, Packet, PingKind};
use cluster::{Cluster, LinkId, LoadedFiles, Settings};
use std::net::SocketAddr;
use world::World;
use world::fake::Fake;
use world::{Seat, print};

const EPOCHS: [u64; 8] = [0, 1, 2, 5, 1 << 20, 1 << 40, u64::MAX - 1, u64::MAX];

struct Liar {
    rng: Rng,
    ids: Vec<NodeId>,
}

impl Liar {
    fn id(&mut self) -> NodeId {
        if self.rng.one_in(6) {
            return NodeId::random(&mut self.rng);
        }
        self.ids[self.rng.below(self.ids.len() as u64) as usize]
    }

    fn epoch(&mut self) -> u64 {
        EPOCHS[self.rng.below(EPOCHS.len() as u64) as usize]
    }

    fn slots(&mut self) -> SlotSet {
        let (first, len) = (self.rng.below(16384), self.rng.below(4) * self.rng.below(8000));
        (first..(first + len).min(16384)).filter_map(|n| Slot::new(n as u16)).collect()
    }

    fn text(&mut self) -> String {
        ["", "10.0.0.2", "10.0.0.1", "::1", "a.example", "255.255.255.255", "no:address"]
            [self.rng.below(7) as usize]
            .to_string()
    }

    fn header(&mut self) -> Header {
        let mut header = Header::new(self.id());
        (header.port, header.pport, header.cport) =
            (self.rng.next_u64() as u16, self.rng.next_u64() as u16, 17000);
        (header.current_epoch, header.config_epoch, header.offset) =
            (self.epoch(), self.epoch(), self.epoch());
        header.slots = self.slots();
        header.replicaof = self.rng.one_in(3).then(|| self.id());
        header.ip = self.text();
        header.flags = NodeFlags(self.rng.next_u64() as u16);
        header.mflags = MsgFlags(self.rng.next_u64() as u8);
        header
    }

    fn gossip(&mut self) -> Gossip {
        Gossip {
            node: self.id(),
            ping_sent_s: self.rng.next_u64() as u32,
            pong_received_s: self.rng.next_u64() as u32,
            ip: self.text(),
            port: self.rng.next_u64() as u16,
            cport: self.rng.next_u64() as u16,
            flags: NodeFlags(self.rng.next_u64() as u16),
            pport: 0,
        }
    }

    fn extension(&mut self) -> Extension {
        match self.rng.below(7) {
            0 => Extension::Hostname(self.text()),
            1 => Extension::HumanName(self.text()),
            2 => Extension::Forgotten { node: self.id(), ttl_s: self.epoch() },
            3 => Extension::ShardId(self.id()),
            4 => Extension::Type4(vec![b'x'; 8 * self.rng.below(7) as usize]),
            5 => Extension::ClientPort(self.rng.next_u64() as u16),
            _ => Extension::Unknown { kind: 900, data: vec![7; 16] },
        }
    }

    fn body(&mut self) -> Body {
        match self.rng.below(12) {
            0 => Body::Fail(self.id()),
            1 => Body::Update { config_epoch: self.epoch(), node: self.id(), slots: self.slots() },
            2 => Body::AuthRequest,
            3 => Body::AuthAck,
            4 => Body::MfStart,
            5 => Body::Unknown(700),
            _ => {
                let kind = [PingKind::Ping, PingKind::Pong, PingKind::Meet][self.rng.below(3) as usize];
                let gossip = (0..self.rng.below(5)).map(|_| self.gossip()).collect();
                let extensions = (0..self.rng.below(3)).map(|_| self.extension()).collect();
                Body::Ping { kind, gossip, extensions }
            }
        }
    }
}

/// Starts again after a power cut; panics if the files do not load, or forgot what was told.
fn restart(world: &World, host: usize, rng: &mut Rng) {
    let mut disk = world.hosts[host].disk.clone();
    disk.crash(rng);
    let files = LoadedFiles {
        conf: disk.read("nodes.conf"),
        sums: disk.read("nodes.conf.sum"),
        previous: disk.read("nodes.conf.prev"),
    };
    let again = Cluster::start(world.hosts[host].settings.clone(), files, world.now(), Rng::new(1));
    let again = again.expect("what was written loads");
    again.view().check_invariants();
    let (current, _, voted) = again.epochs();
    let (epoch, vote) = world.hosts[host].told;
    assert!(current >= epoch && voted >= vote, "told {epoch} and {vote}, remembers {current} and {voted}");
}

fn lie(seed: u64) {
    let mut world = World::new(seed);
    let hosts: Vec<usize> = ["A", "B", "C"].iter().map(|n| world.add_host(n, 1000)).collect();
    hosts.iter().for_each(|h| world.boot(*h));
    let liar_id = NodeId::parse(&[b'q'; 40]).expect("an id");
    let q = world.add_host("Q", 1000);
    let liar = Fake::new(liar_id, world.now_us);
    world.sit(q, Seat::Fake(Box::new(liar)));
    for n in 1..4 {
        let ip = world.hosts[n].ip.to_string();
        world.call(0, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    }
    for h in 0..3 {
        let slots: Vec<String> = (h * 100..h * 100 + 100).map(|s| s.to_string()).collect();
        let args: Vec<&[u8]> = slots.iter().map(|s| s.as_bytes()).collect();
        world.call(h, |m, now| m.add_slots(&args, now)).expect("free slots");
    }
    world.run_ms(3000);
    let mut ids: Vec<NodeId> = hosts.iter().filter_map(|h| world.machine(*h)).map(Cluster::my_id).collect();
    ids.push(liar_id);
    let mut liar = Liar { rng: Rng::new(seed), ids };
    for round in 0..300 {
        let (header, body) = (liar.header(), liar.body());
        let mut bytes = Vec::new();
        wire::encode(&Packet { header, body }, &mut bytes);
        let _ = print::packet(&bytes);
        if let Seat::Fake(fake) = &mut world.hosts[q].seat {
            fake.shout(&bytes);
        }
        world.pump(q);
        world.run_ms(liar.rng.below(60));
        for host in 0..3 {
            world.machine(host).expect("it runs").view().check_invariants();
            if round % 10 == 9 {
                restart(&world, host, &mut liar.rng);
            }
        }
    }
}

#[test]
fn lies_stop_nobody() {
    let seeds = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(6);
    (0..seeds).for_each(lie);
}

/// A machine that knows two other nodes, `q` and `z`, by its file.
fn acquainted() -> Cluster {
    let line = |letter: &str, port: u16, flags: &str, slot: u16| {
        let bus = port + 10000;
        format!("{} 127.0.0.1:{port}@{bus} {flags} - 0 0 {slot} connected {slot}\n", letter.repeat(40))
    };
    let lines =
        [line("a", 7000, "myself,master", 1), line("q", 7001, "master", 2), line("z", 7002, "master", 3)];
    let conf = format!("{}vars currentEpoch 3 lastVoteEpoch 0\n", lines.concat());
    let files = LoadedFiles { conf: Some(conf.into_bytes()), ..LoadedFiles::default() };
    Cluster::start(Settings::default(), files, Now::default(), Rng::new(1)).expect("a good file")
}

#[test]
fn who_tells_that_it_forgot_itself_may_tell_of_others() {
    let mut machine = acquainted();
    let id = |letter| NodeId::parse(&[letter; 40]).expect("an id");
    let extensions = b"qzq".map(|letter| Extension::Forgotten { node: id(letter), ttl_s: 60 }).to_vec();
    let body = Body::Ping { kind: PingKind::Ping, gossip: vec![], extensions };
    let mut bytes = Vec::new();
    wire::encode(&Packet { header: Header::new(id(b'q')), body }, &mut bytes);
    let (link, peer) = (LinkId::accepted(0), "127.0.0.1:40000".parse::<SocketAddr>().expect("an address"));
    machine.handle_accepted(link, peer, peer.ip(), Now::default());
    for _ in 0..2 {
        machine.handle_bytes(link, &bytes, Now::default());
    }
    machine.view().check_invariants();
    let names = machine.nodes_text(Audience::default());
    assert!(names.contains(id(b'a').as_str()) && !names.contains(id(b'z').as_str()), "{names}");
}
