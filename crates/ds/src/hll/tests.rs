use proptest::prelude::*;

use super::*;

const SPARSE_MAX: usize = 3000;

fn text(i: u64) -> Vec<u8> {
    format!("element:{i}").into_bytes()
}

fn registers(sketch: &Sketch) -> Registers {
    let mut registers = Registers::default();
    sketch.view().merge_into(&mut registers).expect("verified");
    registers
}

#[test]
fn both_encodings_hold_the_same_registers() {
    let (mut sparse, mut dense) = (Sketch::default(), Sketch::default());
    dense.make_dense();
    for i in 0..20_000 {
        let element = text(i);
        assert_eq!(sparse.add(&element, SPARSE_MAX), dense.add(&element, SPARSE_MAX), "{i}");
        if i % 64 == 0 {
            sparse.check_invariants();
            assert_eq!(registers(&sparse).values(), registers(&dense).values());
            assert_eq!(sparse.view().count(), dense.view().count());
        }
    }
    assert_eq!(sparse.view().encoding(), Encoding::Dense);
    assert_eq!(sparse.bytes().len(), DENSE_BYTES);
}

#[test]
fn estimates_are_near() {
    let mut sketch = Sketch::default();
    for i in 1..=200_000_u64 {
        sketch.add(&text(i), SPARSE_MAX);
        if i.is_power_of_two() {
            let count = sketch.view().count().expect("verified") as f64;
            let error = (count - i as f64).abs();
            assert!(error <= 1.0 + 0.0325 * i as f64, "{count} for {i}");
        }
    }
}

#[test]
fn a_known_estimate_is_kept_until_something_changes() {
    let mut bytes = Sketch::default().bytes().to_vec();
    assert_eq!(SketchRef::of(&bytes).and_then(|s| s.cached()), None);
    set_cached(&mut bytes, 0);
    assert_eq!(SketchRef::of(&bytes).and_then(|s| s.cached()), Some(0));
    let mut sketch = SketchRef::of(&bytes).expect("a sketch").to_sketch().expect("verified");
    assert!(sketch.add(b"a", SPARSE_MAX));
    assert_eq!(sketch.view().cached(), None);
    bytes = sketch.bytes().to_vec();
    set_cached(&mut bytes, 1);
    let mut sketch = SketchRef::of(&bytes).expect("a sketch").to_sketch().expect("verified");
    assert!(!sketch.add(b"a", SPARSE_MAX));
    assert_eq!(sketch.view().cached(), Some(1));
    sketch.make_dense();
    assert_eq!(sketch.view().cached(), Some(1));
    let mut bytes = sketch.bytes().to_vec();
    assert!(add_dense(&mut bytes, b"b") && !add_dense(&mut bytes, b"a"));
    assert_eq!(SketchRef::of(&bytes).and_then(|s| s.cached()), None);
}

#[test]
fn great_values_need_the_dense_encoding() {
    let mut sketch = Sketch::default();
    assert!(sketch.raise(5, 32, SPARSE_MAX));
    assert_eq!(sketch.view().encoding(), Encoding::Sparse);
    assert!(sketch.raise(5, 33, SPARSE_MAX));
    assert_eq!(sketch.view().encoding(), Encoding::Dense);
    assert!(!sketch.raise(5, 33, SPARSE_MAX));
    let mut small = Sketch::default();
    assert!(small.raise(5, 1, 0));
    assert_eq!(small.view().encoding(), Encoding::Dense);
}

#[test]
fn no_sketch() {
    let good = Sketch::default().bytes().to_vec();
    let check = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        assert!(SketchRef::of(&bytes).is_none(), "{at} {byte}");
    };
    check(0, b'h');
    check(3, 0);
    check(4, 0);
    check(4, 2);
    assert!(SketchRef::of(&good[..15]).is_none() && SketchRef::of(b"").is_none());
}

#[test]
fn runs_that_do_not_fit_are_told() {
    let check = |body: &[u8]| {
        let bytes = [&Sketch::default().bytes()[..HEADER_BYTES], body].concat();
        let sketch = SketchRef::of(&bytes).expect("a header");
        assert_eq!(sketch.count(), Err(Corrupted), "{body:?}");
        assert_eq!(sketch.to_sketch().err(), Some(Corrupted));
        let mut registers = Registers::default();
        assert_eq!(sketch.merge_into(&mut registers), Err(Corrupted));
        assert!(registers.values().iter().all(|value| *value == 0));
    };
    check(&[]);
    check(&[0x7f]);
    check(&[0x7f, 0xfe]);
    check(&[0x7f, 0xff, 0]);
    check(&[0x80, 0x7f, 0xff]);
    check(&[0x7f, 0xff, 0x7f]);
}

/// One step of the model test.
#[derive(Clone, Debug)]
enum Step {
    Raise(usize, u8),
    Run(usize, usize, u8),
    Add(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..REGISTERS, 1..=34_u8).prop_map(|(i, v)| Step::Raise(i, v)),
        (0..300_usize, 1..=4_u8).prop_map(|(i, v)| Step::Raise(i, v)),
        (0..REGISTERS, 1..12_usize, 1..=3_u8).prop_map(|(i, n, v)| Step::Run(i, n, v)),
        (0..50_u64).prop_map(Step::Add),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_sketch_is_its_registers(steps in prop::collection::vec(step(), 1..200)) {
        let (mut sketch, mut model) = (Sketch::default(), vec![0_u8; REGISTERS]);
        let mut raise = |sketch: &mut Sketch, index: usize, value: u8| {
            let raised = sketch.raise(index, value, 400);
            assert_eq!(raised, model[index] < value);
            model[index] = model[index].max(value);
        };
        for step in steps {
            match step {
                Step::Raise(index, value) => raise(&mut sketch, index, value),
                Step::Run(from, len, value) => {
                    (from..(from + len).min(REGISTERS)).for_each(|i| raise(&mut sketch, i, value));
                }
                Step::Add(i) => {
                    let (index, value) = hash::place(&text(i));
                    raise(&mut sketch, index, value);
                }
            }
            sketch.check_invariants();
        }
        let held = registers(&sketch);
        prop_assert_eq!(&held.values()[..], &model[..]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..600)) {
        let bytes = [&Sketch::default().bytes()[..HEADER_BYTES], &body[..]].concat();
        if let Some(Ok(mut sketch)) = SketchRef::of(&bytes).map(SketchRef::to_sketch) {
            sketch.add(b"a", SPARSE_MAX);
            sketch.check_invariants();
        }
    }
}
