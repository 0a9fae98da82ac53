//! The bus decoder. The first byte says whether the rest is a packet as it stands or what one is made of.

use arbitrary::Unstructured;
use cluster::wire::{Body, Extension};
use cluster::wire::{Framer, Message, PACKET_MAX, PeerClass, Type4, decode, encode, encode_light};

use crate::golden;
use crate::packets::Cast;

/// Values in memory for each byte of a packet, at most: what is owned is wider than what came.
const GROWTH_MAX: usize = 16;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    golden::bytes().iter().map(|packet| [&[0], &packet[..]].concat()).collect()
}

pub(crate) fn run(input: &[u8]) {
    let Some((how, rest)) = input.split_first() else { return };
    let made;
    let bytes = match how & 1 {
        0 => rest,
        _ => match Cast::strangers().bytes(&mut Unstructured::new(rest)) {
            Ok(bytes) => {
                made = bytes;
                &made
            }
            Err(_) => return,
        },
    };
    one(bytes);
    cut(bytes, usize::from(how >> 1));
}

/// What decodes is encoded to what decodes to the same.
fn one(bytes: &[u8]) {
    let Ok(message) = decode(bytes) else { return };
    let mut again = Vec::new();
    match &message {
        Message::Full(packet) => {
            if let Body::Ping { gossip, extensions, .. } = &packet.body {
                assert!(gossip.len() + extensions.len() <= bytes.len() * GROWTH_MAX);
                extensions
                    .iter()
                    .for_each(|extension| meaning(PeerClass::of(&packet.header, &packet.body), extension));
            }
            if matches!(&packet.body, Body::Unknown(_)) {
                // The body of a future type is not kept.
                return;
            }
            encode(packet, &mut again);
        }
        Message::Light(body) => encode_light(body, &mut again),
    }
    assert_eq!(decode(&again), Ok(message), "a message reads back as itself");
}

fn meaning(class: Option<PeerClass>, extension: &Extension) {
    if let Extension::Type4(data) = extension {
        for class in [None, class] {
            let _ = Type4::read(class, data);
        }
    }
}

/// The framer finds the same packets however the stream is cut, and holds no more than what came.
fn cut(bytes: &[u8], step: usize) {
    let stream = [bytes, bytes].concat();
    let whole = frames(&stream, stream.len().max(1));
    assert_eq!(frames(&stream, step + 1), whole);
}

fn frames(stream: &[u8], step: usize) -> (Vec<Vec<u8>>, bool) {
    let mut framer = Framer::new(PACKET_MAX);
    let mut packets = Vec::new();
    for mut piece in stream.chunks(step) {
        loop {
            match framer.next(&mut piece) {
                Ok(Some(packet)) => packets.push(packet.to_vec()),
                Ok(None) => break,
                Err(_) => return (packets, true),
            }
        }
        assert!(framer.memory() <= 2 * stream.len().max(4096));
    }
    (packets, false)
}
