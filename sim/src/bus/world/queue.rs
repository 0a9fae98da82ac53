//! What will happen, ordered by time and then by when it was decided.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

struct Entry<E> {
    at: u64,
    sequence: u64,
    event: E,
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

/// Events by time, microseconds.
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    sequence: u64,
}

impl<E> Queue<E> {
    /// Nothing will happen.
    pub fn new() -> Queue<E> {
        Queue { heap: BinaryHeap::new(), sequence: 0 }
    }

    /// `event` will happen then, after all that was decided before for the same time.
    pub fn push(&mut self, at: u64, event: E) {
        self.sequence += 1;
        self.heap.push(Reverse(Entry { at, sequence: self.sequence, event }));
    }

    /// The next event up to `until`, and its time.
    pub fn pop(&mut self, until: u64) -> Option<(u64, E)> {
        if self.heap.peek().is_none_or(|Reverse(first)| first.at > until) {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordered_by_time_then_by_decision() {
        let mut queue = Queue::new();
        for (at, name) in [(5, 'a'), (3, 'b'), (5, 'c'), (3, 'd')] {
            queue.push(at, name);
        }
        let order: Vec<(u64, char)> = std::iter::from_fn(|| queue.pop(4)).collect();
        assert_eq!(order, [(3, 'b'), (3, 'd')]);
        let order: Vec<(u64, char)> = std::iter::from_fn(|| queue.pop(9)).collect();
        assert_eq!(order, [(5, 'a'), (5, 'c')]);
    }
}
