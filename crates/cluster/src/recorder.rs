//! The flight recorder: what this node saw and decided, newest last, in memory that does not grow.
//!
//! Two rings, so that noise cannot push out decisions: links that flap, strangers and bad packets have one, all that
//! changes the table, the epochs or the slots has the other.

mod record;

pub use record::{RECORD_FIELDS_MAX, RECORD_TEXT_BYTES_MAX, Record, Value, What};

use base::{NodeId, Now};
use std::collections::VecDeque;

/// Records kept of each of the two classes, unless the settings say fewer.
pub const RECORDS_MAX: usize = 1024;
/// How far back a repetition is recognised, in records of its class.
const REPEATS_LOOKED_AT: usize = 4;

/// What was recorded.
pub(crate) struct Recorder {
    decisions: VecDeque<Record>,
    noise: VecDeque<Record>,
    next: u64,
    /// Records kept of each class.
    limit: usize,
}

impl Recorder {
    pub fn new(limit: usize) -> Recorder {
        let limit = limit.min(RECORDS_MAX);
        Recorder { decisions: VecDeque::new(), noise: VecDeque::new(), next: 0, limit }
    }

    /// The next record, still to be added.
    pub fn make(
        &mut self,
        now: Now,
        what: What,
        node: Option<NodeId>,
        fields: Vec<(&'static str, Value)>,
    ) -> Record {
        assert!(fields.len() <= RECORD_FIELDS_MAX, "a record has few fields");
        self.next += 1;
        Record { id: self.next - 1, unix_ms: now.unix_ms(), what, node, times: 1, fields }
    }

    /// Adds a record. If it is noise, it takes the place of a recent one that said the same, and counts both.
    pub fn add(&mut self, mut record: Record) {
        let noise = record.what.is_noise();
        let ring = if noise { &mut self.noise } else { &mut self.decisions };
        if noise {
            let first = ring.len().saturating_sub(REPEATS_LOOKED_AT);
            let same = (first..ring.len()).find(|at| ring[*at].says_the_same(&record));
            if let Some(old) = same.and_then(|at| ring.remove(at)) {
                record.times = old.times.saturating_add(1);
            }
        }
        if ring.len() >= self.limit {
            ring.pop_front();
        }
        if self.limit > 0 {
            ring.push_back(record);
        }
    }

    /// All records, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Record> {
        let (mut decisions, mut noise) = (self.decisions.iter().rev(), self.noise.iter().rev());
        let (mut a, mut b) = (decisions.next(), noise.next());
        std::iter::from_fn(move || match (a, b) {
            (Some(x), Some(y)) if x.id < y.id => std::mem::replace(&mut b, noise.next()),
            (Some(_), _) => std::mem::replace(&mut a, decisions.next()),
            (None, _) => std::mem::replace(&mut b, noise.next()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Mono;

    fn at(ms: u64) -> Now {
        Now { mono: Mono(ms * 1000), unix_us: ms * 1000 }
    }

    fn add(
        recorder: &mut Recorder,
        now: Now,
        what: What,
        node: Option<NodeId>,
        fields: Vec<(&'static str, Value)>,
    ) {
        let record = recorder.make(now, what, node, fields);
        recorder.add(record);
    }

    fn ids(recorder: &Recorder) -> Vec<u64> {
        recorder.newest_first().map(|record| record.id).collect()
    }

    #[test]
    fn both_classes_come_in_one_order() {
        let mut recorder = Recorder::new(10);
        for (n, what) in [What::Failed, What::LinkUp, What::LinkDown, What::Recovered].into_iter().enumerate()
        {
            add(&mut recorder, at(n as u64), what, None, Vec::new());
        }
        assert_eq!(ids(&recorder), [3, 2, 1, 0]);
    }

    #[test]
    fn noise_pushes_out_noise_only_and_repeats_are_counted() {
        let mut recorder = Recorder::new(3);
        add(&mut recorder, at(0), What::Failed, None, Vec::new());
        for n in 0..10u64 {
            add(&mut recorder, at(n), What::LinkUp, None, vec![("n", Value::from(n))]);
        }
        assert_eq!(ids(&recorder), [10, 9, 8, 0]);
        for n in 0..5 {
            add(
                &mut recorder,
                at(20 + n),
                What::PacketDropped,
                None,
                vec![("reason", Value::from("length"))],
            );
        }
        let newest = recorder.newest_first().next().expect("a record");
        assert_eq!((newest.times, newest.unix_ms, newest.what), (5, 24, What::PacketDropped));
        assert_eq!(recorder.noise.len(), 3);
        let mut failed = 0;
        for n in 0..9 {
            add(&mut recorder, at(30), What::Failed, None, Vec::new());
            failed = n;
        }
        // Each failure is one of its own.
        assert_eq!((failed, recorder.decisions.len(), recorder.decisions[0].times), (8, 3, 1));
    }

    #[test]
    fn a_recorder_of_nothing_keeps_nothing() {
        let mut recorder = Recorder::new(0);
        add(&mut recorder, at(0), What::Failed, None, Vec::new());
        assert_eq!(ids(&recorder), []);
    }
}
