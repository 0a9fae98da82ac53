//! Packets recorded between real servers: each decodes to the fields that were noted beside it, and encodes
//! back to the same bytes.

use base::SlotSet;
use cluster::wire::{
    BadFrame, Body, Extension, Framer, Gossip, Message, PACKET_MAX, Packet, Type4, decode, encode,
    encode_light, kind_name,
};
use serde_json::{Value, json};
use std::path::PathBuf;

struct Golden {
    name: String,
    bytes: Vec<u8>,
    decoded: Value,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/bus")
}

#[allow(clippy::disallowed_methods, reason = "test data")]
fn read(name: &str) -> String {
    String::from_utf8(std::fs::read(folder().join(name)).expect("test data")).expect("text")
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte =
        |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex");
    digits.as_chunks::<2>().0.iter().map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn all() -> Vec<Golden> {
    let load = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let decoded = serde_json::from_str(fields[5]).expect("JSON");
        Golden { name: fields[0].to_owned(), bytes: unhex(&read(fields[0])), decoded }
    };
    let index = read("index.tsv");
    let all: Vec<Golden> = index.lines().skip(1).map(load).collect();
    assert!(all.len() > 60);
    all
}

fn slots(set: &SlotSet) -> String {
    let range = |(a, b): (base::Slot, base::Slot)| if a == b { format!("{a}") } else { format!("{a}-{b}") };
    set.ranges().into_iter().map(range).collect::<Vec<_>>().join(" ")
}

fn gossip(entry: &Gossip) -> Value {
    json!({
        "name": entry.node.as_str(), "ping_sent": entry.ping_sent_s, "pong_received": entry.pong_received_s,
        "ip": entry.ip, "port": entry.port, "cport": entry.cport, "pport": entry.pport, "flags": entry.flags.0,
    })
}

fn extension(extension: &Extension) -> Value {
    match extension {
        Extension::Hostname(text) => json!({ "hostname": text }),
        Extension::HumanName(text) => json!({ "nodename": text }),
        Extension::Forgotten { node, ttl_s } => json!({ "forgotten": node.as_str(), "ttl": ttl_s }),
        Extension::ShardId(id) => json!({ "shardid": id.as_str() }),
        Extension::Type4(data) => match Type4::read(None, data) {
            Type4::Secret(secret) => json!({ "secret": String::from_utf8_lossy(&secret) }),
            Type4::ClientIpv4(ip) => json!({ "client-ipv4": ip }),
            Type4::Nothing => json!(null),
        },
        Extension::ClientIpv6(text) => json!({ "client-ipv6": text }),
        Extension::ClientPort(port) => json!({ "client-port": port }),
        Extension::ClientTlsPort(port) => json!({ "client-tls-port": port }),
        Extension::AvailabilityZone(text) => json!({ "az": text }),
        Extension::Unknown { kind, .. } => json!({ "unknown": kind }),
    }
}

fn set(fields: &mut Value, more: Value) {
    let (Value::Object(fields), Value::Object(more)) = (fields, more) else { panic!("two maps") };
    fields.extend(more);
}

fn body(body: &Body, fields: &mut Value) {
    match body {
        Body::Ping { gossip: entries, extensions, .. } => {
            set(fields, json!({ "count": entries.len(), "extensions": extensions.len() }));
            if !entries.is_empty() {
                set(fields, json!({ "gossip": entries.iter().map(gossip).collect::<Vec<_>>() }));
            }
            if !extensions.is_empty() {
                set(fields, json!({ "ext": extensions.iter().map(extension).collect::<Vec<_>>() }));
            }
        }
        Body::Fail(node) => set(fields, json!({ "failing": node.as_str() })),
        Body::Publish { channel, message, .. } => {
            set(fields, json!({ "channel_hex": hex(channel), "message_hex": hex(message) }));
        }
        Body::Update { config_epoch, node, slots: owned } => set(
            fields,
            json!({ "owner_epoch": config_epoch, "owner": node.as_str(), "owner_slots": slots(owned) }),
        ),
        _ => {}
    }
}

/// The packet as the index describes it.
fn describe(message: &Message, total: usize) -> Value {
    let kind = kind_name(message.kind());
    let Message::Full(packet) = message else {
        let Message::Light(light) = message else { unreachable!() };
        let mut fields = json!({ "type": kind, "light": 1, "totlen": total });
        body(light, &mut fields);
        return fields;
    };
    let header = &packet.header;
    let mut fields = json!({
        "type": kind, "light": 0, "totlen": total, "port": header.port, "count": 0,
        "currentEpoch": header.current_epoch, "configEpoch": header.config_epoch, "offset": header.offset,
        "sender": header.sender.as_str(), "slots": slots(&header.slots),
        "replicaof": header.replicaof.map(|id| id.to_string()), "ip": header.ip, "extensions": 0,
        "pport": header.pport, "cport": header.cport, "flags": header.flags.0, "state": header.state,
        "mflags": header.mflags.0,
    });
    body(&packet.body, &mut fields);
    fields
}

/// The index names a light type `publish/light`, and leaves empty lists out or in.
fn normal(mut described: Value) -> Value {
    if let Value::Object(fields) = &mut described {
        fields.retain(|name, value| {
            !(name == "gossip" || name == "ext") || value.as_array().is_some_and(|v| !v.is_empty())
        });
    }
    described
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    match message {
        Message::Full(packet) => encode(packet, &mut out),
        Message::Light(body) => encode_light(body, &mut out),
    }
    out
}

#[test]
fn every_capture_decodes_and_encodes_back() {
    for Golden { name, bytes, decoded } in all() {
        let message = decode(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(normal(describe(&message, bytes.len())), normal(decoded), "{name}");
        assert!(encoded(&message) == bytes, "{name} encodes to other bytes");
    }
}

#[test]
fn every_truncation_is_an_error() {
    for Golden { name, bytes, .. } in all() {
        for len in 0..bytes.len() {
            let mut cut = bytes[..len].to_vec();
            assert!(decode(&cut).is_err(), "{name} cut at {len}");
            if len >= 8 {
                cut[4..8].copy_from_slice(&u32::try_from(len).expect("small").to_be_bytes());
                assert!(decode(&cut).is_err(), "{name} cut at {len} and saying so");
            }
        }
    }
}

#[test]
fn every_flip_is_an_error_or_another_valid_packet() {
    for Golden { name, mut bytes, .. } in all() {
        for at in 0..bytes.len() {
            // In the header's bitmap one packet is like the other.
            if (82..2126).contains(&at) && name != "r70-update.hex" {
                continue;
            }
            for flip in [1 << (at % 8), 0xFF] {
                bytes[at] ^= flip;
                if let Ok(message) = decode(&bytes) {
                    let again =
                        decode(&encoded(&message)).unwrap_or_else(|e| panic!("{name} {at}^{flip}: {e}"));
                    assert!(again == message || stale_extensions(&message, &again), "{name} {at}^{flip}");
                }
                bytes[at] ^= flip;
            }
        }
    }
}

/// Nothing but the flag may differ that goes with extensions.
fn stale_extensions(a: &Message, b: &Message) -> bool {
    let (Message::Full(a), Message::Full(b)) = (a, b) else { return false };
    let mut header = a.header.clone();
    header.mflags = b.header.mflags;
    Packet { header, body: a.body.clone() } == **b
}

#[test]
fn a_stream_of_all_captures_is_cut_into_them() {
    let all = all();
    let stream: Vec<u8> = all.iter().flat_map(|golden| golden.bytes.clone()).collect();
    for piece in [1, 13, 14, 15, 100, 2256, 4096, stream.len()] {
        let mut framer = Framer::new(PACKET_MAX);
        let mut seen = 0;
        for mut input in stream.chunks(piece) {
            while let Some(packet) = framer.next(&mut input).expect("frames") {
                assert!(packet == all[seen].bytes, "{} in pieces of {piece}", all[seen].name);
                seen += 1;
            }
            assert!(input.is_empty());
        }
        assert_eq!((seen, framer.held()), (all.len(), 0));
    }
}

#[test]
fn a_flip_in_the_frame_closes_the_link_or_waits() {
    for Golden { name, mut bytes, .. } in all() {
        for bit in 0..14 * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            let mut framer = Framer::new(PACKET_MAX);
            let mut input = &bytes[..];
            let result = framer.next(&mut input);
            if bit < 32 {
                assert_eq!(result, Err(BadFrame::Malformed), "{name} bit {bit}");
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
