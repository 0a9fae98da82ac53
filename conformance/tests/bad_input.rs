//! Numbers at the ends of their ranges, and payloads that lie, against a server process: it answers, soon, and holds no more memory than the data takes.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conformance::differ::{Raw, Wire, extremes};
use conformance::node::{Kind, Node};

/// The longest string here: so that what is near the limit fits a small machine.
const BULK_MAX: &str = "16777216";
/// The longest that one command may take.
const REPLY_TIME_MAX: Duration = Duration::from_secs(5);
/// The most memory that the process may ever hold, KiB.
const MEMORY_MAX_KIB: u64 = 1 << 20;

const NUMBERS: [&str; 14] = [
    "-9223372036854775808",
    "9223372036854775807",
    "-9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-1",
    "0",
    "2147483647",
    "2147483648",
    "-2147483648",
    "4294967296",
    "nan",
    "-inf",
    "1e308",
];

/// A server, a connection, and a second one that must always be answered.
struct Victim {
    node: Node,
    wire: Wire,
    other: Wire,
}

impl Victim {
    fn start(port: u16) -> Result<Victim> {
        let options = ["--proto-max-bulk-len", BULK_MAX, "--enable-debug-command", "yes"];
        let node = Node::start(Kind::Handfast, port, &options)?;
        let (wire, other) = (Wire::connect(port)?, Wire::connect(port)?);
        Ok(Victim { node, wire, other })
    }

    /// The reply to a command, which comes soon; the server is alive and small afterwards.
    fn call<A: AsRef<[u8]>>(&mut self, words: &[A]) -> Result<Raw> {
        let shown = || {
            let words: Vec<String> = words
                .iter()
                .map(|w| w.as_ref()[..w.as_ref().len().min(80)].escape_ascii().to_string())
                .collect();
            words.join(" ")
        };
        let start = Instant::now();
        let reply = self.wire.call(words).with_context(shown)?;
        ensure!(start.elapsed() < REPLY_TIME_MAX, "{} took {:?}", shown(), start.elapsed());
        Ok(reply)
    }

    fn line(&mut self, line: &str) -> Result<Raw> {
        self.call(&line.split(' ').collect::<Vec<_>>())
    }

    fn refuses(&mut self, line: &str, why: &str) -> Result<()> {
        let reply = self.line(line)?.to_string();
        ensure!(reply.starts_with('-') && reply.contains(why), "{line} answered {reply}");
        Ok(())
    }

    fn is_well(&mut self) -> Result<()> {
        ensure!(self.other.call(&["PING"])?.text() == b"PONG");
        let status = fs::read_to_string(format!("/proc/{}/status", self.node.pid()))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("a peak")?;
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse()?;
        ensure!(peak < MEMORY_MAX_KIB, "it held {peak} KiB");
        Ok(())
    }

    /// One small key of each type and most encodings.
    fn populate(&mut self) -> Result<()> {
        for line in [
            "FLUSHALL",
            "SET s0 foobar",
            "SET s1 12345",
            "SETBIT b0 77 1",
            "PFADD p0 a b c",
            "RPUSH l0 a 1 -5000000000 b",
            "HSET h0 m1 1 m2 b",
            "SADD e0 1 2 3000000000",
            "SADD e1 m1 m2 1",
            "ZADD z0 1 m1 2.5 m2 inf m3",
            "ZADD y0 0 m1 0 m2",
            "GEOADD g0 13.36 38.11 m1 15.08 37.5 m2",
            "XADD x0 1-1 a b",
            "XADD x0 2-1 c d e f",
            "XGROUP CREATE x0 G 0",
            "XREADGROUP GROUP G c1 COUNT 1 STREAMS x0 >",
        ] {
            let reply = self.line(line)?;
            ensure!(reply.kind() != b'-', "{line} answered {reply}");
        }
        Ok(())
    }
}

#[test]
fn extremes_in_place_of_every_number() -> Result<()> {
    let mut victim = Victim::start(20438)?;
    for (at, command) in extremes(&NUMBERS, 1)?.iter().enumerate() {
        if at % 50 == 0 {
            victim.populate()?;
        }
        victim.call(command)?;
        victim.is_well().with_context(|| format!("after {command:?}"))?;
    }
    Ok(())
}

#[test]
fn strings_at_the_limit() -> Result<()> {
    let mut victim = Victim::start(20439)?;
    let len: usize = BULK_MAX.parse()?;
    let bits = len * 8;
    victim.refuses(&format!("SETBIT k {bits} 1"), "bit offset is not an integer or out of range")?;
    victim.refuses(&format!("SETRANGE k {len} x"), "string exceeds maximum allowed size")?;
    victim.refuses(&format!("SETRANGE k {} xx", len - 1), "string exceeds maximum allowed size")?;
    victim.refuses(&format!("BITFIELD k SET u8 {bits} 1"), "bit offset is not an integer or out of range")?;
    ensure!(victim.line(&format!("SETBIT k {} 1", bits - 1))?.int() == Some(0));
    ensure!(victim.line("STRLEN k")?.int() == Some(len as i64));
    victim.refuses("APPEND k x", "string exceeds maximum allowed size")?;
    ensure!(victim.line("BITCOUNT k")?.int() == Some(1));
    ensure!(victim.line("BITPOS k 1")?.int() == Some(bits as i64 - 1));
    ensure!(victim.line(&format!("SETRANGE k2 {} x", len - 1))?.int() == Some(len as i64));
    for key in ["a", "b"] {
        victim.call(&["SET".as_bytes(), key.as_bytes(), &vec![key.as_bytes()[0]; 10 << 20]])?;
    }
    ensure!(victim.line("LCS a b")?.kind() == b'-', "LCS of long strings is refused");
    victim.is_well()
}

#[test]
fn sums_that_are_no_numbers() -> Result<()> {
    let mut victim = Victim::start(20437)?;
    victim.line("HSET h f 1e4932")?;
    victim.refuses("HINCRBYFLOAT h f 1e4932", "")?;
    victim.refuses("HINCRBYFLOAT h g inf", "NaN or Infinity")?;
    victim.refuses("HINCRBYFLOAT h g nan", "not a")?;
    victim.refuses("INCRBYFLOAT s inf", "NaN or Infinity")?;
    victim.line("ZADD z inf m")?;
    victim.refuses("ZINCRBY z -inf m", "not a number")?;
    victim.refuses("ZADD z INCR -inf m", "not a number")?;
    victim.refuses("ZADD z nan n", "not a valid float")?;
    victim.refuses("GEOADD g nan nan m", "")?;
    victim.refuses("GEOADD g 181 0 m", "invalid longitude,latitude pair")?;
    victim.line("GEOADD g 1 1 m")?;
    victim.refuses("GEOSEARCH g FROMLONLAT nan 1 BYRADIUS 1 m", "")?;
    victim.refuses("GEOSEARCH g FROMMEMBER m BYRADIUS nan m", "")?;
    victim.line("XADD x 18446744073709551615-18446744073709551615 a b")?;
    victim.refuses("XADD x * a b", "exhausted the last possible ID")?;
    victim.refuses("XADD x 1-1 a b", "equal or smaller")?;
    victim.line("SET n 9223372036854775807")?;
    victim.refuses("INCR n", "overflow")?;
    victim.refuses("DECRBY n -9223372036854775808", "overflow")?;
    victim.line("RPUSH l 1e308 -1e308 9223372036854775807 0")?;
    ensure!(victim.line("SORT l LIMIT -9223372036854775808 9223372036854775807")?.items().len() == 4);
    victim.is_well()
}

/// The polynomial of payloads' checksums, reflected.
const CRC64: u64 = 0x95ac_9329_ac4b_c9b5;

fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { CRC64 } else { 0 })
    })
}

/// A payload whose checksum fits again.
fn seal(mut payload: Vec<u8>) -> Vec<u8> {
    payload.truncate(payload.len().saturating_sub(8));
    let sum = crc64(&payload);
    payload.extend(sum.to_le_bytes());
    payload
}

#[test]
fn payloads_with_every_flip_and_truncation() -> Result<()> {
    let mut victim = Victim::start(20436)?;
    victim.populate()?;
    let keys = ["s0", "s1", "b0", "p0", "l0", "h0", "e0", "e1", "z0", "g0", "x0"];
    for key in keys {
        let payload = victim.line(&format!("DUMP {key}"))?.text().to_vec();
        ensure!(crc64(&payload[..payload.len() - 8]).to_le_bytes() == payload[payload.len() - 8..], "{key}");
        let flips = (0..payload.len() * 8).map(|bit| {
            let mut changed = payload.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        });
        let cuts = (0..payload.len()).map(|len| payload[..len].to_vec());
        for changed in flips.chain(cuts) {
            let reply = victim.call(&[b"RESTORE", &b"r"[..], b"0", &changed, b"REPLACE"])?;
            ensure!(reply.kind() == b'-', "the checksum of {key} is wrong, and it was taken");
            let reply = victim.call(&[b"RESTORE", &b"r"[..], b"0", &seal(changed), b"REPLACE"])?;
            if reply.kind() != b'-' {
                use_up(&mut victim)?;
            }
        }
        victim.is_well().with_context(|| key.to_owned())?;
    }
    Ok(())
}

/// Reads, changes and removes what was restored.
fn use_up(victim: &mut Victim) -> Result<()> {
    let kind = victim.line("TYPE r")?;
    let lines: &[&str] = match kind.text() {
        b"string" => &["GET r", "PFCOUNT r", "PFADD r x", "SETBIT r 3 1", "APPEND r x"],
        b"list" => &["LRANGE r 0 -1", "LPUSH r x", "RPOP r", "LREM r 0 a", "LINSERT r BEFORE b c"],
        b"hash" => &["HGETALL r", "HSET r m1 x", "HDEL r m2", "HSCAN r 0", "HLEN r"],
        b"set" => &["SMEMBERS r", "SADD r x", "SREM r 1", "SSCAN r 0", "SISMEMBER r m1"],
        b"zset" => {
            &["ZRANGE r 0 -1 WITHSCORES", "ZADD r 3 x", "ZREM r m1", "ZPOPMIN r", "ZRANGEBYSCORE r -inf inf"]
        }
        b"stream" => &["XRANGE r - +", "XADD r * a b", "XINFO STREAM r FULL", "XPENDING r G", "XDEL r 1-1"],
        _ => &[],
    };
    for line in lines {
        victim.line(line)?;
    }
    victim.line("DUMP r")?;
    victim.line("DEL r")?;
    Ok(())
}

#[test]
fn sketches_that_lie() -> Result<()> {
    let mut victim = Victim::start(20435)?;
    let header = b"HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80";
    let bodies: [&[u8]; 7] =
        [b"", b"\x7f", b"\x7f\xff\x7f\xff", b"\x80\x7f\xff", b"\x00", b"\xff", &[0xff; 5000]];
    for body in bodies {
        victim.call(&[b"SET", &b"p"[..], &[header, body].concat()])?;
        for line in
            ["PFCOUNT p", "PFADD p a", "PFMERGE q p", "PFCOUNT p q", "PFDEBUG GETREG p", "PFDEBUG TODENSE p"]
        {
            victim.refuses(line, "INVALIDOBJ")?;
        }
    }
    victim.is_well()
}
