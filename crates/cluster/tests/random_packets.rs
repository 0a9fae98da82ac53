//! Any packet that can be built encodes to bytes that decode to it; any bytes decode to a packet or an error.

use base::{NodeId, Slot, SlotSet};
use cluster::wire::{
    Body, Extension, Framer, Gossip, Header, Message, MsgFlags, NodeFlags, PACKET_MAX, Packet, PingKind,
    decode, encode, encode_light,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn id() -> impl Strategy<Value = NodeId> {
    "[0-9a-z]{40}".prop_map(|text| NodeId::parse(text.as_bytes()).expect("valid"))
}

fn slots() -> impl Strategy<Value = SlotSet> {
    vec(any::<u64>(), 0..40).prop_map(|slots| slots.into_iter().map(Slot::from_low_bits).collect())
}

fn ip() -> impl Strategy<Value = String> {
    "([0-9a-f:.]{1,45})?"
}

fn gossip() -> impl Strategy<Value = Gossip> {
    let ports = any::<(u16, u16, u16, u16)>();
    (id(), any::<(u32, u32)>(), ip(), ports).prop_map(|(node, times, ip, (port, cport, flags, pport))| {
        Gossip {
            node,
            ping_sent_s: times.0,
            pong_received_s: times.1,
            ip,
            port,
            cport,
            flags: NodeFlags(flags),
            pport,
        }
    })
}

fn extension() -> impl Strategy<Value = Extension> {
    let padded = || (0usize..6).prop_flat_map(|n| vec(any::<u8>(), n * 8));
    prop_oneof![
        "[a-zA-Z0-9.-]{0,255}".prop_map(Extension::Hostname),
        "[ -~é]{0,100}".prop_map(Extension::HumanName),
        "[ -~é]{0,100}".prop_map(Extension::AvailabilityZone),
        (id(), any::<u64>()).prop_map(|(node, ttl_s)| Extension::Forgotten { node, ttl_s }),
        id().prop_map(Extension::ShardId),
        padded().prop_map(Extension::Type4),
        any::<[u16; 8]>()
            .prop_map(|parts| Extension::ClientIpv6(std::net::Ipv6Addr::from(parts).to_string())),
        any::<u16>().prop_map(Extension::ClientPort),
        any::<u16>().prop_map(Extension::ClientTlsPort),
        (9u16.., padded()).prop_map(|(kind, data)| Extension::Unknown { kind, data }),
    ]
}

fn light_body() -> impl Strategy<Value = Body> {
    let bytes = || vec(any::<u8>(), 0..300);
    prop_oneof![
        (any::<bool>(), bytes(), bytes()).prop_map(|(sharded, channel, message)| Body::Publish {
            sharded,
            channel,
            message
        }),
        (any::<([u8; 8], u8)>(), bytes()).prop_map(|((id, kind), payload)| Body::Module {
            id,
            kind,
            payload
        }),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let kind = prop_oneof![Just(PingKind::Ping), Just(PingKind::Pong), Just(PingKind::Meet)];
    prop_oneof![
        4 => (kind, vec(gossip(), 0..6), vec(extension(), 0..6))
            .prop_map(|(kind, gossip, extensions)| Body::Ping { kind, gossip, extensions }),
        1 => id().prop_map(Body::Fail),
        2 => light_body(),
        1 => Just(Body::AuthRequest),
        1 => Just(Body::AuthAck),
        1 => Just(Body::MfStart),
        1 => (any::<u64>(), id(), slots()).prop_map(|(config_epoch, node, slots)| Body::Update { config_epoch, node, slots }),
        1 => (11u16..0x8000).prop_map(Body::Unknown),
    ]
}

fn packet() -> impl Strategy<Value = Packet> {
    let numbers = any::<((u16, u16, u16, u16), (u64, u64, u64), (u8, u8))>();
    (numbers, id(), slots(), proptest::option::of(id()), ip(), body()).prop_map(
        |(
            ((port, pport, cport, flags), (current_epoch, config_epoch, offset), (state, mflags)),
            sender,
            slots,
            replicaof,
            ip,
            body,
        )| {
            let (flags, mut mflags) = (NodeFlags(flags), MsgFlags(mflags));
            if matches!(&body, Body::Ping { extensions, .. } if !extensions.is_empty()) {
                mflags.insert(MsgFlags::EXT_DATA);
            }
            let header = Header {
                port,
                pport,
                cport,
                current_epoch,
                config_epoch,
                offset,
                sender,
                slots,
                replicaof,
                ip,
                flags,
                state,
                mflags,
            };
            Packet { header, body }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn packets_round_trip(packet in packet()) {
        let mut out = vec![9; 3];
        encode(&packet, &mut out);
        prop_assert_eq!(decode(&out[3..]), Ok(Message::Full(Box::new(packet))));
    }

    #[test]
    fn light_packets_round_trip(body in light_body()) {
        let mut out = Vec::new();
        encode_light(&body, &mut out);
        prop_assert_eq!(decode(&out), Ok(Message::Light(body)));
    }

    #[test]
    fn damage_gives_an_error_or_a_packet_that_round_trips(packet in packet(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = Vec::new();
        encode(&packet, &mut bytes);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(Message::Full(damaged)) = decode(&bytes) {
            let mut again = Vec::new();
            encode(&damaged, &mut again);
            prop_assert!(decode(&again).is_ok());
        }
    }

    #[test]
    fn any_bytes_decode_or_fail(bytes in vec(any::<u8>(), 0..200), kind in 0u16..12, light in any::<bool>(), pad in 0usize..2300) {
        let mut bytes = [b"RCmb\0\0\0\0\0\x01".to_vec(), bytes].concat();
        bytes.resize(bytes.len() + pad, b'0');
        let total = u32::try_from(bytes.len()).expect("small");
        bytes[4..8].copy_from_slice(&total.to_be_bytes());
        if let Some(field) = bytes.get_mut(12..14) {
            field.copy_from_slice(&(kind | u16::from(light) << 15).to_be_bytes());
        }
        let _ = decode(&bytes);
    }

    #[test]
    fn streams_are_cut_wherever_they_are_split(bodies in vec(light_body(), 1..8), cuts in vec(1usize..400, 1..8)) {
        let mut stream = Vec::new();
        bodies.iter().for_each(|body| encode_light(body, &mut stream));
        let (mut framer, mut seen, mut rest) = (Framer::new(PACKET_MAX), Vec::new(), &stream[..]);
        for cut in cuts.iter().cycle() {
            let (mut input, later) = rest.split_at((*cut).min(rest.len()));
            while let Some(packet) = framer.next(&mut input).expect("frames") {
                seen.push(decode(packet));
            }
            rest = later;
            if rest.is_empty() { break }
        }
        let expect: Vec<_> = bodies.into_iter().map(|body| Ok(Message::Light(body))).collect();
        prop_assert_eq!(seen, expect);
    }
}
