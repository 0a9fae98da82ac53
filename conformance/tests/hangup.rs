//! Whoever says something to the bus port and hangs up in the same breath is served, and then let go.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conformance::fake::BUS_OFFSET;
use conformance::node::{Kind, Node};

/// Far below the time after which a silent stranger is closed anyway.
const LETTING_GO_MAX: Duration = Duration::from_secs(10);

/// The PING of nobody in particular.
fn ping() -> Vec<u8> {
    let mut packet = vec![0; 2256];
    packet[..10].copy_from_slice(b"RCmb\0\0\x08\xd0\0\x01");
    packet[40..80].fill(b'7');
    packet
}

fn signal(node: &Node, signal: &str) -> Result<()> {
    let sent = Command::new("kill").args([signal, &node.pid().to_string()]).status()?;
    ensure!(sent.success(), "kill {signal}");
    Ok(())
}

#[test]
fn words_and_end_at_once() -> Result<()> {
    let node = Node::start(Kind::Handfast, 21320, &["--cluster-enabled", "yes"])?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, node.port + BUS_OFFSET));
    // All of it lies there when the node looks.
    signal(&node, "-STOP")?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&ping())?;
    stream.shutdown(Shutdown::Write)?;
    signal(&node, "-CONT")?;
    stream.set_read_timeout(Some(LETTING_GO_MAX))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).context("the link stays open")?;
    ensure!(answer.starts_with(b"RCmb") && answer[13] == 1, "no PONG, but {} bytes", answer.len());
    Ok(())
}
