use super::*;
use crate::value::Word;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LIMITS: ZsetLimits = ZsetLimits { pack_members_max: 8, pack_value_max: 10 };

fn pairs(zset: &Zset) -> Vec<(String, f64)> {
    let text = |element: Element<'_>| String::from_utf8_lossy(&element.member.to_vec()).into_owned();
    zset.iter().map(|element| (text(element), element.score)).collect()
}

#[test]
fn grows_out_of_the_listpack() {
    let mut zset = Zset::new();
    for n in 0..8 {
        assert!(zset.insert(format!("m{n}").as_bytes(), f64::from(n), &LIMITS));
        zset.check_invariants();
    }
    assert_eq!(zset.encoding(), "listpack");
    assert!(!zset.insert(b"m3", 99.0, &LIMITS));
    assert_eq!(zset.encoding(), "listpack");
    assert!(zset.insert(b"m8", 0.5, &LIMITS));
    assert_eq!(zset.encoding(), "skiplist");
    zset.check_invariants();
    assert_eq!(zset.rank(b"m3"), Some((8, 99.0)));
    zset.remove_range(0, 3, |_| {});
    zset.compact(&LIMITS);
    assert_eq!((zset.encoding(), zset.len()), ("listpack", 6));
    zset.check_invariants();
    let mut long = Zset::new();
    long.insert(b"eleven bytes", 1.0, &LIMITS);
    assert_eq!(long.encoding(), "skiplist");
    long.compact(&LIMITS);
    assert_eq!(long.encoding(), "skiplist");
}

#[test]
fn scores_are_kept_exactly() {
    let scores = [0.1, -0.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, 4611686018427387904.0, 5e-324, -3.0];
    let mut zset = Zset::new();
    for (n, score) in scores.iter().enumerate() {
        zset.insert(n.to_string().as_bytes(), *score, &LIMITS);
    }
    assert_eq!(zset.encoding(), "listpack");
    for (n, score) in scores.iter().enumerate() {
        assert_eq!(zset.score(n.to_string().as_bytes()), Some(*score));
    }
}

#[test]
fn packs_from_outside_must_be_in_order() {
    let check = |items: &[&str], sound: bool| {
        let pack = Listpack::of(items.iter().map(|item| StrRef::compact(item.as_bytes())));
        let zset = Zset::from_pack(pack, &LIMITS);
        assert_eq!(zset.is_some(), sound, "{items:?}");
        zset.inspect(Word::check_invariants);
    };
    check(&["a", "1", "b", "1", "c", "2.5"], true);
    check(&["a", "1", "b", "-inf"], false);
    check(&["b", "1", "a", "1"], false);
    check(&["a", "1", "a", "2"], false);
    check(&["a", "nan"], false);
    check(&["a", "x"], false);
    check(&["a", "1", "b"], false);
    check(&["1", "1", "2", "1", "3", "1", "4", "1", "5", "1", "6", "1", "7", "1", "8", "1", "9", "1"], true);
}

proptest! {
    /// Both encodings do what a sorted list does.
    #[test]
    fn follows_a_sorted_list(
        steps in proptest::collection::vec((0u8..20, -3i8..3, any::<bool>()), 0..60),
        start in 0usize..20,
        end in 0usize..20,
    ) {
        let mut zset = Zset::new();
        let mut model: BTreeMap<String, f64> = BTreeMap::new();
        for (member, score, insert) in steps {
            let (name, score) = (member.to_string(), f64::from(score) / 2.0);
            if insert {
                let is_new = model.insert(name.clone(), score).is_none();
                prop_assert_eq!(zset.insert(name.as_bytes(), score, &LIMITS), is_new);
            } else {
                prop_assert_eq!(zset.remove(name.as_bytes()), model.remove(&name));
            }
            zset.check_invariants();
        }
        let mut sorted: Vec<(String, f64)> = model.into_iter().collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        prop_assert_eq!(pairs(&zset), sorted.clone());
        for (rank, (name, score)) in sorted.iter().enumerate() {
            prop_assert_eq!(zset.rank(name.as_bytes()), Some((rank, *score)));
        }
        let cut = sorted.get(start..end.min(sorted.len())).unwrap_or_default();
        let back: Vec<f64> = zset.range(start, end).rev().map(|element| element.score).collect();
        prop_assert_eq!(back, cut.iter().rev().map(|(_, score)| *score).collect::<Vec<f64>>());
        let mut gone = Vec::new();
        zset.remove_range(start, end, |element| gone.push(element.score));
        prop_assert_eq!(gone, cut.iter().map(|(_, score)| *score).collect::<Vec<f64>>());
        zset.check_invariants();
        prop_assert_eq!(zset.len(), sorted.len() - cut.len());
    }
}
