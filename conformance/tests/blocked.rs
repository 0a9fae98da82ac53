//! Commands that wait for keys, in a real process: however the wait ends, the call counts once.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use conformance::client::{Client, Reply};
use conformance::node::Kind::{self, Handfast, Redis7};
use conformance::node::Node;

const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `waits`, then `ends` when it blocks, and returns the calls and failures that INFO has for it, and all errors.
fn counts(server: &Node, waits: &[&str], ends: &[&str]) -> Result<(String, String)> {
    server.ok(&["CONFIG", "RESETSTAT"])?;
    let (mut waiter, mut other) = (Client::connect(server.port)?, Client::connect(server.port)?);
    waiter.send(waits)?;
    let start = Instant::now();
    while !info(&mut other, "clients")?.contains("blocked_clients:1") {
        ensure!(start.elapsed() < PATIENCE, "{server}: {waits:?} does not block");
    }
    other.call(ends)?;
    waiter.read()?;
    let name = waits[0].to_lowercase();
    let calls = info(&mut other, "commandstats")?;
    let calls = calls.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).unwrap_or_default();
    let fields =
        calls.split([':', ',']).filter(|field| field.starts_with("calls") || field.starts_with("failed"));
    let counted = fields.collect::<Vec<_>>().join(" ");
    Ok((counted, info(&mut other, "errorstats")?))
}

fn info(client: &mut Client, section: &str) -> Result<String> {
    match client.call(&["INFO", section])? {
        Reply::Bulk(text) => Ok(text),
        other => Ok(other.to_string()),
    }
}

fn check(kind: Kind, port: u16) -> Result<()> {
    let server = Node::start(kind, port, &[])?;
    server.ok(&["XGROUP", "CREATE", "stream", "group", "$", "MKSTREAM"])?;
    let read = ["XREADGROUP", "GROUP", "group", "consumer", "BLOCK", "0", "STREAMS", "stream", ">"];
    let cases: [(&[&str], &[&str], &str, &str); 4] = [
        (&["BLPOP", "list", "0"], &["RPUSH", "list", "a"], "calls=1 failed_calls=0", ""),
        (&["BLPOP", "list", "0.1"], &["PING"], "calls=1 failed_calls=0", ""),
        (&read, &["XADD", "stream", "*", "a", "1"], "calls=1 failed_calls=0", ""),
        (
            &read,
            &["XGROUP", "DESTROY", "stream", "group"],
            "calls=1 failed_calls=1",
            "errorstat_NOGROUP:count=1\r\n",
        ),
    ];
    for (waits, ends, counted, errors) in cases {
        let (calls, stats) = counts(&server, waits, ends)?;
        ensure!(calls == counted, "{server}: {waits:?} ended by {ends:?} counts as {calls}");
        ensure!(
            stats == format!("# Errorstats\r\n{errors}"),
            "{server}: {waits:?} ended by {ends:?}: {stats}"
        );
    }
    Ok(())
}

#[test]
fn a_call_that_blocked_counts_once() -> Result<()> {
    check(Redis7, 21461)?;
    check(Handfast, 21462)
}
