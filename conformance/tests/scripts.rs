//! Scripts that run for long, in a real process: who is served meanwhile, who hears BUSY, and how they end.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use conformance::client::{Client, Reply};
use conformance::node::{Kind, Node};

/// What `busy-reply-threshold` is here.
const THRESHOLD: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(10);

const FOREVER: &str = "while true do end";
const BUSY: &str = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";

fn start(port: u16, options: &[&str]) -> Result<Node> {
    let threshold = THRESHOLD.as_millis().to_string();
    let ours = ["--save", "", "--busy-reply-threshold", threshold.as_str()];
    Node::start(Kind::Handfast, port, &[&ours[..], options].concat())
}

/// Both ways in which a script holds everything.
fn each(port: u16, check: impl Fn(u16) -> Result<()>) -> Result<()> {
    for (i, workers) in ["1", "2"].iter().enumerate() {
        let port = port + i as u16;
        let _node = start(port, &["--io-threads", workers])?;
        check(port)?;
    }
    Ok(())
}

/// Asks until the answer is an error that begins so.
fn until_error(client: &mut Client, command: &[&str], begins: &str) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Reply::Error(text) = client.call(command)?
            && text.starts_with(begins)
        {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    bail!("{command:?} never answered {begins}")
}

fn ok(client: &mut Client, command: &[&str]) -> Result<()> {
    let reply = client.call(command)?;
    ensure!(!matches!(reply, Reply::Error(_)), "{command:?}: {reply}");
    Ok(())
}

#[test]
fn a_long_script_is_killed_and_others_hear_busy_until_then() -> Result<()> {
    each(20840, |port| {
        let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
        ok(&mut asks, &["SET", "k", "v"])?;
        until_error(&mut asks, &["SCRIPT", "KILL"], "NOTBUSY")?;
        runs.send(&["EVAL", FOREVER, "0"])?;
        until_error(&mut asks, &["PING"], BUSY)?;
        for command in [
            &["GET", "k"][..],
            &["FLUSHALL"],
            &["EVAL", "return 1", "0"],
            &["SCAN", "0"],
            &["FUNCTION", "STATS"],
        ] {
            until_error(&mut asks, command, BUSY)?;
        }
        ensure!(asks.call(&["SCRIPT", "KILL"])? == Reply::Simple("OK".into()), "the script is killed");
        let Reply::Error(text) = runs.read()? else { bail!("a killed script has an answer") };
        ensure!(text.starts_with("ERR Error running script") || text.contains("killed by user"), "{text}");
        ensure!(asks.call(&["GET", "k"])? == Reply::Bulk("v".into()), "all goes on");
        ensure!(runs.call(&["PING"])? == Reply::Simple("PONG".into()), "for its client too");
        Ok(())
    })
}

#[test]
fn pcall_does_not_save_a_killed_script() -> Result<()> {
    each(20843, |port| {
        let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
        runs.send(&["EVAL", "while true do pcall(function() while true do end end) end", "0"])?;
        until_error(&mut asks, &["PING"], BUSY)?;
        ok(&mut asks, &["SCRIPT", "KILL"])?;
        ensure!(matches!(runs.read()?, Reply::Error(_)), "it ends in an error");
        ok(&mut asks, &["PING"])
    })
}

#[test]
fn a_script_that_wrote_is_not_killed() -> Result<()> {
    each(20846, |port| {
        let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
        let script = "redis.call('SET', KEYS[1], 'half') local n = 0 while n < 3e7 do n = n + 1 end \
                      redis.call('SET', KEYS[1], 'whole') return 'done'";
        runs.send(&["EVAL", script, "1", "k"])?;
        until_error(&mut asks, &["SCRIPT", "KILL"], "UNKILLABLE")?;
        ensure!(runs.read()? == Reply::Bulk("done".into()), "it comes to its end");
        ensure!(asks.call(&["GET", "k"])? == Reply::Bulk("whole".into()), "with all its effects");
        Ok(())
    })
}

#[test]
fn a_script_inside_exec_may_take_long() -> Result<()> {
    each(20849, |port| {
        let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
        let script = "local n = 0 while n < 3e7 do n = n + 1 end return redis.call('INCR', 'n')";
        for command in [&["MULTI"][..], &["SET", "n", "1"], &["EVAL", script, "0"], &["INCR", "n"]] {
            ok(&mut runs, command)?;
        }
        runs.send(&["EXEC"])?;
        until_error(&mut asks, &["GET", "n"], BUSY)?;
        let replies = [Reply::Simple("OK".into()), Reply::Int(2), Reply::Int(3)];
        ensure!(runs.read()? == Reply::Array(replies.to_vec()), "the replies of all three");
        ensure!(asks.call(&["GET", "n"])? == Reply::Bulk("3".into()), "and their effects");
        Ok(())
    })
}

#[test]
fn a_blocked_client_is_served_when_the_script_is_over() -> Result<()> {
    each(20852, |port| {
        let (mut runs, mut waits) = (Client::connect(port)?, Client::connect(port)?);
        waits.send(&["BLPOP", "l", "0"])?;
        sleep(Duration::from_millis(50));
        let script = "redis.call('RPUSH', 'l', 'a', 'b') local n = 0 while n < 2e7 do n = n + 1 end \
                      return redis.call('LLEN', 'l')";
        ensure!(runs.call(&["EVAL", script, "0"])? == Reply::Int(2), "nobody comes between");
        let served = [Reply::Bulk("l".into()), Reply::Bulk("a".into())];
        ensure!(waits.read()? == Reply::Array(served.to_vec()), "then it is served");
        Ok(())
    })
}

#[test]
fn a_client_that_goes_away_leaves_its_script_running() -> Result<()> {
    each(20855, |port| {
        let mut asks = Client::connect(port)?;
        let mut runs = Client::connect(port)?;
        runs.send(&["EVAL", "local n = 0 while n < 2e7 do n = n + 1 end redis.call('SET', 'k', n)", "0"])?;
        sleep(Duration::from_millis(20));
        drop(runs);
        let start = Instant::now();
        while asks.call(&["GET", "k"])? != Reply::Bulk("20000000".into()) {
            ensure!(start.elapsed() < PATIENCE, "its effect is missing");
            sleep(Duration::from_millis(10));
        }
        Ok(())
    })
}

#[test]
fn the_server_shuts_down_beside_a_script() -> Result<()> {
    each(20858, |port| {
        let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
        runs.send(&["EVAL", FOREVER, "0"])?;
        until_error(&mut asks, &["PING"], BUSY)?;
        asks.send(&["SHUTDOWN", "NOSAVE"])?;
        ensure!(asks.read().is_err(), "the connection ends");
        let next = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.kind());
        ensure!(next.is_err_and(|kind| kind == ErrorKind::ConnectionRefused), "nobody is let in any more");
        ensure!(runs.read().is_err(), "the other connection ends too");
        Ok(())
    })
}

#[test]
fn in_a_cluster_only_those_who_need_its_slot_wait() -> Result<()> {
    let port = 20861;
    let _node = start(port, &["--cluster-enabled", "yes", "--io-threads", "1"])?;
    let (mut runs, mut asks) = (Client::connect(port)?, Client::connect(port)?);
    ok(&mut asks, &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
    let start = Instant::now();
    while asks.call(&["SET", "{b}", "1"])? != Reply::Simple("OK".into()) {
        ensure!(start.elapsed() < PATIENCE, "the cluster is not ok");
        sleep(Duration::from_millis(10));
    }
    runs.send(&["EVAL", FOREVER, "1", "{a}"])?;
    until_error(&mut asks, &["GET", "{a}"], BUSY)?;
    ok(&mut asks, &["GET", "{b}"])?;
    ok(&mut asks, &["PING"])?;
    ensure!(
        asks.call(&["EVAL", "return redis.call('INCR', KEYS[1])", "1", "{b}"])? == Reply::Int(2),
        "another script"
    );
    let elsewhere = asks.call(&["EVAL", "return redis.call('GET', '{a}')", "1", "{b}"])?;
    ensure!(matches!(&elsewhere, Reply::Error(text) if text.contains("same slot")), "{elsewhere}");
    until_error(&mut asks, &["FLUSHALL"], BUSY)?;
    ok(&mut asks, &["SCRIPT", "KILL"])?;
    ensure!(matches!(runs.read()?, Reply::Error(_)), "it ends");
    ok(&mut asks, &["GET", "{a}"])
}

/// What a script of two keys in different slots hears.
struct Crossing {
    script: &'static str,
    /// Keys that it names.
    keys: &'static [&'static str],
    /// What the error says, if it is one.
    refused: Option<&'static str>,
}

const OTHER_SLOT: Option<&str> = Some("access keys that do not hash to the same slot");
const NOT_LOCAL: Option<&str> = Some("access a non local key");

/// As Redis 7.0.15 answers.
const CROSSINGS: [Crossing; 8] = [
    Crossing { script: "SETS", keys: &[], refused: None },
    Crossing { script: "#!lua\nSETS", keys: &[], refused: OTHER_SLOT },
    Crossing { script: "#!lua\nSETS", keys: &["b"], refused: OTHER_SLOT },
    Crossing { script: "#!lua flags=allow-cross-slot-keys\nSETS", keys: &[], refused: None },
    Crossing { script: "#!lua flags=allow-cross-slot-keys\nSETS", keys: &["b"], refused: None },
    Crossing { script: "#!lua\nreturn redis.call('mget', 'a', 'b')", keys: &[], refused: NOT_LOCAL },
    Crossing { script: "return redis.call('mget', 'a', 'b')", keys: &[], refused: NOT_LOCAL },
    Crossing {
        script: "#!lua flags=allow-cross-slot-keys\nreturn redis.call('mget', 'a', 'b')",
        keys: &[],
        refused: NOT_LOCAL,
    },
];

fn crosses(
    asks: &mut Client,
    of_function: bool,
    Crossing { script, keys, refused }: &Crossing,
) -> Result<()> {
    let body = script.replace("SETS", "redis.call('set', 'a', 1) redis.call('set', 'b', 2) return 1");
    let count = keys.len().to_string();
    let (flags, code) = body.split_once('\n').unwrap_or(("", &body));
    let flags = flags.strip_prefix("#!lua flags=").unwrap_or_default();
    let library = format!(
        "#!lua name=crossing\nredis.register_function{{function_name='cross', callback=function() {code} end, \
         flags={{'{flags}'}}}}"
    )
    .replace("{''}", "{}");
    let head = match of_function {
        true => {
            ok(asks, &["FUNCTION", "LOAD", "REPLACE", &library])?;
            ["FCALL", "cross", &count]
        }
        false => ["EVAL", &body, &count],
    };
    let reply = asks.call(&[&head[..], keys].concat())?;
    let fits = match (refused, &reply) {
        (Some(text), Reply::Error(error)) => error.contains(text),
        (refused, reply) => refused.is_none() && !matches!(reply, Reply::Error(_)),
    };
    ensure!(fits, "{head:?} {keys:?}: {reply}");
    Ok(())
}

#[test]
fn slots_that_a_script_may_touch() -> Result<()> {
    for (port, workers) in [(20866, "1"), (20867, "2")] {
        let _node = start(port, &["--cluster-enabled", "yes", "--io-threads", workers])?;
        let mut asks = Client::connect(port)?;
        ok(&mut asks, &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"])?;
        let start = Instant::now();
        while asks.call(&["SET", "b", "1"])? != Reply::Simple("OK".into()) {
            ensure!(start.elapsed() < PATIENCE, "the cluster is not ok");
            sleep(Duration::from_millis(10));
        }
        for crossing in &CROSSINGS {
            crosses(&mut asks, false, crossing)?;
            if crossing.script.starts_with("#!") {
                crosses(&mut asks, true, crossing)?;
            }
        }
    }
    Ok(())
}
