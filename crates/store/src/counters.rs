//! Counts of keys and bytes. Each worker writes its own row, by plain loads and stores, and may go below zero there;
//! readers add the rows up.

use crate::DbId;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// One database in one row; a line of its own, since another worker's row may be next.
#[derive(Default)]
#[repr(align(64))]
pub(crate) struct Count {
    pub keys: Tally,
    pub expires: Tally,
    /// Keys whose values have elements that expire.
    pub volatile: Tally,
    /// Bytes of entries, tables and slots.
    pub memory: Tally,
}

/// A number that one thread at a time changes.
#[derive(Default)]
pub(crate) struct Tally(AtomicI64);

impl Tally {
    #[inline]
    pub fn add(&self, n: isize) {
        self.0.store(self.0.load(Relaxed) + n as i64, Relaxed);
    }

    fn take(&self) -> i64 {
        let n = self.0.load(Relaxed);
        self.0.store(0, Relaxed);
        n
    }

    fn swap(&self, other: &Tally) {
        let n = self.0.load(Relaxed);
        self.0.store(other.0.load(Relaxed), Relaxed);
        other.0.store(n, Relaxed);
    }
}

/// What one worker writes, or whoever has exclusive access.
pub(crate) struct Row {
    dbs: Box<[Count]>,
    draws: AtomicU64,
}

impl Row {
    #[inline]
    pub fn db(&self, db: DbId) -> &Count {
        &self.dbs[db as usize]
    }

    /// A number that looks random enough to be counted by.
    pub fn draw(&self) -> u64 {
        let n = self.draws.load(Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.draws.store(n, Relaxed);
        let z = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB)
    }
}

/// One row for each worker and one more for exclusive access.
pub(crate) struct Counters {
    rows: Box<[Row]>,
}

impl Counters {
    pub fn new(workers: usize, databases: u32) -> Counters {
        let dbs = || (0..databases).map(|_| Count::default()).collect();
        let row = |i: usize| Row { dbs: dbs(), draws: AtomicU64::new(i as u64) };
        Counters { rows: (0..=workers).map(row).collect() }
    }

    #[inline]
    pub fn row(&self, worker: usize) -> &Row {
        &self.rows[worker]
    }

    pub fn exclusive_row(&self) -> &Row {
        &self.rows[self.rows.len() - 1]
    }

    pub fn sum(&self, db: DbId, which: impl Fn(&Count) -> &Tally) -> u64 {
        let sum: i64 = self.rows.iter().map(|row| which(row.db(db)).0.load(Relaxed)).sum();
        // A key that moved between two rows while they were added up may be missing twice.
        sum.max(0) as u64
    }

    /// Zeroes a database. Exclusive access only.
    pub fn clear(&self, db: DbId) {
        for row in &self.rows {
            let count = row.db(db);
            for tally in [&count.keys, &count.expires, &count.volatile, &count.memory] {
                tally.take();
            }
        }
    }

    /// Exchanges two databases. Exclusive access only.
    pub fn swap(&self, a: DbId, b: DbId) {
        for row in &self.rows {
            let (a, b) = (row.db(a), row.db(b));
            a.keys.swap(&b.keys);
            a.expires.swap(&b.expires);
            a.volatile.swap(&b.volatile);
            a.memory.swap(&b.memory);
        }
    }
}
