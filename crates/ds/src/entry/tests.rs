use super::*;
use crate::IntText;
use proptest::prelude::*;

/// What an entry must say.
#[derive(Clone, Debug)]
struct Model {
    key: Vec<u8>,
    value: Vec<u8>,
    encoding: &'static str,
    expiry: Option<u64>,
    access: u32,
}

fn check(entry: &Entry, model: &Model) {
    let view = entry.view();
    view.check_invariants();
    let value = view.text().expect("a string");
    assert_eq!(view.key(), model.key);
    assert_eq!(value.to_vec(), model.value);
    assert_eq!(value.len(), model.value.len());
    assert_eq!(view.encoding(), model.encoding);
    assert_eq!(view.expiry(), model.expiry);
    assert_eq!(view.access(), model.access);
    assert_eq!(value.text(&mut IntText::new()), model.value);
}

#[test]
fn small_entries_fit_their_classes() {
    let class = |key, value, expiry| Entry::string(key, value, expiry).view().allocated();
    assert_eq!(class(&[b'k'; 16], NewString::Bytes(&[b'v'; 8]), None), 32);
    assert_eq!(class(&[b'k'; 16], NewString::Int(i64::MIN), None), 32);
    assert_eq!(class(&[b'k'; 16], NewString::Bytes(&[b'v'; 64]), None), 96);
    assert_eq!(class(&[b'k'; 16], NewString::Bytes(&[b'v'; 64]), Some(1)), 96);
    assert_eq!(class(b"", NewString::Bytes(b""), None), 8);
}

#[test]
fn lengths_at_every_form() {
    for key_len in [0, 1, 16, 250, 251, 252, 70_000] {
        for value_len in [0, 1, 44, 45, 250, 251, 65_535, 65_536, 100_000] {
            let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
            let encoding = if value_len <= 44 { "embstr" } else { "raw" };
            let mut model = Model { key, value, encoding, expiry: None, access: 0 };
            let mut entry = Entry::string(&model.key, NewString::Bytes(&model.value), None);
            check(&entry, &model);
            model.expiry = Some(1_700_000_000_000);
            assert!(!entry.set_expiry(model.expiry));
            check(&entry, &model);
            check(&entry.clone(), &model);
            model.expiry = None;
            assert!(entry.set_expiry(None));
            check(&entry, &model);
        }
    }
}

#[test]
fn expiry_is_cut_to_48_bits() {
    let entry = Entry::string(b"k", NewString::Int(1), Some(u64::MAX));
    assert_eq!(entry.view().expiry(), Some(EXPIRY_MAX_MS));
}

#[test]
fn overwriting_within_a_class_moves_nothing() {
    let mut entry = Entry::string(&[b'k'; 16], NewString::Bytes(&[b'v'; 64]), None);
    let before = entry.view().key().as_ptr();
    entry.set_string(NewString::Bytes(&[b'w'; 70]));
    entry.set_string(NewString::Bytes(&[b'w'; 60]));
    assert_eq!(entry.view().key().as_ptr(), before);
}

#[derive(Clone, Debug)]
enum Step {
    Rewrite(Vec<u8>, Option<u64>),
    Int(i64),
    Raw(Vec<u8>),
    Expiry(Option<u64>),
    Append(Vec<u8>),
    WriteAt(usize, Vec<u8>),
    Touch(u32),
    Rename(Vec<u8>),
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0usize..60).prop_map(|n| vec![b'x'; n]),
        2 => (200usize..300).prop_map(|n| vec![b'y'; n]),
        1 => (65_400usize..65_700).prop_map(|n| vec![b'z'; n]),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expiry = || proptest::option::of(0..=EXPIRY_MAX_MS);
    let step = prop_oneof![
        (bytes(), expiry()).prop_map(|(v, e)| Step::Rewrite(v, e)),
        any::<i64>().prop_map(Step::Int),
        bytes().prop_map(Step::Raw),
        expiry().prop_map(Step::Expiry),
        bytes().prop_map(Step::Append),
        (0usize..400, bytes()).prop_map(|(at, v)| Step::WriteAt(at, v)),
        (0u32..1 << 24).prop_map(Step::Touch),
        bytes().prop_map(Step::Rename),
    ];
    proptest::collection::vec(step, 1..20)
}

fn apply(entry: &mut Entry, model: &mut Model, step: Step) {
    let embstr = |len| if len <= 44 { "embstr" } else { "raw" };
    match step {
        Step::Rewrite(value, expiry) => {
            entry.rewrite(NewString::Bytes(&value), expiry);
            (model.encoding, model.value, model.expiry) = (embstr(value.len()), value, expiry);
        }
        Step::Int(n) => {
            entry.set_string(NewString::Int(n));
            (model.encoding, model.value) = ("int", n.to_string().into_bytes());
        }
        Step::Raw(value) => {
            entry.set_string(NewString::Raw(&value));
            (model.encoding, model.value) = ("raw", value);
        }
        Step::Expiry(expiry) => {
            assert_eq!(entry.set_expiry(expiry), model.expiry.is_some());
            model.expiry = expiry;
        }
        Step::Append(more) => {
            model.value.extend_from_slice(&more);
            model.encoding = "raw";
            assert_eq!(entry.append(&more), model.value.len());
        }
        Step::WriteAt(at, bytes) => {
            let len = model.value.len().max(at + bytes.len());
            model.value.resize(len, 0);
            model.value[at..at + bytes.len()].copy_from_slice(&bytes);
            model.encoding = "raw";
            assert_eq!(entry.write_at(at, &bytes), len);
        }
        Step::Touch(access) => {
            entry.set_access(access);
            model.access = access;
        }
        Step::Rename(key) => {
            *entry = entry.with_key(&key);
            model.key = key;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 500 }))]

    #[test]
    fn follows_a_model(key in bytes(), steps in steps()) {
        let mut entry = Entry::string(&key, NewString::Bytes(b""), None);
        let mut model = Model { key, value: Vec::new(), encoding: "embstr", expiry: None, access: 0 };
        for step in steps {
            apply(&mut entry, &mut model, step);
            check(&entry, &model);
        }
    }
}

mod composite {
    use super::*;
    use crate::value::{Hash, List, Object, Set, Stream, Word};
    use crate::{Listpack, StrRef};

    fn hash() -> Hash {
        Hash::Pack(Listpack::of([b"field".as_slice(), b"value"].into_iter().map(StrRef::Bytes)))
    }

    #[test]
    fn a_small_hash_takes_one_small_block() {
        let entry = Entry::composite(&[b'k'; 16], hash(), None);
        assert_eq!(entry.view().allocated(), 48);
        entry.view().check_invariants();
    }

    #[test]
    fn values_move_with_their_key_and_are_copied_without_it() {
        let mut entry = Entry::composite(&[b'k'; 100], hash(), Some(5));
        entry.set_access(7);
        let inside = |entry: &Entry| match entry.view().view_as::<Hash>().as_deref() {
            Some(Hash::Pack(pack)) => pack.view().bytes().as_ptr(),
            other => panic!("{other:?}"),
        };
        let (copy, at) = (entry.with_key(b"copy"), inside(&entry));
        let moved = entry.into_key(b"a longer key");
        assert_eq!(inside(&moved), at);
        assert_ne!(inside(&copy), at);
        for (entry, key) in [(&copy, &b"copy"[..]), (&moved, b"a longer key")] {
            let view = entry.view();
            view.check_invariants();
            assert_eq!((view.key(), view.expiry(), view.access()), (key, Some(5), 7));
            assert_eq!((view.kind(), view.encoding(), view.text()), (Kind::Hash, "listpack", None));
            assert!(view.view_as::<Set>().is_none());
        }
    }

    #[test]
    fn changes_are_written_back() {
        let mut entry = Entry::composite(b"key", List::new(), None);
        assert!(entry.object_mut::<Set>().is_none());
        let mut list = entry.object_mut::<List>().expect("it is one");
        let List::Pack(pack) = &mut *list else { panic!("a new list is a listpack") };
        for n in 0..1000 {
            pack.push_back(StrRef::Int(n));
        }
        drop(list);
        assert!(!entry.set_expiry(Some(9)));
        let view = entry.view().view_as::<List>().expect("it is one");
        assert_eq!(view.count(), 1000);
        entry.view().check_invariants();
    }

    #[test]
    fn overwriting_frees_the_value() {
        let mut entry = Entry::object(b"key", Object::from(Stream::new()), Some(1));
        let before = entry.view().allocated() as isize;
        let grown = entry.rewrite(NewString::Bytes(b"text"), None);
        assert_eq!(entry.view().allocated() as isize, before + grown);
        assert_eq!(entry.view().text(), Some(StrRef::Bytes(b"text")));
        entry.view().check_invariants();
    }
}
