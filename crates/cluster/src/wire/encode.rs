//! Messages to bytes.

use super::header::{self, Rest, SIGNATURE, VERSION};
use super::{Body, GOSSIP_LEN, HEADER_LEN, LIGHT, LIGHT_HEADER_LEN, MsgFlags, Packet, extensions, gossip};
use base::SLOTS;
use base::id::ID_LEN;

/// Appends the packet. With extensions, the header gets [`MsgFlags::EXT_DATA`] whether it has it or not.
///
/// # Panics
/// If gossip entries or extensions are more than their 16-bit counters hold, or the packet is longer than its length
/// field can say: callers bound what they send far below.
pub fn encode(packet: &Packet, out: &mut Vec<u8>) {
    let start = out.len();
    out.reserve(likely_length(&packet.body));
    let mut header = packet.header.clone();
    let mut rest = Rest { count: 0, extensions: 0 };
    if let Body::Ping { gossip, extensions, .. } = &packet.body {
        rest.count = u16::try_from(gossip.len()).expect("gossip entries are bounded");
        rest.extensions = u16::try_from(extensions.len()).expect("extensions are bounded");
        if rest.extensions > 0 {
            header.mflags.insert(MsgFlags::EXT_DATA);
        }
    }
    header::write(&header, packet.body.kind(), 0, &rest, out);
    write_body(&packet.body, out);
    set_length(out, start);
}

/// Appends the body under a light header.
///
/// # Panics
/// If the body has no light form: everything but [`Body::Publish`] and [`Body::Module`].
pub fn encode_light(body: &Body, out: &mut Vec<u8>) {
    assert!(matches!(body, Body::Publish { .. } | Body::Module { .. }), "no light form");
    let start = out.len();
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 4]);
    for field in [VERSION, 0, body.kind() | LIGHT, 0] {
        out.extend_from_slice(&field.to_be_bytes());
    }
    assert!(out.len() - start == LIGHT_HEADER_LEN);
    write_body(body, out);
    set_length(out, start);
}

/// Exact but for long extensions.
fn likely_length(body: &Body) -> usize {
    HEADER_LEN
        + match body {
            Body::Ping { gossip, extensions, .. } => gossip.len() * GOSSIP_LEN + extensions.len() * 64,
            Body::Fail(_) => ID_LEN,
            Body::Update { .. } => 8 + ID_LEN + SLOTS / 8,
            _ => 0,
        }
}

fn set_length(out: &mut [u8], start: usize) {
    let total = u32::try_from(out.len() - start).expect("packets are bounded");
    out[start + 4..start + 8].copy_from_slice(&total.to_be_bytes());
}

fn put_length(bytes: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(bytes.len()).expect("payloads are bounded");
    out.extend_from_slice(&length.to_be_bytes());
}

fn write_body(body: &Body, out: &mut Vec<u8>) {
    match body {
        Body::Ping { gossip, extensions, .. } => {
            gossip.iter().for_each(|entry| gossip::write(entry, out));
            extensions.iter().for_each(|extension| extensions::write(extension, out));
        }
        Body::Fail(node) => out.extend_from_slice(node.as_bytes()),
        Body::Publish { channel, message, .. } => {
            put_length(channel, out);
            put_length(message, out);
            out.extend_from_slice(channel);
            out.extend_from_slice(message);
        }
        Body::Update { config_epoch, node, slots } => {
            out.extend_from_slice(&config_epoch.to_be_bytes());
            out.extend_from_slice(node.as_bytes());
            slots.put_wire(out);
        }
        Body::Module { id, kind, payload } => {
            out.extend_from_slice(id);
            put_length(payload, out);
            out.push(*kind);
            out.extend_from_slice(payload);
        }
        Body::AuthRequest | Body::AuthAck | Body::MfStart | Body::Unknown(_) => {}
    }
}
