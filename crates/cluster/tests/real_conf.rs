//! Files that real servers wrote are read, and written back as the same bytes where the dialect is the one we
//! write.

use base::{Mono, NodeId, Now, Rng, Slot};
use cluster::address::Audience;
use cluster::conf::{Files, Tombstone, choose, format, parse};
use cluster::wire::NodeFlags;
use cluster::{Cluster, Event, Level, LoadedFiles, Settings};
use std::path::PathBuf;

#[allow(clippy::disallowed_methods, reason = "test data")]
fn read(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/conf").join(name))
        .expect("test data")
}

const ALL: [&str; 6] = [
    "r70-primary.conf",
    "r70-replica.conf",
    "r80-primary.conf",
    "r80-replica.conf",
    "v91-primary.conf",
    "v91-replica.conf",
];

#[test]
fn every_file_loads() {
    for name in ALL {
        let parsed = parse(&read(name), false).unwrap_or_else(|e| panic!("{name}: {e}"));
        let saved = parsed.saved;
        assert_eq!((parsed.notices, saved.nodes.len(), saved.current_epoch), (vec![], 3, 2), "{name}");
        let owned: usize = saved.nodes.iter().map(|node| node.slots.len()).sum();
        assert_eq!(owned, 16384, "{name}");
        let me = saved.myself().expect("myself");
        assert_eq!(me.flags.contains(NodeFlags::REPLICA), name.contains("replica"), "{name}");
        assert!(saved.nodes.iter().all(|node| node.address.hostname.ends_with(".example.org")), "{name}");
        assert_eq!(saved.nodes.iter().all(|node| node.shard.is_some()), !name.starts_with("r70"), "{name}");
        let open = |list: &[(Slot, NodeId)]| list.iter().map(|(slot, _)| slot.get()).collect::<Vec<_>>();
        let expect = if name.contains("primary") { (vec![5], vec![9000]) } else { (vec![], vec![]) };
        assert_eq!((open(&saved.migrating), open(&saved.importing)), expect, "{name}");
    }
}

#[test]
fn files_of_our_dialect_come_out_as_they_went_in() {
    for name in ALL.iter().filter(|name| !name.starts_with("r70")) {
        let bytes = read(name);
        let saved = parse(&bytes, false).expect("loads").saved;
        let again = format(&saved).expect("writes");
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&bytes), "{name}");
    }
}

#[test]
fn a_file_of_redis_7_gains_what_the_newer_ones_have() {
    let saved = parse(&read("r70-primary.conf"), false).expect("loads").saved;
    let again = parse(&format(&saved).expect("writes"), false).expect("loads").saved;
    assert_eq!(again, saved);
    // Redis 7 prints the same line to its clients and into its file.
    let text = read("r70-primary.conf");
    let lines = String::from_utf8_lossy(&text);
    let shown = saved.client_text(Audience::default());
    assert_eq!(
        shown,
        lines.split_inclusive('\n').filter(|line| !line.starts_with("vars")).collect::<String>()
    );
}

#[test]
fn every_file_is_taken_over_without_a_word() {
    for name in ALL {
        let bytes = read(name);
        let files = Files { conf: Some(&bytes), ..Files::default() };
        let mut choice = choose("nodes.conf", files, false).expect("loads");
        assert_eq!((choice.fell_back, choice.log), (false, vec![]));
        let mut saved = choice.parsed.expect("not new").saved;
        saved.forgotten.push(Tombstone { node: saved.nodes[0].id, until_s: 1 });
        choice.generations.save(&mut saved).expect("writes");
        assert_eq!(saved.generation, 1);
    }
}

/// Until there is replication. What the line of a replica shows besides its name is its primary's.
#[test]
fn a_replica_starts_as_an_empty_primary_of_its_own() {
    for name in ALL.iter().filter(|name| name.contains("replica")) {
        let bytes = read(name);
        let saved = parse(&bytes, false).expect("loads").saved;
        let line = saved.myself().expect("myself");
        let files = LoadedFiles { conf: Some(bytes), ..LoadedFiles::default() };
        let now = Now { mono: Mono(1), unix_us: 1 };
        let mut node = Cluster::start(Settings::default(), files, now, Rng::new(1)).expect("starts");
        assert_eq!(
            (node.my_id(), node.epochs().1, node.epochs().0),
            (line.id, 0, saved.current_epoch),
            "{name}"
        );
        assert_ne!(Some(node.my_shard_id()), line.shard, "{name}");
        let view = node.view();
        assert!(!view.me().replica && view.me().primary.is_none(), "{name}");
        let said = std::iter::from_fn(|| node.poll_event()).any(|event| {
            matches!(event, Event::Log { level: Level::Warning, text } if text.starts_with("This node was a replica"))
        });
        assert!(said, "{name}");
    }
}
