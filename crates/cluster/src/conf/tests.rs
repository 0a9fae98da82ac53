use super::*;
use crate::address::Audience;
use crate::wire::NodeFlags;
use base::{NodeId, Slot};
use proptest::prelude::*;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const S: &str = "ssssssssssssssssssssssssssssssssssssssss";
const T: &str = "tttttttttttttttttttttttttttttttttttttttt";

fn id(text: &str) -> NodeId {
    NodeId::parse(text.as_bytes()).expect("valid")
}

fn slot(n: u16) -> Slot {
    Slot::new(n).expect("in range")
}

/// The text with A, B, S and T written out.
fn full(text: &str) -> String {
    let names = [("{A}", A), ("{B}", B), ("{S}", S), ("{T}", T)];
    names.iter().fold(text.to_owned(), |text, (short, name)| text.replace(short, name))
}

fn read(text: &str) -> Parsed {
    parse(full(text).as_bytes(), false).expect("loads")
}

fn fails(text: &str, expect: &str) {
    let error = parse(full(text).as_bytes(), false).expect_err("must not load");
    assert_eq!(error.to_string(), full(expect));
}

const MINE: &str = "{A} 10.0.0.1:7000@17000,,tls-port=0,shard-id={S} myself,master - 0 0 3 connected";

#[test]
fn a_file_of_redis_7() {
    let parsed = read(
        "{A} 127.0.0.1:7000@17000,host.example myself,master - 0 0 3 connected 0-99 200 [5->-{B}] [300-<-{B}]\n\
         {B} ::1:7001@17001 slave,fail?,nofailover {A} 0 1700000000123 3 disconnected\n\
         vars currentEpoch 7 lastVoteEpoch 6\n\n\n\n",
    );
    assert_eq!(parsed.notices, [""; 0]);
    let Saved { nodes, migrating, importing, current_epoch, last_vote_epoch, generation, .. } = parsed.saved;
    assert_eq!((current_epoch, last_vote_epoch, generation), (7, 6, 0));
    assert_eq!((migrating, importing), (vec![(slot(5), id(B))], vec![(slot(300), id(B))]));
    let [a, b] = &nodes[..] else { panic!("two nodes") };
    assert_eq!((a.flags, a.config_epoch, a.shard), (NodeFlags::MYSELF | NodeFlags::PRIMARY, 3, None));
    assert_eq!((a.address.tcp_port, a.address.bus_port), (7000, 17000));
    assert_eq!((a.address.hostname.as_str(), a.slots.len()), ("host.example", 101));
    assert_eq!(b.flags, NodeFlags::REPLICA | NodeFlags::PFAIL | NodeFlags::NOFAILOVER);
    assert_eq!((b.address.ip.as_str(), b.primary, b.config_epoch), ("::1", Some(id(A)), 0));
    assert_eq!((b.pong_received_ms, b.connected), (1_700_000_000_123, false));
}

#[test]
fn a_file_of_valkey_9() {
    let keys = "availability-zone=z-1,client-tls-port=2,client-tcp-port=1,client-ipv6=2001:db8::1,\
                client-ipv4=192.0.2.1,tls-port=6000,nodename=alpha,shard-id={S}";
    let parsed = read(&format!(
        "{{A}} 10.0.0.1:7000@17000,h,{keys} myself,primary - 0 0 3 connected 0\nvars currentEpoch 1 lastVoteEpoch 0\n"
    ));
    let a = &parsed.saved.nodes[0];
    assert_eq!((a.address.tcp_port, a.address.tls_port), (7000, 6000));
    assert_eq!((a.address.client.tcp_port, a.address.client.tls_port), (1, 2));
    assert_eq!(
        (a.address.client.ipv4.as_str(), a.address.client.ipv6.as_str()),
        ("192.0.2.1", "2001:db8::1")
    );
    assert_eq!((a.human_name.as_str(), a.address.availability_zone.as_str()), ("alpha", "z-1"));
    assert_eq!((a.shard, a.flags), (Some(id(S)), NodeFlags::MYSELF | NodeFlags::PRIMARY));
    assert_eq!(parsed.notices, [""; 0]);
    let text = String::from_utf8(format(&parsed.saved).expect("writes")).expect("text");
    assert!(text.contains(&full(&format!("10.0.0.1:7000@17000,h,{keys} myself,master"))), "{text}");
}

#[test]
fn which_port_the_printed_one_is() {
    let check = |place: &str, tls: bool, expect: (u16, u16, u16)| {
        let text = full(&format!("{{A}} {place} myself,master - 0 0 0 connected\n"));
        let address = &parse(text.as_bytes(), tls).expect("loads").saved.nodes[0].address;
        assert_eq!((address.tcp_port, address.tls_port, address.bus_port), expect, "{place}");
    };
    check("h:7000@1", false, (7000, 0, 1));
    check("h:7000@1", true, (0, 7000, 1));
    check("h:7000", false, (7000, 0, 17000));
    check("h:7000@1,,tls-port=5", true, (7000, 5, 1));
    check("h:7000@1,,tcp-port=5", false, (5, 7000, 1));
    check("h:7000@1,,tcp-port=5,tls-port=6", false, (5, 6, 1));
    check(":0@0,,tls-port=0", false, (0, 0, 0));
}

#[test]
fn what_is_refused() {
    let corrupt = |line: &str| {
        fails(
            &format!("{MINE}\n{line}\n"),
            &format!("Unrecoverable error: corrupted cluster config file \"{line}\"."),
        )
    };
    corrupt("{B} :0@0 slave - 0 0 0");
    corrupt("{B}b :0@0 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:70000@1 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:60000 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:1@2,,nope=1 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:1@2,,tls-port slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:1@2,,tls-port=1=2 slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:1@2,,nodename=a;b slave - 0 0 0 connected");
    corrupt("{B} 10.0.0.1:1@2,,shard-id=short slave - 0 0 0 connected");
    corrupt("{B} :0@0 slaves - 0 0 0 connected");
    corrupt("{B} :0@0 slave * 0 0 0 connected");
    corrupt("{B} :0@0 slave - 0 0 x connected");
    corrupt("{B} :0@0 master - 0 0 0 connected 16384");
    corrupt("{B} :0@0 master - 0 0 0 connected 9-3");
    corrupt("{B} :0@0 master - 0 0 0 connected -1");
    corrupt("{B} :0@0 master - 0 0 0 connected [3->>{A}]");
    corrupt("{B} :0@0 master - 0 0 0 connected [3]");
    corrupt("{B} \"x");
    corrupt("vars currentEpoch");
    corrupt("vars currentEpoch -1 lastVoteEpoch 0");
    fails(&format!("{MINE}\n{MINE}\n"), "Duplicate nodeid detected: {A}");
    fails("", "Unrecoverable error: corrupted cluster config file.");
    fails("{A} :0@0 master - 0 0 0 connected", "Unrecoverable error: corrupted cluster config file.");
    fails("a\0b", "Unrecoverable error: corrupted cluster config file \"a\\x00b\".");
}

#[test]
fn oddities_are_skipped_aloud() {
    let secret = "0123456789012345678901234567890123456789";
    let parsed = read(&format!(
        "{{A}} 10.0.0.1:1@2,,client-ipv4={secret},shard-id={{S}} myself,master - 0 0 0 connected\n\
         {{B}} 10.0.0.2:1@2,,shard-id={{T}} slave,noaddr {{A}} 0 0 9 connected\n\
         vars currentEpoch 1 newEpoch 2\n"
    ));
    assert_eq!(parsed.notices.len(), 3, "{:?}", parsed.notices);
    assert_eq!(parsed.notices[1], "Skipping unknown cluster config variable 'newEpoch'");
    assert_eq!(parsed.saved.nodes[0].address.client.ipv4, "");
    assert_eq!(parsed.saved.nodes[1].shard, Some(id(S)));
    assert!(parsed.saved.nodes[1].flags.contains(NodeFlags::FAIL));
}

#[test]
fn the_first_line_that_names_a_slot_has_it() {
    let parsed = read(&format!("{MINE} 0-5\n{{B}} :0@0 master - 0 0 0 connected 3-9\n"));
    assert_eq!((parsed.saved.nodes[0].slots.len(), parsed.saved.nodes[1].slots.len()), (6, 4));
}

/// What goes in: a primary that is us, a replica of it, and one in handshake.
fn sample() -> Saved {
    let mut a = SavedNode::new(id(A), NodeFlags::MYSELF | NodeFlags::PRIMARY | NodeFlags::MIGRATE_TO);
    (a.address.ip, a.address.tcp_port, a.address.bus_port) = ("10.0.0.1".to_owned(), 7000, 17000);
    (a.shard, a.config_epoch, a.connected) = (Some(id(S)), 4, true);
    a.slots = (0..10).chain([12]).map(slot).collect();
    let mut b = SavedNode::new(id(B), NodeFlags::REPLICA);
    (b.address.ip, b.address.tls_port, b.address.bus_port) = ("::1".to_owned(), 6001, 17001);
    (b.shard, b.primary, b.pong_received_ms) = (Some(id(S)), Some(id(A)), 17);
    b.address.hostname = "b.example".to_owned();
    let joining = SavedNode::new(id(T), NodeFlags::HANDSHAKE);
    Saved {
        nodes: vec![a, b, joining],
        migrating: vec![(slot(3), id(B))],
        importing: vec![(slot(99), id(B))],
        current_epoch: 9,
        last_vote_epoch: 8,
        forgotten: vec![Tombstone { node: id(T), until_s: 1_800_000_000 }],
        generation: 5,
    }
}

#[test]
fn what_is_written() {
    let text = String::from_utf8(format(&sample()).expect("writes")).expect("text");
    let expect = "{A} 10.0.0.1:7000@17000,,tls-port=0,shard-id={S} myself,master - 0 0 4 connected 0-9 12 [3->-{B}] [99-<-{B}]\n\
                  {B} ::1:0@17001,b.example,tls-port=6001,shard-id={S} slave {A} 0 17 4 disconnected\n\
                  vars currentEpoch 9 lastVoteEpoch 8 handfast-generation 5 handfast-forgotten {T}@1800000000\n";
    assert_eq!(text, full(expect));
    let again = parse(text.as_bytes(), false).expect("loads").saved;
    assert_eq!(again.forgotten, sample().forgotten);
}

#[test]
fn cluster_nodes_shows_what_concerns_the_client() {
    let mut saved = sample();
    let check = |saved: &Saved, audience, expect: &str| assert_eq!(saved.client_text(audience), full(expect));
    check(
        &saved,
        Audience::default(),
        "{A} 10.0.0.1:7000@17000 myself,master - 0 0 4 connected 0-9 12 [3->-{B}] [99-<-{B}]\n\
         {B} ::1:0@17001,b.example slave {A} 0 17 4 disconnected\n\
         {T} :0@0 handshake - 0 0 0 disconnected\n",
    );
    saved.nodes[1].address.client.ipv4 = "192.0.2.9".to_owned();
    let lines = saved.client_lines(Audience { tls: true, ipv6: false }, |node| node.primary == Some(id(A)));
    assert_eq!(lines, [full("{B} 192.0.2.9:6001@17001,b.example slave {A} 0 17 4 disconnected")]);
    saved.nodes[2].flags = NodeFlags::default();
    assert!(saved.client_text(Audience::default()).ends_with(" :0@0 noflags - 0 0 0 disconnected\n"));
}

#[test]
fn poison_is_not_written() {
    for poison in
        ["a b", "a\nb", "a,b", "a=b", "x\"", "\0", "\u{7f}", "a;b", "é, ", "rack 7", &"h".repeat(300)]
    {
        let mut saved = sample();
        let node = &mut saved.nodes[1];
        let address = &mut node.address;
        for field in
            [&mut address.ip, &mut address.hostname, &mut address.availability_zone, &mut node.human_name]
        {
            *field = poison.to_owned();
        }
        (address.client.ipv4, address.client.ipv6) = (poison.to_owned(), poison.to_owned());
        let text = format(&saved).expect("writes");
        let read = parse(&text, false).expect("loads").saved;
        let (node, address) = (&read.nodes[1], &read.nodes[1].address);
        assert_eq!((address.ip.as_str(), address.hostname.as_str(), node.human_name.as_str()), ("", "", ""));
        assert_eq!(address.client, crate::address::ClientAddress::default());
    }
}

#[test]
fn what_would_not_read_back_is_refused() {
    let refused = |change: fn(&mut Saved)| {
        let mut saved = sample();
        change(&mut saved);
        assert!(format(&saved).is_err());
    };
    refused(|saved| saved.nodes[0].flags.remove(NodeFlags::MYSELF));
    refused(|saved| saved.nodes[1].flags.insert(NodeFlags::MYSELF));
    refused(|saved| saved.nodes[1].id = id(A));
    refused(|saved| saved.nodes[1].slots = [slot(0)].into_iter().collect());
    refused(|saved| saved.migrating.insert(0, (slot(9), id(B))));
}

proptest! {
    #[test]
    fn any_bytes_load_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes, false);
    }

    #[test]
    fn any_change_of_a_good_text_loads_or_is_refused(at in 0usize..600, byte in any::<u8>(), cut in any::<bool>()) {
        let mut text = format(&sample()).expect("writes");
        let at = at % text.len();
        if cut { text.truncate(at) } else { text[at] = byte }
        if let Ok(parsed) = parse(&text, false) {
            // Whatever loads can be written, and reads back.
            let again = format(&parsed.saved).expect("writes");
            prop_assert_eq!(parse(&again, false).expect("loads").saved.nodes.len(), parsed.saved.nodes.len());
        }
    }
}
