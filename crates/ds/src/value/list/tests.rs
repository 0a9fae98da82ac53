use super::*;
use crate::value::Word;
use base::Rng;
use proptest::prelude::*;

const NODE_SIZES: [i32; 5] = [-2, -1, 1, 3, 128];

fn limits(node_size: i32) -> ListLimits {
    ListLimits { node_size, long: ListLimits::LONG }
}

fn contents(list: &List, from: End) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    list.scan(from, 0, |element| {
        all.push(element.to_vec());
        true
    });
    all
}

fn check(list: &List, model: &[Vec<u8>]) {
    list.check_invariants();
    assert_eq!(list.len(), model.len());
    assert_eq!(contents(list, End::Left), model);
    let back = contents(list, End::Right);
    assert!(back.iter().rev().eq(model));
    for at in [0, model.len() / 2, model.len()] {
        let element = list.get(at).map(StrRef::to_vec);
        assert_eq!(element.as_ref(), model.get(at));
        let mut some = Vec::new();
        list.range(End::Left, at, 5, |element| some.push(element.to_vec()));
        assert_eq!(some, model[at..(at + 5).min(model.len())]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(bool, Vec<Vec<u8>>),
    Remove(usize, usize),
    Set(usize, Vec<u8>),
    Insert(usize, Vec<u8>),
    RemoveEqual(bool, usize, Vec<u8>),
    Clone,
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0i64..6).prop_map(|n| n.to_string().into_bytes()),
        3 => (0usize..300).prop_map(|n| vec![b'x'; n]),
        1 => (4000usize..9000).prop_map(|n| vec![b'y'; n]),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (any::<bool>(), proptest::collection::vec(value(), 1..20)).prop_map(|(l, v)| Step::Push(l, v)),
        2 => (any::<usize>(), 0usize..12).prop_map(|(at, n)| Step::Remove(at, n)),
        3 => (any::<usize>(), value()).prop_map(|(at, v)| Step::Set(at, v)),
        4 => (any::<usize>(), value()).prop_map(|(at, v)| Step::Insert(at, v)),
        2 => (any::<bool>(), 0usize..5, value()).prop_map(|(l, n, v)| Step::RemoveEqual(l, n, v)),
        1 => Just(Step::Clone),
    ];
    proptest::collection::vec(step, 1..40)
}

fn apply(list: &mut List, model: &mut Vec<Vec<u8>>, step: Step, limits: ListLimits) {
    let len = model.len();
    match step {
        Step::Push(left, values) => {
            let end = if left { End::Left } else { End::Right };
            list.push(end, values.iter().map(Vec::as_slice), limits);
            for value in values {
                model.insert(if left { 0 } else { model.len() }, value);
            }
        }
        Step::Remove(at, count) => {
            let at = at % (len + 1);
            let range = at..(at + count).min(len);
            list.remove(range.clone(), limits);
            model.drain(range);
        }
        Step::Set(at, value) if len > 0 => {
            list.set(at % len, &value, limits);
            model[at % len] = value;
        }
        Step::Insert(at, value) => {
            list.insert(at % (len + 1), &value, limits);
            model.insert(at % (len + 1), value);
        }
        Step::RemoveEqual(left, count, value) => {
            let end = if left { End::Left } else { End::Right };
            let removed = list.remove_equal(&value, end, count, limits);
            let equal = model.iter().enumerate().filter(|(_, v)| **v == value).map(|(i, _)| i);
            let mut equal: Vec<usize> = equal.collect();
            if !left {
                equal.reverse();
            }
            equal.truncate(count);
            assert_eq!(removed, equal.len());
            equal.sort_unstable();
            equal.iter().rev().for_each(|at| drop(model.remove(*at)));
            assert_eq!(list.position(&value), model.iter().position(|v| *v == value));
        }
        Step::Clone => *list = list.clone(),
        Step::Set(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 200 }))]

    #[test]
    fn follows_a_model(
        steps in steps(),
        size in proptest::sample::select(&NODE_SIZES[..]),
        long in prop_oneof![Just(ListLimits::LONG), Just(1), Just(50)],
    ) {
        let (mut list, mut model) = (List::new(), Vec::new());
        for step in steps {
            apply(&mut list, &mut model, step, ListLimits { long, ..limits(size) });
            check(&list, &model);
        }
    }
}

/// Enough nodes for several runs, changed everywhere.
#[test]
fn many_nodes() {
    let (mut list, mut model, mut rng) = (List::new(), Vec::new(), Rng::new(7));
    let size = limits(1);
    for step in 0..3000u64 {
        let at = rng.below(model.len() as u64 + 1) as usize;
        let value = step.to_string().into_bytes();
        match rng.below(12) {
            0..8 => {
                list.insert(at, &value, size);
                model.insert(at, value);
            }
            8..10 => {
                let range = at..(at + 3).min(model.len());
                list.remove(range.clone(), size);
                model.drain(range);
            }
            _ if at < model.len() => {
                let long = vec![b'z'; 9000];
                list.set(at, &long, size);
                model[at] = long;
            }
            _ => {}
        }
        if step % 97 == 0 {
            check(&list, &model);
        }
    }
    check(&list, &model);
    for end in [End::Left, End::Right] {
        let long = vec![b'z'; 9000];
        let many = model.iter().filter(|value| **value == long).count();
        assert_eq!(list.remove_equal(&long, end, usize::MAX, size), many);
        model.retain(|value| *value != long);
        check(&list, &model);
        list.push(End::Right, (0..600).map(|_| &long[..]), size);
        list.push(End::Left, (0..600).map(|_| &long[..]), size);
        model.splice(0..0, vec![long.clone(); 600]);
        model.extend(vec![long; 600]);
    }
}

#[test]
fn encodings_change_as_the_reference_does() {
    let mut list = List::new();
    let size = limits(-2);
    let text = [b'x'; 100];
    while list.encoding() == "listpack" {
        list.push(End::Right, std::iter::once(&text[..]), size);
    }
    assert_eq!(list.len(), 80, "8192 bytes hold 79 entries of 103 or so");
    while list.encoding() == "quicklist" {
        list.remove(0..1, size);
    }
    assert_eq!(list.len(), 39);
}

#[test]
fn a_big_list_goes_bit_by_bit() {
    let mut list = List::new();
    list.push(End::Left, (0..5000).map(|_| &b"element"[..]), limits(1));
    let mut steps = 0;
    while !list.shed(1000) {
        list.check_invariants();
        steps += 1;
    }
    assert_eq!((steps, list.len()), (4, 0));
}

#[test]
fn bytes_of_a_big_list() {
    let mut list = List::new();
    for i in 0..100_000 {
        list.push(End::Right, std::iter::once(format!("item{i:010}").as_bytes()), limits(-2));
    }
    let each = list.allocated() as f64 / 100_000.0;
    assert!(each < 16.5, "{each}");
}
