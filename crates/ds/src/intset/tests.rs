use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![-20i64..20, any::<i16>().prop_map(i64::from), any::<i32>().prop_map(i64::from), any::<i64>()]
}

fn check(set: &Intset, model: &BTreeSet<i64>) {
    set.check_invariants();
    assert_eq!(set.len(), model.len());
    assert!(set.iter().eq(model.iter().copied()));
    assert!(set.iter().rev().eq(model.iter().rev().copied()));
    assert!(set.allocated() >= set.bytes().len());
}

#[test]
fn bytes_of_the_reference() {
    let mut set = Intset::new();
    for n in [70000, 2, 1] {
        assert!(set.insert(n));
    }
    assert_eq!(set.bytes(), [4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x70, 0x11, 1, 0]);
    assert_eq!(Intset::parse(set.bytes()), Ok(set));
}

#[test]
fn bad_bytes() {
    let check = |bytes: &[u8], why| assert_eq!(Intset::parse(bytes).err(), Some(why), "{bytes:?}");
    check(&[], BadIntset::Length);
    check(&[2, 0, 0, 0, 0, 0, 0, 0], BadIntset::Length);
    check(&[3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0], BadIntset::Length);
    check(&[8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1], BadIntset::Length);
    check(&[2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0], BadIntset::Order);
    check(&[2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0x80], BadIntset::Order);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 300 }))]

    #[test]
    fn follows_a_model(steps in proptest::collection::vec((any::<bool>(), number()), 1..120)) {
        let (mut set, mut model) = (Intset::new(), BTreeSet::new());
        for (adds, n) in steps {
            let n = if adds { n } else { *model.range(n..).next().unwrap_or(&n) };
            if adds {
                assert_eq!(set.insert(n), model.insert(n));
            } else {
                assert_eq!(set.remove(n), model.remove(&n));
            }
            assert_eq!(set.contains(n), adds);
            check(&set, &model);
            check(&set.clone(), &model);
        }
        for (index, n) in model.iter().enumerate() {
            assert_eq!(set.get(index), Some(*n));
            assert_eq!(set.find(*n), Ok(index));
        }
        assert_eq!(set.get(model.len()), None);
        let numbers: Vec<i64> = model.iter().rev().chain(&model).copied().collect();
        check(&Intset::of(numbers), &model);
    }

    #[test]
    fn any_bytes_are_refused_or_sound(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(set) = Intset::parse(&bytes) {
            set.check_invariants();
        }
    }
}
