use super::*;
use crate::value::hash::Ttl;
use crate::value::{Hash, HashLimits};
use crate::{Cursor, Expiry, NewString, Params, StrRef, Touch, Turn};
use base::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Ticket, Wake, WorkerIdx};

struct Quiet;

impl Wake for Quiet {
    fn stripe_free(&self, _: WorkerIdx, _: u64) {}
    fn gate_open(&self, _: WorkerIdx) {}
    fn exclusive_ready(&self, _: Ticket) {}
}

const START: u64 = 1_700_000_000_000;

pub(super) fn keyspace() -> Arc<Keyspace> {
    Keyspace::new(Params { databases: 4, workers: 2, hash_key: (1, 2) }, Box::new(Quiet))
}

pub(super) fn at(ms: u64) -> Clock {
    Clock::new(START + ms, Touch::Lru)
}

/// Runs `step` with everything locked, and checks the invariants after it.
pub(super) fn with<R>(keyspace: &Arc<Keyspace>, clock: Clock, step: impl FnOnce(&mut Access<'_>) -> R) -> R {
    let mut exclusive = keyspace.request_exclusive(Ticket(1)).expect("nobody is in");
    let result = step(&mut exclusive.access(clock));
    exclusive.access(clock).check_invariants();
    result
}

fn text(entry: Option<EntryRef<'_>>) -> Option<String> {
    entry.map(|entry| {
        let value = entry.text().expect("a string");
        String::from_utf8(value.to_vec()).expect("text")
    })
}

fn turn(keyspace: &Keyspace) -> Turn<'_> {
    keyspace.enter(WorkerIdx(0), at(0)).expect("the gate is open")
}

#[test]
fn a_worker_sets_and_gets() {
    let keyspace = keyspace();
    let (a, b) = (keyspace.key(b"a"), keyspace.key(b"b"));
    let turn = turn(&keyspace);
    turn.prefetch_bucket(0, a.at);
    let mut access = turn.try_lock(&[a.at, b.at], 7).expect("free");
    assert!(!access.set_string(0, a, b"12", Expiry::Clear));
    assert!(access.set_string(0, a, b"13", Expiry::Clear));
    assert_eq!(access.lookup(0, a).and_then(|e| e.text()), Some(StrRef::Int(13)));
    assert!(access.lookup(0, b).is_none() && access.lookup(3, a).is_none());
    assert_eq!(access.stats, AccessStats { hits: 1, misses: 2, ..AccessStats::default() });
    drop(access);
    turn.prefetch_bucket(0, a.at);
    turn.prefetch_entry(0, a.at);
    assert_eq!((keyspace.db_size(0), keyspace.slot_count(0)), (1, 1));
    assert!(turn.try_lock(&[], 7).is_ok());
}

#[test]
#[should_panic(expected = "not locked")]
fn other_stripes_are_out_of_reach() {
    let keyspace = keyspace();
    let turn = turn(&keyspace);
    let mut access = turn.try_lock(&[keyspace.hash(b"a")], 7).expect("free");
    access.lookup(0, keyspace.key(b"b"));
}

#[test]
fn encodings_are_those_of_set() {
    let keyspace = keyspace();
    let check = |value: &str, encoding| {
        with(&keyspace, at(0), |access| {
            let key = keyspace.key(b"k");
            access.set_string(0, key, value.as_bytes(), Expiry::Clear);
            assert_eq!(access.lookup(0, key).map(|e| e.encoding()), Some(encoding), "{value}");
            assert_eq!(text(access.lookup(0, key)).as_deref(), Some(value));
        });
    };
    check("0", "int");
    check("-9223372036854775808", "int");
    check("9223372036854775808", "embstr");
    check("007", "embstr");
    check("+1", "embstr");
    check("", "embstr");
    check(&"x".repeat(44), "embstr");
    check(&"x".repeat(45), "raw");
}

#[test]
fn who_waits_for_a_key_is_told_that_it_expired() {
    use crate::{Claim, Waiter};
    let keyspace = keyspace();
    let keys = [keyspace.key(b"asked"), keyspace.key(b"swept")];
    let who = std::sync::Arc::new(Waiter { claim: Claim::new(), kind: None, who: Box::new(()) });
    let told = |access: &mut Access<'_>| access.take_ready().map(|(_, key)| key.to_vec());
    with(&keyspace, at(0), |access| {
        for key in keys {
            access.set_string(0, key, b"v", Expiry::At(START + 10));
            access.wait(0, key, &who);
        }
    });
    with(&keyspace, at(11), |access| {
        assert!(!access.contains(0, keys[0]));
        assert_eq!(told(access).as_deref(), Some(keys[0].bytes));
        while !access.sweep(Keyspace::stripe_of(keys[1].at.slot), 100).done {}
        assert_eq!((told(access).as_deref(), told(access)), (Some(keys[1].bytes), None));
    });
}

#[test]
fn an_expired_key_goes_when_it_is_asked_for() {
    let keyspace = keyspace();
    let key = keyspace.key(b"k");
    with(&keyspace, at(0), |access| access.set_string(0, key, b"v", Expiry::At(START + 10)));
    assert_eq!((keyspace.db_size(0), keyspace.expires(0)), (1, 1));
    with(&keyspace, at(10), |access| assert!(access.lookup(0, key).is_some()));
    let mut hidden = at(11);
    hidden.expired = Expired::Hide;
    with(&keyspace, hidden, |access| {
        assert!(access.lookup(0, key).is_none() && access.peek(0, key).is_none());
        assert!(access.remove(0, key).is_none() && !access.set_expiry(0, key, None));
        assert_eq!(access.stats.expired, 0);
    });
    assert_eq!(keyspace.db_size(0), 1);
    with(&keyspace, at(11), |access| {
        assert!(access.peek(0, key).is_none());
        assert!(access.lookup(0, key).is_none());
        assert_eq!(access.stats, AccessStats { misses: 1, expired: 1, ..AccessStats::default() });
        let mut reported = Vec::new();
        access.report_expired(|db, key| reported.push((db, key.to_vec())));
        access.report_expired(|_, _| panic!("reported twice"));
        assert_eq!(reported, [(0, b"k".to_vec())]);
        assert_eq!(access.take_expired()[0].1.view().key(), b"k");
        access.report_expired(|_, _| panic!("it was taken"));
    });
    assert_eq!((keyspace.db_size(0), keyspace.expires(0), keyspace.slot_count(0)), (0, 0, 0));
}

#[test]
fn a_hidden_key_is_overwritten_as_if_it_were_not_there() {
    let keyspace = keyspace();
    let key = keyspace.key(b"k");
    with(&keyspace, at(0), |access| access.set_string(0, key, b"v", Expiry::At(START + 10)));
    let mut hidden = at(11);
    hidden.expired = Expired::Hide;
    with(&keyspace, hidden, |access| {
        assert!(!access.set_string(0, key, b"w", Expiry::Keep));
        assert_eq!(access.expiry(0, key), Some(None));
        assert!(access.set_expiry(0, key, Some(START + 10)));
        assert!(access.insert_entry(0, key, Entry::string(b"k", NewString::Int(1), None)).is_none());
        assert_eq!(access.expiry(0, key), Some(None));
    });
}

#[test]
fn adding_replaces_what_is_only_hidden() {
    let keyspace = keyspace();
    let set =
        |access: &mut Access<'_>| access.set_string(0, keyspace.key(b"k"), b"old", Expiry::At(START + 1));
    with(&keyspace, at(0), |access| assert!(!set(access)));
    let mut hidden = at(2);
    hidden.expired = Expired::Hide;
    with(&keyspace, hidden, |access| {
        let key = keyspace.key(b"k");
        assert!(access.lookup_mut(0, key).is_none());
        access.add(0, key, NewString::Int(7), Expiry::Clear);
        assert_eq!(access.peek(0, key).and_then(|entry| entry.expiry()), None);
        assert!(access.lookup_mut(0, key).is_some());
    });
    assert_eq!(keyspace.db_size(0), 1);
}

#[test]
fn a_sweep_takes_expired_keys_and_no_others() {
    let keyspace = keyspace();
    with(&keyspace, at(0), |access| {
        for n in 0..3000u64 {
            let name = format!("k{n}");
            let expiry = if n % 3 == 0 { Expiry::Clear } else { Expiry::At(START + n) };
            access.set_string((n % 2) as u32, keyspace.key(name.as_bytes()), b"v", expiry);
        }
    });
    let mut removed = 0;
    with(&keyspace, at(1500), |access| {
        for stripe in 0..sync::STRIPES as u16 {
            while !access.sweep(stripe, 2).done {}
            assert!(!access.wants_sweep(stripe));
        }
        let expired = access.take_expired();
        removed = expired.len();
        assert!(expired.iter().all(|(_, e)| e.view().expiry().is_some_and(|at| at < START + 1500)));
    });
    assert_eq!(removed, 1000);
    assert_eq!(keyspace.db_size(0) + keyspace.db_size(1), 2000);
}

const HASH: HashLimits = HashLimits { pack_fields_max: 8, pack_value_max: 64 };

/// A hash whose first `expiring` fields expire, the nth at n ms.
fn hash(fields: u64, expiring: u64) -> Hash {
    let mut hash = Hash::new();
    for n in 0..fields {
        let ttl = if n < expiring { Ttl::At(START + n) } else { Ttl::Clear };
        hash.set(n.to_string().as_bytes(), b"v", ttl, START, &HASH);
    }
    hash
}

#[test]
fn a_sweep_takes_expired_fields_bit_by_bit() {
    let keyspace = keyspace();
    let (half, whole) = (keyspace.key(b"half"), keyspace.key(b"{half}whole"));
    let stripe = sync::stripe_of(half.at.slot);
    let who = Arc::new(Watcher::default());
    with(&keyspace, at(0), |access| {
        drop(access.put_value(0, half, hash(1000, 500), Expiry::Clear));
        drop(access.put_value(0, whole, hash(300, 300), Expiry::Clear));
        access.watch(0, whole, &who);
        assert!(!access.wants_sweep(stripe));
    });
    assert_eq!((keyspace.volatile(0), keyspace.expires(0)), (2, 0));
    with(&keyspace, at(100), |access| {
        while !access.sweep(stripe, 10).done {}
        let lapsed = access.take_lapsed();
        assert!(lapsed.iter().all(|lapsed| lapsed.fields.len() <= 10 && !lapsed.is_gone));
        assert_eq!(lapsed.iter().map(|lapsed| lapsed.fields.len()).sum::<usize>(), 200);
        assert!(!access.wants_sweep(stripe) && who.is_dirty());
    });
    with(&keyspace, at(400), |access| {
        assert!(access.sweep(stripe, 10_000).done);
        assert_eq!(access.take_lapsed().iter().filter(|lapsed| lapsed.is_gone).count(), 1);
        assert!(access.peek(0, whole).is_none());
        assert_eq!(access.peek(0, half).map(|entry| entry.elements()), Some(600));
    });
    assert_eq!(keyspace.volatile(0), 1);
    with(&keyspace, at(1000), |access| assert!(access.sweep(stripe, 10_000).done));
    assert_eq!((keyspace.volatile(0), keyspace.db_size(0)), (0, 1));
}

#[test]
fn hashes_with_fields_that_expire_are_counted_wherever_they_go() {
    let keyspace = keyspace();
    let (a, b) = (keyspace.key(b"a"), keyspace.key(b"b"));
    let counts = |expect: u64| assert_eq!(keyspace.volatile(0), expect);
    with(&keyspace, at(0), |access| drop(access.put_value(0, a, hash(3, 0), Expiry::Clear)));
    counts(0);
    let expire = |at| move |hash: &mut Hash| hash.set_expiry(b"1", at);
    with(&keyspace, at(0), |access| access.change(0, a, expire(Some(START + 5)))).expect("a hash");
    counts(1);
    with(&keyspace, at(0), |access| access.change(0, a, expire(None))).expect("a hash");
    counts(0);
    with(&keyspace, at(0), |access| access.change(0, a, expire(Some(START + 5)))).expect("a hash");
    with(&keyspace, at(0), |access| {
        let moved = access.remove(0, a).expect("it is there").into_key(b"b");
        drop(access.insert_entry(0, b, moved));
    });
    counts(1);
    with(&keyspace, at(0), |access| access.set_string(0, b, b"text", Expiry::Clear));
    counts(0);
    with(&keyspace, at(0), |access| drop(access.put_value(0, a, hash(3, 1), Expiry::At(START + 2))));
    counts(1);
    with(&keyspace, at(3), |access| assert!(access.lookup(0, a).is_none()));
    counts(0);
    with(&keyspace, at(0), |access| {
        drop(access.put_value(0, a, hash(3, 1), Expiry::Clear));
        access.swap_db(0, 1);
    });
    assert_eq!((keyspace.volatile(0), keyspace.volatile(1)), (0, 1));
    with(&keyspace, at(0), |access| drop(access.flush_db(1)));
    assert_eq!(keyspace.volatile(1), 0);
}

#[test]
fn watchers_hear_of_changes() {
    let keyspace = keyspace();
    let key = keyspace.key(b"k");
    let who = Arc::new(Watcher::default());
    with(&keyspace, at(0), |access| {
        assert!(!access.watch(0, key, &who));
        access.signal_modified(1, key);
        access.signal_modified(0, keyspace.key(b"other"));
        assert!(!who.is_dirty());
        access.signal_modified(0, key);
        assert!(who.is_dirty());
        who.clear();
        access.unwatch(0, key, &who);
        access.signal_modified(0, key);
        assert!(!who.is_dirty());
    });
}

#[test]
fn a_key_that_expires_under_watch_is_a_change_unless_it_had_before() {
    let keyspace = keyspace();
    let key = keyspace.key(b"k");
    let (early, late) = (Arc::new(Watcher::default()), Arc::new(Watcher::default()));
    with(&keyspace, at(0), |access| {
        access.set_string(0, key, b"v", Expiry::At(START + 10));
        assert!(!access.watch(0, key, &early));
    });
    with(&keyspace, at(11), |access| {
        assert!(access.watch(0, key, &late));
        assert!(access.watch_expired(0, key, &early) && !access.watch_expired(0, key, &late));
        assert!(!access.contains(0, key));
        assert!(early.is_dirty() && !late.is_dirty());
        access.set_string(0, key, b"v", Expiry::Clear);
        access.signal_modified(0, key);
        assert!(late.is_dirty());
    });
}

#[test]
fn flush_and_swap_mark_watchers_of_keys_that_are_there() {
    let keyspace = keyspace();
    let (here, gone) = (keyspace.key(b"here"), keyspace.key(b"gone"));
    let watch = |key, db| {
        let who = Arc::new(Watcher::default());
        with(&keyspace, at(0), |access| access.watch(db, key, &who));
        who
    };
    with(&keyspace, at(0), |access| access.set_string(1, here, b"v", Expiry::Clear));
    let (a, b, c) = (watch(here, 0), watch(here, 1), watch(gone, 0));
    with(&keyspace, at(0), |access| access.swap_db(0, 1));
    assert!(a.is_dirty() && b.is_dirty() && !c.is_dirty());
    assert_eq!((keyspace.db_size(0), keyspace.db_size(1)), (1, 0));
    let (a, b) = (watch(here, 0), watch(gone, 0));
    let garbage = with(&keyspace, at(0), |access| access.flush_db(0));
    assert!(a.is_dirty() && !b.is_dirty());
    assert_eq!((garbage.keys(), keyspace.db_size(0), keyspace.slot_count(0)), (1, 0, 0));
}

#[test]
fn a_turn_walks_stripe_by_stripe() {
    let keyspace = keyspace();
    with(&keyspace, at(0), |access| {
        for n in 0..500 {
            let expiry = if n < 100 { Expiry::At(START + 1) } else { Expiry::Clear };
            access.set_string(2, keyspace.key(format!("k{n}").as_bytes()), b"v", expiry);
        }
    });
    let turn = keyspace.enter(WorkerIdx(0), at(2)).expect("open");
    let (mut number, mut seen, mut removed) = (0, BTreeSet::new(), 0);
    loop {
        let from = Cursor::from_number(number);
        let scanned = turn.scan(2, from, 7, 1, |entry| seen.extend([entry.key().to_vec()])).expect("free");
        removed += scanned.expired.len();
        number = Cursor::number(scanned.next);
        if number == 0 {
            break;
        }
    }
    assert_eq!((seen.len(), removed, keyspace.db_size(2)), (400, 100, 400));
}

#[test]
fn random_keys_reach_all() {
    let keyspace = keyspace();
    let mut rng = Rng::new(9);
    with(&keyspace, at(0), |access| {
        assert_eq!(access.random(0, &mut rng), None);
        for n in 0..20 {
            access.set_string(0, keyspace.key(format!("{{t{}}}{n}", n % 7).as_bytes()), b"", Expiry::Clear);
        }
        let seen: BTreeSet<_> = (0..2000).filter_map(|_| access.random(0, &mut rng)).collect();
        assert_eq!(seen.len(), 20);
        let slot = base::Slot::of_key(b"t3");
        assert_eq!(access.keys_in_slot(0, slot, 2).count(), 2);
        assert_eq!(access.count_in_slot(0, slot), 3);
    });
}

#[derive(Clone, Debug)]
enum Step {
    Set(u8, Vec<u8>, Option<u64>),
    SetKeep(u8, Vec<u8>),
    Append(u8, Vec<u8>),
    Expire(u8, Option<u64>),
    Remove(u8),
    Rename(u8, u8),
    Wait(u64),
    Sweep,
    Swap,
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || 0u8..40;
    let value = || proptest::collection::vec(any::<u8>(), 0..100);
    let expiry = || proptest::option::of(0u64..100);
    let step = prop_oneof![
        8 => (key(), value(), expiry()).prop_map(|(k, v, e)| Step::Set(k, v, e)),
        2 => (key(), value()).prop_map(|(k, v)| Step::SetKeep(k, v)),
        3 => (key(), value()).prop_map(|(k, v)| Step::Append(k, v)),
        3 => (key(), expiry()).prop_map(|(k, e)| Step::Expire(k, e)),
        3 => key().prop_map(Step::Remove),
        2 => (key(), key()).prop_map(|(a, b)| Step::Rename(a, b)),
        4 => (1u64..30).prop_map(Step::Wait),
        1 => Just(Step::Sweep),
        1 => Just(Step::Swap),
        1 => Just(Step::Flush),
    ];
    proptest::collection::vec(step, 1..60)
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

/// Applies a step to database 0 and to the model of it; database 1 has the other model.
fn apply(access: &mut Access<'_>, model: &mut [Model; 2], step: Step) {
    let keyspace = access.keyspace();
    let now = access.now_ms();
    model.iter_mut().for_each(|m| m.retain(|_, (_, at)| at.is_none_or(|at| now <= at)));
    let name = |k: u8| format!("{{{}}}{k}", k % 3).into_bytes();
    let until = |e: Option<u64>| e.map(|e| now + e);
    match step {
        Step::Set(k, v, e) => {
            let expiry = until(e).map_or(Expiry::Clear, Expiry::At);
            let existed = access.set_string(0, keyspace.key(&name(k)), &v, expiry);
            assert_eq!(existed, model[0].insert(name(k), (v, until(e))).is_some());
        }
        Step::SetKeep(k, v) => {
            access.set_string(0, keyspace.key(&name(k)), &v, Expiry::Keep);
            model[0].entry(name(k)).or_default().0 = v;
        }
        Step::Append(k, v) => {
            let found = access.lookup_mut(0, keyspace.key(&name(k))).map(|mut entry| entry.append(&v));
            let expect = model[0].get_mut(&name(k)).map(|(value, _)| {
                value.extend_from_slice(&v);
                value.len()
            });
            assert_eq!(found, expect);
        }
        Step::Expire(k, e) => {
            let found = access.set_expiry(0, keyspace.key(&name(k)), until(e));
            let expect = model[0].get_mut(&name(k)).map(|(_, at)| *at = until(e));
            assert_eq!(found, expect.is_some());
        }
        Step::Remove(k) => {
            let found = access.remove(0, keyspace.key(&name(k)));
            assert_eq!(found.is_some(), model[0].remove(&name(k)).is_some());
        }
        Step::Rename(a, b) => {
            if let Some(entry) = access.remove(0, keyspace.key(&name(a))) {
                access.insert_entry(0, keyspace.key(&name(b)), entry.with_key(&name(b)));
                let value = model[0].remove(&name(a)).expect("in both");
                model[0].insert(name(b), value);
            }
        }
        Step::Wait(_) => {}
        Step::Sweep => (0..sync::STRIPES as u16).for_each(|s| assert!(access.sweep(s, 1000).done)),
        Step::Swap => {
            access.swap_db(0, 1);
            model.swap(0, 1);
        }
        Step::Flush => {
            drop(access.flush_db(0));
            model[0].clear();
        }
    }
}

fn contents(access: &Access<'_>, db: DbId) -> Model {
    let mut all = Model::new();
    access.for_each(db, |entry| {
        let value = entry.text().expect("a string");
        all.insert(entry.key().to_vec(), (value.to_vec(), entry.expiry()));
    });
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn follows_a_map_with_expiries(steps in steps()) {
        let keyspace = keyspace();
        let (mut model, mut now) = ([Model::new(), Model::new()], 0);
        for step in steps {
            if let Step::Wait(ms) = step {
                now += ms;
            }
            with(&keyspace, at(now), |access| {
                apply(access, &mut model, step);
                for db in 0..2 {
                    assert_eq!(contents(access, db), model[db as usize]);
                }
            });
        }
    }
}
