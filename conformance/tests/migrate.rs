//! MIGRATE: keys between Handfast and each other server, both ways, and what happens meanwhile.

use std::net::TcpListener;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use conformance::client::{Client, Reply};
use conformance::node::{Kind, Node};

const OPTIONS: [&str; 4] = ["--save", "", "--io-threads", "2"];
const PATIENCE: Duration = Duration::from_secs(10);

/// What makes a key of each type and of most encodings, and what shows that it is whole.
const VALUES: [(&[&str], &[&str]); 10] = [
    (&["SET", "{m}text", "some text"], &["GET", "{m}text"]),
    (&["SET", "{m}number", "12345"], &["GET", "{m}number"]),
    (&["RPUSH", "{m}list", "a", "1", ""], &["LRANGE", "{m}list", "0", "-1"]),
    (&["HSET", "{m}hash", "f", "v", "g", "7"], &["HMGET", "{m}hash", "f", "g", "h"]),
    (&["SADD", "{m}numbers", "3", "1", "2"], &["SORT", "{m}numbers"]),
    (&["SADD", "{m}set", "x", "y"], &["SORT", "{m}set", "ALPHA"]),
    (&["ZADD", "{m}zset", "1.5", "a", "-inf", "b"], &["ZRANGE", "{m}zset", "0", "-1", "WITHSCORES"]),
    (&["XADD", "{m}stream", "5-1", "f", "v"], &["XRANGE", "{m}stream", "-", "+"]),
    (&["PFADD", "{m}hll", "a", "b"], &["PFCOUNT", "{m}hll"]),
    (&["EVAL", BIG, "1", "{m}big"], &["EVAL", SUM, "1", "{m}big"]),
];
const BIG: &str = "for i = 1, 5000 do redis.call('HSET', KEYS[1], 'field:' .. i, i) end return 1";
const SUM: &str = "local sum = 0 for _, v in ipairs(redis.call('HVALS', KEYS[1])) do sum = sum + v end return tostring(sum)";

fn start(kind: Kind, port: u16) -> Result<Node> {
    let ours: &[&str] = if kind == Kind::Handfast { &OPTIONS } else { &OPTIONS[..2] };
    Node::start(kind, port, ours)
}

fn move_all(from: u16, to: u16, keys: &[String]) -> Result<Reply> {
    let port = to.to_string();
    let head = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"].map(str::to_owned);
    Client::connect(from)?.call(&[&head[..], keys].concat())
}

#[test]
fn keys_of_every_type_go_to_other_servers_and_come_back() -> Result<()> {
    let ours = start(Kind::Handfast, 21470)?;
    for (i, kind) in Kind::ALL.into_iter().enumerate() {
        let other = start(kind, 21471 + i as u16)?;
        let keys: Vec<String> =
            VALUES.iter().map(|(make, _)| make[if make[0] == "EVAL" { 3 } else { 1 }].into()).collect();
        for (make, _) in VALUES {
            let made = ours.call(make)?;
            ensure!(!matches!(made, Reply::Error(_)), "{make:?}: {made}");
        }
        ours.call(&["PEXPIRE", "{m}list", "100000"])?;
        let shown = |node: &Node| VALUES.iter().map(|(_, show)| node.call(show)).collect::<Result<Vec<_>>>();
        let before = shown(&ours)?;
        for (from, to) in [(&ours, &other), (&other, &ours)] {
            let moved = move_all(from.port, to.port, &keys)?;
            ensure!(moved == Reply::Simple("OK".into()), "{from} to {to}: {moved}");
            ensure!(from.call(&["DBSIZE"])? == Reply::Int(0), "they left {from}");
            ensure!(shown(to)? == before, "on {to}");
            let Reply::Int(ttl @ 1..=100_000) = to.call(&["PTTL", "{m}list"])? else {
                anyhow::bail!("its TTL")
            };
            ensure!(ttl > 50_000, "{ttl} ms left");
        }
        ensure!(
            move_all(ours.port, other.port, &["none".into()])? == Reply::Simple("NOKEY".into()),
            "nothing to move"
        );
        ours.call(&["FLUSHALL"])?;
    }
    Ok(())
}

/// A slot goes from Handfast to another node and back, as operators move it, while a client reads.
#[test]
fn a_slot_moves_with_its_keys() -> Result<()> {
    let options = ["--cluster-enabled", "yes", "--save", ""];
    for (i, kind) in Kind::ALL.into_iter().enumerate() {
        let port = 21476 + 2 * i as u16;
        let (ours, other) =
            (Node::start(Kind::Handfast, port, &options)?, Node::start(kind, port + 1, &options)?);
        ours.ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"])?;
        other.ok(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"])?;
        ours.ok(&["CLUSTER", "MEET", "127.0.0.1", &other.port.to_string()])?;
        let begin = Instant::now();
        while [&ours, &other].iter().any(|node| {
            !node.call(&["CLUSTER", "INFO"]).is_ok_and(|info| info.to_string().contains("cluster_state:ok"))
        }) {
            ensure!(begin.elapsed() < PATIENCE * 2, "{other} and {ours} form no cluster");
            sleep(Duration::from_millis(20));
        }
        let ids = [&ours, &other]
            .map(|node| node.call(&["CLUSTER", "MYID"]).map(|id| id.to_string().replace('"', "")));
        let [our_id, other_id] = ids;
        let (our_id, other_id) = (our_id?, other_id?);
        // The slot of "foo" is 12182, that of "bar" 5061.
        ours.ok(&["SET", "bar", "here"])?;
        for (from, to, from_id, to_id) in
            [(&ours, &other, &our_id, &other_id), (&other, &ours, &other_id, &our_id)]
        {
            to.ok(&["CLUSTER", "SETSLOT", "5061", "IMPORTING", from_id])?;
            from.ok(&["CLUSTER", "SETSLOT", "5061", "MIGRATING", to_id])?;
            let moved = move_all(from.port, to.port, &["bar".into()])?;
            ensure!(moved == Reply::Simple("OK".into()), "{from} to {to}: {moved}");
            let asked = from.call(&["GET", "bar"])?;
            ensure!(matches!(&asked, Reply::Error(text) if text.starts_with("ASK 5061")), "{asked}");
            to.ok(&["CLUSTER", "SETSLOT", "5061", "NODE", to_id])?;
            from.ok(&["CLUSTER", "SETSLOT", "5061", "NODE", to_id])?;
            ensure!(to.call(&["GET", "bar"])? == Reply::Bulk("here".into()), "on {to}");
        }
    }
    Ok(())
}

#[test]
fn commands_on_migrating_keys_wait_and_others_do_not() -> Result<()> {
    for (port, workers) in [(21484, "1"), (21485, "2")] {
        let options = ["--save", "", "--cluster-enabled", "yes", "--io-threads", workers];
        let node = Node::start(Kind::Handfast, port, &options)?;
        node.ok(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
        let begin = Instant::now();
        while node.call(&["SET", "{a}", "1"])? != Reply::Simple("OK".into()) {
            ensure!(begin.elapsed() < PATIENCE, "the cluster is not ok");
            sleep(Duration::from_millis(10));
        }
        // It takes connections and says nothing.
        let silent = TcpListener::bind("127.0.0.1:0")?;
        let to = silent.local_addr()?.port().to_string();
        let (mut moves, mut waits, mut others) =
            (Client::connect(port)?, Client::connect(port)?, Client::connect(port)?);
        moves.send(&["MIGRATE", "127.0.0.1", &to, "{a}", "0", "2000"])?;
        let (_taken, _) = silent.accept()?;
        waits.send(&["APPEND", "{a}", "2"])?;
        for _ in 0..100 {
            ensure!(others.call(&["SET", "{b}", "1"])? == Reply::Simple("OK".into()), "another slot");
            sleep(Duration::from_millis(1));
        }
        // The client that asked for it may go: what it began ends all the same.
        let moved = moves.read()?;
        ensure!(
            matches!(&moved, Reply::Error(text) if text.starts_with("IOERR error or timeout reading")),
            "{moved}"
        );
        ensure!(waits.read()? == Reply::Int(2), "the key stayed");
        moves.send(&["MIGRATE", "127.0.0.1", &to, "{a}", "0", "300"])?;
        let (_taken, _) = silent.accept()?;
        drop(moves);
        ensure!(waits.call(&["GET", "{a}"])? == Reply::Bulk("12".into()), "after a client that went away");
    }
    Ok(())
}

#[test]
fn where_it_cannot_be_sent() -> Result<()> {
    let node = start(Kind::Handfast, 21486)?;
    let mut client = Client::connect(node.port)?;
    let refused = |client: &mut Client, words: &[&str], why: &str| -> Result<()> {
        let reply = client.call(words)?;
        ensure!(reply.to_string().contains(why), "{words:?}: {reply}");
        Ok(())
    };
    client.call(&["SET", "k", "v"])?;
    refused(
        &mut client,
        &["MIGRATE", "127.0.0.1", "1", "k", "0", "100"],
        "IOERR error or timeout connecting to the client",
    )?;
    refused(
        &mut client,
        &["MIGRATE", "no.such.host.invalid", "1", "k", "0", "100"],
        "IOERR error or timeout connecting",
    )?;
    refused(
        &mut client,
        &["EVAL", "return redis.call('MIGRATE', '127.0.0.1', '1', 'k', '0', '100')", "1", "k"],
        "migrate cannot run inside a script in Handfast",
    )?;
    client.call(&["MULTI"])?;
    client.call(&["MIGRATE", "127.0.0.1", "1", "k", "0", "100"])?;
    refused(&mut client, &["EXEC"], "Handfast does not migrate keys inside a transaction")?;
    ensure!(client.call(&["GET", "k"])? == Reply::Bulk("v".into()), "it stayed");
    Ok(())
}
