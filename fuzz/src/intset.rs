//! Sets of integers from dumps: what is accepted ascends, and can be changed.

use ds::Intset;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let numbers = [1, -1, 32_767, -32_769, 1 << 31, i64::MIN, i64::MAX];
    let sets = (1..=numbers.len()).map(|n| {
        let mut set = Intset::new();
        numbers[..n].iter().for_each(|number| assert!(set.insert(*number)));
        set.bytes().to_vec()
    });
    sets.collect()
}

pub(crate) fn run(input: &[u8]) {
    let Ok(mut set) = Intset::parse(input) else { return };
    set.check_invariants();
    let all: Vec<i64> = set.iter().collect();
    assert!(all.is_sorted_by(|a, b| a < b));
    assert!(all.iter().all(|n| set.contains(*n) && !set.insert(*n)));
    set.insert(i64::MAX - 1);
    set.check_invariants();
    assert!(all.iter().all(|n| set.remove(*n)));
    assert!(set.len() <= 1);
}
