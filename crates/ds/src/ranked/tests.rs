use super::*;
use base::Rng;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn few(many: usize) -> usize {
    if cfg!(miri) { many / 50 } else { many }
}

fn name(n: u64) -> Vec<u8> {
    format!("member:{n:010}").into_bytes()
}

fn filled(scores: impl IntoIterator<Item = u64>) -> Ranked {
    let mut set = Ranked::new();
    for (n, score) in scores.into_iter().enumerate() {
        assert!(set.insert(&name(n as u64), score as f64));
    }
    set.check_invariants();
    set
}

/// Bytes of the tree's nodes for each element.
fn tree_bytes(set: &Ranked) -> f64 {
    set.tree.allocated() as f64 / set.len() as f64
}

#[test]
fn ascending_and_descending_leaves_are_full() {
    let n = few(20_000) as u64;
    assert!(tree_bytes(&filled(0..n)) < 7.2);
    assert!(tree_bytes(&filled((0..n).rev())) < 7.2);
    // All the same score: the order is that of the names.
    assert!(tree_bytes(&filled((0..n).map(|_| 1))) < 7.2);
}

#[test]
fn leaves_are_two_thirds_full_whatever_the_order() {
    let n = few(60_000) as u64;
    let mut order: Vec<u64> = (0..n).collect();
    Rng::new(1).shuffle(&mut order);
    let random = tree_bytes(&filled(order));
    let strides = tree_bytes(&filled((0..n).map(|i| i * 7919 % n)));
    assert!(random < 9.0 && strides < 10.5, "{random} {strides}");
}

#[test]
fn memory_goes_with_the_members() {
    let n = few(30_000);
    let mut set = filled((0..n as u64).map(|i| i * 7919 % 30_011));
    let mut order: Vec<u64> = (0..n as u64).collect();
    Rng::new(2).shuffle(&mut order);
    for (i, m) in order.iter().enumerate() {
        assert!(set.remove(&name(*m)).is_some());
        if i % few(3000) == 0 {
            set.check_invariants();
            assert!(set.len() < 1000 || tree_bytes(&set) < 16.0, "{} of {}", tree_bytes(&set), set.len());
        }
    }
    assert_eq!((set.len(), set.allocated()), (0, 0));
}

#[test]
fn remove_range_shows_what_goes() {
    let mut set = filled(0..few(5000) as u64);
    let mut gone = Vec::new();
    set.remove_range(10, 90, |member| gone.push(member.score()));
    assert_eq!(gone, (10..90).map(f64::from).collect::<Vec<f64>>());
    set.check_invariants();
    let end = set.len() + 5;
    set.remove_range(20, end, |_| {});
    set.check_invariants();
    assert_eq!(set.len(), 20);
    set.remove_range(0, 20, |_| {});
    assert_eq!(set.allocated(), 0);
}

#[test]
fn infinities_and_zeros_have_their_place() {
    let mut set = Ranked::new();
    for (member, score) in
        [("b", 0.0), ("a", -0.0), ("top", f64::INFINITY), ("low", f64::NEG_INFINITY), ("c", 5e-324)]
    {
        set.insert(member.as_bytes(), score);
    }
    set.check_invariants();
    let order: Vec<&[u8]> = set.iter().map(MemberRef::bytes).collect();
    assert_eq!(order, [&b"low"[..], b"a", b"b", b"c", b"top"]);
}

#[test]
fn a_score_may_be_decided_by_the_old_one() {
    let mut set = filled([1, 2, 3]);
    assert_eq!(set.update(&name(1), |old| old.map(|old| old + 0.5)), Updated::Rescored(2.0));
    assert_eq!(set.update(&name(1), |_| None), Updated::Kept(Some(2.5)));
    assert_eq!(set.update(&name(1), |old| old), Updated::Kept(Some(2.5)));
    assert_eq!(set.update(b"new", |old| old), Updated::Kept(None));
    assert_eq!(set.update(b"new", |_| Some(9.0)), Updated::Added);
    assert_eq!((set.rank(b"new"), set.score(b"new"), set.len()), (Some(3), Some(9.0), 4));
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u16, i8),
    Remove(u16),
    /// Members from the first, with scores that go up or down.
    InsertMany(u16, u16, bool),
    RemoveMany(u16, u16),
    RemoveRange(usize, usize),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let member = || 0u16..900;
    let step = prop_oneof![
        6 => (member(), any::<i8>()).prop_map(|(m, s)| Step::Insert(m, s)),
        4 => member().prop_map(Step::Remove),
        3 => (member(), 0u16..500, any::<bool>()).prop_map(|(m, n, up)| Step::InsertMany(m, n, up)),
        2 => (member(), 0u16..400).prop_map(|(m, n)| Step::RemoveMany(m, n)),
        1 => (0usize..900, 0usize..300).prop_map(|(at, n)| Step::RemoveRange(at, n)),
        1 => Just(Step::Clone),
    ];
    proptest::collection::vec(step, 1..40)
}

/// A sorted set beside its model: scores by member.
#[derive(Default)]
struct Pair {
    set: Ranked,
    model: BTreeMap<Vec<u8>, i32>,
}

impl Pair {
    fn insert(&mut self, n: u16, score: i32) {
        let name = n.to_be_bytes().to_vec();
        assert_eq!(self.set.insert(&name, f64::from(score)), self.model.insert(name, score).is_none());
    }

    fn remove(&mut self, n: u16) {
        let name = n.to_be_bytes();
        let removed = self.set.remove(&name);
        assert_eq!(removed, self.model.remove(&name[..]).map(f64::from));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(n, score) => self.insert(n, i32::from(score)),
            Step::Remove(n) => self.remove(n),
            Step::InsertMany(from, n, up) => {
                (from..from + n).for_each(|m| self.insert(m, if up { i32::from(m) } else { -i32::from(m) }));
            }
            Step::RemoveMany(from, n) => (from..from + n).for_each(|m| self.remove(m)),
            Step::RemoveRange(start, n) => {
                let mut expect = self.sorted();
                expect.drain(..start.min(expect.len()));
                expect.truncate(n);
                let mut gone = Vec::new();
                self.set
                    .remove_range(start, start + n, |m| gone.push((m.score() as i32, m.bytes().to_vec())));
                assert_eq!(gone, expect);
                for (_, name) in &gone {
                    self.model.remove(name);
                }
            }
            Step::Clone => self.set = self.set.clone(),
        }
        self.check();
    }

    fn sorted(&self) -> Vec<(i32, Vec<u8>)> {
        let mut all: Vec<(i32, Vec<u8>)> = self.model.iter().map(|(m, s)| (*s, m.clone())).collect();
        all.sort();
        all
    }

    fn check(&self) {
        self.set.check_invariants();
        let expect = self.sorted();
        let forward: Vec<(i32, Vec<u8>)> =
            self.set.iter().map(|m| (m.score() as i32, m.bytes().to_vec())).collect();
        assert_eq!(forward, expect);
        let n = expect.len();
        for (start, end) in [(0, n), (n / 3, n), (n / 2, n / 2 + 70), (1, 2), (n, 0)] {
            let backward = self.set.range(start, end).rev().map(|m| m.bytes());
            let expect = expect.get(start..end.min(n)).unwrap_or_default();
            assert!(backward.eq(expect.iter().rev().map(|(_, m)| &m[..])));
        }
        for rank in [0, n / 2, n.saturating_sub(1)] {
            let Some((score, name)) = expect.get(rank) else { continue };
            assert_eq!(self.set.rank(name), Some(rank));
            let below = expect.iter().filter(|(s, _)| s < score).count();
            assert_eq!(self.set.count_scores(|s| s < f64::from(*score)), below);
            let upto = expect.iter().filter(|(s, _)| s <= score).count();
            assert_eq!(self.set.count_scores(|s| s <= f64::from(*score)), upto);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 150 }))]

    #[test]
    fn follows_a_sorted_list(steps in steps()) {
        let mut pair = Pair::default();
        steps.into_iter().for_each(|step| pair.step(step));
    }

    #[test]
    fn walks_meet_in_the_middle(n in 0u64..700, turns in proptest::collection::vec(any::<bool>(), 0..900)) {
        let set = filled(0..n);
        let (mut walk, mut expect) = (set.iter(), 0..n);
        for front in turns {
            let (ours, theirs) = if front { (walk.next(), expect.next()) } else { (walk.next_back(), expect.next_back()) };
            prop_assert_eq!(ours.map(|m| m.score() as u64), theirs);
        }
    }

    #[test]
    fn lexical_ranges(names in proptest::collection::btree_set("[a-c]{0,4}", 0..200), edge in "[a-c]{0,4}") {
        let mut set = Ranked::new();
        for name in &names {
            set.insert(name.as_bytes(), 0.0);
        }
        let below = names.iter().filter(|name| **name < edge).count();
        prop_assert_eq!(set.count_members(|m| m < edge.as_bytes()), below);
    }
}
