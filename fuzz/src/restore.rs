//! Values from dumps: what is accepted is sound, can be changed in every way, and is written and read again as it was.

use base::Rng;
use ds::value::hash::Ttl;
use ds::value::list::End;
use ds::value::stream::{Count, Keep, StreamId, Trim};
use ds::value::{Hash, HashLimits, List, ListLimits, Set, SetLimits, Stream, StreamLimits, Zset, ZsetLimits};
use ds::{Entry, IntText, Object, StrRef, ValueRef};
use rdb::{Checksum, Cursor, Dialect, Fault, Limits, Loading, Payload, Reader, Rules, Value, dump, restore};

/// Payloads of real servers, without the longest.
const GOLDEN: [&str; 4] = ["redis-7.0.15", "redis-8.0.6", "valkey-9.1.2", "legacy"];
const SEED_BYTES_MAX: usize = 2048;

/// Elements that are taken out, put in, and looked for.
const TOUCHED_MAX: usize = 24;

const NOW_MS: u64 = 1_700_000_000_000;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let files = GOLDEN.map(|name| {
        let path = crate::testdata(&format!("rdb/testdata/{name}.tsv"));
        std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
    });
    let lines = files.iter().flat_map(|file| file.lines().skip(1));
    let payloads = lines.filter_map(|line| line.split('\t').nth(1)).map(crate::golden::unhex);
    payloads.filter(|payload| payload.len() <= SEED_BYTES_MAX).map(|payload| input_of(&payload)).collect()
}

/// Type and value behind two bytes that say how they are read.
fn input_of(payload: &[u8]) -> Vec<u8> {
    let (body, footer) = payload.split_at(payload.len() - 10);
    [&[u8::from(footer[0] == 80), body.len() as u8], body].concat()
}

/// The first byte says whose payload it is and how small values stay small, the second what is done to it.
pub(crate) fn run(input: &[u8]) {
    let Some((&[how, choice], body)) = input.split_first_chunk() else { return };
    let dialect = if how & 1 == 1 { Dialect::Valkey } else { Dialect::Redis };
    let rules = rules(how >> 1);
    let whole = Payload { body, version: 0, dialect }.value(&rules);
    assert!(in_portions(body, dialect, &rules, usize::from(choice) + 1) == whole.is_ok());
    let Ok(value) = whole else { return };
    check(&value);
    goes_there_and_back(&value, &rules, choice & 1 == 1);
    let mut value = value;
    let mut rng = Rng::new(u64::from(choice));
    let texts = [&body[..body.len() / 2], b"", b"12", b"a"];
    if let Value::Object(object) = &mut value {
        for text in texts {
            match object {
                Object::List(list) => edit_list(list, text, &rules, &mut rng),
                Object::Set(set) => edit_set(set, text, &rules, &mut rng),
                Object::Zset(zset) => edit_zset(zset, text, &rules, &mut rng),
                Object::Hash(hash) => edit_hash(hash, text, &rules),
                Object::Stream(stream) => edit_stream(stream, text, &mut rng),
            }
            if object.count() > 0 {
                object.check_invariants();
            }
        }
        if object.count() > 0 {
            goes_there_and_back(&value, &rules, choice & 2 == 2);
        }
    }
    if let Value::Object(mut object) = value {
        while !object.shed(8) {}
    }
}

fn rules(size: u8) -> Rules {
    let max = [0, 4, 128, 512][usize::from(size & 3)];
    let limits = Limits {
        list: ListLimits { node_size: [-2, -1, 1, 4][usize::from(size >> 2 & 3)], long: ListLimits::LONG },
        set: SetLimits { ints_max: max, pack_members_max: max, pack_value_max: 64 },
        zset: ZsetLimits { pack_members_max: max, pack_value_max: 64 },
        hash: HashLimits { pack_fields_max: max, pack_value_max: 64 },
    };
    Rules { limits, now_ms: NOW_MS }
}

/// Whether a value that comes bit by bit is accepted.
fn in_portions(body: &[u8], dialect: Dialect, rules: &Rules, portion: usize) -> bool {
    let Some((number, bytes)) = body.split_first() else { return false };
    let Ok(mut loading) = Loading::begin(*number, dialect) else { return false };
    let (mut buffer, mut is_whole) = (Vec::new(), false);
    for chunk in bytes.chunks(portion) {
        if is_whole {
            return false;
        }
        buffer.extend_from_slice(chunk);
        let mut from = Cursor::new(&buffer);
        let Ok(whole) = loading.read(&mut from, rules) else { return false };
        is_whole = whole;
        let at = from.at();
        buffer.drain(..at);
    }
    is_whole && buffer.is_empty() && loading.finish(rules).is_ok()
}

fn check(value: &Value) {
    if let Value::Object(object) = value {
        object.check_invariants();
        assert!(object.count() > 0 || matches!(object, Object::Stream(_)));
    }
}

/// All elements, in order if the type has one.
fn elements(value: &ValueRef<'_>) -> Vec<Vec<Vec<u8>>> {
    match value {
        ValueRef::Str(text) => vec![vec![text.to_vec()]],
        ValueRef::Object(object) => {
            let mut all = Vec::with_capacity(object.count());
            object.visit(&mut |parts| all.push(parts.iter().map(|part| part.to_vec()).collect::<Vec<_>>()));
            if matches!(**object, Object::Set(_) | Object::Hash(_)) {
                all.sort();
            }
            all
        }
    }
}

fn goes_there_and_back(value: &Value, rules: &Rules, compress: bool) {
    let reader = if compress { Reader::Anybody } else { Reader::Newest };
    let entry = |value: Value| -> Entry { value.into_entry(b"k", None) };
    let before = entry(value.clone());
    let mut payload = Vec::new();
    dump(&before.view().value(), compress, reader, &mut payload);
    match restore(&payload, Checksum::Verified, rules) {
        Ok(again) => {
            check(&again);
            let after = entry(again);
            assert_eq!(elements(&before.view().value()), elements(&after.view().value()));
            let mut second = Vec::new();
            dump(&after.view().value(), compress, reader, &mut second);
        }
        // An edit may have left fields that expired only.
        Err(rdb::Refused::Value(Fault::Empty)) => assert_eq!(before.view().kind(), ds::Kind::Hash),
        Err(why) => panic!("{why}: {payload:?}"),
    }
}

fn edit_list(list: &mut List, text: &[u8], rules: &Rules, rng: &mut Rng) {
    let limits = rules.limits.list;
    list.push(End::Right, [text, text].into_iter(), limits);
    list.push(End::Left, std::iter::once(text), limits);
    let index = rng.below(list.len() as u64) as usize;
    let old = list.get(index).map(StrRef::to_vec);
    list.insert(index, text, limits);
    assert_eq!(list.get(index).map(StrRef::to_vec).as_deref(), Some(text));
    list.remove(index..index + 1, limits);
    assert_eq!(list.get(index).map(StrRef::to_vec), old);
    list.set(index, text, limits);
    assert!(list.position(text).is_some_and(|at| at <= index));
    let (len, mut seen) = (list.len(), 0);
    list.scan(End::Right, 0, |_| {
        seen += 1;
        true
    });
    assert_eq!(seen, len);
    let removed = list.remove_equal(text, End::Right, 2, limits);
    assert_eq!((removed, list.len()), (2, len - 2));
}

fn edit_set(set: &mut Set, text: &[u8], rules: &Rules, rng: &mut Rng) {
    let limits = &rules.limits.set;
    set.insert(text, limits);
    assert_eq!(set.iter().count(), set.len());
    let members: Vec<Vec<u8>> = set.iter().take(TOUCHED_MAX).map(StrRef::to_vec).collect();
    for member in &members {
        assert!(set.contains(member) && !set.insert(member, limits));
        assert!(set.remove(member) && !set.contains(member) && set.insert(member, limits));
    }
    assert!(set.random(rng).is_some());
    set.pop(rng, |_| ());
    set.compact(limits);
}

fn edit_zset(zset: &mut Zset, text: &[u8], rules: &Rules, rng: &mut Rng) {
    let limits = &rules.limits.zset;
    zset.insert(text, -1.5, limits);
    assert_eq!(zset.score(text), Some(-1.5));
    let members: Vec<(Vec<u8>, f64)> =
        zset.iter().take(TOUCHED_MAX).map(|element| (element.member.to_vec(), element.score)).collect();
    for (rank, (member, score)) in members.iter().enumerate() {
        assert_eq!(zset.rank(member), Some((rank, *score)));
    }
    for (member, score) in &members {
        assert_eq!(zset.remove(member), Some(*score));
        assert!(zset.insert(member, *score, limits));
    }
    let start = rng.below(zset.len() as u64) as usize;
    zset.remove_range(start, start + 2, |_| ());
    zset.compact(limits);
}

fn edit_hash(hash: &mut Hash, text: &[u8], rules: &Rules) {
    let limits = &rules.limits.hash;
    hash.set(text, b"value", Ttl::Keep, NOW_MS, limits);
    assert_eq!(hash.get(text, NOW_MS).map(|pair| pair.value.to_vec()).as_deref(), Some(&b"value"[..]));
    let fields: Vec<(Vec<u8>, Vec<u8>)> =
        hash.iter().take(TOUCHED_MAX).map(|pair| (pair.field.to_vec(), pair.value.to_vec())).collect();
    for (field, value) in &fields {
        assert!(hash.remove(field, 0));
        hash.set(field, value, Ttl::At(NOW_MS + 1), NOW_MS, limits);
        assert!(hash.set_expiry(field, None));
        let found = hash.get(field, NOW_MS).map(|pair| pair.value.text(&mut IntText::new()).to_vec());
        assert_eq!(found.as_ref(), Some(value));
    }
    hash.take_past(NOW_MS, TOUCHED_MAX).for_each(drop);
}

fn edit_stream(stream: &mut Stream, text: &[u8], rng: &mut Rng) {
    let limits = StreamLimits { node_bytes_max: 4096, node_entries_max: 10 };
    if let Some(id) = stream.log().last_id().next() {
        let added = stream.log_mut().append(id, [(text, &b"value"[..]), (b"f", text)].into_iter(), &limits);
        assert!(added.is_ok() && stream.log().get(id).is_some());
    }
    let ids = |stream: &Stream| -> Vec<StreamId> {
        stream.log().range(StreamId::MIN, StreamId::MAX).map(|entry| entry.id).collect()
    };
    let all = ids(stream);
    let back = stream.log().range_back(StreamId::MIN, StreamId::MAX).map(|entry| entry.id);
    assert!(back.eq(all.iter().rev().copied()));
    edit_groups(stream, &all);
    for id in all.iter().take(TOUCHED_MAX).filter(|_| rng.below(3) == 0) {
        assert!(stream.log_mut().delete(*id) && !stream.log_mut().delete(*id));
        assert!(stream.log().get(*id).is_none());
    }
    stream.log_mut().trim(Trim { keep: Keep::Len(all.len() as u64 / 2), roughly: false, limit: 0 });
}

fn edit_groups(stream: &mut Stream, ids: &[StreamId]) {
    let names: Vec<Vec<u8>> = stream.groups().take(TOUCHED_MAX).map(|group| group.name().to_vec()).collect();
    stream.create_group(b"new group", StreamId::MIN, None);
    for name in names.iter().map(Vec::as_slice).chain([&b"new group"[..]]) {
        stream.edit_group(name, |group, log| {
            let _ = log.lag(group);
            let fresh = group.create_consumer(b"new consumer", NOW_MS as i64);
            let Some(me) = fresh.or_else(|| group.find_consumer(b"new consumer")) else { return };
            let pending: Vec<StreamId> =
                group.pending_from(StreamId::MIN).take(TOUCHED_MAX).map(|(id, _)| id).collect();
            pending.iter().for_each(|id| group.claim(*id, me, 5, Count::Add));
            for id in ids.iter().take(TOUCHED_MAX) {
                group.read_entry(log, *id);
                group.deliver(*id, me, 7);
            }
            assert!(pending.iter().step_by(2).all(|id| group.acknowledge(*id)));
        });
    }
}
