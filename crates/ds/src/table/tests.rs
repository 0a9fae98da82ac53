use super::*;
use crate::{Entry, NewString, StrRef};
use base::Rng;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// A hash that leaves low bits dense enough for long chains now and then.
fn hash(key: &[u8]) -> u64 {
    key.iter().fold(0xCBF2_9CE4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    })
}

/// Worst case: a few buckets take everything.
fn poor(key: &[u8]) -> u64 {
    hash(key) & 0xFF00_0000_0000_0003
}

fn key(n: u32) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

fn entry(n: u32, value: u32) -> Entry {
    Entry::string(&key(n), NewString::Int(i64::from(value)), None)
}

fn number(entry: crate::EntryRef<'_>) -> u32 {
    match entry.text() {
        Some(StrRef::Int(n)) => n as u32,
        _ => panic!("stored as a number"),
    }
}

fn filled(keys: std::ops::Range<u32>) -> Table<Entry> {
    let mut table = Table::new();
    for n in keys {
        table.insert(hash(&key(n)), entry(n, n), hash);
    }
    table
}

fn load(large: u32) -> u32 {
    if cfg!(miri) { large / 100 } else { large }
}

#[test]
fn empty_and_single_tables_own_no_bucket() {
    let mut table = Table::new();
    assert_eq!((size_of::<Table<Entry>>(), table.allocated()), (48, 0));
    table.insert(hash(&key(1)), entry(1, 1), hash);
    assert_eq!(table.allocated(), 0);
    table.insert(hash(&key(2)), entry(2, 2), hash);
    assert_eq!(table.allocated(), 64);
    assert!(table.remove(hash(&key(1)), &key(1)).is_some());
    assert_eq!((table.allocated(), table.get(hash(&key(2)), &key(2)).map(number)), (0, Some(2)));
    assert!(table.get(hash(&key(1)), &key(1)).is_none());
}

#[test]
fn eleven_bytes_per_key_at_any_size() {
    for len in [30, 61, 92, 122, 183, 1_000, 12_345, 100_000] {
        // Small tables vary by chance: a mean over many.
        let tables = (load(100_000) / len).max(1);
        let bytes: usize = (0..tables).map(|t| filled(t * len..(t + 1) * len).allocated()).sum();
        let each = bytes as f64 / f64::from(tables * len);
        assert!(each < if cfg!(miri) || len < 60 { 14.0 } else { 12.0 }, "{len} keys: {each:.2} bytes a key");
    }
}

#[test]
fn sheds_each_item_once() {
    for (len, hash) in [(1, hash as fn(&[u8]) -> u64), (2, hash), (20, poor), (load(10_000), hash)] {
        let mut table = Table::new();
        (0..len).for_each(|n| table.insert(hash(&key(n)), entry(n, n), hash));
        let mut seen = HashSet::new();
        while !table.shed(7, |entry| assert!(seen.insert(number(entry.view())))) {}
        assert_eq!(seen.len() + table.len(), len as usize);
        assert!(table.iter().all(|entry| seen.insert(number(entry))));
    }
}

#[test]
fn shrinks_to_nothing() {
    let most = load(100_000);
    let mut table = filled(0..most);
    for n in 0..most {
        assert!(table.remove(hash(&key(n)), &key(n)).is_some());
        if n % (most / 20) == 0 {
            table.check_invariants(hash);
            assert!(table.allocated() <= 64 + (most - n) as usize * 40, "{n}: {}", table.allocated());
        }
    }
    assert_eq!((table.len(), table.allocated()), (0, 0));
}

#[test]
fn steady_churn_does_not_inflate() {
    let mut table = filled(0..load(20_000));
    let before = table.allocated();
    for n in 0..load(400_000) {
        assert!(table.remove(hash(&key(n)), &key(n)).is_some());
        let new = n + load(20_000);
        table.insert(hash(&key(new)), entry(new, new), hash);
    }
    table.check_invariants(hash);
    assert!(table.allocated() < before * 3 / 2, "{before} -> {}", table.allocated());
}

#[test]
fn random_reaches_all_alike() {
    let table = filled(0..500);
    let mut rng = Rng::new(5);
    let mut seen = HashMap::new();
    for _ in 0..load(100_000) {
        *seen.entry(number(table.random(&mut rng).expect("not empty"))).or_insert(0u32) += 1;
    }
    if !cfg!(miri) {
        assert!(seen.len() == 500 && seen.values().all(|n| (100..400).contains(n)), "{seen:?}");
    }
    assert!(filled(0..0).random(&mut rng).is_none());
}

#[test]
fn sweep_takes_what_is_dead() {
    for len in [1, 2, 9, 100, 3_000] {
        let mut table = filled(0..len);
        let (mut position, mut dead) = (0, HashSet::new());
        while position < SCAN_END {
            position = table.sweep(
                position,
                |e| number(e) & 3 != 0,
                |e| {
                    assert!(dead.insert(number(e.view())));
                },
            );
            table.check_invariants(hash);
        }
        assert_eq!(dead.len() + table.len(), len as usize);
        assert!(table.iter().all(|e| number(e) & 3 == 0));
    }
}

fn filled_by(hash: fn(&[u8]) -> u64, keys: std::ops::Range<u32>) -> Table<Entry> {
    let mut table = Table::new();
    keys.for_each(|n| table.insert(hash(&key(n)), entry(n, n), hash));
    table
}

#[test]
fn joins_what_both_have() {
    for hash in [hash as fn(&[u8]) -> u64, poor] {
        for (a, b) in [(2, 2), (9, 20), (100, 40), (40, 100), (777, 778), (load(1_000), load(3_000))] {
            let (mine, other) = (filled_by(hash, 0..a), filled_by(hash, a / 2..a / 2 + b));
            assert!(mine.joins(&other), "{a} {b}");
            let (mut seen, mut most) = (HashSet::new(), 0);
            mine.join(&other, |e| {
                assert!(seen.insert(number(e)));
                true
            });
            assert_eq!(seen, (a / 2..a.min(a / 2 + b)).collect(), "{a} {b}");
            mine.join(&other, |_| {
                most += 1;
                false
            });
            assert_eq!(most, 1);
        }
    }
    assert!(!filled(0..1).joins(&filled(0..20)) && !filled(0..20).joins(&filled(0..1)));
    assert!(!filled(0..20).joins(&filled(0..load(20_000))));
}

#[test]
fn random_ones_are_taken_until_none_is_left() {
    for len in [0, 1, 2, 10, 500] {
        let (mut table, mut rng, mut taken) = (filled(0..len), Rng::new(9), HashSet::new());
        while let Some(entry) = table.take_random(&mut rng) {
            assert!(taken.insert(number(entry.view())));
            table.check_invariants(hash);
        }
        assert_eq!((taken.len(), table.allocated()), (len as usize, 0));
    }
}

#[test]
fn stats_count_every_chain() {
    for len in [0, 1, 2, 300] {
        let (table, mut stats) = (filled(0..len), TableStats::default());
        table.add_stats(&mut stats);
        assert_eq!((stats.items(), stats.chains() == 0), (len as usize, len == 0));
        assert!(stats.longest() <= len as usize && stats.longest() * stats.chains() >= len as usize);
    }
    let mut stats = TableStats::default();
    filled(0..1).add_stats(&mut stats);
    assert!(stats.to_string().contains("max chain length: 1"), "{stats}");
}

#[test]
fn a_panic_in_a_change_loses_nothing() {
    let mut table = filled(0..20);
    let change = std::panic::AssertUnwindSafe(|| {
        let mut found = table.get_mut(hash(&key(3)), &key(3)).expect("there");
        found.update(|e| {
            e.append(&[b'x'; 100]);
            panic!("on purpose");
        });
    });
    assert!(std::panic::catch_unwind(change).is_err());
    table.check_invariants(hash);
    assert!(table.get(hash(&key(3)), &key(3)).is_some());
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u32),
    Remove(u32),
    /// Makes the entry too long for its class.
    Grow(u32),
    InsertMany(u32, u32),
    RemoveMany(u32, u32),
    ScanOn,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || 0u32..400;
    let step = prop_oneof![
        4 => key().prop_map(Step::Insert),
        4 => key().prop_map(Step::Remove),
        1 => key().prop_map(Step::Grow),
        1 => (key(), 0u32..150).prop_map(|(k, n)| Step::InsertMany(k, n)),
        1 => (key(), 0u32..150).prop_map(|(k, n)| Step::RemoveMany(k, n)),
        4 => Just(Step::ScanOn),
    ];
    proptest::collection::vec(step, 1..60)
}

/// A table beside its model, and a scan under way.
struct Pair {
    table: Table<Entry>,
    model: HashMap<u32, Vec<u8>>,
    hash: fn(&[u8]) -> u64,
    position: u64,
    seen: HashSet<u32>,
    /// Present since the scan began.
    stayed: HashSet<u32>,
}

impl Pair {
    fn insert(&mut self, n: u32) {
        let key = key(n);
        let hash = (self.hash)(&key);
        match self.table.get_mut(hash, &key) {
            Some(mut found) => drop(found.replace(entry(n, n))),
            None => self.table.insert(hash, entry(n, n), self.hash),
        }
        self.model.insert(n, n.to_string().into_bytes());
    }

    fn remove(&mut self, n: u32) {
        let removed = self.table.remove((self.hash)(&key(n)), &key(n));
        assert_eq!(removed.is_some(), self.model.remove(&n).is_some());
        self.stayed.remove(&n);
    }

    fn grow(&mut self, n: u32) {
        let key = key(n);
        if let Some(mut found) = self.table.get_mut((self.hash)(&key), &key) {
            found.update(|e| e.append(&[b'+'; 50]));
            self.model.get_mut(&n).expect("in both").extend_from_slice(&[b'+'; 50]);
        }
    }

    fn scan_on(&mut self) {
        if self.position == 0 {
            self.stayed = self.model.keys().copied().collect();
            self.seen.clear();
        }
        let seen = &mut self.seen;
        self.position = self.table.scan(self.position, |e| {
            seen.insert(u32::from_le_bytes(e.key().try_into().expect("four bytes")));
        });
        if self.position == SCAN_END {
            assert!(self.stayed.is_subset(&self.seen), "missed {:?}", self.stayed.difference(&self.seen));
            self.position = 0;
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(n) => self.insert(n),
            Step::Remove(n) => self.remove(n),
            Step::Grow(n) => self.grow(n),
            Step::InsertMany(n, many) => (n..n + many).for_each(|n| self.insert(n)),
            Step::RemoveMany(n, many) => (n..n + many).for_each(|n| self.remove(n)),
            Step::ScanOn => self.scan_on(),
        }
        self.check();
    }

    fn check(&self) {
        self.table.check_invariants(self.hash);
        assert_eq!(self.table.len(), self.model.len());
        assert_eq!(self.table.iter().count(), self.model.len());
        for (n, value) in &self.model {
            let found = self.table.get((self.hash)(&key(*n)), &key(*n)).expect("in the model");
            let text = found.text().expect("a string");
            assert_eq!(&text.to_vec(), value);
        }
    }
}

fn run(steps: Vec<Step>, hash: fn(&[u8]) -> u64) {
    let (table, model) = (Table::new(), HashMap::new());
    let mut pair = Pair { table, model, hash, position: 0, seen: HashSet::new(), stayed: HashSet::new() };
    for step in steps {
        pair.step(step);
    }
    while pair.position != 0 {
        pair.scan_on();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 400 }))]

    #[test]
    fn follows_a_hash_map(steps in steps()) {
        run(steps, hash);
    }

    #[test]
    fn follows_a_hash_map_with_a_poor_hash(steps in steps()) {
        run(steps, poor);
    }
}
