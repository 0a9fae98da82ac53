//! Values carried between servers with DUMP and RESTORE: every type and encoding, from each to each that takes it.

use anyhow::{Context, Result, bail, ensure};
use conformance::client::{Client, Reply};
use conformance::node::Kind::{self, Handfast, Redis7, Redis8, Valkey9};
use conformance::node::Node;

const FILES: [&str; 4] = [
    include_str!("../../crates/rdb/testdata/redis-7.0.15.tsv"),
    include_str!("../../crates/rdb/testdata/redis-8.0.6.tsv"),
    include_str!("../../crates/rdb/testdata/valkey-9.1.2.tsv"),
    include_str!("../../crates/rdb/testdata/legacy.tsv"),
];

const KEY: &str = "k";

/// What its version or type is unknown to a server is answered with.
const REFUSED: [&str; 2] = ["ERR DUMP payload version or checksum are wrong", "ERR Bad data format"];

/// A server with a connection.
struct Server {
    kind: Kind,
    client: Client,
    _node: Node,
}

impl Server {
    fn start(kind: Kind, port: u16) -> Result<Server> {
        let node = Node::start(kind, port, &["--enable-debug-command", "yes", "--save", ""])?;
        Ok(Server { kind, client: Client::connect(port)?, _node: node })
    }

    /// Restores a payload. False if it is of a version or type that the server does not have.
    fn takes(&mut self, payload: &[u8]) -> Result<bool> {
        match self.client.call(&[b"RESTORE", KEY.as_bytes(), b"0", payload, b"REPLACE"])? {
            Reply::Simple(ok) if ok == "OK" => Ok(true),
            Reply::Error(why) if REFUSED.contains(&why.as_str()) => Ok(false),
            other => bail!("{}: {other}", self.kind.name()),
        }
    }

    fn dump(&mut self) -> Result<Vec<u8>> {
        self.client.bytes(&["DUMP", KEY])?.context("the key is there")
    }

    /// All that there is to say of the value that can be compared with another server's.
    fn value(&mut self) -> Result<String> {
        let kind = self.client.call(&["TYPE", KEY])?.to_string();
        let mut text = match &kind[..] {
            "zset" => self.scores()?,
            _ => self.client.call(&["DEBUG", "DIGEST-VALUE", KEY])?.to_string(),
        };
        if kind == "stream" {
            text += &self.stream()?;
        }
        if kind == "hash" && self.kind != Redis7 {
            text += &self.expiries()?;
        }
        Ok(text)
    }

    /// Members with scores: Redis 7 writes scores in another way, in its digest too.
    fn scores(&mut self) -> Result<String> {
        let all = self.client.call(&["ZRANGE", KEY, "0", "-1", "WITHSCORES"])?;
        let (pairs, _) = all.items()?.as_chunks::<2>();
        let pair =
            |[member, score]: &[Reply; 2]| Ok((member.text()?.to_owned(), score.text()?.parse::<f64>()?));
        let pairs: Vec<(String, f64)> = pairs.iter().map(pair).collect::<Result<_>>()?;
        Ok(format!("{pairs:?}"))
    }

    /// Groups with what is pending, and counters. What changes with time or differs by version is left out.
    fn stream(&mut self) -> Result<String> {
        let all = self.client.call(&["XINFO", "STREAM", KEY, "FULL", "COUNT", "0"])?;
        let mut text = String::new();
        for name in [
            "length",
            "last-generated-id",
            "max-deleted-entry-id",
            "entries-added",
            "recorded-first-entry-id",
        ] {
            text += &format!(" {name}={}", all.field(name)?);
        }
        for group in all.field("groups")?.items()? {
            for name in ["name", "last-delivered-id", "entries-read", "lag", "pel-count", "pending"] {
                text += &format!(" {name}={}", group.field(name)?);
            }
            for consumer in group.field("consumers")?.items()? {
                for name in ["name", "seen-time", "pel-count", "pending"] {
                    text += &format!(" {name}={}", consumer.field(name)?);
                }
            }
        }
        Ok(text)
    }

    fn expiries(&mut self) -> Result<String> {
        let fields = self.client.call(&["HKEYS", KEY])?;
        let mut names: Vec<&str> = fields.items()?.iter().map(Reply::text).collect::<Result<_>>()?;
        names.sort_unstable();
        let count = names.len().to_string();
        let command = [&["HPEXPIRETIME", KEY, "FIELDS", &count], &names[..]].concat();
        Ok(self.client.call(&command)?.to_string())
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter_map(|b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// What has fields that expire goes to Valkey only; all else to everybody.
fn must_take(kind: Kind, payload: &[u8]) -> bool {
    let version = payload[payload.len() - 10];
    kind == Handfast || version <= 10 || version == 80 && kind == Valkey9
}

/// Restores ours on a server, and the server's on ours.
fn there_and_back(ours: &mut Server, other: &mut Server, golden: &[u8]) -> Result<()> {
    let value = ours.value()?;
    let payload = ours.dump()?;
    let taken = other.takes(&payload)?;
    ensure!(taken || !must_take(other.kind, &payload), "{} does not take ours", other.kind.name());
    if !taken {
        return Ok(());
    }
    let theirs = other.value()?;
    ensure!(
        theirs == value || other.kind == Redis7 && value.starts_with(&theirs),
        "{} has\n{theirs}\nof ours\n{value}",
        other.kind.name()
    );
    if other.takes(golden)? {
        let direct = other.value()?;
        ensure!(direct == theirs, "{} has\n{direct}\ndirectly, and\n{theirs}\nby us", other.kind.name());
    }
    let back = other.dump()?;
    ensure!(ours.takes(&back)?, "ours does not take what {} made of it", other.kind.name());
    let again = ours.value()?;
    ensure!(again == value, "by {}:\n{again}\nwas\n{value}", other.kind.name());
    Ok(())
}

#[test]
fn every_value_goes_to_each_server_and_back() -> Result<()> {
    let mut ours = Server::start(Handfast, 21300)?;
    let kinds = [(Redis7, 21301), (Redis8, 21302), (Valkey9, 21303)];
    let mut others: Vec<Server> =
        kinds.into_iter().map(|(kind, port)| Server::start(kind, port)).collect::<Result<_>>()?;
    for line in FILES.into_iter().flat_map(|file| file.lines().skip(1)) {
        let mut columns = line.split('\t');
        let (Some(name), Some(payload), Some(digest)) = (columns.next(), columns.next(), columns.next())
        else {
            bail!("{line} has too few columns");
        };
        let golden = unhex(payload);
        for other in &mut others {
            ensure!(ours.takes(&golden)?, "{name} is not taken");
            let ours_digest = ours.client.call(&["DEBUG", "DIGEST-VALUE", KEY])?;
            ensure!(ours_digest.items()?[0].text()? == digest, "{name}: another digest");
            there_and_back(&mut ours, other, &golden).with_context(|| name.to_owned())?;
        }
    }
    Ok(())
}
