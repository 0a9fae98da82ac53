//! What the others throw away: the checks of Redis 7.0, Redis 8 and Valkey 9 on a whole packet, in their order, those of
//! distributions' security backports among them (spec `cluster-bus.md` §1.1 and §5).

use crate::bus::raw::{EXT_DATA, GOSSIP, HEADER, LIGHT_HEADER, Raw, kind};
use crate::bus::world::Family;
use base::NodeId;

/// What becomes of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is processed.
    Taken,
    /// It is thrown away, for this reason.
    Dropped(&'static str),
    /// Its link is closed, for this reason.
    Fatal(&'static str),
}

use Verdict::{Dropped, Fatal, Taken};

/// What `family` makes of one packet as it stands in the stream.
pub fn judge(family: Family, bytes: &[u8]) -> Verdict {
    let packet = Raw(bytes);
    let valkey = family == Family::Valkey9;
    let total = packet.u32(4) as usize;
    let least = if valkey && packet.is_light() { LIGHT_HEADER } else { HEADER };
    if packet.array(0) != *b"RCmb" || total < least {
        return Fatal("bad length or signature");
    }
    if total != bytes.len() {
        return Dropped("not as long as it says");
    }
    if packet.u16(8) != 1 {
        return Dropped("another version");
    }
    if packet.is_light() {
        return light(valkey, packet, total);
    }
    match packet.kind() {
        kind::PING..=kind::MEET => ping(family, packet, total),
        kind::FAIL => exactly(total, HEADER + 40),
        kind::PUBLISH | kind::PUBLISHSHARD => payload(packet, HEADER, total),
        kind::AUTH_REQUEST | kind::AUTH_ACK | kind::MFSTART => exactly(total, HEADER),
        kind::UPDATE => exactly(total, HEADER + 8 + 40 + 2048),
        kind::MODULE => exactly(total, HEADER + 13 + packet.u32(HEADER + 8) as usize),
        _ => Taken,
    }
}

fn exactly(total: usize, expected: usize) -> Verdict {
    if total == expected { Taken } else { Dropped("not of the expected length") }
}

fn payload(packet: Raw<'_>, at: usize, total: usize) -> Verdict {
    exactly(total, at + 8 + packet.u32(at) as usize + packet.u32(at + 4) as usize)
}

/// Only Valkey knows the light bit; to the others it is part of an unknown type.
fn light(valkey: bool, packet: Raw<'_>, total: usize) -> Verdict {
    match packet.kind() {
        _ if !valkey => Dropped("a light header"),
        kind::PUBLISH | kind::PUBLISHSHARD => payload(packet, LIGHT_HEADER, total),
        kind::MODULE => exactly(total, LIGHT_HEADER + 13 + packet.u32(LIGHT_HEADER + 8) as usize),
        _ => Dropped("a light header on a type that has none"),
    }
}

fn ping(family: Family, packet: Raw<'_>, total: usize) -> Verdict {
    let mut at = HEADER + packet.count() * GOSSIP;
    if at > total {
        return Dropped("more gossip than bytes");
    }
    let announced = if packet.mflags() & EXT_DATA != 0 { packet.u16(2214) } else { 0 };
    for _ in 0..announced {
        let length = packet.u32(at) as usize;
        if total - at < 8 || length < 8 || length > total - at {
            return Dropped("extensions beyond the end");
        }
        if !length.is_multiple_of(8) {
            return Dropped("an extension without padding");
        }
        let data = packet.0.get(at + 8..at + length).unwrap_or_default();
        if let Some(why) = extension(family, packet.u16(at + 4), data) {
            return Dropped(why);
        }
        at += length;
    }
    exactly(total, at)
}

/// Why one extension costs the whole packet.
fn extension(family: Family, kind: u16, data: &[u8]) -> Option<&'static str> {
    let unterminated = data.last() != Some(&0);
    let newer = family == Family::Redis8;
    match kind {
        0 if family != Family::Valkey9 && unterminated => Some("a host name without end"),
        1 if newer && unterminated => Some("a human name without end"),
        2 if newer && data.len() < 48 => Some("a forgotten node cut short"),
        3 if newer && data.get(..40).and_then(NodeId::parse).is_none() => Some("a shard without a name"),
        4 if newer && data.len() < 40 => Some("a secret cut short"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::wire::{self, Body, Extension, Header, Packet, PingKind};

    fn ping_with(extensions: Vec<Extension>) -> Vec<u8> {
        let id = NodeId::random(&mut base::Rng::new(1));
        let body = Body::Ping { kind: PingKind::Ping, gossip: Vec::new(), extensions };
        let mut bytes = Vec::new();
        wire::encode(&Packet { header: Header::new(id), body }, &mut bytes);
        bytes
    }

    fn check(bytes: &[u8], redis7: Verdict, redis8: Verdict, valkey9: Verdict) {
        let verdicts = [Family::Redis7, Family::Redis8, Family::Valkey9].map(|f| judge(f, bytes));
        assert_eq!(verdicts, [redis7, redis8, valkey9]);
    }

    #[test]
    fn families_differ_where_the_specification_says_so() {
        check(&ping_with(Vec::new()), Taken, Taken, Taken);
        check(&ping_with(vec![Extension::Hostname("a.example".into())]), Taken, Taken, Taken);
        let address = Extension::Type4(wire::Type4::client_ipv4(std::net::Ipv4Addr::LOCALHOST));
        check(&ping_with(vec![address]), Taken, Dropped("a secret cut short"), Taken);
        let mut long = ping_with(Vec::new());
        long.push(0);
        let odd = Dropped("not as long as it says");
        check(&long, odd, odd, odd);
        let mut light = Vec::new();
        let body = Body::Publish { sharded: false, channel: b"ch".to_vec(), message: b"hi".to_vec() };
        wire::encode_light(&body, &mut light);
        let bad = Fatal("bad length or signature");
        check(&light, bad, bad, Taken);
    }
}
