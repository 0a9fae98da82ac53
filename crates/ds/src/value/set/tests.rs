use super::*;
use crate::value::Word;
use base::Rng;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: SetLimits = SetLimits { ints_max: 6, pack_members_max: 8, pack_value_max: 10 };

fn set_of<'a>(members: impl IntoIterator<Item = &'a str>) -> Set {
    let mut set = Set::new();
    for member in members {
        set.insert(member.as_bytes(), &LIMITS);
        set.check_invariants();
    }
    set
}

fn texts(set: &Set) -> BTreeSet<String> {
    let text = |member: StrRef<'_>| String::from_utf8_lossy(&member.to_vec()).into_owned();
    let all: Vec<String> = set.iter().map(text).collect();
    assert_eq!(all.len(), set.len());
    all.into_iter().collect()
}

#[test]
fn grows_through_the_encodings() {
    let check = |members: &[&str], expect: &str| {
        let set = set_of(members.iter().copied());
        assert_eq!((set.encoding(), set.len()), (expect, members.len()), "{members:?}");
    };
    check(&["3", "1", "2", "-4", "500000", "6"], "intset");
    check(&["3", "1", "2", "-4", "5", "6", "7"], "hashtable");
    check(&["3", "1", "x"], "listpack");
    check(&["03"], "listpack");
    check(&["1", "a", "b", "c", "d", "e", "f", "g"], "listpack");
    check(&["1", "a", "b", "c", "d", "e", "f", "g", "h"], "hashtable");
    check(&["1", "eleven byte"], "hashtable");
    check(&["12345678901", "x"], "hashtable");
    check(&["1", "ten  bytes"], "listpack");
}

#[test]
fn takes_what_is_expected() {
    let check = |old: &[&str], first: &str, members: usize, expect: &str| {
        let mut set = set_of(old.iter().copied());
        set.expect(first.as_bytes(), members, &LIMITS);
        assert_eq!(set.encoding(), expect, "{old:?} {first} {members}");
    };
    check(&[], "1", 6, "intset");
    check(&[], "1", 7, "listpack");
    check(&[], "1", 9, "hashtable");
    check(&[], "x", 1, "listpack");
    check(&["1"], "x", 6, "intset");
    check(&["1"], "1", 7, "hashtable");
    check(&["x"], "1", 8, "listpack");
    check(&["x"], "1", 9, "hashtable");
}

#[test]
fn compact_finds_the_smallest() {
    let check = |members: &[&str], expect: &str| {
        let mut set = set_of(members.iter().copied());
        set.make_table();
        set.compact(&LIMITS);
        set.check_invariants();
        assert_eq!(set.encoding(), expect, "{members:?}");
        assert_eq!(texts(&set), members.iter().map(|m| m.to_string()).collect());
    };
    check(&["2", "1"], "intset");
    check(&["2", "x"], "listpack");
    check(&["1", "2", "3", "4", "5", "6", "7"], "listpack");
    check(&["1", "2", "3", "4", "5", "6", "7", "8", "9"], "hashtable");
    check(&["eleven byte"], "hashtable");
}

#[test]
fn packs_from_outside_have_no_member_twice() {
    let check = |items: &[&str], sound: bool| {
        let pack = Listpack::of(items.iter().map(|item| StrRef::compact(item.as_bytes())));
        let set = Set::from_pack(pack, &LIMITS);
        assert_eq!(set.is_some(), sound, "{items:?}");
        set.inspect(Word::check_invariants);
    };
    check(&["a", "1", "b"], true);
    check(&["a", "1", "a"], false);
    check(&["1", "2", "1"], false);
    check(&["1", "2", "3", "4", "5", "6", "7", "8", "9"], true);
    let twice = Listpack::of([StrRef::Int(1), StrRef::Bytes(b"1")].into_iter());
    assert!(Set::from_pack(twice, &LIMITS).is_none());
    assert_eq!(Set::from_ints(Intset::of((0..7).collect()), &LIMITS).encoding(), "hashtable");
}

#[test]
fn every_member_is_as_likely() {
    for len in [1u32, 5, 8, 30, 75, 300] {
        let names: Vec<String> = (0..len).map(|i| format!("m{i}")).collect();
        let set = set_of(names.iter().map(String::as_str));
        let (mut rng, mut seen) = (Rng::new(7), BTreeMap::new());
        let draws = if cfg!(miri) { 10 } else { 2_000 } * len;
        for _ in 0..draws {
            *seen.entry(set.random(&mut rng).expect("not empty").to_vec()).or_insert(0u32) += 1;
        }
        if !cfg!(miri) {
            assert!(
                seen.len() == len as usize && seen.values().all(|n| (1_750..2_250).contains(n)),
                "{seen:?}"
            );
        }
    }
    assert!(Set::new().random(&mut Rng::new(1)).is_none());
}

#[test]
fn popping_empties_any_set() {
    for members in [&["1", "2", "3"][..], &["a", "1"], &["1", "2", "3", "4", "5", "6", "7", "8", "9"]] {
        let mut set = set_of(members.iter().copied());
        let (mut rng, mut popped) = (Rng::new(3), BTreeSet::new());
        while let Some(member) = set.pop(&mut rng, |member| member.to_vec()) {
            assert!(popped.insert(member));
            set.check_invariants();
        }
        assert!(set.is_empty() && popped.len() == members.len());
    }
}

#[test]
fn sheds_a_little_at_a_time() {
    let names: Vec<String> = (0..1_000).map(|i| i.to_string()).collect();
    let mut set = set_of([]);
    names.iter().for_each(|name| assert!(set.insert(name.as_bytes(), &LIMITS)));
    let mut steps = 0;
    while !set.shed(50) {
        set.check_invariants();
        steps += 1;
    }
    assert!((10..=20).contains(&steps), "{steps}");
}

#[test]
fn a_big_set_is_small() {
    let mut set = Set::new();
    let count = if cfg!(miri) { 100 } else { 100_000 };
    for i in 0..count {
        set.insert(format!("member:{i:010}").as_bytes(), &LIMITS);
    }
    assert!(set.allocated() < count * 44 + 100, "{} bytes a member", set.allocated() / count);
}

/// Members of all kinds, from a small space.
fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        (-3i64..40).prop_map(|n| n.to_string()),
        (0u32..30).prop_map(|n| format!("m{n}")),
        Just("a longer member".to_string()),
    ]
}

fn insert_all(members: &[String]) -> Set {
    let mut set = Set::new();
    for member in members {
        set.insert(member.as_bytes(), &LIMITS);
    }
    set
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 300 }))]

    /// Every encoding does what a set of strings does, and a scan beside the changes misses nothing that stays.
    #[test]
    fn follows_a_set_of_strings(steps in proptest::collection::vec((member(), any::<bool>()), 0..120)) {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        let (mut position, mut seen, mut stayed) = (0, BTreeSet::new(), BTreeSet::new());
        for (name, adds) in steps {
            if adds {
                prop_assert_eq!(set.insert(name.as_bytes(), &LIMITS), model.insert(name.clone()));
            } else {
                prop_assert_eq!(set.remove(name.as_bytes()), model.remove(&name));
                stayed.remove(&name);
            }
            prop_assert_eq!(set.contains(name.as_bytes()), adds);
            set.check_invariants();
            prop_assert_eq!(texts(&set), model.clone());
            position = set.scan(position, |member| {
                seen.insert(String::from_utf8(member.to_vec()).expect("text"));
            });
            if position == SCAN_END {
                prop_assert!(stayed.is_subset(&seen));
                (position, seen, stayed) = (0, BTreeSet::new(), model.clone());
            }
        }
        prop_assert_eq!(texts(&set.clone()), model.clone());
        set.compact(&LIMITS);
        set.check_invariants();
        prop_assert_eq!(texts(&set), model);
    }

    /// What sets share is what the models share, whatever their encodings and sizes.
    #[test]
    fn shares_what_the_models_share(
        members in proptest::collection::vec(proptest::collection::vec(member(), 0..90), 1..4),
        far in proptest::option::of(0usize..400),
    ) {
        let mut members = members;
        if let Some(far) = far {
            members[0].extend((0..far).map(|i| format!("m{i}")));
        }
        let sets: Vec<Set> = members.iter().map(|members| insert_all(members)).collect();
        let models = members.iter().map(|members| members.iter().cloned().collect::<BTreeSet<String>>());
        let expect = models.reduce(|a, b| a.intersection(&b).cloned().collect()).expect("one at least");
        let mut found = Vec::new();
        common(&sets.iter().collect::<Vec<_>>(), |member| {
            found.push(String::from_utf8(member.to_vec()).expect("text"));
            true
        });
        prop_assert_eq!(found.len(), expect.len());
        prop_assert_eq!(found.into_iter().collect::<BTreeSet<String>>(), expect);
        let others: Vec<&Set> = sets[1..].iter().collect();
        let mut left: BTreeSet<String> = members[0].iter().cloned().collect();
        left.retain(|member| !members[1..].iter().any(|other| other.contains(member)));
        let mut alone = Vec::new();
        apart(&sets[0], &others, |member| alone.push(String::from_utf8(member.to_vec()).expect("text")));
        prop_assert_eq!(alone.len(), left.len());
        prop_assert_eq!(alone.into_iter().collect::<BTreeSet<String>>(), left);
    }
}
