//! CLUSTER MEET … WAIT: answered when both know each other, or with the reason that they do not, real servers being the
//! other end.

use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::client::{Client, Reply};
use conformance::mesh::{Mesh, Row};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::node::Node;

const PEERS: [Kind; 4] = [Redis7, Redis8, Valkey9, Handfast];
/// What a client is willing to wait where nothing should take long, milliseconds.
const WAIT_MS: &str = "5000";
/// Until a link is there again.
const LINK_TIME_MAX: Duration = Duration::from_secs(15);

/// `CLUSTER MEET` of a port of this machine, with WAIT.
fn meet(node: &Node, host: &str, ports: &[u16], wait_ms: &str) -> Result<Reply> {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let mut command = vec!["CLUSTER", "MEET", host];
    command.extend(ports.iter().map(String::as_str));
    command.extend(["WAIT", wait_ms]);
    node.call(&command)
}

fn check(node: &Node, answer: &Reply, expect: &str) -> Result<()> {
    let expect = match expect {
        "OK" => Reply::Simple("OK".into()),
        error => Reply::Error(format!("ERR {error}")),
    };
    ensure!(*answer == expect, "{node} answered {answer}, not {expect}\n{}", node.log());
    Ok(())
}

/// Right after the answer, each lists the other by its name and not in handshake. A link that the other's reset closed may still have
/// to be made again.
fn know_each_other(mesh: &Mesh, one: usize, other: usize) -> Result<()> {
    for (who, whom) in [(one, other), (other, one)] {
        let start = Instant::now();
        while !knows(mesh, who, whom)?.connected {
            ensure!(
                start.elapsed() < LINK_TIME_MAX,
                "{} has no link to {}",
                mesh.nodes[who],
                mesh.nodes[whom]
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

fn knows(mesh: &Mesh, who: usize, whom: usize) -> Result<Row> {
    let (rows, id) = (mesh.rows(who)?, mesh.id(whom)?);
    let row = rows.iter().find(|row| row.id == id && !row.flags.contains("handshake")).cloned();
    row.with_context(|| format!("{} does not know {}: {rows:?}", mesh.nodes[who], mesh.nodes[whom]))
}

/// How the last MEET ended, as the flight recorder has it.
fn last_reason(node: &Node) -> Result<String> {
    let log = node.call(&["CLUSTER", "LOG"])?;
    let ended = log.items()?.iter().find(|record| {
        record.field("event").and_then(Reply::text).is_ok_and(|event| event.starts_with("meet-"))
    });
    let ended = ended.context("no MEET has ended")?;
    let reason = ended.field("reason").and_then(Reply::text);
    Ok(reason.map_or("done", |reason| reason).to_owned())
}

#[test]
fn it_is_answered_when_both_know_each_other() -> Result<()> {
    for (number, peer) in PEERS.into_iter().enumerate() {
        let mesh = Mesh::start(&[Handfast, peer], 21200 + 2 * number as u16)?;
        let start = Instant::now();
        let answer = meet(&mesh.nodes[0], "127.0.0.1", &[mesh.nodes[1].port], WAIT_MS)?;
        check(&mesh.nodes[0], &answer, "OK")?;
        know_each_other(&mesh, 0, 1)?;
        ensure!(start.elapsed() < Duration::from_secs(2), "{:?} for {}", start.elapsed(), mesh.nodes[1]);
        ensure!(last_reason(&mesh.nodes[0])? == "done");
        // Again: there is nothing to be done, and that is said.
        let answer = meet(&mesh.nodes[0], "127.0.0.1", &[mesh.nodes[1].port], WAIT_MS)?;
        let text = known_error(&mesh, 1)?;
        check(&mesh.nodes[0], &answer, &text)?;
        ensure!(last_reason(&mesh.nodes[0])? == "already-known");
        mesh.wait_for_agreement(Duration::from_secs(15))?;
    }
    Ok(())
}

fn known_error(mesh: &Mesh, node: usize) -> Result<String> {
    let (port, id) = (mesh.nodes[node].port, mesh.id(node)?);
    Ok(format!("Can't meet 127.0.0.1:{port}@{}: node {id} is already known", port + 10_000))
}

/// A node that forgot us all is met again: it was known here, and did not know us.
#[test]
fn one_that_was_reset_is_met_anew() -> Result<()> {
    for (number, peer) in PEERS.into_iter().enumerate() {
        let mesh = Mesh::start(&[Handfast, peer], 21210 + 2 * number as u16)?;
        let (ours, port) = (&mesh.nodes[0], mesh.nodes[1].port);
        check(ours, &meet(ours, "127.0.0.1", &[port], WAIT_MS)?, "OK")?;
        for how in ["SOFT", "HARD"] {
            mesh.nodes[1].ok(&["CLUSTER", "RESET", how])?;
            check(ours, &meet(ours, "127.0.0.1", &[port], WAIT_MS)?, "OK")
                .with_context(|| format!("{how} reset of {}", mesh.nodes[1]))?;
            know_each_other(&mesh, 0, 1)?;
        }
    }
    Ok(())
}

/// An address at which no bus is: each reason by its name, and no trace of the handshake left.
#[test]
fn what_is_no_bus_is_named() -> Result<()> {
    let mesh = Mesh::start(&[Handfast, Redis7, Redis8, Valkey9], 21220)?;
    let ours = &mesh.nodes[0];
    let silent = TcpListener::bind("127.0.0.1:21225")?;
    let closing = TcpListener::bind("127.0.0.1:21226")?;
    thread::spawn(move || {
        for mut stream in closing.incoming().flatten() {
            // What came must be read, or the system resets the connection: that is tried below.
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    let resetting = TcpListener::bind("127.0.0.1:21227")?;
    thread::spawn(move || resetting.incoming().for_each(drop));
    let cases = [
        (21224, "connection refused", "refused"),
        (21225, "timed out waiting for an answer", "timed-out"),
        (21226, "connection closed without an answer", "closed"),
        (21227, "connection closed without an answer", "closed"),
        (mesh.nodes[1].port, "not a cluster bus: the port takes clients", "not-a-bus"),
        (mesh.nodes[2].port, "not a cluster bus: the port takes clients", "not-a-bus"),
        (mesh.nodes[3].port, "not a cluster bus: the port takes clients", "not-a-bus"),
        (ours.port, "not a cluster bus: the port takes clients", "not-a-bus"),
    ];
    for (bus, error, reason) in cases {
        let answer = meet(ours, "127.0.0.1", &[7000, bus], "3000")?;
        check(ours, &answer, &format!("Can't meet 127.0.0.1:7000@{bus}: {error}"))?;
        ensure!(last_reason(ours)? == reason, "{bus}: {}", last_reason(ours)?);
        ensure!(mesh.rows(0)?.len() == 1, "{:?}", mesh.rows(0)?);
    }
    drop(silent);
    let answer = meet(ours, "127.0.0.1", &[ours.port], WAIT_MS)?;
    let bus = ours.port + 10_000;
    let text = format!("Can't meet 127.0.0.1:{}@{bus}: that is the address of this node itself", ours.port);
    check(ours, &answer, &text)
}

/// A real server with TLS on its bus, with a certificate made for this test.
#[test]
fn tls_at_the_other_end_is_named() -> Result<()> {
    let ours = Node::start(Handfast, 21230, &["--cluster-enabled", "yes"])?;
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tls/");
    let (certificate, key) = (format!("{files}cert.pem"), format!("{files}key.pem"));
    for (number, peer) in [Redis7, Redis8, Valkey9].into_iter().enumerate() {
        let port = 21231 + number as u16;
        let tls = (port + 3).to_string();
        let options = [
            ["--cluster-enabled", "yes"],
            ["--tls-port", &tls],
            ["--tls-cluster", "yes"],
            ["--tls-cert-file", &certificate],
            ["--tls-key-file", &key],
            ["--tls-ca-cert-file", &certificate],
        ];
        let peer = Node::start(peer, port, &options.concat())?;
        let bus = port + 3 + 10_000;
        let answer = meet(&ours, "127.0.0.1", &[port, bus], WAIT_MS)?;
        let text = "TLS mismatch: the other end expects TLS, and this node has tls-cluster no";
        check(&ours, &answer, &format!("Can't meet 127.0.0.1:{port}@{bus}: {text}"))
            .with_context(|| peer.to_string())?;
    }
    Ok(())
}

/// Whom FORGET bars is not let in for a client that waits; a plain MEET brings it back.
#[test]
fn a_forgotten_node_is_named_as_such() -> Result<()> {
    for (number, peer) in PEERS.into_iter().enumerate() {
        let mesh = Mesh::start(&[Handfast, peer], 21240 + 2 * number as u16)?;
        let (ours, port) = (&mesh.nodes[0], mesh.nodes[1].port);
        check(ours, &meet(ours, "127.0.0.1", &[port], WAIT_MS)?, "OK")?;
        let id = mesh.id(1)?;
        ours.ok(&["CLUSTER", "FORGET", &id])?;
        let answer = meet(ours, "127.0.0.1", &[port], WAIT_MS)?.to_string();
        let banned = format!("node {id} is banned by CLUSTER FORGET for another ");
        ensure!(answer.contains(&banned), "{} answered {answer}", mesh.nodes[1]);
        ensure!(last_reason(ours)? == "banned");
        ensure!(mesh.rows(0)?.len() == 1, "{:?}", mesh.rows(0)?);
        mesh.meet(0, 1)?;
        conformance::mesh::wait(Duration::from_secs(10), "a return", || know_each_other(&mesh, 0, 1))?;
    }
    Ok(())
}

#[test]
fn host_names_are_resolved() -> Result<()> {
    let mesh = Mesh::start(&[Handfast, Valkey9, Redis7], 21250)?;
    let (ours, port) = (&mesh.nodes[0], mesh.nodes[1].port);
    // Some systems name ::1 first, where nobody listens: the next address is tried.
    check(ours, &meet(ours, "localhost", &[port], WAIT_MS)?, "OK")?;
    know_each_other(&mesh, 0, 1)?;
    mesh.meet_at("localhost", 0, 2)?;
    mesh.wait_for_agreement(Duration::from_secs(15))?;
    for wait in [&[][..], &["WAIT", "5000"]] {
        let command = [&["CLUSTER", "MEET", "nowhere.invalid", "7000"], wait].concat();
        let answer = ours.call(&command)?.to_string();
        let start = "-ERR Invalid node address specified: nowhere.invalid:7000 (";
        ensure!(answer.starts_with(start), "{answer}");
    }
    Ok(())
}

/// The words of the command, good and bad.
#[test]
fn arguments_are_checked() -> Result<()> {
    let node = Node::start(Handfast, 21255, &["--cluster-enabled", "yes"])?;
    let cases: [(&[&str], &str); 8] = [
        (&["7000", "WAIT"], "Invalid bus port specified: WAIT"),
        (&["7000", "WAIT", "x"], "timeout is not an integer or out of range"),
        (&["7000", "WAIT", "-1"], "timeout is negative"),
        (&["7000", "17000", "WAIT", "99999999999"], "timeout is out of range"),
        (
            &["7000", "17000", "WAIT"],
            "unknown subcommand or wrong number of arguments for 'meet'. Try CLUSTER HELP.",
        ),
        (
            &["7000", "17000", "WAIT", "1", "2"],
            "unknown subcommand or wrong number of arguments for 'meet'. Try CLUSTER HELP.",
        ),
        (
            &["7000", "17000", "x", "1"],
            "unknown subcommand or wrong number of arguments for 'meet'. Try CLUSTER HELP.",
        ),
        (&["70000", "17000", "WAIT", "1"], "Port number is out of range"),
    ];
    for (arguments, error) in cases {
        let answer = node.call(&[&["CLUSTER", "meet", "127.0.0.1"], arguments].concat())?;
        check(&node, &answer, error)?;
    }
    let mut client = Client::connect(node.port)?;
    client.call(&["MULTI"])?;
    client.call(&["CLUSTER", "MEET", "127.0.0.1", "7000", "WAIT", "1000"])?;
    client.call(&["CLUSTER", "MEET", "localhost", "7000"])?;
    let answer = client.call(&["EXEC"])?;
    let refused = "ERR CLUSTER MEET with WAIT or with a host name is not allowed in transactions";
    ensure!(answer == Reply::Array(vec![Reply::Error(refused.into()); 2]), "{answer}");
    Ok(())
}

/// Clients that wait do not keep others from anything, and one that goes away is no trouble.
#[test]
fn others_are_served_meanwhile() -> Result<()> {
    let node = Node::start(Handfast, 21257, &["--cluster-enabled", "yes"])?;
    let silent = TcpListener::bind("127.0.0.1:21258")?;
    let waiting = thread::spawn({
        let port = node.port;
        move || {
            Client::connect(port)?.call(&["CLUSTER", "MEET", "127.0.0.1", "7000", "21258", "WAIT", "3000"])
        }
    });
    thread::sleep(Duration::from_millis(200));
    let gone = thread::spawn({
        let port = node.port;
        move || -> Result<()> {
            let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
            std::io::Write::write_all(&mut stream, b"CLUSTER MEET 127.0.0.1 7000 21258 WAIT 3000\r\n")?;
            thread::sleep(Duration::from_millis(200));
            Ok(())
        }
    });
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        let asked = Instant::now();
        node.ok(&["CLUSTER", "SAVECONFIG"])?;
        ensure!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    }
    gone.join().map_err(|_| anyhow::anyhow!("panicked"))??;
    let answer = waiting.join().map_err(|_| anyhow::anyhow!("panicked"))??;
    check(&node, &answer, "Can't meet 127.0.0.1:7000@21258: timed out waiting for an answer")?;
    drop(silent);
    Ok(())
}
