use super::*;
use crate::listpack::Listpack;
use crate::value::Word;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIMITS: StreamLimits = StreamLimits { node_bytes_max: 4096, node_entries_max: 4 };

type Fields = Vec<(Vec<u8>, Vec<u8>)>;
type Model = BTreeMap<StreamId, Fields>;

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId::new(ms, seq)
}

fn append(stream: &mut Stream, id: StreamId, fields: &[(&str, &str)]) {
    let pairs = fields.iter().map(|(field, value)| (field.as_bytes(), value.as_bytes()));
    assert_eq!(stream.log_mut().append(id, pairs, &LIMITS), Ok(()));
}

fn owned(entry: StreamEntry<'_>) -> (StreamId, Fields) {
    (entry.id, entry.pairs().map(|(field, value)| (field.to_vec(), value.to_vec())).collect())
}

/// A stream with entries 1-0, 2-0 and so on.
fn numbered(entries: u64) -> Stream {
    let mut stream = Stream::new();
    for n in 1..=entries {
        append(&mut stream, id(n, 0), &[("n", &n.to_string())]);
    }
    stream
}

fn ids(stream: &Stream) -> Vec<u64> {
    stream.log().range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id.ms).collect()
}

#[test]
fn nodes_are_those_of_other_servers() {
    let mut stream = Stream::new();
    append(&mut stream, id(5, 1), &[("a", "1"), ("b", "hello")]);
    append(&mut stream, id(5, 2), &[("a", "2"), ("b", "x")]);
    append(&mut stream, id(6, 0), &[("c", "3")]);
    assert!(stream.log_mut().delete(id(5, 2)) && !stream.log_mut().delete(id(5, 2)));
    let hex = "43000000 1900 0201 0101 0201 816102 816202 0001 0201 0001 0001 0101 8568656c6c6f06 0501 \
               0301 0001 0101 0201 817802 0501 0001 0101 dfff02 0101 816302 0301 0601 ff";
    let hex: String = hex.split_whitespace().collect();
    let nodes: Vec<_> = stream.log().nodes().collect();
    let bytes: String = nodes[0].1.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((nodes.len(), nodes[0].0, bytes), (1, id(5, 1), hex));
    assert_eq!((stream.log().last_id(), stream.log().max_deleted_id()), (id(6, 0), id(5, 2)));
    assert_eq!((stream.log().len(), stream.log().entries_added()), (2, 3));
    stream.check_invariants();
}

#[test]
fn sequence_numbers_may_go_down() {
    let mut stream = Stream::new();
    append(&mut stream, id(1, 1), &[("f", "1")]);
    append(&mut stream, id(1, u64::MAX), &[("f", "2")]);
    append(&mut stream, id(2, 0), &[("f", "3")]);
    append(&mut stream, StreamId::MAX, &[("f", "4")]);
    let all: Vec<_> = stream.log().range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id).collect();
    assert_eq!(all, [id(1, 1), id(1, u64::MAX), id(2, 0), StreamId::MAX]);
    stream.check_invariants();
}

#[test]
fn trims_by_node_and_by_entry() {
    let check = |trim: Trim, removed: u64, left: &[u64]| {
        let mut stream = numbered(10);
        assert_eq!(stream.log_mut().trim(trim), removed, "{trim:?}");
        assert_eq!(ids(&stream), left, "{trim:?}");
        stream.check_invariants();
    };
    let exact = |keep| Trim { keep, roughly: false, limit: 0 };
    let roughly = |keep, limit| Trim { keep, roughly: true, limit };
    check(exact(Keep::Len(3)), 7, &[8, 9, 10]);
    check(exact(Keep::Len(0)), 10, &[]);
    check(exact(Keep::Len(10)), 0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    check(exact(Keep::From(id(6, 1))), 6, &[7, 8, 9, 10]);
    check(exact(Keep::From(StreamId::MAX)), 10, &[]);
    check(roughly(Keep::Len(3), 0), 4, &[5, 6, 7, 8, 9, 10]);
    check(roughly(Keep::Len(1), 7), 4, &[5, 6, 7, 8, 9, 10]);
    check(roughly(Keep::From(id(9, 0)), 0), 8, &[9, 10]);
    check(roughly(Keep::From(id(8, 0)), 0), 4, &[5, 6, 7, 8, 9, 10]);
}

#[test]
fn lags() {
    let mut stream = numbered(5);
    let lag = |stream: &Stream| stream.group(b"g").and_then(|group| stream.log().lag(group));
    assert!(
        stream.create_group(b"g", StreamId::MIN, None) && !stream.create_group(b"g", StreamId::MAX, None)
    );
    assert_eq!(lag(&stream), Some(5));
    stream.edit_group(b"g", |group, log| group.read_entry(log, id(1, 0)));
    assert_eq!((stream.group(b"g").and_then(Group::entries_read), lag(&stream)), (Some(1), Some(4)));
    stream.log_mut().delete(id(3, 0));
    assert_eq!(lag(&stream), None);
    stream.edit_group(b"g", |group, log| [2, 4, 5].map(|n| group.read_entry(log, id(n, 0))));
    assert_eq!(lag(&stream), Some(0));
}

#[test]
fn pending_entries_belong_to_one_consumer() {
    let mut stream = numbered(6);
    stream.create_group(b"g", StreamId::MIN, None);
    stream.edit_group(b"g", |group, _| {
        let alice = group.create_consumer(b"alice", 1).unwrap();
        let bob = group.create_consumer(b"bob", 1).unwrap();
        assert_eq!((group.create_consumer(b"bob", 2), group.find_consumer(b"bob")), (None, Some(bob)));
        for n in 1..=4 {
            group.deliver(id(n, 0), alice, 10);
        }
        group.deliver(id(2, 0), bob, 20);
        group.claim(id(3, 0), bob, 30, Count::Add);
        group.claim(id(4, 0), alice, 40, Count::Set(7));
        group.claim(id(6, 0), bob, 50, Count::Keep);
        group.redeliver(id(1, 0), 60);
        let told: Vec<_> =
            group.pending_from(StreamId::MIN).map(|(id, p)| (id.ms, p.consumer, p.time, p.count)).collect();
        let expect =
            [(1, alice, 60, 2), (2, bob, 20, 1), (3, bob, 30, 2), (4, alice, 40, 7), (6, bob, 50, 1)];
        assert_eq!(told, expect);
        assert!(group.acknowledge(id(3, 0)) && !group.acknowledge(id(3, 0)));
        assert_eq!(group.pending_ends(), Some((id(1, 0), id(6, 0))));
    });
    stream.check_invariants();
    stream.clone().check_invariants();
    stream.edit_group(b"g", |group, _| {
        assert_eq!((group.delete_consumer(b"alice"), group.delete_consumer(b"alice")), (Some(2), None));
        let carol = group.create_consumer(b"Carol", 5).unwrap();
        group.deliver(id(1, 0), carol, 70);
        let names: Vec<_> = group.consumers().map(|c| (c.name().to_vec(), c.pending_len())).collect();
        assert_eq!(names, [(b"Carol".to_vec(), 1), (b"bob".to_vec(), 2)]);
    });
    stream.check_invariants();
    while !stream.shed(2) {
        stream.check_invariants();
    }
    assert!(stream.destroy_group(b"g") || stream.groups().len() == 0);
}

#[test]
fn loads_what_it_shows() {
    let mut stream = numbered(9);
    stream.log_mut().delete(id(2, 0));
    stream.create_group(b"g", id(4, 0), Some(4));
    stream.edit_group(b"g", |group, _| {
        let alice = group.create_consumer(b"alice", 1).unwrap();
        group.deliver(id(4, 0), alice, 10);
    });
    let copy = reload(&stream).unwrap();
    copy.check_invariants();
    assert_eq!(ids(&copy), ids(&stream));
    assert_eq!(format!("{:?}", copy.group(b"g")), format!("{:?}", stream.group(b"g")));
    assert_eq!(copy.log().first_id(), id(1, 0));
}

/// A stream through its views and the loader.
fn reload(stream: &Stream) -> Result<Stream, BadStream> {
    let (log, mut loader) = (stream.log(), Loader::default());
    for (master, pack) in log.nodes() {
        loader.node(master, Listpack::parse(pack.bytes()).expect("ours"))?;
    }
    let (len, last, max_deleted, added) =
        (log.len(), log.last_id(), log.max_deleted_id(), log.entries_added());
    loader.counters(Counters { len, last, max_deleted, added })?;
    for group in stream.groups() {
        let mut part = loader.group(group.name(), group.last_id(), group.entries_read())?;
        for (id, pending) in group.pending_from(StreamId::MIN) {
            part.pending(id, pending.time, pending.count)?;
        }
        for consumer in group.consumers() {
            let owner = part.consumer(consumer.name(), consumer.seen(), consumer.active())?;
            consumer.pending_from(StreamId::MIN).try_for_each(|id| part.owner(owner, id))?;
        }
        loader.add_group(part)?;
    }
    Ok(loader.finish())
}

#[test]
fn refuses_what_contradicts_itself() {
    let parts = numbered(3);
    let node =
        |at: usize| parts.log().nodes().nth(at).map(|(id, pack)| (id, Listpack::copy_of(pack))).unwrap();
    let mut loader = Loader::default();
    let (master, pack) = node(0);
    assert_eq!(loader.node(master, Listpack::new()), Err(BadStream::Node));
    assert_eq!(loader.node(master, pack.clone()), Ok(()));
    assert_eq!(loader.node(id(3, 0), pack), Err(BadStream::Order));
    let counters = Counters { len: 3, last: id(3, 0), max_deleted: StreamId::MIN, added: 3 };
    assert_eq!(loader.counters(Counters { len: 2, ..counters }), Err(BadStream::Length));
    assert_eq!(loader.counters(Counters { last: id(2, 9), ..counters }), Err(BadStream::LastId));
    assert_eq!(loader.counters(counters), Ok(()));
    let mut group = loader.group(b"g", StreamId::MIN, None).unwrap();
    assert_eq!(group.pending(id(1, 0), 5, 1), Ok(()));
    assert_eq!(group.pending(id(1, 0), 5, 1), Err(BadStream::Pending));
    let alice = group.consumer(b"alice", 1, None).unwrap();
    assert_eq!(group.consumer(b"alice", 1, None), Err(BadStream::Name));
    assert_eq!(group.owner(alice, id(2, 0)), Err(BadStream::Pending));
    assert_eq!(loader.add_group(group), Err(BadStream::Pending));
    let group = loader.group(b"g", StreamId::MIN, None).unwrap();
    assert_eq!(loader.add_group(group), Ok(()));
    assert_eq!(loader.group(b"g", StreamId::MIN, None).err(), Some(BadStream::Name));
}

#[test]
fn counters_from_outside_may_be_anything() {
    let mut loader = Loader::default();
    let counters = Counters { len: 0, last: id(1, 0), max_deleted: StreamId::MAX, added: u64::MAX };
    assert_eq!(loader.counters(counters), Ok(()));
    let mut group = loader.group(b"g", StreamId::MIN, Some(u64::MAX)).unwrap();
    group.pending(id(9, 9), i64::MIN, u64::MAX).unwrap();
    let alice = group.consumer(b"alice", i64::MIN, Some(i64::MAX)).unwrap();
    group.owner(alice, id(9, 9)).unwrap();
    loader.add_group(group).unwrap();
    let mut stream = loader.finish();
    append(&mut stream, id(9, 9), &[("f", "v")]);
    stream.edit_group(b"g", |group, log| {
        group.redeliver(id(9, 9), 5);
        group.read_entry(log, id(9, 9));
        group.claim(id(9, 9), alice, 5, Count::Add);
        log.lag(group)
    });
    stream.check_invariants();
}

#[derive(Clone, Debug)]
enum Step {
    Append(u64, Fields),
    Delete(usize),
    Trim(bool, bool, u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop_oneof![
        4 => proptest::sample::select(vec!["a", "b", "7", "-1", "007", "long enough not to be short"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..100),
    ];
    let fields = proptest::collection::vec((text.clone(), text), 1..4);
    prop_oneof![
        8 => (0u64..70_000, fields).prop_map(|(gap, fields)| Step::Append(gap, fields)),
        3 => any::<usize>().prop_map(Step::Delete),
        1 => (any::<bool>(), any::<bool>(), 0u64..30, prop_oneof![Just(0u64), 1u64..20])
            .prop_map(|(by_len, roughly, n, limit)| Step::Trim(by_len, roughly, n, limit)),
    ]
}

fn apply(stream: &mut Stream, model: &mut Model, step: Step) {
    let log = stream.log_mut();
    let nth = |model: &Model, n: usize| model.keys().nth(n % model.len().max(1)).copied();
    match step {
        Step::Append(gap, fields) => {
            let last = log.last_id();
            let id = if gap % 3 == 0 { id(last.ms, last.seq + 1 + gap) } else { id(last.ms + gap, 0) };
            let pairs = fields.iter().map(|(field, value)| (&field[..], &value[..]));
            assert_eq!(log.append(id, pairs, &LIMITS), Ok(()));
            model.insert(id, fields);
        }
        Step::Delete(n) => {
            let id = nth(model, n).unwrap_or(id(n as u64, 0));
            assert_eq!(log.delete(id), model.remove(&id).is_some());
        }
        Step::Trim(by_len, roughly, n, limit) => {
            let from = nth(model, n as usize).unwrap_or_default();
            let keep = if by_len { Keep::Len(n) } else { Keep::From(from) };
            let (before, limit) = (model.len(), if roughly { limit } else { 0 });
            let removed = log.trim(Trim { keep, roughly, limit });
            assert!(limit == 0 || removed <= limit);
            *model = model.iter().skip(removed as usize).map(|(id, fields)| (*id, fields.clone())).collect();
            let excess = match keep {
                Keep::Len(len) => before.saturating_sub(len as usize),
                Keep::From(_) => n as usize % before.max(1),
            };
            assert!(
                removed as usize <= excess.min(before) && (roughly || removed as usize == excess.min(before))
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 200 }))]

    #[test]
    fn follows_a_model(steps in proptest::collection::vec(step(), 0..80), picks in any::<(usize, usize)>()) {
        let (mut stream, mut model) = (Stream::new(), Model::new());
        for step in steps {
            apply(&mut stream, &mut model, step);
            stream.check_invariants();
            assert_eq!(stream.log().len(), model.len() as u64);
        }
        let nth = |n: usize| model.keys().nth(n % model.len().max(1)).copied().unwrap_or_default();
        let (from, to) = (nth(picks.0), nth(picks.1));
        for (from, to) in [(from, to), (from.next().unwrap(), StreamId::MAX), (StreamId::MIN, to)] {
            let expect: Vec<_> = model.iter().filter(|(id, _)| (from..=to).contains(*id)).map(|(id, f)| (*id, f.clone())).collect();
            assert!(stream.log().range(from, to).map(owned).eq(expect.iter().cloned()));
            assert!(stream.log().range_back(from, to).map(owned).eq(expect.iter().rev().cloned()));
        }
        for id in model.keys() {
            assert_eq!(stream.log().get(*id).map(|entry| entry.id), Some(*id));
        }
        let copy = reload(&stream).unwrap();
        let nodes = |stream: &Stream| stream.log().nodes().map(|(id, pack)| (id, pack.bytes().to_vec())).collect::<Vec<_>>();
        assert!(nodes(&copy) == nodes(&stream));
        assert_eq!(copy.log().first_id(), stream.log().first_id());
    }
}

/// What happens to one of a few entries, or to one of a few consumers.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Deliver,
    Claim,
    Redeliver,
    Acknowledge,
    Join,
    Leave,
}

fn deeds() -> impl Strategy<Value = Vec<(Deed, u64, usize)>> {
    use Deed::{Acknowledge, Claim, Deliver, Join, Leave, Redeliver};
    let deed =
        proptest::sample::select(vec![Deliver, Deliver, Claim, Redeliver, Acknowledge, Join, Join, Leave]);
    proptest::collection::vec((deed, 0u64..40, 0usize..4), 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 100 }))]

    /// A pending entry has one owner, whatever groups and consumers do.
    #[test]
    fn groups_follow_a_model(deeds in deeds()) {
        const NAMES: [&[u8]; 4] = [b"alice", b"bob", b"", b"Carol"];
        let (mut stream, mut model) = (Stream::new(), BTreeMap::new());
        let mut names = std::collections::BTreeSet::new();
        stream.create_group(b"g", StreamId::MIN, None);
        for (now, (deed, n, who)) in deeds.into_iter().enumerate() {
            let (now, entry, name) = (now as i64, id(n, 0), NAMES[who]);
            stream.edit_group(b"g", |group, _| match (deed, group.find_consumer(name)) {
                (Deed::Deliver, Some(consumer)) => {
                    group.deliver(entry, consumer, now);
                    model.insert(entry, (name, now, 1));
                }
                (Deed::Claim, Some(consumer)) => {
                    group.claim(entry, consumer, now, Count::Add);
                    let count = model.get(&entry).map_or(1, |(_, _, count)| *count) + 1;
                    model.insert(entry, (name, now, count));
                }
                (Deed::Redeliver, _) => {
                    group.redeliver(entry, now);
                    model.entry(entry).and_modify(|old| *old = (old.0, now, old.2 + 1));
                }
                (Deed::Acknowledge, _) => assert_eq!(group.acknowledge(entry), model.remove(&entry).is_some()),
                (Deed::Join, found) => {
                    assert_eq!(group.create_consumer(name, now).is_some(), found.is_none());
                    names.insert(name);
                }
                (Deed::Leave, _) => {
                    let before = model.len();
                    model.retain(|_, (owner, _, _)| *owner != name);
                    let lost = names.remove(name).then_some(before - model.len());
                    assert_eq!(group.delete_consumer(name), lost);
                }
                (Deed::Deliver | Deed::Claim, None) => {}
            });
            stream.check_invariants();
        }
        let group = stream.group(b"g").unwrap();
        let told = group.pending_from(StreamId::MIN).map(|(id, p)| (id, (group.consumer(p.consumer).name(), p.time, p.count)));
        assert!(told.eq(model.iter().map(|(id, pending)| (*id, *pending))));
        assert!(group.consumers().map(Consumer::name).eq(names.iter().copied()));
    }
}
