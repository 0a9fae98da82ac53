//! An ordered map from ids: short sorted arrays in a row. Ids come at the end and go from the beginning, as a rule; neither they
//! nor others move more than one array's items.

use super::StreamId;
use crate::class::class_of;
use std::collections::VecDeque;

/// Most items of a run: what one change moves.
const RUN_ITEMS_MAX: usize = 128;
/// Neighbours with so few items together become one.
const MERGED_ITEMS_MAX: usize = RUN_ITEMS_MAX / 2;

/// The map.
#[derive(Debug)]
pub(super) struct Runs<V> {
    runs: VecDeque<Run<V>>,
    len: usize,
    /// Bytes of all arrays of items.
    items_bytes: usize,
}

/// Neighbouring items, ascending; never none.
#[derive(Clone, Debug)]
struct Run<V> {
    /// The first item's id: looked at by searches that pass this run by.
    first: StreamId,
    items: Vec<(StreamId, V)>,
}

/// An item's place, until the next change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    run: usize,
    item: usize,
}

impl<V> Run<V> {
    fn bytes(&self) -> usize {
        array_bytes::<(StreamId, V)>(self.items.capacity())
    }

    fn search(&self, id: StreamId) -> Result<usize, usize> {
        self.items.binary_search_by_key(&id, |item| item.0)
    }
}

fn array_bytes<T>(capacity: usize) -> usize {
    if capacity == 0 { 0 } else { class_of(capacity * size_of::<T>()) }
}

impl<V> Runs<V> {
    /// An empty one, which holds no memory.
    pub const fn new() -> Runs<V> {
        Runs { runs: VecDeque::new(), len: 0, items_bytes: 0 }
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory, without what the values hold.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.items_bytes + array_bytes::<Run<V>>(self.runs.capacity())
    }

    /// The value of an id.
    pub fn get(&self, id: StreamId) -> Option<&V> {
        let place = self.floor(id)?;
        let (found, value) = self.at(place);
        (found == id).then_some(value)
    }

    /// The value of an id, for changes.
    pub fn get_mut(&mut self, id: StreamId) -> Option<&mut V> {
        let place = self.floor(id)?;
        let item = &mut self.runs[place.run].items[place.item];
        (item.0 == id).then_some(&mut item.1)
    }

    /// The item of a place.
    #[inline]
    pub fn at(&self, place: Place) -> (StreamId, &V) {
        let item = &self.runs[place.run].items[place.item];
        (item.0, &item.1)
    }

    /// The last item, for changes of its value.
    #[inline]
    pub fn last_mut(&mut self) -> Option<(StreamId, &mut V)> {
        let item = self.runs.back_mut()?.items.last_mut()?;
        Some((item.0, &mut item.1))
    }

    /// The first item.
    #[inline]
    pub fn first(&self) -> Option<Place> {
        (!self.runs.is_empty()).then_some(Place { run: 0, item: 0 })
    }

    /// The last item.
    #[inline]
    pub fn last(&self) -> Option<Place> {
        let run = self.runs.len().checked_sub(1)?;
        Some(Place { run, item: self.runs[run].items.len() - 1 })
    }

    /// The last item whose id is not greater.
    #[inline]
    pub fn floor(&self, id: StreamId) -> Option<Place> {
        let run = self.run_of(id)?;
        match self.runs[run].search(id) {
            Ok(item) => Some(Place { run, item }),
            Err(next) => Some(Place { run, item: next.checked_sub(1)? }),
        }
    }

    /// The first item whose id is not less.
    pub fn ceil(&self, id: StreamId) -> Option<Place> {
        let run = self.run_of(id)?;
        let (Ok(item) | Err(item)) = self.runs[run].search(id);
        self.settle(Place { run, item })
    }

    /// The item after one.
    #[inline]
    pub fn next(&self, place: Place) -> Option<Place> {
        self.settle(Place { run: place.run, item: place.item + 1 })
    }

    /// The item before one.
    #[inline]
    pub fn previous(&self, place: Place) -> Option<Place> {
        if let Some(item) = place.item.checked_sub(1) {
            return Some(Place { run: place.run, item });
        }
        let run = place.run.checked_sub(1)?;
        Some(Place { run, item: self.runs[run].items.len() - 1 })
    }

    /// The items from an id on, in order.
    pub fn from(&self, id: StreamId) -> impl Iterator<Item = (StreamId, &V)> + Clone {
        let mut next = self.ceil(id);
        std::iter::from_fn(move || {
            let place = next?;
            next = self.next(place);
            Some(self.at(place))
        })
    }

    /// All items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (StreamId, &V)> {
        self.runs.iter().flat_map(|run| run.items.iter().map(|item| (item.0, &item.1)))
    }

    /// Gives an id a value; returns the one that it had.
    pub fn insert(&mut self, id: StreamId, value: V) -> Option<V> {
        let end = self.runs.back().and_then(|run| run.items.last());
        if end.is_none_or(|end| end.0 < id) {
            self.push(id, value);
            return None;
        }
        // Some run is there, or the id would be the greatest.
        let mut run = self.run_of(id).unwrap_or(0);
        let mut item = match self.runs[run].search(id) {
            Ok(item) => return Some(std::mem::replace(&mut self.runs[run].items[item].1, value)),
            Err(item) => item,
        };
        if self.runs[run].items.len() == RUN_ITEMS_MAX {
            self.split(run);
            if item > RUN_ITEMS_MAX / 2 {
                (run, item) = (run + 1, item - RUN_ITEMS_MAX / 2);
            }
        }
        self.edit_run(run, |items| {
            make_room(items);
            items.insert(item, (id, value));
        });
        self.len += 1;
        None
    }

    /// Adds an id that is greater than all others.
    pub fn push(&mut self, id: StreamId, value: V) {
        let is_full = self.runs.back().is_none_or(|run| run.items.len() == RUN_ITEMS_MAX);
        if is_full {
            if self.runs.is_empty() {
                // Most maps have one run.
                self.runs.reserve_exact(1);
            }
            self.runs.push_back(Run { first: id, items: Vec::new() });
        }
        self.len += 1;
        let Some(run) = self.runs.back_mut() else { unreachable!("just looked at or pushed") };
        if run.items.len() < run.items.capacity() {
            run.items.push((id, value));
            return;
        }
        let before = run.bytes();
        make_room(&mut run.items);
        run.items.push((id, value));
        self.items_bytes += run.bytes() - before;
    }

    /// Removes an id; returns its value.
    pub fn remove(&mut self, id: StreamId) -> Option<V> {
        let place = self.floor(id)?;
        (self.at(place).0 == id).then(|| self.remove_at(place))
    }

    /// Removes the last item. The quick way to take all away.
    pub fn pop_last(&mut self) -> Option<(StreamId, V)> {
        let place = self.last()?;
        let id = self.at(place).0;
        Some((id, self.remove_at(place)))
    }

    /// Removes an item.
    pub fn remove_at(&mut self, place: Place) -> V {
        self.len -= 1;
        let value = self.edit_run(place.run, |items| items.remove(place.item).1);
        self.tidy(place.run);
        value
    }

    /// The run that an id is in, if it is in any.
    #[inline]
    fn run_of(&self, id: StreamId) -> Option<usize> {
        let last = self.runs.len().checked_sub(1)?;
        if self.runs[last].first <= id {
            return Some(last);
        }
        Some(self.runs.partition_point(|run| run.first <= id).saturating_sub(1))
    }

    /// A place, or the next run's first if the run has no such item.
    #[inline]
    fn settle(&self, place: Place) -> Option<Place> {
        if place.item < self.runs[place.run].items.len() {
            return Some(place);
        }
        (place.run + 1 < self.runs.len()).then_some(Place { run: place.run + 1, item: 0 })
    }

    /// Changes the items of a run; the account and the first id follow.
    fn edit_run<R>(&mut self, at: usize, edit: impl FnOnce(&mut Vec<(StreamId, V)>) -> R) -> R {
        let run = &mut self.runs[at];
        let before = run.bytes();
        let result = edit(&mut run.items);
        if let Some(first) = run.items.first() {
            run.first = first.0;
        }
        self.items_bytes = self.items_bytes - before + run.bytes();
        result
    }

    fn split(&mut self, at: usize) {
        let items = self.edit_run(at, |items| items.split_off(RUN_ITEMS_MAX / 2));
        let run = Run { first: items[0].0, items };
        self.items_bytes += run.bytes();
        self.runs.insert(at + 1, run);
    }

    /// After a removal: an empty run goes, a short one joins its neighbour, spare room is given back.
    fn tidy(&mut self, at: usize) {
        let len = self.runs[at].items.len();
        if len == 0 {
            self.drop_run(at);
            return;
        }
        let next = self.runs.get(at + 1).map(|run| run.items.len());
        if next.is_some_and(|next| len + next <= MERGED_ITEMS_MAX) {
            let mut moved = std::mem::take(&mut self.runs[at + 1].items);
            self.items_bytes -= array_bytes::<(StreamId, V)>(moved.capacity());
            self.runs.remove(at + 1);
            self.edit_run(at, |items| items.append(&mut moved));
        } else if len <= self.runs[at].items.capacity() / 4 {
            self.edit_run(at, |items| items.shrink_to(2 * len));
        }
    }

    fn drop_run(&mut self, at: usize) {
        self.items_bytes -= self.runs[at].bytes();
        self.runs.remove(at);
        if self.runs.len() <= self.runs.capacity() / 4 {
            self.runs.shrink_to(2 * self.runs.len());
        }
    }

    /// Panics if the map contradicts itself.
    pub fn check_invariants(&self) {
        let ids: Vec<StreamId> = self.iter().map(|item| item.0).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert_eq!(ids.len(), self.len);
        assert_eq!(self.items_bytes, self.runs.iter().map(Run::bytes).sum::<usize>());
        for run in &self.runs {
            assert!((1..=RUN_ITEMS_MAX).contains(&run.items.len()) && run.first == run.items[0].0);
        }
    }
}

/// Room for one more, twice as much as there was.
fn make_room<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len().max(1));
    }
}

impl<V: Clone> Clone for Runs<V> {
    /// Arrays of the copy may be smaller.
    fn clone(&self) -> Runs<V> {
        let runs = self.runs.clone();
        let items_bytes = runs.iter().map(Run::bytes).sum();
        Runs { runs, len: self.len, items_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn id(n: u64) -> StreamId {
        StreamId::new(n / 16, n % 16)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn follows_a_tree(steps in proptest::collection::vec((0u8..12, 0u64..1500), 0..900), start in 0u64..1500) {
            let (mut runs, mut model) = (Runs::new(), BTreeMap::new());
            for (step, n) in steps {
                match step {
                    0..6 => assert_eq!(runs.insert(id(n), n), model.insert(id(n), n)),
                    6 | 7 => {
                        let n = 1500 + model.len() as u64 * 2;
                        assert_eq!(runs.insert(id(n), n), model.insert(id(n), n));
                    }
                    8 => {
                        let first = runs.first().map(|place| (runs.at(place).0, runs.remove_at(place)));
                        assert_eq!(first, model.pop_first());
                    }
                    9 => assert_eq!(runs.pop_last(), model.pop_last()),
                    _ => assert_eq!(runs.remove(id(n)), model.remove(&id(n))),
                }
            }
            runs.check_invariants();
            runs.clone().check_invariants();
            let pair = |place: Option<Place>| place.map(|place| (runs.at(place).0, *runs.at(place).1));
            let owned = |item: Option<(&StreamId, &u64)>| item.map(|(id, n)| (*id, *n));
            for n in [0, start, 1499, 9999] {
                assert_eq!(runs.get(id(n)), model.get(&id(n)));
                assert_eq!(pair(runs.floor(id(n))), owned(model.range(..=id(n)).next_back()));
                assert_eq!(pair(runs.ceil(id(n))), owned(model.range(id(n)..).next()));
                assert!(runs.from(id(n)).map(|(id, n)| (id, *n)).eq(model.range(id(n)..).map(|(id, n)| (*id, *n))));
            }
            let back = std::iter::successors(runs.last(), |place| runs.previous(*place));
            assert!(back.map(|place| runs.at(place).0).eq(model.keys().rev().copied()));
        }
    }

    #[test]
    fn shrinks_as_it_empties() {
        let mut runs = Runs::new();
        for n in 0..100_000 {
            runs.insert(id(n), ());
        }
        let full = runs.allocated();
        assert!(full < 100_000 * 17, "{full}");
        for n in 0..100_000 {
            if n % 1000 != 0 {
                runs.remove(id(n));
            }
        }
        runs.check_invariants();
        assert!(runs.allocated() < full / 50, "{}", runs.allocated());
    }
}
