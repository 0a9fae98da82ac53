//! Everything bad that a packet can be, said to a running node by a stranger and by a member of the cluster. After each
//! the node runs, its files load, and it still knows what it told others.

mod world;

use base::{NodeId, Rng, Slot, SlotSet};
use cluster::wire::{
    self, Body, Extension, Gossip, HEADER_LEN, Header, MsgFlags, NodeFlags, Packet, PingKind, kinds,
};
use cluster::{Cluster, LoadedFiles, Verify};
use std::net::SocketAddr;
use world::fake::{Fake, ping};
use world::{Seat, World};

const TIMEOUT_MS: u64 = 1000;

/// Who the packets are about.
struct Cast {
    a: NodeId,
    b: NodeId,
    c: NodeId,
    /// The member that sends them.
    q: NodeId,
    /// Nobody.
    nobody: NodeId,
    /// The epochs of A: the cluster's, and its own.
    epochs: (u64, u64),
}

type Bad = (String, Vec<u8>);

fn id(letter: u8) -> NodeId {
    NodeId::parse(&[letter; 40]).expect("an id")
}

fn bytes(header: Header, body: Body) -> Vec<u8> {
    let mut out = Vec::new();
    wire::encode(&Packet { header, body }, &mut out);
    out
}

fn all_slots() -> SlotSet {
    Slot::all().collect()
}

fn gossip(node: NodeId, flags: NodeFlags) -> Gossip {
    let ip = "10.0.0.9".to_string();
    Gossip { node, ping_sent_s: u32::MAX, pong_received_s: u32::MAX, ip, port: 1, cport: 2, flags, pport: 3 }
}

impl Cast {
    fn header(&self) -> Header {
        let mut header = Header::new(self.q);
        (header.port, header.cport) = (7000, 17000);
        (header.current_epoch, header.config_epoch) = (self.epochs.0, 0);
        header.mflags = MsgFlags::EXT_DATA;
        header
    }

    fn ping(&self, gossip: Vec<Gossip>, extensions: Vec<Extension>) -> Vec<u8> {
        bytes(self.header(), Body::Ping { kind: PingKind::Ping, gossip, extensions })
    }

    fn everybody(&self) -> [NodeId; 5] {
        [self.a, self.b, self.c, self.q, self.nobody]
    }
}

/// Values at and around a length field's right one.
fn around(right: u64) -> Vec<u64> {
    let mut all =
        vec![0, 1, 4, 7, 9, 15, 16, 2255, 2256, 2257, 1 << 16, 1 << 31, (1 << 30) + 8, u64::from(u32::MAX)];
    all.extend([right.saturating_sub(1), right, right + 1, right + 8]);
    all
}

fn patched(packet: &[u8], at: usize, width: usize, value: u64) -> Vec<u8> {
    let mut bad = packet.to_vec();
    bad[at..at + width].copy_from_slice(&value.to_be_bytes()[8 - width..]);
    bad
}

/// (field, its offset, its width, its right value, the packet)
fn length_fields(cast: &Cast) -> Vec<(&'static str, usize, usize, u64, Vec<u8>)> {
    let extension = cast.ping(Vec::new(), vec![Extension::Hostname("h".to_string())]);
    let gossip = cast.ping(vec![gossip(cast.b, NodeFlags::PRIMARY)], Vec::new());
    let publish = bytes(
        cast.header(),
        Body::Publish { sharded: false, channel: b"abc".to_vec(), message: b"defgh".to_vec() },
    );
    let module = bytes(cast.header(), Body::Module { id: [1; 8], kind: 2, payload: vec![3; 20] });
    vec![
        ("total", 4, 4, gossip.len() as u64, gossip.clone()),
        ("gossip count", 14, 2, 1, gossip),
        ("extension count", 2214, 2, 1, extension.clone()),
        ("extension length", HEADER_LEN, 4, 16, extension),
        ("channel length", HEADER_LEN, 4, 3, publish.clone()),
        ("message length", HEADER_LEN + 4, 4, 5, publish),
        ("module length", HEADER_LEN + 8, 4, 20, module),
    ]
}

fn lengths(cast: &Cast) -> Vec<Bad> {
    let mut all = Vec::new();
    for (field, at, width, right, packet) in length_fields(cast) {
        for value in around(right) {
            all.push((format!("{field} {value}"), patched(&packet, at, width, value)));
        }
    }
    let publish = bytes(
        cast.header(),
        Body::Publish { sharded: true, channel: b"abc".to_vec(), message: b"defgh".to_vec() },
    );
    // Their sum is right in 32 bits.
    for channel in [9u64, 1 << 31, 0xFFFF_FFFF] {
        let wrapped = patched(&publish, HEADER_LEN, 4, channel);
        let message = 8u64.wrapping_sub(channel) & 0xFFFF_FFFF;
        all.push((format!("wrapping {channel}"), patched(&wrapped, HEADER_LEN + 4, 4, message)));
    }
    let flagless = cast.ping(Vec::new(), vec![Extension::Hostname("h".to_string())]);
    all.push(("extensions without the flag".to_string(), patched(&flagless, 2253, 1, 0)));
    all
}

fn extension(kind: u16, data: &[u8], cast: &Cast) -> Vec<u8> {
    let mut packet = cast.ping(Vec::new(), Vec::new());
    let mut padded = data.to_vec();
    padded.resize(data.len().next_multiple_of(8), b'x');
    packet[2214..2216].copy_from_slice(&1u16.to_be_bytes());
    packet.extend_from_slice(&(8 + padded.len() as u32).to_be_bytes());
    packet.extend_from_slice(&[kind.to_be_bytes(), [0, 0]].concat());
    packet.extend_from_slice(&padded);
    let total = packet.len() as u32;
    packet[4..8].copy_from_slice(&total.to_be_bytes());
    packet
}

fn texts(cast: &Cast) -> Vec<Bad> {
    let long = [vec![b'a'; 65_535], vec![0]].concat();
    let texts: [&[u8]; 9] = [
        b"unended1",
        b"",
        b"\0\0\0\0\0\0\0\0",
        b"\x01\x02\x1b[31m\0\0",
        b"a=b\0",
        b"a,b\0",
        b"a\nb\0",
        &long,
        b"\xFF\xFE\0",
    ];
    let kinds = 0..=9u16;
    let each = |kind: u16| texts.iter().map(move |t| (kind, *t));
    kinds
        .flat_map(each)
        .map(|(kind, t)| (format!("extension {kind} of {t:.12?}"), extension(kind, t, cast)))
        .collect()
}

fn senders(cast: &Cast) -> Vec<Bad> {
    let mut all = Vec::new();
    for (name, sender) in [("own id", cast.a), ("unknown", cast.nobody), ("another's", cast.b)] {
        for kind in [PingKind::Ping, PingKind::Pong, PingKind::Meet] {
            let header = Header { sender, ..cast.header() };
            all.push((format!("sender {name} {kind:?}"), bytes(header, ping(kind))));
        }
    }
    for byte in [0u8, b'G', b'\n', 0xFF] {
        let mut packet = cast.ping(Vec::new(), Vec::new());
        packet[40..80].fill(byte);
        all.push((format!("sender of bytes {byte}"), packet));
    }
    all
}

fn epochs(cast: &Cast) -> Vec<Bad> {
    let mut all = Vec::new();
    for epoch in
        [0, cast.epochs.1, cast.epochs.0, cast.epochs.0 + 1, 1 << 20, (1 << 20) + 9, u64::MAX - 1, u64::MAX]
    {
        for slots in [SlotSet::new(), all_slots()] {
            let header = Header { current_epoch: epoch, config_epoch: epoch, slots, ..cast.header() };
            all.push((
                format!("epoch {epoch} slots {}", header.slots.len()),
                bytes(header.clone(), ping(PingKind::Pong)),
            ));
            all.push((format!("vote in epoch {epoch}"), bytes(header.clone(), Body::AuthRequest)));
            let replica = Header { replicaof: Some(cast.b), mflags: MsgFlags::FORCEACK, ..header };
            // Twice: the second is a replay.
            all.push((format!("forced vote in epoch {epoch}"), bytes(replica.clone(), Body::AuthRequest)));
            all.push((format!("replayed vote in epoch {epoch}"), bytes(replica, Body::AuthRequest)));
        }
    }
    all
}

fn words_about(cast: &Cast) -> Vec<Bad> {
    let mut all = Vec::new();
    for node in cast.everybody() {
        all.push((format!("FAIL about {node}"), bytes(cast.header(), Body::Fail(node))));
        for config_epoch in [0, cast.epochs.0, cast.epochs.0 + 5, u64::MAX] {
            for slots in [SlotSet::new(), all_slots()] {
                let body = Body::Update { config_epoch, node, slots };
                all.push((format!("UPDATE about {node} in {config_epoch}"), bytes(cast.header(), body)));
            }
        }
        for ttl_s in [0, 1, 60, u64::MAX] {
            let forgotten = vec![Extension::Forgotten { node, ttl_s }];
            all.push((format!("FORGOTTEN {node} for {ttl_s}"), cast.ping(Vec::new(), forgotten)));
        }
        let told = [NodeFlags::PRIMARY | NodeFlags::FAIL, NodeFlags(u16::MAX), NodeFlags(0)];
        let told = told.map(|flags| gossip(node, flags)).to_vec();
        all.push((format!("gossip about {node}"), cast.ping(told, Vec::new())));
        let header = Header { replicaof: Some(node), slots: all_slots(), config_epoch: 9, ..cast.header() };
        all.push((format!("replica of {node}"), bytes(header, ping(PingKind::Ping))));
    }
    let everybody = cast.everybody().map(|node| Extension::Forgotten { node, ttl_s: 60 }).to_vec();
    all.push(("FORGOTTEN about all".to_string(), cast.ping(Vec::new(), everybody)));
    all
}

fn kinds_of_all_sorts(cast: &Cast) -> Vec<Bad> {
    let mut all = vec![
        ("MFSTART".to_string(), bytes(cast.header(), Body::MfStart)),
        ("AUTH_ACK".to_string(), bytes(cast.header(), Body::AuthAck)),
    ];
    for kind in [11, 12, 255, 0x7FFF] {
        all.push((format!("type {kind}"), bytes(cast.header(), Body::Unknown(kind))));
    }
    let publish = Body::Publish { sharded: false, channel: b"c".to_vec(), message: b"m".to_vec() };
    let mut light = Vec::new();
    wire::encode_light(&publish, &mut light);
    all.push(("a light header".to_string(), light.clone()));
    for kind in (0..16).filter(|k| ![kinds::PUBLISH, kinds::MODULE, kinds::PUBLISHSHARD].contains(k)) {
        all.push((format!("light type {kind}"), patched(&light, 12, 2, u64::from(kind | 0x8000))));
    }
    for version in [0, 2, 0xFFFF] {
        all.push((format!("version {version}"), patched(&cast.ping(Vec::new(), Vec::new()), 8, 2, version)));
    }
    all
}

/// A, B and C with slots, and Q, a member that says whatever it is told to.
fn cluster_of_three(verify: Verify) -> (World, usize, Cast) {
    let mut world = World::new(2);
    for name in ["A", "B", "C"] {
        let host = world.add_host(name, TIMEOUT_MS);
        world.hosts[host].settings.bus_verify = verify;
        world.boot(host);
    }
    let q = world.add_host("Q", TIMEOUT_MS);
    world.hosts[q].seat = Seat::Fake(Box::new(Fake::new(id(b'q'), world.now_us)));
    for to in 1..4 {
        let ip = world.hosts[to].ip.to_string();
        world.call(0, |m, now| m.meet(ip.as_bytes(), b"7000", None, "test", now)).expect("a good address");
    }
    for host in 0..3 {
        let bounds = [(host * 5000).to_string(), (host * 5000 + 4999).to_string()];
        let bounds: Vec<&[u8]> = bounds.iter().map(|b| b.as_bytes()).collect();
        world.call(host, |m, now| m.add_slots_range(&bounds, now)).expect("free slots");
    }
    // Past the time in which epochs may jump.
    world.run_ms(65_000);
    let of = |host: usize| world.machine(host).expect("it runs").my_id();
    let (current, mine, _) = world.machine(0).expect("it runs").epochs();
    let cast = Cast { a: of(0), b: of(1), c: of(2), q: id(b'q'), nobody: id(b'n'), epochs: (current, mine) };
    (world, q, cast)
}

/// What is on the disk starts, with all that others were told.
fn check_restart(world: &World, what: &str) {
    let host = &world.hosts[0];
    let mut disk = host.disk.clone();
    disk.crash(&mut Rng::new(what.len() as u64));
    let files = LoadedFiles {
        conf: disk.read("nodes.conf"),
        sums: disk.read("nodes.conf.sum"),
        previous: disk.read("nodes.conf.prev"),
    };
    let again = Cluster::start(host.settings.clone(), files, world.now(), Rng::new(1));
    let again = again.unwrap_or_else(|e| panic!("after {what}: {e}"));
    again.view().check_invariants();
    let (current, _, voted) = again.epochs();
    assert!(
        current >= host.told.0 && voted >= host.told.1,
        "after {what}: {:?} told, {current} {voted}",
        host.told
    );
}

fn say(world: &mut World, q: usize, to: NodeId, stranger: bool, packet: &[u8]) {
    let addr = SocketAddr::new(world.hosts[0].ip, 17000);
    let open = match &mut world.hosts[q].seat {
        Seat::Fake(fake) => fake.dialled_links().len(),
        _ => panic!("a fake's seat"),
    };
    // A link that was closed for the last packet is dialled anew; strangers come on links of their own.
    if open == 0 || stranger {
        if let Seat::Fake(fake) = &mut world.hosts[q].seat {
            fake.dial(to, addr);
        }
        world.pump(q);
        world.run_ms(5);
    }
    if let Seat::Fake(fake) = &mut world.hosts[q].seat
        && let Some(link) = fake.dialled_links().last().copied()
    {
        fake.write(link, packet);
    }
    world.pump(q);
    world.run_ms(20);
}

fn endure(verify: Verify, stranger: bool) {
    let (mut world, q, cast) = cluster_of_three(verify);
    if stranger {
        let z = world.add_host("Z", TIMEOUT_MS);
        let mut fake = Fake::new(id(b'z'), world.now_us);
        fake.lively = false;
        world.hosts[z].seat = Seat::Fake(Box::new(fake));
    }
    let from = if stranger { world.hosts.len() - 1 } else { q };
    let groups = [
        lengths(&cast),
        texts(&cast),
        senders(&cast),
        epochs(&cast),
        words_about(&cast),
        kinds_of_all_sorts(&cast),
    ];
    for (n, (what, packet)) in groups.concat().into_iter().enumerate() {
        say(&mut world, from, cast.a, stranger, &packet);
        let machine = world.machine(0).unwrap_or_else(|| panic!("it ended: {what}"));
        // What is not taken changes no file: now and then is enough.
        if verify != Verify::Strict || n % 16 == 0 {
            machine.view().check_invariants();
            check_restart(&world, &what);
        }
    }
    if verify != Verify::Strict || !stranger {
        return;
    }
    // A real end and a real start: the three are whole.
    world.kill(0, true);
    world.run_ms(100);
    world.boot(0);
    let whole = |w: &World| {
        (0..3).all(|h| {
            w.machine(h)
                .is_some_and(|m| m.view().nodes.iter().filter(|n| !n.failed && !n.handshake).count() == 4)
        })
    };
    assert!(
        world.run_until(15_000, whole),
        "{}",
        world.machine(0).expect("it runs").nodes_text(Default::default())
    );
    let (current, mine, voted) = world.machine(0).expect("it runs").epochs();
    assert_eq!((current, mine, voted), (cast.epochs.0, cast.epochs.1, 0), "nothing moved");
}

#[test]
fn a_stranger_says_it_and_is_believed_as_by_redis() {
    endure(Verify::Warn, true);
}

#[test]
fn a_stranger_says_it_and_is_not_believed() {
    endure(Verify::Strict, true);
}

#[test]
fn a_member_says_it() {
    endure(Verify::Warn, false);
}

#[test]
fn a_member_says_it_and_must_confirm_it() {
    endure(Verify::Strict, false);
}

/// Ten thousand names, each introduced by a MEET of its own: the table and the links stay bounded, and all of it goes.
#[test]
fn a_storm_of_meets_passes() {
    let (mut world, _, cast) = cluster_of_three(Verify::Warn);
    let z = world.add_host("Z", TIMEOUT_MS);
    let mut fake = Fake::new(id(b'z'), world.now_us);
    fake.lively = false;
    world.hosts[z].seat = Seat::Fake(Box::new(fake));
    let mut rng = Rng::new(4);
    let addr = SocketAddr::new(world.hosts[0].ip, 17000);
    for _ in 0..100 {
        if let Seat::Fake(fake) = &mut world.hosts[z].seat {
            fake.dial(cast.a, addr);
        }
        world.pump(z);
        world.run_ms(2);
        for _ in 0..100 {
            let header = Header { port: 1, cport: 2, ..Header::new(NodeId::random(&mut rng)) };
            if let Seat::Fake(fake) = &mut world.hosts[z].seat
                && let Some(link) = fake.dialled_links().last().copied()
            {
                fake.write(link, &bytes(header, ping(PingKind::Meet)));
            }
        }
        world.pump(z);
        assert!(world.machine(0).expect("it runs").known_nodes() <= 4 + cluster::HANDSHAKES_MAX);
    }
    check_restart(&world, "a storm");
    let calm = |w: &World| w.machine(0).is_some_and(|m| m.known_nodes() == 4);
    assert!(world.run_until(10_000, calm), "{} known", world.machine(0).expect("it runs").known_nodes());
}
