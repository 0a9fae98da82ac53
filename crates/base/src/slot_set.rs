//! Sets of hash slots.

use crate::slot::{SLOTS, Slot};
use std::fmt;

const WORDS: usize = SLOTS / 64;
/// Runs of consecutive slots kept as such; a set of more is a bitmap. Nearly every node owns a few runs or none, and a
/// cluster of N nodes keeps N times N sets.
const RUNS_MAX: usize = 32;

/// Consecutive slots, ends included.
type Run = (u16, u16);

#[derive(Clone)]
enum Form {
    /// Ascending, neither overlapping nor touching; at most [`RUNS_MAX`].
    Runs(Vec<Run>),
    Bits(Box<[u64; WORDS]>),
}

/// A set of slots: what the bitmap of the cluster bus says.
#[derive(Clone)]
pub struct SlotSet {
    form: Form,
    len: usize,
}

impl Default for SlotSet {
    fn default() -> SlotSet {
        SlotSet { form: Form::Runs(Vec::new()), len: 0 }
    }
}

impl SlotSet {
    /// The empty set.
    pub fn new() -> SlotSet {
        SlotSet::default()
    }

    /// Slot `s` is byte `s / 8`, bit `s % 8` from the least significant (spec `cluster-bus.md` §2).
    pub fn from_wire(bytes: &[u8; SLOTS / 8]) -> SlotSet {
        // Most nodes of a cluster that forms own nothing.
        if bytes.iter().all(|byte| *byte == 0) {
            return SlotSet::new();
        }
        let mut words = [0; WORDS];
        let (mut len, mut runs, mut before) = (0, 0, 0);
        for (word, chunk) in words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*chunk);
            len += word.count_ones() as usize;
            runs += (*word & !(*word << 1 | before)).count_ones() as usize;
            before = *word >> 63;
        }
        let form = match runs <= RUNS_MAX {
            true => Form::Runs(runs_of(&words, runs)),
            false => Form::Bits(Box::new(words)),
        };
        SlotSet { form, len }
    }

    /// The bitmap as it stands on the wire.
    pub fn to_wire(&self) -> [u8; SLOTS / 8] {
        let mut bytes = [0; SLOTS / 8];
        match &self.form {
            Form::Runs(runs) => put_words(&words_of(runs), &mut bytes),
            Form::Bits(words) => put_words(words, &mut bytes),
        }
        bytes
    }

    /// Appends the bitmap as it stands on the wire.
    pub fn put_wire(&self, out: &mut Vec<u8>) {
        match self.is_empty() {
            true => out.resize(out.len() + SLOTS / 8, 0),
            false => out.extend_from_slice(&self.to_wire()),
        }
    }

    /// Whether the set holds `slot`.
    #[inline]
    pub fn contains(&self, slot: Slot) -> bool {
        match &self.form {
            Form::Runs(runs) => {
                let at = runs.partition_point(|run| run.1 < slot.get());
                runs.get(at).is_some_and(|run| run.0 <= slot.get())
            }
            Form::Bits(words) => words[slot.index() / 64] >> (slot.index() % 64) & 1 == 1,
        }
    }

    /// True if the slot was not there before.
    pub fn insert(&mut self, slot: Slot) -> bool {
        let fresh = !self.contains(slot);
        if fresh {
            self.len += 1;
            match &mut self.form {
                Form::Runs(runs) => {
                    insert_into(runs, slot.get());
                    if runs.len() > RUNS_MAX {
                        self.form = Form::Bits(Box::new(words_of(runs)));
                    }
                }
                Form::Bits(words) => words[slot.index() / 64] |= 1 << (slot.index() % 64),
            }
        }
        fresh
    }

    /// True if the slot was there.
    pub fn remove(&mut self, slot: Slot) -> bool {
        let there = self.contains(slot);
        if there {
            self.len -= 1;
            match &mut self.form {
                Form::Runs(runs) => {
                    remove_from(runs, slot.get());
                    if runs.len() > RUNS_MAX {
                        self.form = Form::Bits(Box::new(words_of(runs)));
                    }
                }
                Form::Bits(_) if self.len == 0 => self.clear(),
                Form::Bits(words) => words[slot.index() / 64] &= !(1 << (slot.index() % 64)),
            }
        }
        there
    }

    /// Takes every slot out.
    pub fn clear(&mut self) {
        *self = SlotSet::new();
    }

    /// How many slots the set holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no slot is in the set.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The slots, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        let (runs, words): (&[Run], &[u64]) = match &self.form {
            Form::Runs(runs) => (runs, &[]),
            Form::Bits(words) => (&[], &words[..]),
        };
        let in_runs = runs.iter().flat_map(|(first, last)| *first..=*last);
        in_runs.chain(words.iter().enumerate().flat_map(|(i, word)| bits_of(i, *word))).filter_map(Slot::new)
    }

    /// Maximal runs of consecutive slots, ascending, ends included.
    pub fn ranges(&self) -> Vec<(Slot, Slot)> {
        let slots = |(first, last): &Run| Some((Slot::new(*first)?, Slot::new(*last)?));
        match &self.form {
            Form::Runs(runs) => runs.iter().filter_map(slots).collect(),
            Form::Bits(words) => runs_of(words, 0).iter().filter_map(slots).collect(),
        }
    }

    /// Bytes of memory besides the set's own.
    pub fn memory(&self) -> usize {
        match &self.form {
            Form::Runs(runs) => runs.capacity() * size_of::<Run>(),
            Form::Bits(_) => SLOTS / 8,
        }
    }

    /// Panics if the set's parts disagree; for tests.
    pub fn check_invariants(&self) {
        match &self.form {
            Form::Runs(runs) => {
                assert!(runs.len() <= RUNS_MAX && runs.iter().all(|(first, last)| first <= last));
                assert!(runs.is_sorted_by(|a, b| a.1 < b.0 - 1));
                assert_eq!(self.len, runs.iter().map(|(a, b)| usize::from(b - a) + 1).sum::<usize>());
            }
            Form::Bits(words) => {
                assert!(self.len > 0);
                assert_eq!(self.len, words.iter().map(|word| word.count_ones() as usize).sum::<usize>());
            }
        }
    }
}

fn insert_into(runs: &mut Vec<Run>, slot: u16) {
    let at = runs.partition_point(|run| run.1 < slot);
    let after_one = at > 0 && runs[at - 1].1 + 1 == slot;
    let before_one = runs.get(at).is_some_and(|run| run.0 == slot + 1);
    match (after_one, before_one) {
        (true, true) => runs[at - 1].1 = runs.remove(at).1,
        (true, false) => runs[at - 1].1 = slot,
        (false, true) => runs[at].0 = slot,
        (false, false) => runs.insert(at, (slot, slot)),
    }
}

/// `slot` is in one of the runs.
fn remove_from(runs: &mut Vec<Run>, slot: u16) {
    let at = runs.partition_point(|run| run.1 < slot);
    let (first, last) = runs[at];
    match (first == slot, last == slot) {
        (true, true) => drop(runs.remove(at)),
        (true, false) => runs[at].0 = slot + 1,
        (false, true) => runs[at].1 = slot - 1,
        (false, false) => {
            runs[at].1 = slot - 1;
            runs.insert(at + 1, (slot + 1, last));
        }
    }
}

fn bits_of(index: usize, word: u64) -> impl Iterator<Item = u16> {
    let mut rest = word;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            (index * 64 + bit) as u16
        })
    })
}

fn runs_of(words: &[u64; WORDS], count: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(count);
    for (i, word) in words.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            let first = rest.trailing_zeros();
            let length = (rest >> first).trailing_ones();
            let start = i as u16 * 64 + first as u16;
            let end = start + (length as u16 - 1);
            match runs.last_mut() {
                Some(run) if start > 0 && run.1 == start - 1 => run.1 = end,
                _ => runs.push((start, end)),
            }
            rest &= u64::MAX.checked_shl(first + length).unwrap_or(0);
        }
    }
    runs
}

fn words_of(runs: &[Run]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (first, last) in runs {
        let (from, to) = (usize::from(*first) / 64, usize::from(*last) / 64);
        for (i, word) in words[from..=to].iter_mut().enumerate() {
            let low = if i == 0 { first % 64 } else { 0 };
            let high = if from + i == to { last % 64 } else { 63 };
            *word |= (u64::MAX >> (63 - high)) & (u64::MAX << low);
        }
    }
    words
}

fn put_words(words: &[u64; WORDS], bytes: &mut [u8; SLOTS / 8]) {
    for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *chunk = word.to_le_bytes();
    }
}

impl PartialEq for SlotSet {
    fn eq(&self, other: &SlotSet) -> bool {
        let same = || match (&self.form, &other.form) {
            (Form::Runs(a), Form::Runs(b)) => a == b,
            (Form::Bits(a), Form::Bits(b)) => a == b,
            (Form::Runs(runs), Form::Bits(words)) | (Form::Bits(words), Form::Runs(runs)) => {
                words_of(runs) == **words
            }
        };
        self.len == other.len && same()
    }
}

impl Eq for SlotSet {}

impl FromIterator<Slot> for SlotSet {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> SlotSet {
        let mut set = SlotSet::new();
        for slot in slots {
            set.insert(slot);
        }
        set
    }
}

impl fmt::Debug for SlotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (a, b) in self.ranges() {
            text.push_str(if text.is_empty() { "" } else { "," });
            text.push_str(&if a == b { format!("{a}") } else { format!("{a}-{b}") });
        }
        write!(f, "{{{text}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use std::collections::BTreeSet;

    fn slot(n: u16) -> Slot {
        Slot::new(n).expect("in range")
    }

    #[test]
    fn wire_order_is_least_significant_bit_first() {
        let set: SlotSet = [0, 7, 8, 16383].into_iter().map(slot).collect();
        let wire = set.to_wire();
        assert_eq!((wire[0], wire[1], wire[2047]), (0x81, 0x01, 0x80));
        assert_eq!(SlotSet::from_wire(&wire), set);
        assert_eq!(SlotSet::from_wire(&wire).len(), 4);
    }

    #[test]
    fn ranges_are_maximal() {
        let set: SlotSet = [1, 2, 3, 9, 63, 64, 16383].into_iter().map(slot).collect();
        assert_eq!(format!("{set:?}"), "{1-3,9,63-64,16383}");
        assert_eq!(SlotSet::from_wire(&set.to_wire()).ranges(), set.ranges());
        let all: SlotSet = Slot::all().collect();
        assert_eq!((all.ranges(), all.len()), (vec![(slot(0), slot(16383))], SLOTS));
        assert_eq!(all.to_wire(), [255; 2048]);
    }

    #[test]
    fn few_runs_are_small() {
        let mut set: SlotSet = (100..9000).map(slot).collect();
        assert!(set.memory() <= 16);
        assert_eq!(SlotSet::new().memory(), 0);
        (0..64).for_each(|n| assert!(set.remove(slot(200 + 2 * n))));
        set.check_invariants();
        assert_eq!((set.memory(), set.len()), (2048, 8900 - 64));
    }

    /// Against a set of numbers; bursts make runs, single steps break them.
    #[test]
    fn behaves_as_a_set() {
        let mut rng = Rng::new(5);
        for _ in 0..40 {
            let (mut set, mut model) = (SlotSet::new(), BTreeSet::new());
            for _ in 0..200 {
                let first = rng.below(SLOTS as u64) as u16;
                let length = if rng.one_in(3) { rng.below(500) as u16 } else { 1 };
                let put = !rng.one_in(3);
                for n in first..(first + length).min(SLOTS as u16) {
                    match put {
                        true => assert_eq!(set.insert(slot(n)), model.insert(n)),
                        false => assert_eq!(set.remove(slot(n)), model.remove(&n)),
                    }
                }
                set.check_invariants();
                let read = SlotSet::from_wire(&set.to_wire());
                let mut appended = vec![7];
                set.put_wire(&mut appended);
                assert_eq!(appended[1..], set.to_wire());
                read.check_invariants();
                assert_eq!((&read, read.len()), (&set, model.len()));
            }
            assert!(set.iter().map(Slot::get).eq(model.iter().copied()));
            assert!(Slot::all().all(|s| set.contains(s) == model.contains(&s.get())));
            let other: SlotSet = set.iter().skip(1).collect();
            assert!(set.is_empty() || other != set);
        }
    }
}
