//! The bus port under real sockets: the idle, the oversized, the many, and those who may not connect.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::client::Client;
use conformance::fake::{BUS_OFFSET, Fake, Header};
use conformance::mesh::{Mesh, wait};
use conformance::node::Kind::Handfast;
use conformance::node::Node;

const MEETING_TIME_MAX: Duration = Duration::from_secs(15);
/// Connections that say nothing, unless `$HANDFAST_IDLE` says how many.
const IDLE: usize = 2000;
/// Links that the node may hold for them at a time: those without a first packet.
const SILENT_MAX: usize = 2048;
/// How long a single command may take meanwhile.
const REPLY_TIME_MAX: Duration = Duration::from_millis(500);
/// Growth of resident memory that an announced length may cause, in KiB.
const GROWTH_KIB_MAX: u64 = 16 * 1024;
const PEERS: u16 = 60;

fn process(node: &Node) -> Result<u32> {
    let info = node.call(&["INFO", "server"])?;
    let line = info.text()?.lines().find_map(|l| l.strip_prefix("process_id:")).context("no process id")?;
    Ok(line.trim_end().parse()?)
}

fn descriptors(process: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

fn resident_kib(process: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = text.lines().find(|l| l.starts_with("VmRSS:")).context("no resident size")?;
    Ok(line.split_whitespace().nth(1).context("no size")?.parse()?)
}

fn bus(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port + BUS_OFFSET))
}

fn form(port: u16) -> Result<Mesh> {
    let mesh = Mesh::start(&[Handfast, Handfast, Handfast], port)?;
    mesh.meet(0, 1)?;
    mesh.meet(1, 2)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    Ok(mesh)
}

/// Opens connections in the background, as far as the node takes them.
fn hold_idle(port: u16, count: usize) -> std::thread::JoinHandle<Vec<TcpStream>> {
    std::thread::spawn(move || {
        let limit = Duration::from_secs(20);
        (0..count).filter_map(|_| TcpStream::connect_timeout(&bus(port), limit).ok()).collect()
    })
}

#[test]
fn idle_connections_take_nobodys_place() -> Result<()> {
    let count = std::env::var("HANDFAST_IDLE").ok().and_then(|n| n.parse().ok()).unwrap_or(IDLE);
    let mut mesh = form(20900)?;
    let process = process(&mesh.nodes[0])?;
    let before = descriptors(process)?;
    let port = mesh.nodes[0].port;
    let idle: Vec<_> = (0..4).map(|_| hold_idle(port, count / 4)).collect();
    let mut client = Client::connect(port)?;
    let (start, mut most, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    // Longer than a node timeout: a node that was kept from its peers would be found out.
    while start.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        client.call(&["CLUSTER", "KEYSLOT", "k"])?;
        slowest = slowest.max(asked.elapsed());
        most = most.max(descriptors(process)?);
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("{count} idle: {before} descriptors before, {most} at most; slowest reply {slowest:?}");
    ensure!(most <= before + SILENT_MAX + 64, "{most} descriptors, {before} before");
    ensure!(slowest < REPLY_TIME_MAX, "a command took {slowest:?}");
    mesh.wait_for_state("ok", None, Duration::from_secs(1))?;
    // A peer that comes back while they stand there gets in.
    mesh.nodes[1].kill()?;
    mesh.nodes[1].restart()?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    let held: Vec<TcpStream> = idle.into_iter().flat_map(|t| t.join().unwrap_or_default()).collect();
    wait(Duration::from_secs(30), "the end of the idle", || {
        let now = descriptors(process)?;
        ensure!(now <= before + 16, "{now} descriptors, {before} before, {} idle", held.len());
        Ok(())
    })
}

fn header(name: &str, port: u16) -> Header {
    Header {
        name: name.to_owned(),
        port,
        current_epoch: 0,
        config_epoch: 0,
        slots: RangeInclusive::new(1, 0),
        primary: None,
    }
}

/// Whether the other end closed the connection, waiting a while for it.
fn is_closed(stream: &mut TcpStream) -> Result<bool> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut byte = [0];
    match stream.read(&mut byte) {
        Ok(read) => Ok(read == 0),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
        Err(_) => Ok(true),
    }
}

#[test]
fn an_announced_length_costs_nothing() -> Result<()> {
    let mesh = form(20905)?;
    let process = process(&mesh.nodes[0])?;
    let before = resident_kib(process)?;
    for total in [u32::MAX, 1 << 31, (16 << 20) + 1] {
        let mut stream = TcpStream::connect(bus(mesh.nodes[0].port))?;
        let start = [&b"RCmb"[..], &total.to_be_bytes(), &[0, 1, 0, 0, 0, 4, 0, 0]].concat();
        stream.write_all(&start)?;
        ensure!(is_closed(&mut stream)?, "a packet of {total} bytes is waited for");
    }
    // As long as strangers may announce, by many at once, none of which goes on.
    let mut streams = Vec::new();
    for _ in 0..500 {
        let mut stream = TcpStream::connect(bus(mesh.nodes[0].port))?;
        stream.write_all(&[&b"RCmb"[..], &(2u32 << 20).to_be_bytes(), &[0, 1, 0, 0, 0, 4, 0, 0]].concat())?;
        streams.push(stream);
    }
    std::thread::sleep(Duration::from_millis(500));
    let grown = resident_kib(process)?.saturating_sub(before);
    println!("resident memory grew by {grown} KiB");
    ensure!(grown < GROWTH_KIB_MAX, "resident memory grew by {grown} KiB");
    mesh.wait_for_state("ok", None, Duration::from_secs(1))
}

#[test]
fn sixty_peers_redial_a_restarted_node() -> Result<()> {
    let port = 20910;
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "5000", "--loglevel", "notice"];
    let mut node = Node::start(Handfast, port, &options)?;
    let fakes: Vec<Fake> = (0..PEERS)
        .map(|n| Fake::start(header(&format!("{:040x}", u32::from(n) + 0xABC), port + 1 + n)))
        .collect::<Result<_>>()?;
    let mut lines = Vec::new();
    for fake in &fakes {
        let mut line = fake.dial(port)?;
        line.meet()?;
        lines.push(line);
    }
    let known = |node: &Node, links: usize| {
        let info = node.call(&["CLUSTER", "INFO"])?;
        let line = format!("cluster_known_nodes:{}", PEERS + 1);
        ensure!(info.text()?.lines().any(|l| l.trim_end() == line), "{info}");
        match node.call(&["CLUSTER", "LINKS"])? {
            conformance::client::Reply::Array(list) => ensure!(list.len() >= links, "{} links", list.len()),
            other => anyhow::bail!("{other}"),
        }
        Ok(())
    };
    wait(MEETING_TIME_MAX, "all peers", || known(&node, usize::from(PEERS)))?;
    // What is known is on the disk a moment later.
    node.ok(&["CLUSTER", "SAVECONFIG"])?;
    drop(lines);
    node.kill()?;
    node.restart()?;
    let start = Instant::now();
    let slowest = std::thread::scope(|scope| {
        let dialling: Vec<_> = fakes
            .iter()
            .map(|fake| {
                scope.spawn(move || -> Result<(conformance::fake::Line, Duration)> {
                    let mut line = fake.dial(port)?;
                    line.ping()?;
                    Ok((line, start.elapsed()))
                })
            })
            .collect();
        dialling.into_iter().map(|d| d.join().expect("no panic")).collect::<Result<Vec<_>>>()
    })?;
    let last = slowest.iter().map(|(_, at)| *at).max().unwrap_or_default();
    println!("{PEERS} peers were answered in {last:?}");
    ensure!(last < Duration::from_secs(2), "the last of them was answered after {last:?}");
    wait(Duration::from_secs(3), "links both ways", || known(&node, 2 * usize::from(PEERS)))
}

/// This machine's address in its network, if it has one: loopback is always admitted.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|a| a.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified())
}

#[test]
fn the_list_decides_who_connects() -> Result<()> {
    let Some(address) = own_address() else { return Ok(()) };
    let port = 20990;
    let options = [
        "--cluster-enabled",
        "yes",
        "--bind",
        "0.0.0.0",
        "--protected-mode",
        "no",
        "--cluster-bus-port-protected-mode",
        "yes",
        "--cluster-bus-allow",
        "198.51.100.0/24 no-such-host.invalid",
    ];
    let node = Node::start(Handfast, port, &options)?;
    let target = SocketAddr::new(address, port + BUS_OFFSET);
    ensure!(is_closed(&mut TcpStream::connect(target)?)?, "it is not on the list");
    ensure!(!is_closed(&mut TcpStream::connect(bus(port))?)?, "loopback always is");
    node.ok(&["CONFIG", "SET", "cluster-bus-allow", &format!("198.51.100.0/24 {address}")])?;
    let mut admitted = TcpStream::connect(target)?;
    ensure!(!is_closed(&mut admitted)?, "it is on the list now");
    node.ok(&["CONFIG", "SET", "cluster-bus-allow", "198.51.100.0/24"])?;
    ensure!(is_closed(&mut admitted)?, "and not any more");
    let open = node.call(&["CONFIG", "SET", "cluster-bus-allow", ""])?;
    ensure!(open.to_string().contains("cluster-bus-port-protected-mode is on"), "{open}");
    ensure!(node.log().contains(&format!("connection from {address}")), "{}", node.log());
    Ok(())
}

#[test]
fn a_protected_node_does_not_start_open() -> Result<()> {
    let options =
        ["--cluster-enabled", "yes", "--bind", "0.0.0.0", "--cluster-bus-port-protected-mode", "yes"];
    let Err(refused) = Node::start(Handfast, 20995, &options) else { anyhow::bail!("it started") };
    let text = format!("{refused:#}");
    for way in ["bind 127.0.0.1", "cluster-bus-allow 10.", "tls-cluster yes", "cluster-secret "] {
        ensure!(text.contains(way), "{text}");
    }
    let options = ["--cluster-enabled", "yes", "--cluster-bus-port-protected-mode", "yes"];
    let node = Node::start(Handfast, 20995, &options)?;
    let open = node.call(&["CONFIG", "SET", "bind", "0.0.0.0"])?;
    ensure!(open.to_string().contains("cluster-bus-port-protected-mode is on"), "{open}");
    node.ok(&["CONFIG", "SET", "cluster-bus-port-protected-mode", "no"])
}

/// Someone says that a member has taken slots of ours, and the member cannot be asked: writes wait for half the node
/// timeout, and then go on where they always went.
#[test]
fn writes_wait_while_a_claim_is_checked() -> Result<()> {
    let port = 21000;
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "3000",
        "--loglevel",
        "notice",
        "--cluster-bus-verify",
        "strict",
    ];
    let node = Node::start(Handfast, port, &options)?;
    node.ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
    let fake = Fake::start(header(&"e".repeat(40), port + 1))?;
    let mut first = fake.dial(port)?;
    first.meet()?;
    wait(MEETING_TIME_MAX, "a member, and the state", || {
        let info = node.call(&["CLUSTER", "INFO"])?;
        ensure!(info.text()?.contains("cluster_state:ok"), "{info}");
        let table = node.call(&["CLUSTER", "NODES"])?;
        ensure!(table.text()?.contains(&format!("{} 127.0.0.1", "e".repeat(40))), "{table}");
        Ok(())
    })?;
    // Long enough for the answer on the node's own link.
    std::thread::sleep(Duration::from_millis(300));
    fake.set_silent(true);
    {
        let mut header = fake.header();
        (header.current_epoch, header.config_epoch, header.slots) = (10, 10, 0..=16383);
    }
    let table = node.call(&["CLUSTER", "NODES"])?.text()?.lines().count();
    let mut spoofer = fake.dial(port)?;
    spoofer.ping()?;
    let start = Instant::now();
    ensure!(node.call(&["GET", "k"])? == conformance::client::Reply::Nil, "reads go on");
    let read = start.elapsed();
    node.ok(&["SET", "k", "v"])?;
    let written = start.elapsed();
    println!("a read took {read:?}, a write {written:?}");
    ensure!(read < Duration::from_millis(300), "a read took {read:?}");
    // A node that answers meanwhile would end the wait; this one does not.
    ensure!(written > Duration::from_millis(100), "a write did not wait: {written:?}\n{}", node.log());
    ensure!(written < Duration::from_millis(2500), "a write took {written:?}");
    ensure!(node.call(&["CLUSTER", "NODES"])?.text()?.lines().count() == table, "the table is as before");
    ensure!(node.log().contains("wait for its answer"), "{}", node.log());
    Ok(())
}
