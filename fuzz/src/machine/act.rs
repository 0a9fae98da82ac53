//! One thing that happens to the node.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use base::SlotSet;
use cluster::LinkId;
use cluster::wire::{Body, Header, NodeFlags, Packet, PingKind, encode};

use super::bench::Bench;
use super::operator;
use crate::packets::epoch;

/// Links accepted and open at once; more show nothing new.
const LINKS_MAX: usize = 12;

/// Takes the next act from the input.
pub(crate) fn next(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    match u.arbitrary::<u8>()? % 24 {
        0..=8 => packet(bench, u)?,
        9 | 10 => friendly(bench, u)?,
        11 => greet(bench),
        12 | 13 => pass(bench, u.arbitrary::<u8>()?),
        14 => jump(bench, u)?,
        15 => {
            if bench.up.len() < LINKS_MAX {
                let host = 1 + u.arbitrary::<u8>()? % 6;
                bench.accept(host);
            }
        }
        16 => {
            if let Some(link) = pick(&bench.dialled, u)? {
                bench.connected(link);
            }
        }
        17 => {
            let all = [&bench.up[..], &bench.dialled[..]].concat();
            if let Some(link) = pick(&all, u)? {
                bench.broken(link);
            }
        }
        18 => disk(bench, u.arbitrary::<u8>()?),
        19 => raw(bench, u)?,
        20 => bench.inspect(),
        _ => operator::act(bench, u)?,
    }
    Ok(())
}

fn pick(links: &[LinkId], u: &mut Unstructured<'_>) -> Result<Option<LinkId>> {
    if links.is_empty() { Ok(None) } else { Ok(Some(*u.choose(links)?)) }
}

/// A link to speak on: one that is up, or a new one.
fn line(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<LinkId> {
    match pick(&bench.up, u)? {
        Some(link) => Ok(link),
        None => Ok(bench.accept(2)),
    }
}

fn packet(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let link = line(bench, u)?;
    let bytes = bench.cast.bytes(u)?;
    bench.call(|m, now| m.handle_bytes(link, &bytes, now));
    Ok(())
}

/// What one of the nodes would say truthfully.
fn friendly(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let (link, who, how): (_, usize, u8) = (line(bench, u)?, u.int_in_range(1..=3)?, u.arbitrary()?);
    let header = truth(bench, who, epoch(u)? % 16);
    let body = match how % 8 {
        0 => Body::AuthRequest,
        1 => Body::Ping { kind: PingKind::Meet, gossip: vec![], extensions: vec![] },
        2..=4 => Body::Ping { kind: PingKind::Ping, gossip: vec![], extensions: vec![] },
        _ => Body::Ping { kind: PingKind::Pong, gossip: vec![], extensions: vec![] },
    };
    tell(bench, link, header, body);
    Ok(())
}

/// Every dial succeeds, and every node answers on the link that was dialled to it, as far as its order tells whose it is.
fn greet(bench: &mut Bench) {
    for link in bench.dialled.clone() {
        bench.connected(link);
    }
    let dialled: Vec<LinkId> = bench.up.iter().copied().filter(|link| link.is_dialled()).collect();
    for (n, link) in dialled.into_iter().take(3).enumerate() {
        let header = truth(bench, n + 1, 0);
        tell(bench, link, header, Body::Ping { kind: PingKind::Pong, gossip: vec![], extensions: vec![] });
    }
}

/// The header of one of the three others, `later` epochs on.
fn truth(bench: &Bench, who: usize, later: u64) -> Header {
    let mut header = Header::new(bench.cast.ids[who]);
    (header.port, header.cport) = (7000 + who as u16, 17000 + who as u16);
    header.config_epoch = [1, 2, 3, 2][who] + later;
    header.current_epoch = 3 + later;
    header.slots = range([(0, 0), (100, 200), (200, 300), (100, 200)][who]);
    if who == 3 {
        header.replicaof = Some(bench.cast.ids[1]);
        header.flags = NodeFlags::REPLICA | NodeFlags::MYSELF;
    }
    header
}

fn range((first, end): (u16, u16)) -> SlotSet {
    (first..end).filter_map(base::Slot::new).collect()
}

fn tell(bench: &mut Bench, link: LinkId, header: Header, body: Body) {
    let mut bytes = Vec::new();
    encode(&Packet { header, body }, &mut bytes);
    bench.call(|m, now| m.handle_bytes(link, &bytes, now));
}

/// Bytes without borders, as they might come from anything.
fn raw(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let link = line(bench, u)?;
    let len = usize::from(u.arbitrary::<u8>()? % 64).min(u.len());
    let bytes = [&b"RCmb"[..], u.bytes(len)?].concat();
    bench.call(|m, now| m.handle_bytes(link, &bytes, now));
    Ok(())
}

/// Time passes, a tick at a time.
fn pass(bench: &mut Bench, span: u8) {
    for _ in 0..=span / 8 {
        bench.now.mono = bench.now.mono + Duration::from_millis(100);
        bench.now.unix_us += 100_000;
        bench.call(|m, now| m.handle_timeout(now));
    }
}

/// The process was paused, or somebody set the clock.
fn jump(bench: &mut Bench, u: &mut Unstructured<'_>) -> Result<()> {
    let seconds = u.arbitrary::<u16>()?;
    match u.arbitrary::<u8>()? % 3 {
        0 => bench.now.mono = bench.now.mono + Duration::from_secs(u64::from(seconds)),
        1 => bench.now.unix_us = u64::from(seconds) * 1_000_000,
        _ => bench.now.unix_us = bench.now.unix_us.wrapping_add(u64::from(seconds) << 40),
    }
    bench.call(|m, now| m.handle_timeout(now));
    Ok(())
}

fn disk(bench: &mut Bench, how: u8) {
    match how % 6 {
        0 => bench.prompt = false,
        1 => {
            bench.prompt = true;
            bench.answer_file(true);
        }
        2 => bench.answer_file(false),
        3 => bench.restart(true),
        4 => bench.restart(false),
        _ => bench.answer_file(true),
    }
}
