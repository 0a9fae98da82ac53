//! What a hostile peer may put into a packet: it is refused, or read as something that can be stored and
//! shown.

use base::{NodeId, SlotSet};
use cluster::wire::{
    Body, Extension, GOSSIP_ENTRIES_MAX, GOSSIP_LEN, Gossip, HEADER_LEN, Header, Invalid, Message, MsgFlags,
    NodeFlags, Packet, PingKind, address_ok, decode, encode, encode_light, hostname_ok, kind_of, kinds,
    text_ok,
};

fn id(letter: u8) -> NodeId {
    NodeId::parse(&[letter; 40]).expect("valid")
}

fn bytes_of(body: Body) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&Packet { header: Header::new(id(b'a')), body }, &mut out);
    out
}

fn gossip(letter: u8) -> Gossip {
    let (ip, flags) = ("10.0.0.1".to_owned(), NodeFlags::PRIMARY);
    Gossip { node: id(letter), ping_sent_s: 1, pong_received_s: 2, ip, port: 3, cport: 4, flags, pport: 5 }
}

fn ping(gossip: Vec<Gossip>, extensions: Vec<Extension>) -> Vec<u8> {
    bytes_of(Body::Ping { kind: PingKind::Ping, gossip, extensions })
}

/// A PING whose extension section is these bytes.
fn ping_with(count: u16, section: &[u8]) -> Vec<u8> {
    let mut packet = ping(vec![], vec![]);
    packet[2214..2216].copy_from_slice(&count.to_be_bytes());
    packet[2253] = MsgFlags::EXT_DATA.0;
    packet.extend_from_slice(section);
    sized(packet)
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + data.len()).expect("small");
    [&length.to_be_bytes()[..], &kind.to_be_bytes(), &[0, 0], data].concat()
}

/// With the length it has.
fn sized(mut packet: Vec<u8>) -> Vec<u8> {
    let total = u32::try_from(packet.len()).expect("small");
    packet[4..8].copy_from_slice(&total.to_be_bytes());
    packet
}

fn fails(packet: &[u8], expect: &str) {
    assert_eq!(decode(packet).expect_err("refused").to_string(), expect);
}

fn full(packet: &[u8]) -> Packet {
    match decode(packet).expect("accepted") {
        Message::Full(packet) => *packet,
        Message::Light(_) => panic!("a full header"),
    }
}

fn extensions_of(packet: &[u8]) -> Vec<Extension> {
    match full(packet).body {
        Body::Ping { extensions, .. } => extensions,
        other => panic!("a ping, not {other:?}"),
    }
}

/// Values around a length field's right one.
fn around(right: u32) -> Vec<u32> {
    let near = [right.wrapping_sub(1), right + 1, right + 8, right.wrapping_sub(8)];
    [&[0, 1, 7, 8, 15, 16, 1 << 16, 1 << 31, u32::MAX, u32::MAX - 7][..], &near].concat()
}

#[test]
fn the_length_of_the_packet() {
    for packet in [ping(vec![gossip(b'b')], vec![]), bytes_of(Body::Fail(id(b'b'))), bytes_of(Body::AuthAck)]
    {
        for total in around(u32::try_from(packet.len()).expect("small")) {
            let mut bad = packet.clone();
            bad[4..8].copy_from_slice(&total.to_be_bytes());
            fails(&bad, &Invalid::Framing { got: packet.len() }.to_string());
        }
        for len in [packet.len() - 1, packet.len() + 1, packet.len() + 8, 15, 16, HEADER_LEN - 1] {
            let mut bad = packet.clone();
            bad.resize(len, 0);
            assert!(decode(&sized(bad)).is_err());
        }
    }
    fails(
        &sized([bytes_of(Body::MfStart), vec![0]].concat()),
        "Received invalid mfstart packet of length 2257 but expected length 2256",
    );
    fails(b"", &Invalid::Framing { got: 0 }.to_string());
}

#[test]
fn payload_lengths_that_wrap() {
    let publish = Body::Publish { sharded: false, channel: b"abc".to_vec(), message: b"defgh".to_vec() };
    let mut light = Vec::new();
    encode_light(&publish, &mut light);
    for (packet, body) in [(bytes_of(publish), HEADER_LEN), (light, 16)] {
        for channel in around(3) {
            for message in around(5).into_iter().chain([8u32.wrapping_sub(channel)]) {
                let mut bad = packet.clone();
                bad[body..body + 4].copy_from_slice(&channel.to_be_bytes());
                bad[body + 4..body + 8].copy_from_slice(&message.to_be_bytes());
                let fits = u64::from(channel) + u64::from(message) == 8;
                assert_eq!(decode(&bad).is_ok(), fits, "{channel} {message}");
            }
        }
    }
    let module = bytes_of(Body::Module { id: [1; 8], kind: 2, payload: vec![3; 20] });
    for len in around(20) {
        let mut bad = module.clone();
        bad[HEADER_LEN + 8..HEADER_LEN + 12].copy_from_slice(&len.to_be_bytes());
        assert!(decode(&bad).is_err(), "{len}");
    }
    let mut bad = module.clone();
    bad[HEADER_LEN + 8..HEADER_LEN + 12].copy_from_slice(&u32::MAX.to_be_bytes());
    fails(&bad, "Received invalid module packet with module length that exceeds total packet length (2289)");
}

#[test]
fn gossip_counts() {
    let packet = ping(vec![gossip(b'b'), gossip(b'c')], vec![]);
    for count in [0u16, 1, 3, 4, 255, 16384, 16385, u16::MAX] {
        let mut bad = packet.clone();
        bad[14..16].copy_from_slice(&count.to_be_bytes());
        assert!(decode(&bad).is_err(), "{count}");
    }
    let mut bad = packet.clone();
    bad[15] = 3;
    fails(&bad, "Received invalid ping packet with gossip count 3 that exceeds total packet length (2464)");
    let most = ping(vec![gossip(b'b'); GOSSIP_ENTRIES_MAX], vec![]);
    assert!(decode(&most).is_ok());
    let more = ping(vec![gossip(b'b'); GOSSIP_ENTRIES_MAX + 1], vec![]);
    fails(&more, "Received invalid ping packet with gossip count 16385, more than accepted");
}

#[test]
fn a_malformed_name_voids_the_gossip_only() {
    let mut packet = ping(vec![gossip(b'b'), gossip(b'c')], vec![Extension::ClientPort(7)]);
    packet[HEADER_LEN + GOSSIP_LEN] = b'Z';
    let Body::Ping { gossip, extensions, .. } = full(&packet).body else { panic!("a ping") };
    assert_eq!((gossip, extensions), (vec![], vec![Extension::ClientPort(7)]));
}

#[test]
fn extensions_without_the_flag() {
    let with = ping(vec![], vec![Extension::Hostname("h".to_owned())]);
    let mut without = with.clone();
    without[2253] = 0;
    fails(&without, "Received invalid ping packet of length 2272 but expected length 2256");
    without.truncate(HEADER_LEN);
    assert_eq!(extensions_of(&sized(without)), []);
    assert_eq!(extensions_of(&ping_with(0, b"")), []);
}

#[test]
fn extension_counts() {
    let two = [extension(0, b"a\0\0\0\0\0\0\0"), extension(9, b"")].concat();
    assert_eq!(extensions_of(&ping_with(2, &two)).len(), 2);
    fails(&ping_with(1, &two), "Received invalid ping packet of length 2280 but expected length 2272");
    for count in [3, 255, u16::MAX] {
        fails(
            &ping_with(count, &two),
            "Received invalid ping packet with extension data that exceeds total packet length (2280)",
        );
    }
}

#[test]
fn extension_lengths() {
    let with = |length: u32| {
        let mut section = extension(9, &[0; 16]);
        section[..4].copy_from_slice(&length.to_be_bytes());
        ping_with(1, &section)
    };
    assert!(decode(&with(24)).is_ok());
    for length in [1, 4, 7, 9, 25, 23, u32::MAX] {
        fails(&with(length), &format!("Received a ping packet without proper padding ({length} bytes)"));
    }
    fails(&with(0), "Received ping packet with truncated extension type 9");
    for length in [32, 1 << 16, (1 << 30) + 8, 1 << 31, u32::MAX - 7] {
        fails(
            &with(length),
            "Received invalid ping packet with extension data that exceeds total packet length (2280)",
        );
    }
    for length in [8, 16] {
        assert!(decode(&with(length)).is_err());
    }
    for cut in 1..8 {
        assert!(decode(&ping_with(1, &vec![0; cut])).is_err());
    }
}

#[test]
fn extension_texts() {
    let read = |kind, data: &[u8]| extensions_of(&ping_with(1, &extension(kind, data))).remove(0);
    for kind in [0, 1, 5, 8] {
        let unterminated = ping_with(1, &extension(kind, b"abcdefgh"));
        fails(
            &unterminated,
            &format!("Received ping packet with missing null terminator in extension type {kind}"),
        );
        let empty = ping_with(1, &extension(kind, b""));
        fails(&empty, &format!("Received ping packet with missing null terminator in extension type {kind}"));
    }
    assert_eq!(read(0, &[0; 8]), Extension::Hostname(String::new()));
    assert_eq!(read(0, b"a\0b\0\0\0\0\0"), Extension::Hostname("a".to_owned()));
    let long = [vec![b'a'; 65536], vec![0; 8]].concat();
    for bad in
        [&b"a=b,c\n\0\0"[..], b"\x01\x02\x03\x04\0\0\0\0", b"a b\0\0\0\0\0", b"\xFF\0\0\0\0\0\0\0", &long]
    {
        assert_eq!(read(0, bad), Extension::Unknown { kind: 0, data: bad.to_vec() });
    }
    for bad in [
        &b"a=b,c\n\0\0"[..],
        b"\x01\x02\x03\x04\0\0\0\0",
        b"\x7F\0\0\0\0\0\0\0",
        b"\xFF\0\0\0\0\0\0\0",
        &long,
    ] {
        assert_eq!(read(1, bad), Extension::Unknown { kind: 1, data: bad.to_vec() });
        assert_eq!(read(8, bad), Extension::Unknown { kind: 8, data: bad.to_vec() });
        assert_eq!(read(5, bad), Extension::Unknown { kind: 5, data: bad.to_vec() });
        assert_eq!(read(4, bad), Extension::Type4(bad.to_vec()));
    }
}

#[test]
fn extension_names_and_numbers() {
    let one = |kind, data: &[u8]| ping_with(1, &extension(kind, data));
    fails(&one(2, &[b'a'; 40]), "Received ping packet with truncated extension type 2");
    fails(&one(3, &[b'a'; 32]), "Received ping packet with truncated extension type 3");
    fails(&one(3, &[b'A'; 40]), "Received ping packet with invalid shard id in extension type 3");
    fails(&one(2, &[0; 48]), "Received ping packet with invalid node id in extension type 2");
    fails(&one(6, b""), "Received ping packet with truncated extension type 6");
    fails(&one(7, b""), "Received ping packet with truncated extension type 7");
    let forgotten = [&[b'a'; 40][..], &[0xFF; 8]].concat();
    assert_eq!(
        extensions_of(&one(2, &forgotten)),
        [Extension::Forgotten { node: id(b'a'), ttl_s: u64::MAX }]
    );
    assert_eq!(extensions_of(&one(4, b"")), [Extension::Type4(vec![])]);
}

#[test]
fn names() {
    for name in [[0; 40], [b'A'; 40], [b'-'; 40], [0xFF; 40]] {
        let mut packet = ping(vec![], vec![]);
        packet[40..80].copy_from_slice(&name);
        fails(&packet, "Received invalid ping packet with a malformed node name");
        let mut packet = ping(vec![], vec![]);
        packet[2128..2168].copy_from_slice(&name);
        packet[2130] = b'!';
        assert!(decode(&packet).is_err());
        let mut packet = bytes_of(Body::Fail(id(b'b')));
        packet[HEADER_LEN..].copy_from_slice(&name);
        fails(&packet, "Received invalid fail packet with a malformed node name");
        let mut packet = bytes_of(Body::Update { config_epoch: 1, node: id(b'b'), slots: SlotSet::new() });
        packet[HEADER_LEN + 8..HEADER_LEN + 48].copy_from_slice(&name);
        fails(&packet, "Received invalid update packet with a malformed node name");
    }
}

#[test]
fn addresses() {
    for ip in [&b"1.2.3.4\n"[..], b"a b", b"a,b", b"a=b", b"\xFF\xFE", b"[::1]", &[b'1'; 46]] {
        let mut packet = ping(vec![gossip(b'b')], vec![]);
        packet[2168..2168 + ip.len()].copy_from_slice(ip);
        packet[HEADER_LEN + 48..HEADER_LEN + 94].fill(0);
        packet[HEADER_LEN + 48..HEADER_LEN + 48 + ip.len()].copy_from_slice(ip);
        let Packet { header, body: Body::Ping { gossip, .. } } = full(&packet) else { panic!("a ping") };
        let read = [header.ip.as_str(), gossip[0].ip.as_str()];
        assert!(read.iter().all(|ip| ip.is_empty() || address_ok(ip.as_bytes())), "{read:?}");
        assert_eq!(read[0].is_empty(), ip.len() < 46);
    }
}

#[test]
fn light_headers_where_they_are_not_allowed() {
    let mut light = Vec::new();
    encode_light(&Body::Module { id: [0; 8], kind: 0, payload: vec![] }, &mut light);
    assert!(decode(&light).is_ok());
    for kind in (0..64).filter(|kind| ![kinds::PUBLISH, kinds::MODULE, kinds::PUBLISHSHARD].contains(kind)) {
        light[12..14].copy_from_slice(&(kind | 0x8000).to_be_bytes());
        assert_eq!(decode(&light), Err(Invalid::LightNotAllowed { message: kind }));
        assert_eq!(kind_of(&light), Some(kind));
    }
    for len in 16..29 {
        let mut short = light[..len].to_vec();
        short[12..14].copy_from_slice(&(kinds::MODULE | 0x8000).to_be_bytes());
        assert!(decode(&sized(short)).is_err(), "{len}");
    }
}

#[test]
fn unknown_types_and_versions() {
    for kind in [11, 12, 255, 0x7FFF] {
        let mut packet = bytes_of(Body::Unknown(kind));
        assert_eq!(full(&packet).body, Body::Unknown(kind));
        packet.extend_from_slice(&[7; 1000]);
        assert_eq!(full(&sized(packet)).body, Body::Unknown(kind));
    }
    for version in [0u16, 2, 256, u16::MAX] {
        let mut packet = ping(vec![], vec![]);
        packet[8..10].copy_from_slice(&version.to_be_bytes());
        assert_eq!(decode(&packet), Err(Invalid::Version(version)));
    }
}

#[test]
fn extremes_of_numbers_are_kept() {
    let mut header = Header::new(id(b'a'));
    (header.current_epoch, header.config_epoch, header.offset) = (u64::MAX, u64::MAX, u64::MAX);
    (header.port, header.cport, header.pport, header.flags) = (u16::MAX, 0, u16::MAX, NodeFlags(u16::MAX));
    (header.state, header.mflags) = (255, MsgFlags(!MsgFlags::EXT_DATA.0));
    let packet = Packet { header, body: Body::AuthRequest };
    let mut out = Vec::new();
    encode(&packet, &mut out);
    assert_eq!(full(&out), packet);
}

#[test]
fn what_may_be_stored() {
    assert!(address_ok(b"::1") && address_ok(b"fe80::1%eth0") && !address_ok(b"") && !address_ok(b"1\n"));
    assert!(hostname_ok(b"a-b.c") && !hostname_ok(b"a_b") && !hostname_ok(&[b'a'; 256]));
    assert!(text_ok("rack 7/é".as_bytes()) && !text_ok(b"\n") && !text_ok("\u{85}".as_bytes()));
}
