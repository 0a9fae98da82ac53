//! The second field of a line: address, host name, and the keys that Redis 8 and Valkey 9 put there.

use super::saved::SavedNode;
use crate::wire::{address_ok, hostname_ok, text_ok};
use base::NodeId;
use base::num::parse_u64;

/// How far the bus port is from the client port where it is not written.
const BUS_PORT_OFFSET: u16 = 10000;

/// Reads the field into `node` (spec `cluster-behaviour.md` §7.2). What is odd but may come from a peer is
/// left out with a line in `notices`.
pub(super) fn parse(
    field: &[u8],
    tls: bool,
    node: &mut SavedNode,
    notices: &mut Vec<String>,
) -> Result<(), &'static str> {
    let mut parts = field.split(|b| *b == b',');
    let printed = socket(parts.next().unwrap_or_default(), node)?;
    let hostname = parts.next().unwrap_or_default();
    if hostname_ok(hostname) {
        node.address.hostname = text(hostname);
    } else {
        notices
            .push(format!("Ignoring the malformed host name of node {} in the cluster config file", node.id));
    }
    let mut seen = SeenPorts::default();
    for part in parts {
        let mut pair = part.split(|b| *b == b'=');
        let (Some(key), Some(value), None) = (pair.next(), pair.next(), pair.next()) else {
            return Err("a key without its value");
        };
        if !value.iter().all(legal) {
            return Err("a value with an illegal character");
        }
        set(node, key, value, &mut seen, notices)?;
    }
    let address = &mut node.address;
    match (seen.tcp, seen.tls) {
        // Written before there were keys: the port is the one that the bus belongs to.
        (false, false) if tls => address.tls_port = printed,
        (false, _) => address.tcp_port = printed,
        (true, false) => address.tls_port = printed,
        (true, true) => {}
    }
    Ok(())
}

#[derive(Default)]
struct SeenPorts {
    tcp: bool,
    tls: bool,
}

/// `ip:port@cport`; gives the port.
fn socket(text: &[u8], node: &mut SavedNode) -> Result<u16, &'static str> {
    let at = text.iter().position(|b| *b == b'@');
    let (front, bus) = at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])));
    // The last colon: IPv6 is written without brackets.
    let colon = front.iter().rposition(|b| *b == b':').ok_or("no port")?;
    let ip = &front[..colon];
    if !ip.is_empty() && !address_ok(ip) {
        return Err("a malformed address");
    }
    node.address.ip = String::from_utf8_lossy(ip).into_owned();
    let printed = port(&front[colon + 1..])?;
    node.address.bus_port = match bus {
        Some(bus) => port(bus)?,
        None => printed.checked_add(BUS_PORT_OFFSET).ok_or("a port out of range")?,
    };
    Ok(printed)
}

fn set(
    node: &mut SavedNode,
    key: &[u8],
    value: &[u8],
    seen: &mut SeenPorts,
    notices: &mut Vec<String>,
) -> Result<(), &'static str> {
    let address = &mut node.address;
    let mut ignored = false;
    match key {
        b"shard-id" => node.shard = Some(NodeId::parse(value).ok_or("a malformed shard id")?),
        b"nodename" if text_ok(value) => node.human_name = text(value),
        b"availability-zone" if text_ok(value) => address.availability_zone = text(value),
        b"nodename" | b"availability-zone" => ignored = true,
        b"tcp-port" => (address.tcp_port, seen.tcp) = (port(value)?, true),
        b"tls-port" => (address.tls_port, seen.tls) = (port(value)?, true),
        b"client-tcp-port" => address.client.tcp_port = port(value)?,
        b"client-tls-port" => address.client.tls_port = port(value)?,
        // Valkey takes what Redis 8 sends there for an address, and writes it down.
        b"client-ipv4" if ipv4_ok(value) => address.client.ipv4 = text(value),
        b"client-ipv6" if ipv6_ok(value) => address.client.ipv6 = text(value),
        b"client-ipv4" | b"client-ipv6" => ignored = true,
        _ => return Err("an unknown key"),
    }
    if ignored {
        let key = String::from_utf8_lossy(key);
        notices.push(format!("Ignoring the malformed {key} of node {} in the cluster config file", node.id));
    }
    Ok(())
}

/// Appends the field as nodes.conf has it. Values that must not be stored are left out: a peer announces them
/// again.
pub(super) fn write(node: &SavedNode, out: &mut String) {
    let address = &node.address;
    let (ip, hostname) = (stored(&address.ip, address_ok), stored(&address.hostname, hostname_ok));
    out.push_str(&format!("{ip}:{}@{},{hostname}", address.tcp_port, address.bus_port));
    let mut text = |key: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!(",{key}={value}"));
        }
    };
    let number = |port: u16| if port == 0 { String::new() } else { port.to_string() };
    text("availability-zone", stored(&address.availability_zone, valkey_reads));
    text("client-tls-port", &number(address.client.tls_port));
    text("client-tcp-port", &number(address.client.tcp_port));
    text("client-ipv6", stored(&address.client.ipv6, ipv6_ok));
    text("client-ipv4", stored(&address.client.ipv4, ipv4_ok));
    text("tls-port", &address.tls_port.to_string());
    text("nodename", stored(&node.human_name, redis_reads));
    text("shard-id", node.shard.as_ref().map_or("", NodeId::as_str));
}

/// `value` if it may be written.
fn stored(value: &str, ok: fn(&[u8]) -> bool) -> &str {
    if ok(value.as_bytes()) { value } else { "" }
}

/// What may stand in a human name that Redis 8 shall load: it refuses the colon, which Valkey takes.
fn redis_reads(value: &[u8]) -> bool {
    valkey_reads(value) && !value.contains(&b':')
}

/// Valkey takes less from its file than from its settings and its bus.
fn valkey_reads(value: &[u8]) -> bool {
    text_ok(value) && value.iter().all(valkey_legal)
}

fn valkey_legal(byte: &u8) -> bool {
    *byte > 0x2C && *byte != 0x7F && !b";<=>?@[]^{|}~\\`".contains(byte)
}

/// Legal for either.
fn legal(byte: &u8) -> bool {
    let redis = *byte >= b' ' && *byte != 0x7F && !b"!#$%&()*+:;<>?@[]^{|}~".contains(byte);
    redis || valkey_legal(byte)
}

fn ipv4_ok(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

fn ipv6_ok(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

fn port(digits: &[u8]) -> Result<u16, &'static str> {
    parse_u64(digits).and_then(|n| u16::try_from(n).ok()).ok_or("a malformed port")
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}
