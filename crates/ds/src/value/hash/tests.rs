use super::*;
use crate::value::Word;
use base::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: HashLimits = HashLimits { pack_fields_max: 8, pack_value_max: 10 };

fn text(value: StrRef<'_>) -> String {
    String::from_utf8_lossy(&value.to_vec()).into_owned()
}

fn set(hash: &mut Hash, field: &str, value: &str) -> Put {
    hash.set(field.as_bytes(), value.as_bytes(), Ttl::Clear, 0, &LIMITS)
}

fn get(hash: &Hash, field: &str, now: u64) -> Option<String> {
    hash.get(field.as_bytes(), now).map(|pair| text(pair.value))
}

fn big(fields: usize) -> Hash {
    let mut hash = Hash::for_fields(fields.max(9), 0, &LIMITS);
    (0..fields).for_each(|n| assert_eq!(set(&mut hash, &n.to_string(), "value"), Put::Added));
    hash
}

#[test]
fn grows_out_of_the_listpack() {
    let mut hash = Hash::new();
    for n in 0..8 {
        assert_eq!(set(&mut hash, &format!("f{n}"), &n.to_string()), Put::Added);
        hash.check_invariants();
    }
    assert_eq!(set(&mut hash, "f3", "99"), Put::Updated);
    assert_eq!((hash.encoding(), hash.len()), ("listpack", 8));
    assert_eq!(set(&mut hash, "f8", "8"), Put::Added);
    assert_eq!((hash.encoding(), hash.len()), ("hashtable", 9));
    hash.check_invariants();
    assert_eq!(get(&hash, "f3", 0).as_deref(), Some("99"));
    for long in [("eleven bytes", "x"), ("x", "eleven bytes")] {
        let mut hash = Hash::new();
        set(&mut hash, "x", "1");
        set(&mut hash, long.0, long.1);
        assert_eq!(hash.encoding(), "hashtable");
        hash.check_invariants();
    }
}

#[test]
fn fields_expire_one_by_one() {
    let mut hash = Hash::new();
    ["a", "b", "c"].iter().for_each(|name| assert_eq!(set(&mut hash, name, "1"), Put::Added));
    assert!(hash.set_expiry(b"a", None) && !hash.set_expiry(b"x", Some(5)));
    assert_eq!(hash.encoding(), "listpack");
    assert!(hash.set_expiry(b"a", Some(100)) && hash.set_expiry(b"b", Some(50)));
    assert_eq!((hash.encoding(), hash.next_expiry(), hash.expiring()), ("hashtable", Some(50), 2));
    hash.check_invariants();
    assert_eq!((get(&hash, "b", 50).is_some(), get(&hash, "b", 51), hash.has_past(51)), (true, None, true));
    assert_eq!((hash.len(), hash.live(51), hash.live(101), hash.live_copy(51).len()), (3, 2, 1, 2));
    // What has expired is not there to be removed, and is new when it is set.
    assert!(!hash.remove(b"b", 51));
    assert_eq!(hash.set(b"b", b"2", Ttl::Keep, 51, &LIMITS), Put::Revived);
    assert_eq!((hash.next_expiry(), hash.expiring()), (Some(100), 1));
    assert_eq!(hash.set(b"a", b"a longer value", Ttl::Keep, 51, &LIMITS), Put::Updated);
    assert_eq!(hash.next_expiry(), Some(100));
    hash.check_invariants();
    let taken: Vec<Field> = hash.take_past(101, 10).collect();
    assert_eq!((taken.len(), taken[0].view().name(), hash.len()), (1, &b"a"[..], 2));
    assert_eq!(hash.next_expiry(), None);
    hash.check_invariants();
}

#[test]
fn expiries_are_cut_to_48_bits() {
    let mut hash = Hash::new();
    hash.set(b"a", b"1", Ttl::At(u64::MAX), 0, &LIMITS);
    assert_eq!(hash.next_expiry(), Some(EXPIRY_MAX_MS));
    hash.set_expiry(b"a", Some(u64::MAX));
    assert_eq!(hash.next_expiry(), Some(EXPIRY_MAX_MS));
}

#[test]
fn packs_from_outside_have_each_field_once() {
    let check = |items: &[&str], sound: bool| {
        let pack = Listpack::of(items.iter().map(|item| StrRef::compact(item.as_bytes())));
        let hash = Hash::from_pack(pack, &LIMITS);
        assert_eq!(hash.is_some(), sound, "{items:?}");
        hash.inspect(Word::check_invariants);
    };
    check(&["a", "1", "b", "1"], true);
    check(&["a", "1", "a", "1"], false);
    check(&["a", "1", "b"], false);
    check(&["a", "a value beyond ten bytes"], true);
}

#[test]
fn random_fields_are_live_different_and_all_of_them() {
    let mut rng = Rng::new(1);
    for mut hash in [big(5), big(1000)] {
        let len = hash.len();
        hash.set_expiry(b"1", Some(10));
        for now in [5, 20] {
            let live = hash.live(now);
            for count in [1, 2, len / 4, len / 2, len - 1, len, len + 5] {
                let sample = hash.sample(count, now, &mut rng);
                let names: BTreeSet<String> = sample.iter().map(|pair| text(pair.field)).collect();
                assert_eq!((sample.len(), names.len()), (count.min(live), count.min(live)));
                assert!(sample.iter().all(|pair| pair.is_live(now)));
                let mut drawn = 0;
                hash.draw(count, now, &mut rng, |pair| drawn += usize::from(pair.is_live(now)));
                assert_eq!(drawn, count);
            }
            let seen: BTreeSet<String> = (0..20 * len)
                .filter_map(|_| hash.random(now, &mut rng))
                .map(|pair| text(pair.field))
                .collect();
            assert_eq!(seen.len(), live);
        }
    }
    assert!(Hash::new().random(0, &mut rng).is_none());
    Hash::new().draw(3, 0, &mut rng, |_| panic!("nothing is there"));
}

#[test]
fn a_scan_meets_what_stays_while_the_hash_grows_and_shrinks() {
    let mut hash = big(2000);
    let (mut position, mut seen, mut n) = (0, BTreeSet::new(), 0);
    while position < SCAN_END {
        position = hash.scan(position, |pair| {
            seen.insert(text(pair.field));
        });
        n += 1;
        // Grows to twice the size, then shrinks to the first half.
        for i in 0..20 {
            if n < 100 {
                set(&mut hash, &(2000 + n * 20 + i).to_string(), "more");
            } else {
                hash.remove((4000 + 2000 - n * 20 - i).max(500).to_string().as_bytes(), 0);
            }
        }
    }
    assert!((0..500).all(|n| seen.contains(&n.to_string())));
}

#[test]
fn sheds_bit_by_bit() {
    let mut hash = big(1000);
    (0..500).for_each(|n| assert!(hash.set_expiry(n.to_string().as_bytes(), Some(n + 1))));
    let mut steps = 0;
    while !hash.shed(50) {
        steps += 1;
    }
    assert!((20..40).contains(&steps), "{steps}");
}

#[test]
fn a_big_hash_costs_what_it_should() {
    let mut hash = Hash::new();
    for n in 0..if cfg!(miri) { 1000 } else { 100_000 } {
        let (field, value) = (format!("field:{n:010}"), format!("value{n:010}"));
        hash.set(field.as_bytes(), value.as_bytes(), Ttl::Clear, 0, &LIMITS);
    }
    let each = hash.allocated() as f64 / hash.len() as f64;
    assert!(each < 60.0, "{each}");
}

/// One step of a test against the model.
#[derive(Clone, Debug)]
enum Step {
    Set(u8, usize, Ttl),
    Expire(u8, Option<u64>),
    Remove(u8),
    Wait(u64),
    Reap(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ttl = prop_oneof![Just(Ttl::Clear), Just(Ttl::Keep), (0u64..60).prop_map(Ttl::At)];
    let step = prop_oneof![
        (0u8..20, 0usize..40, ttl).prop_map(|(field, len, ttl)| Step::Set(field, len, ttl)),
        (0u8..20, proptest::option::of(0u64..60)).prop_map(|(field, at)| Step::Expire(field, at)),
        (0u8..20).prop_map(Step::Remove),
        (0u64..5).prop_map(Step::Wait),
        (0usize..4).prop_map(Step::Reap),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    /// Both encodings do what a sorted map does.
    #[test]
    fn follows_a_map(steps in steps()) {
        let mut hash = Hash::new();
        let mut model: BTreeMap<String, (String, Option<u64>)> = BTreeMap::new();
        let mut now = 1;
        for step in steps {
            match step {
                Step::Set(field, len, ttl) => {
                    let (field, value) = (field.to_string(), "v".repeat(len));
                    let old = model.get(&field).map(|(_, expiry)| *expiry);
                    let past = old.flatten().is_some_and(|at| at < now);
                    let kept = old.flatten().filter(|_| !past);
                    let put = match old {
                        None => Put::Added,
                        Some(_) if past => Put::Revived,
                        Some(_) => Put::Updated,
                    };
                    prop_assert_eq!(hash.set(field.as_bytes(), value.as_bytes(), ttl, now, &LIMITS), put);
                    model.insert(field, (value, ttl.after(kept)));
                }
                Step::Expire(field, at) => {
                    let field = field.to_string();
                    prop_assert_eq!(hash.set_expiry(field.as_bytes(), at), model.contains_key(&field));
                    model.entry(field).and_modify(|(_, expiry)| *expiry = at);
                }
                Step::Remove(field) => {
                    let field = field.to_string();
                    let is_live = model.get(&field).is_some_and(|(_, at)| at.is_none_or(|at| at >= now));
                    prop_assert_eq!(hash.remove(field.as_bytes(), now), is_live);
                    if is_live {
                        model.remove(&field);
                    }
                }
                Step::Wait(ms) => now += ms,
                Step::Reap(max) => {
                    for field in hash.take_past(now, max).collect::<Vec<_>>() {
                        let name = text(StrRef::Bytes(field.view().name()));
                        let (_, expiry) = model.remove(&name).expect("the model has it");
                        prop_assert!(expiry.is_some_and(|at| at < now));
                    }
                }
            }
            hash.check_invariants();
            prop_assert_eq!(hash.next_expiry(), model.values().filter_map(|(_, at)| *at).min());
        }
        let all = hash.iter().map(|pair| (text(pair.field), (text(pair.value), pair.expiry)));
        prop_assert_eq!(all.collect::<BTreeMap<_, _>>(), model.clone());
        for (field, (value, at)) in &model {
            let seen = get(&hash, field, now);
            prop_assert_eq!(seen.as_ref(), Some(value).filter(|_| at.is_none_or(|at| at >= now)));
        }
        let copy = hash.live_copy(now);
        copy.check_invariants();
        prop_assert_eq!(copy.len(), hash.live(now));
    }
}
