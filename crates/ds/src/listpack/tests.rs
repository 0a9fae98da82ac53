use super::*;
use proptest::prelude::*;

/// Text as the listpack holds it.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![-200i64..200, -5000i64..5000, any::<i16>().prop_map(i64::from)];
    let wide = prop_oneof![any::<i32>().prop_map(i64::from), -9_000_000i64..9_000_000, any::<i64>()];
    prop_oneof![
        4 => number.prop_map(|n| n.to_string().into_bytes()),
        4 => wide.prop_map(|n| n.to_string().into_bytes()),
        6 => proptest::collection::vec(any::<u8>(), 0..70),
        2 => (0usize..200).prop_map(|n| vec![b'x'; n]),
        1 => prop_oneof![4090usize..4100, 16370usize..16390].prop_map(|n| vec![b'y'; n]),
    ]
}

fn texts(pack: ListpackRef<'_>) -> Vec<Vec<u8>> {
    pack.iter().map(StrRef::to_vec).collect()
}

fn check(pack: &Listpack, model: &[Vec<u8>]) {
    pack.check_invariants();
    let view = pack.view();
    assert_eq!((view.len(), view.is_empty()), (model.len(), model.is_empty()));
    assert_eq!(texts(view), model);
    let back: Vec<Vec<u8>> = view.iter().rev().map(StrRef::to_vec).collect();
    assert!(back.iter().rev().eq(model));
    assert!(view.bytes().len() <= pack.allocated());
}

fn bytes_of(values: &[&str]) -> Vec<u8> {
    let pack = Listpack::of(values.iter().map(|value| StrRef::Bytes(value.as_bytes())));
    pack.view().bytes().to_vec()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b' ').collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn bytes_of_the_reference() {
    assert_eq!(bytes_of(&[]), hex("07000000 0000 ff"));
    assert_eq!(bytes_of(&["a", "b", "1"]), hex("0f000000 0300 8161 02 8162 02 01 01 ff"));
    assert_eq!(bytes_of(&["b", "1", "a", "2.5"]), hex("14000000 0400 816202 0101 816102 83322e3504 ff"));
    assert_eq!(bytes_of(&["f", "v", "n", "300"]), hex("13000000 0400 816602 817602 816e02 c12c02 ff"));
    assert_eq!(bytes_of(&["-1", "-4096", "4096"]), hex("11000000 0300 dfff02 d00002 f1001003 ff"));
    let wide = ["-32769", "8388608", "2147483648", "-9223372036854775808"];
    let entries = "f2ff7fff04 f30000800005 f4000000800000000009 f4000000000000008009";
    assert_eq!(bytes_of(&wide)[6..], hex(&format!("{entries} ff")));
    for text in ["01", "-0", "+1", "9223372036854775808", ""] {
        assert_eq!(bytes_of(&[text])[6], 0x80 | text.len() as u8, "{text} stays text");
    }
}

#[test]
fn lengths_behind_entries() {
    for (len, size) in [(62, 1), (63, 1), (125, 1), (126, 2), (4095, 2), (16377, 2), (16378, 2), (16379, 3)] {
        let text = vec![b'x'; len];
        let pack = Listpack::of(std::iter::once(StrRef::Bytes(&text)));
        check(&pack, std::slice::from_ref(&text));
        let head = match len {
            0..64 => 1,
            64..4096 => 2,
            _ => 5,
        };
        assert_eq!(pack.total(), 7 + head + len + size, "{len}");
        assert_eq!(pack.view().is_portable(), len != 16378);
    }
}

/// Redis writes one more byte behind an entry of this size.
#[test]
fn longer_lengths_are_brought_into_form() {
    let text = vec![b'x'; 16378];
    let ours = Listpack::of([StrRef::Bytes(b"a"), StrRef::Bytes(&text), StrRef::Int(7)].into_iter());
    let mut theirs = ours.view().bytes().to_vec();
    let at = theirs.len() - 5;
    assert_eq!(theirs[at..], [0x7F, 0xFF, 0x07, 0x01, 0xFF]);
    theirs.insert(at, 0);
    theirs[at + 1] |= 0x80;
    let total = theirs.len() as u32;
    theirs[..4].copy_from_slice(&total.to_le_bytes());
    assert_eq!(Listpack::parse(&theirs), Ok(ours));
}

#[test]
fn counts_beyond_the_head() {
    let mut pack = Listpack::of((0..65_534).map(StrRef::Int));
    for len in 65_535..65_540 {
        pack.push_back(StrRef::Int(-1));
        assert_eq!(pack.len(), len);
        pack.check_invariants();
    }
    assert_eq!(pack.view().seek(65_538), pack.view().last());
    assert_eq!(pack.view().seek(65_539), None);
    assert_eq!(pack.view().seek(-65_539), pack.view().first());
    assert_eq!(pack.view().seek(-65_540), None);
    pack.remove_range(0, 65_539);
    assert_eq!(pack.view().bytes(), EMPTY);
}

#[test]
fn bad_bytes() {
    let check = |text: &str, why| assert_eq!(Listpack::parse(&hex(text)).err(), Some(why), "{text}");
    check("", BadListpack::Length);
    check("07000000 0000", BadListpack::Length);
    check("08000000 0000 ff", BadListpack::Length);
    check("07000000 0000 00", BadListpack::End);
    check("07000000 0100 ff", BadListpack::Count);
    check("09000000 0000 0101 ff", BadListpack::Count);
    check("09000000 0100 0102 ff", BadListpack::Backlen);
    check("09000000 0100 f501 ff", BadListpack::Entry);
    check("0a000000 0100 bf6102 ff", BadListpack::Entry);
    check("0a000000 0100 8161ff ff", BadListpack::Backlen);
    check("0d000000 0100 f0ffffffff05 ff", BadListpack::Entry);
    check("0a000000 0100 ff0101 ff", BadListpack::Entry);
    assert!(Listpack::parse(&hex("09000000 ffff 0101 ff")).is_ok());
}

#[test]
fn finding() {
    let pack = Listpack::of(["a", "1", "1", "b", "300", "", "x"].iter().map(|s| StrRef::Bytes(s.as_bytes())));
    let view = pack.view();
    let at = |needle: &str, skip| {
        let found = view.find(view.first(), needle.as_bytes(), skip);
        found.map(|at| view.bytes()[..at].len()).map(|at| (0..7).find(|i| view.seek(*i) == Some(at)).unwrap())
    };
    assert_eq!((at("a", 0), at("1", 0), at("1", 1)), (Some(0), Some(1), Some(2)));
    assert_eq!((at("b", 0), at("b", 1), at("300", 1)), (Some(3), None, Some(4)));
    assert_eq!((at("", 0), at("x", 1), at("x", 2), at("y", 0)), (Some(5), Some(6), Some(6), None));
    assert_eq!(view.find(None, b"a", 0), None);
    assert_eq!(view.pairs().count(), 3);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(usize, Vec<u8>),
    Replace(usize, Vec<u8>),
    Remove(usize, usize),
    ReplaceRun(usize, usize, Vec<Vec<u8>>),
    Split(usize),
    Append(Vec<Vec<u8>>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let values = || proptest::collection::vec(value(), 0..4);
    let step = prop_oneof![
        6 => (any::<usize>(), value()).prop_map(|(at, v)| Step::Insert(at, v)),
        2 => (any::<usize>(), value()).prop_map(|(at, v)| Step::Replace(at, v)),
        2 => (any::<usize>(), 0usize..4).prop_map(|(at, n)| Step::Remove(at, n)),
        1 => (any::<usize>(), 0usize..4, values()).prop_map(|(at, n, v)| Step::ReplaceRun(at, n, v)),
        1 => any::<usize>().prop_map(Step::Split),
        1 => values().prop_map(Step::Append),
    ];
    proptest::collection::vec(step, 1..40)
}

fn place(pack: &Listpack, index: usize) -> usize {
    pack.view().seek(index as i64).unwrap_or(pack.view().end())
}

fn refs(values: &[Vec<u8>]) -> impl Iterator<Item = StrRef<'_>> + Clone {
    values.iter().map(|value| StrRef::Bytes(value))
}

fn apply(pack: &mut Listpack, model: &mut Vec<Vec<u8>>, step: Step) {
    let len = model.len();
    match step {
        Step::Insert(at, value) => {
            let at = at % (len + 1);
            pack.insert(place(pack, at), StrRef::Bytes(&value));
            model.insert(at, value);
        }
        Step::Replace(at, value) if len > 0 => {
            pack.replace(place(pack, at % len), StrRef::Bytes(&value));
            model[at % len] = value;
        }
        Step::Remove(at, count) => {
            let at = at % (len + 1);
            pack.remove(place(pack, at), count);
            model.drain(at..(at + count).min(len));
        }
        Step::ReplaceRun(at, count, values) => {
            let at = at % (len + 1);
            pack.replace_run(place(pack, at), count, refs(&values));
            model.splice(at..(at + count).min(len), values);
        }
        Step::Split(at) => {
            let at = at % (len + 1);
            let mut tail = pack.split_off(place(pack, at));
            check(&tail, &model[at..]);
            check(pack, &model[..at]);
            tail.append(pack.view());
            *pack = tail;
            model.rotate_left(at);
        }
        Step::Append(values) => {
            pack.append(Listpack::of(refs(&values)).view());
            model.extend(values);
        }
        Step::Replace(..) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 400 }))]

    #[test]
    fn follows_a_model(steps in steps()) {
        let (mut pack, mut model) = (Listpack::new(), Vec::new());
        for step in steps {
            apply(&mut pack, &mut model, step);
            check(&pack, &model);
        }
        for (index, text) in model.iter().enumerate() {
            let at = pack.view().seek(index as i64).unwrap();
            assert_eq!(pack.view().seek(index as i64 - model.len() as i64), Some(at));
            assert_eq!(&pack.view().get(at).to_vec(), text);
            let first = model.iter().position(|other| other == text).unwrap();
            assert_eq!(pack.view().find(pack.view().first(), text, 0), pack.view().seek(first as i64));
        }
        assert_eq!(Listpack::parse(pack.view().bytes()), Ok(pack));
    }

    #[test]
    fn changed_bytes_are_refused_or_sound(
        values in proptest::collection::vec(value(), 0..6),
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<usize>()),
    ) {
        let mut bytes = Listpack::of(refs(&values)).view().bytes().to_vec();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut % bytes.len());
            if let Some(total) = bytes.first_chunk_mut::<4>() {
                *total = (cut as u32 % 64).to_le_bytes();
            }
        }
        if let Ok(pack) = Listpack::parse(&bytes) {
            let values: Vec<Vec<u8>> = texts(pack.view());
            check(&pack, &values);
        }
    }
}
